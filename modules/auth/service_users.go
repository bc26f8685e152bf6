package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
)

const maxName = 100

func userObject(id int64) string { return fmt.Sprintf("user:%d", id) }

// userEntry is what an administrator did to a user.
func userEntry(action string, u userRow, before, after any) audit.Entry {
	return audit.Entry{
		Action: action, Permission: identity.WriteUsers, Object: userObject(u.ID), OrganizationID: u.organization(),
		Before: before, After: after,
	}
}

// selfEntry is what a user did, or what happened to its sign-ins.
func selfEntry(action string, u userRow, before, after any) audit.Entry {
	e := userEntry(action, u, before, after)
	e.Permission = actor.SignedIn
	return e
}

func (s *service) user(ctx context.Context, id int64) (u userRow, departments []int64, err error) {
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		if u, err = s.store.user(ctx, tx, id); err != nil {
			return err
		}
		departments, err = s.store.departmentsOf(ctx, tx, id)
		return err
	})
	return u, departments, s.userFault(ctx, "read", id, err)
}

func (s *service) createUser(ctx context.Context, in userInput) (userRow, error) {
	u := userRow{IsActive: true}
	a, _ := actor.From(ctx)
	if u.OrganizationID = in.OrganizationID; u.OrganizationID == nil && a.OrganizationID != 0 {
		u.OrganizationID = &a.OrganizationID
	}
	if err := in.apply(&u, s.cfg); err != nil {
		return u, err
	}
	if err := s.setPassword(ctx, &u, in.Password); err != nil {
		return u, err
	}
	u.CreatedAt, u.UpdatedAt, u.PasswordChangedAt = s.time(), s.time(), s.time()
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.store.insertUser(ctx, tx, &u); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, userEntry("user.created", u, nil, asUser(u, nil)))
	})
	return u, s.userFault(ctx, "create", 0, err)
}

// setPassword hashes a password before a transaction begins: it takes long.
func (s *service) setPassword(ctx context.Context, u *userRow, password *string) (err error) {
	if password != nil {
		u.Password, err = s.passwords.hash(ctx, *password)
	}
	return err
}

// updateUser changes what is given. A change of password, role or state ends the user's sign-ins; another password and the
// end of its being active also revoke its tokens for programs.
func (s *service) updateUser(ctx context.Context, id int64, in userInput) (u userRow, err error) {
	a, _ := actor.From(ctx)
	if a.UserID == id && (in.Role != nil || in.IsActive != nil) {
		return u, errSelf
	}
	if err := in.checkPassword(s.cfg); err != nil {
		return u, err
	}
	var hashed userRow
	if err := s.setPassword(ctx, &hashed, in.Password); err != nil {
		return u, err
	}
	defer s.sessions.forget()
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if u, err = s.store.userAlone(ctx, tx, id); err != nil {
			return err
		}
		before := u
		if hashed.Password != "" {
			u.Password = hashed.Password
		}
		if err := in.apply(&u, s.cfg); err != nil {
			return err
		}
		if (before.Role == actor.Admin.String()) != (u.Role == actor.Admin.String()) {
			return errRoleKind
		}
		if err := s.adminLeft(ctx, tx, before, u); err != nil {
			return err
		}
		if in.move && in.OrganizationID != nil {
			if err := s.moveUser(ctx, tx, *in.OrganizationID, &u); err != nil {
				return err
			}
		}
		return s.saveUser(ctx, tx, "user.updated", before, u)
	})
	return u, s.userFault(ctx, "update", id, err)
}

// adminLeft refuses to make the last administrator inactive. Nobody does that to itself; two might to each other at once.
func (s *service) adminLeft(ctx context.Context, tx db.Tx, before, u userRow) error {
	if u.IsActive || !before.IsActive || u.Role != actor.Admin.String() || !tx.Actor().CrossesOrganizations() {
		return nil
	}
	if err := tx.Serialize(ctx, "auth administrators"); err != nil {
		return err
	}
	left, err := s.store.anotherAdmin(ctx, tx, u.ID)
	if err == nil && !left {
		err = errLastAdmin
	}
	return err
}

// moveUser puts a user into another organization, where it leads none of the departments that it led. Only an actor of no
// organization moves people between them.
func (s *service) moveUser(ctx context.Context, tx db.Tx, organizationID int64, u *userRow) error {
	if organizationID == u.organization() {
		return nil
	}
	if tx.Actor().OrganizationID != 0 {
		return db.ErrForeign
	}
	if u.Role == actor.Admin.String() {
		var f fault.Fields
		f.Add("organizationId", codeNoOrganization, nil)
		return f.Err()
	}
	if err := s.store.setDepartments(ctx, tx, u.organization(), u.ID, nil); err != nil {
		return err
	}
	u.OrganizationID = &organizationID
	return s.store.moveUser(ctx, tx, u.ID, organizationID)
}

func (s *service) saveUser(ctx context.Context, tx db.Tx, action string, before, u userRow) error {
	u.UpdatedAt = s.time()
	if u.Password != before.Password {
		u.PasswordChangedAt = s.time()
	}
	if u.Password != before.Password || u.IsActive && !before.IsActive {
		u.FailedLogins, u.LockedUntil = 0, time.Time{}
	}
	if err := s.store.updateUser(ctx, tx, &u); err != nil {
		return err
	}
	if u.Password != before.Password || u.Role != before.Role || u.IsActive != before.IsActive || u.organization() != before.organization() {
		if err := s.store.endAll(ctx, tx, u.ID, s.time()); err != nil {
			return err
		}
	}
	if u.Password != before.Password || !u.IsActive && before.IsActive {
		if err := s.revokeTokens(ctx, tx, u.ID); err != nil {
			return err
		}
	}
	if u.Role != actor.DepartmentLead.String() && before.Role != u.Role {
		if err := s.store.setDepartments(ctx, tx, u.organization(), u.ID, nil); err != nil {
			return err
		}
	}
	const reset = "user.password_set"
	if u.Password != before.Password && action != reset { // which no field of a user shows
		if err := s.audit.Write(ctx, tx, userEntry(reset, u, nil, nil)); err != nil || u.looksLike(before) {
			return err
		}
	}
	return s.audit.Write(ctx, tx, userEntry(action, u, asUser(before, nil), asUser(u, nil)))
}

func (s *service) deactivateUser(ctx context.Context, id int64) error {
	off := false
	_, err := s.updateUser(ctx, id, userInput{IsActive: &off})
	return err
}

// assign replaces the departments that a department lead leads.
func (s *service) assign(ctx context.Context, id int64, departments []int64) (u userRow, err error) {
	return s.lead(ctx, id, func([]int64) []int64 { return departments })
}

// lead changes which departments a department lead leads.
func (s *service) lead(ctx context.Context, id int64, change func(before []int64) []int64) (u userRow, err error) {
	defer s.sessions.forget()
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if u, err = s.store.userAlone(ctx, tx, id); err != nil {
			return err
		}
		if u.Role != actor.DepartmentLead.String() {
			return errNotLead
		}
		before, err := s.store.departmentsOf(ctx, tx, id)
		if err != nil {
			return err
		}
		departments := slices.Compact(slices.Sorted(slices.Values(change(slices.Clone(before)))))
		if err := s.store.setDepartments(ctx, tx, u.organization(), id, departments); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, userEntry("user.departments_assigned", u, asUser(u, before), asUser(u, departments)))
	})
	if errors.Is(err, db.ErrMissingReference) {
		var f fault.Fields
		f.Add("departmentIds", "unknown_reference", nil)
		return u, f.Err()
	}
	return u, s.userFault(ctx, "update", id, err)
}

// userFault says what an error of the store means to the asker.
func (s *service) userFault(ctx context.Context, action string, id int64, err error) error {
	switch {
	case errors.Is(err, db.ErrNotFound):
		s.audit.Missed(ctx, (*userRow)(nil), id, "user", "user."+action)
		return errUserUnknown.Wrap(err)
	case errors.Is(err, db.ErrConflict):
		return errUsernameTaken.Wrap(err)
	case errors.Is(err, db.ErrMissingReference), errors.Is(err, db.ErrForeign):
		var f fault.Fields
		f.Add("organizationId", "unknown_reference", nil)
		return f.Err()
	}
	return err
}

// userInput is what an administrator may say of a user; what is absent stays.
type userInput struct {
	OrganizationID     *int64  `json:"organizationId,omitempty" doc:"of all but ADMIN; it never changes"`
	Name               *string `json:"name,omitempty"`
	Username           *string `json:"username,omitempty"`
	Password           *string `json:"password,omitempty"`
	Role               *string `json:"role,omitempty" enum:"ADMIN,HR,DEPARTMENT_LEAD,GUARD"`
	IsActive           *bool   `json:"isActive,omitempty"`
	MustChangePassword *bool   `json:"mustChangePassword,omitempty" doc:"whether another must be chosen at the next sign-in"`
	move               bool    // to OrganizationID, which /api/v2 leaves as it is
}

func (in userInput) checkPassword(c *Config) error {
	var f fault.Fields
	if in.Password != nil {
		c.checkPassword(&f, "password", "", *in.Password)
	}
	return f.Err()
}

func (in userInput) apply(u *userRow, c *Config) error {
	isNew := u.ID == 0
	if in.Name != nil {
		u.Name = strings.TrimSpace(*in.Name)
	}
	if in.Username != nil {
		u.Username = *in.Username
	}
	if in.Role != nil {
		u.Role = *in.Role
	}
	if in.IsActive != nil {
		u.IsActive = *in.IsActive
	}
	if in.MustChangePassword != nil {
		u.MustChange = *in.MustChangePassword
	}
	var f fault.Fields
	f.Text("name", u.Name, 1, maxName)
	f.Text("username", u.Username, 1, maxName)
	if strings.TrimSpace(u.Username) != u.Username {
		f.Add("username", "wrong_format", nil)
	}
	role, known := actor.ParseRole(u.Role)
	if !known || role&actor.People == 0 {
		f.Add("role", "not_one_of", fault.Params{"Values": "ADMIN, HR, DEPARTMENT_LEAD, GUARD"})
	}
	if in.Password != nil {
		c.checkPassword(&f, "password", u.Username, *in.Password)
	}
	if isNew {
		in.applyNew(&f, *u, role)
	}
	return f.Err()
}

// applyNew checks what is said only when a user is made.
func (in userInput) applyNew(f *fault.Fields, u userRow, role actor.Role) {
	if in.Password == nil {
		f.Add("password", "required", nil)
	}
	switch {
	case role == actor.Admin && u.OrganizationID != nil:
		f.Add("organizationId", codeNoOrganization, nil)
	case role != actor.Admin && u.OrganizationID == nil:
		f.Add("organizationId", codeNeedsOrganization, nil)
	}
}

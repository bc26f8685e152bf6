package auth

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/grid/gridtest"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/secret"
)

func TestAnotherOrganizationsUsersAreNotThere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newService(t, d)
		hr, lead, operator := newUser(t, s, 1, "HR", "hr1"), newUser(t, s, 1, "DEPARTMENT_LEAD", "lead1"), newUser(t, s, 0, "ADMIN", "root")
		ctx := keyOfOrganization(2)
		for call, do := range map[string]func() error{
			"user":       func() error { _, _, err := s.user(ctx, hr.ID); return err },
			"operator":   func() error { _, _, err := s.user(ctx, operator.ID); return err },
			"update":     func() error { _, err := s.updateUser(ctx, hr.ID, userInput{Name: text("X")}); return err },
			"deactivate": func() error { return s.deactivateUser(ctx, hr.ID) },
			"assign":     func() error { _, err := s.assign(ctx, lead.ID, []int64{4}); return err },
		} {
			if err := do(); !errors.Is(err, errUserUnknown) {
				t.Errorf("%s: %v, want unknown", call, err)
			}
		}
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE reason = 'RLS_POLICY_VIOLATION' AND actor = 'key:7'"); n != 5 {
			t.Errorf("%d violations written down, want 5", n)
		}
		if all := gridtest.All(t, ctx, s.users(), "organizationId=1"); len(all) != 0 {
			t.Errorf("list is %v", all)
		}
		one := int64(1)
		in := userInput{OrganizationID: &one, Name: text("X"), Username: text("x"), Password: text(password), Role: text("HR")}
		if _, err := s.createUser(ctx, in); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("create in another organization: %v", err)
		}
	})
}

func TestStoreOfUsersStaysInTheOrganization(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newService(t, d)
		u := newUser(t, s, 1, "DEPARTMENT_LEAD", "lead1")
		if _, err := s.assign(admin(), u.ID, []int64{1}); err != nil {
			t.Fatal(err)
		}
		g := signIn(t, s, "lead1")
		_, family, err := s.tokens.read(g.access)
		if err != nil {
			t.Fatal(err)
		}
		st, hash := s.store, secret.Hash(g.refresh)
		for name, step := range map[string]func(context.Context, db.Tx) error{
			"userByName":    func(ctx context.Context, tx db.Tx) error { _, err := st.userByName(ctx, tx, "lead1"); return err },
			"user":          func(ctx context.Context, tx db.Tx) error { _, err := st.user(ctx, tx, u.ID); return err },
			"userAlone":     func(ctx context.Context, tx db.Tx) error { _, err := st.userAlone(ctx, tx, u.ID); return err },
			"updateUser":    func(ctx context.Context, tx db.Tx) error { return st.updateUser(ctx, tx, &u) },
			"countFailure":  func(ctx context.Context, tx db.Tx) error { _, err := st.countFailure(ctx, tx, u.ID); return err },
			"lock":          func(ctx context.Context, tx db.Tx) error { return st.lock(ctx, tx, u.ID, noon) },
			"refreshByHash": func(ctx context.Context, tx db.Tx) error { _, err := st.refreshByHash(ctx, tx, hash); return err },
			"useRefresh":    func(ctx context.Context, tx db.Tx) error { return st.useRefresh(ctx, tx, hash, noon) },
			"insertUser":    func(ctx context.Context, tx db.Tx) error { c := u; return st.insertUser(ctx, tx, &c) },
			"insertRefresh": func(ctx context.Context, tx db.Tx) error {
				return st.insertRefresh(ctx, tx, &refreshRow{MaybeOwned: u.MaybeOwned, Hash: "x", Family: id.New(), UserID: u.ID, CreatedAt: noon, ExpiresAt: noon})
			},
			"setDepartments": func(ctx context.Context, tx db.Tx) error { return st.setDepartments(ctx, tx, 1, u.ID, []int64{2}) },
			"anyUser":        none(func(ctx context.Context, tx db.Tx) (bool, error) { return st.anyUser(ctx, tx) }),
			"alive":          none(func(ctx context.Context, tx db.Tx) (bool, error) { return st.alive(ctx, tx, family, u.ID, noon) }),
			"departmentsOf": none(func(ctx context.Context, tx db.Tx) (bool, error) {
				ids, err := st.departmentsOf(ctx, tx, u.ID)
				return len(ids) > 0, err
			}),
			"unlock": func(ctx context.Context, tx db.Tx) error {
				return errors.Join(st.unlock(ctx, tx, u.ID), db.ErrNotFound)
			},
			"endFamily": func(ctx context.Context, tx db.Tx) error {
				return errors.Join(st.endFamily(ctx, tx, family, noon), db.ErrNotFound)
			},
			"endAll": func(ctx context.Context, tx db.Tx) error {
				return errors.Join(st.endAll(ctx, tx, u.ID, noon), db.ErrNotFound)
			},
		} {
			err := d.Write(keyOfOrganization(2), step)
			if !errors.Is(err, db.ErrNotFound) && !errors.Is(err, db.ErrForeign) {
				t.Errorf("%s: %v, want a refusal", name, err)
			}
		}
		if err := st.sweep(keyOfOrganization(2), noon.AddDate(1, 0, 0)); err != nil {
			t.Fatal(err)
		}
		if !good(t, s, g.access) || counted(t, d, "SELECT count(*) FROM department_users") != 1 {
			t.Error("the other organization changed something")
		}
	})
}

// none refuses what finds nothing, like the other steps.
func none(find func(context.Context, db.Tx) (bool, error)) func(context.Context, db.Tx) error {
	return func(ctx context.Context, tx db.Tx) error {
		found, err := find(ctx, tx)
		if err == nil && !found {
			err = db.ErrNotFound
		}
		return err
	}
}

func TestUsersAreMadeByRules(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	s, _ := newService(t, d)
	newUser(t, s, 1, "HR", "hr1")
	one, none := int64(1), int64(77)
	for name, c := range map[string]struct {
		in   userInput
		want string
	}{
		"nothing":              {userInput{}, "[name required username required role not_one_of password required organizationId auth.needs_organization]"},
		"operator of one":      {userInput{OrganizationID: &one, Role: text("ADMIN"), Name: text("X"), Username: text("x"), Password: text(password)}, "[organizationId auth.admin_has_no_organization]"},
		"machine":              {userInput{OrganizationID: &one, Role: text("AGENT"), Name: text("X"), Username: text("x"), Password: text(password)}, "[role not_one_of]"},
		"spaces":               {userInput{OrganizationID: &one, Role: text("HR"), Name: text("X"), Username: text(" x"), Password: text(password)}, "[username wrong_format]"},
		"weak":                 {userInput{OrganizationID: &one, Role: text("HR"), Name: text("X"), Username: text("x"), Password: text("weak")}, "[password auth.password_weak]"},
		"unknown organization": {userInput{OrganizationID: &none, Role: text("HR"), Name: text("X"), Username: text("x"), Password: text(password)}, "[organizationId unknown_reference]"},
	} {
		_, err := s.createUser(admin(), c.in)
		var fields []string
		for _, d := range fault.Of(err).Details {
			fields = append(fields, d.Field+" "+d.Code)
		}
		if fmt.Sprint(fields) != c.want {
			t.Errorf("%s: refused %v, want %s", name, fields, c.want)
		}
	}
	in := userInput{OrganizationID: &one, Role: text("HR"), Name: text("X"), Username: text("hr1"), Password: text(password)}
	if _, err := s.createUser(admin(), in); !errors.Is(err, errUsernameTaken) {
		t.Errorf("the same name: %v", err)
	}
	in.OrganizationID, in.Username = nil, text("hr2")
	if u, err := s.createUser(keyOfOrganization(1), in); err != nil || u.organization() != 1 {
		t.Errorf("made by an organization's key: %+v, %v", u, err)
	}
}

func TestRolesChangeWithinTheirKind(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newService(t, d)
		u, root := newUser(t, s, 1, "DEPARTMENT_LEAD", "lead1"), newUser(t, s, 0, "ADMIN", "root")
		for id, role := range map[int64]string{u.ID: "ADMIN", root.ID: "HR"} {
			if _, err := s.updateUser(admin(), id, userInput{Role: &role}); !errors.Is(err, errRoleKind) {
				t.Errorf("user %d becomes %s: %v", id, role, err)
			}
		}
		if _, err := s.assign(admin(), root.ID, []int64{1}); !errors.Is(err, errNotLead) {
			t.Errorf("departments of an operator: %v", err)
		}
		if _, err := s.assign(admin(), u.ID, []int64{1, 4}); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("a department of another organization: %v", err)
		}
		if _, err := s.assign(admin(), u.ID, []int64{3, 1, 3}); err != nil {
			t.Errorf("two departments: %v", err)
		}
		if _, departments, err := s.user(admin(), u.ID); err != nil || fmt.Sprint(departments) != "[1 3]" {
			t.Errorf("departments are %v, %v", departments, err)
		}
		if _, err := s.updateUser(admin(), u.ID, userInput{Role: text("GUARD")}); err != nil {
			t.Fatal(err)
		}
		if n := counted(t, d, "SELECT count(*) FROM department_users"); n != 0 {
			t.Errorf("a guard leads %d departments", n)
		}
		self := actor.With(context.Background(), actorOf(root))
		if err := s.deactivateUser(self, root.ID); !errors.Is(err, errSelf) {
			t.Errorf("an operator locks itself out: %v", err)
		}
		if _, err := s.updateUser(self, root.ID, userInput{Name: text("Root")}); err != nil {
			t.Errorf("an operator renames itself: %v", err)
		}
	})
}

func TestANewPasswordUnlocks(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	s, _ := newService(t, d)
	u := newUser(t, s, 1, "HR", "hr1")
	for range 5 {
		if attempt(s, "hr1", "wrong") == nil {
			t.Fatal("a wrong password passed")
		}
	}
	if _, err := s.updateUser(admin(), u.ID, userInput{Password: text("weak")}); !errors.Is(err, fault.ErrInvalid) {
		t.Errorf("a weak password: %v", err)
	}
	if _, err := s.updateUser(admin(), u.ID, userInput{Password: text("Another1!")}); err != nil {
		t.Fatal(err)
	}
	if err := attempt(s, "hr1", "Another1!"); err != nil {
		t.Errorf("with the new password: %v", err)
	}
}

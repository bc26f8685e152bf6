package computers

import (
	"context"
	"errors"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
)

// userInput is what people may say of a Windows user; what is absent stays.
type userInput struct {
	SID, Name, Domain, Username *string
	Admin, InDomain, Active     *bool
}

func (in userInput) apply(u *userRow) error {
	for to, from := range map[*string]*string{&u.SID: in.SID, &u.Name: in.Name, &u.Username: in.Username} {
		if from != nil {
			*to = tidy(*from)
		}
	}
	if in.Domain != nil {
		u.Domain = optional(tidy(*in.Domain))
	}
	for to, from := range map[*bool]*bool{&u.Admin: in.Admin, &u.InDomain: in.InDomain, &u.Active: in.Active} {
		if from != nil {
			*to = *from
		}
	}
	var f fault.Fields
	f.Text("sid", u.SID, 1, maxText)
	return f.Err()
}

// changeUser changes what is known of a Windows user.
func (s *service) changeUser(ctx context.Context, id int64, in userInput) error {
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		u, err := s.store.lockUser(ctx, tx, id)
		if err != nil {
			return err
		}
		before := u
		if err := in.apply(&u); err != nil {
			return err
		}
		u.UpdatedAt = s.clock()
		if err := s.store.changeUser(ctx, tx, &u); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, userEntry("computers.user_updated", u, before.contract(), u.contract()))
	})
	return s.userFault(ctx, "computers.user_updated", id, err)
}

// removeUser deletes a Windows user of whom nothing is kept; another it only makes inactive.
func (s *service) removeUser(ctx context.Context, id int64) error {
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		u, err := s.store.lockUser(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := s.store.deleteUser(ctx, tx, u); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, userEntry("computers.user_deleted", u, u.contract(), nil))
	})
	if errors.Is(err, db.ErrMissingReference) {
		off := false
		return s.changeUser(ctx, id, userInput{Active: &off})
	}
	return s.userFault(ctx, "computers.user_deleted", id, err)
}

// who returns the Windows users that are meant and that the actor sees.
func (s *service) who(ctx context.Context, w which) ([]knownUser, error) {
	v, err := s.look(ctx)
	if err != nil {
		return nil, err
	}
	return s.store.usersWho(ctx, v, w)
}

// one returns one Windows user.
func (s *service) one(ctx context.Context, id int64) (knownUser, error) {
	rows, err := s.who(ctx, which{id: id})
	if err == nil && len(rows) == 0 {
		err = s.userFault(ctx, "computers.user_read", id, db.ErrNotFound)
	}
	if err != nil {
		return knownUser{}, err
	}
	return rows[0], nil
}

// UserByID returns a Windows user with who it is now.
func (s *service) UserByID(ctx context.Context, id int64) (computer.User, error) {
	known, err := s.one(ctx, id)
	u := known.userRow.contract()
	if known.EmployeeID != nil {
		u.EmployeeID = *known.EmployeeID
	}
	return u, err
}

// userFault says what an error of the store means to the asker.
func (s *service) userFault(ctx context.Context, action string, id int64, err error) error {
	switch {
	case errors.Is(err, db.ErrNotFound):
		s.audit.Missed(ctx, (*userRow)(nil), id, "computer_user", action)
		return errUserUnknown.Wrap(err)
	case errors.Is(err, db.ErrConflict):
		return errSIDTaken.Wrap(err)
	}
	return err
}

func userEntry(action string, u userRow, before, after any) audit.Entry {
	return audit.Entry{
		OrganizationID: u.OrganizationID, Action: action, Permission: computer.Link, Object: "computer_user:" + u.SID,
		Before: before, After: after,
	}
}

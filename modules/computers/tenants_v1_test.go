package computers

import (
	"context"
	"errors"
	"fmt"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/httpx"
)

// checksV1 are those of the methods that serve v1's clients: theirs is another organization than that of the user.
func checksV1(s store, theirs context.Context, in func(func(context.Context, db.Tx) error) error, user userRow, computerID int64) map[string]func() error {
	all, list := view{sight: sight{all: true}, now: noon}, httpx.ListV1{Page: 1, Limit: 100}
	foreign := func(rows []knownUser, err error) error {
		for _, u := range rows {
			if u.OrganizationID != 2 || u.EmployeeID != nil {
				return fmt.Errorf("shows %+v", u)
			}
		}
		return err
	}
	return map[string]func() error{
		"usersV1": func() error {
			rows, _, err := s.usersV1(theirs, all, list)
			return foreign(rows, err)
		},
		"usersWho": func() error {
			for _, w := range []which{{}, {id: user.ID}, {employee: 11}, {computer: computerID}, {nobody: true}} {
				if err := foreign(s.usersWho(theirs, all, w)); err != nil {
					return err
				}
			}
			return nil
		},
		"pairsV1": func() error {
			found, err := s.pairsV1(theirs, []int64{user.ID})
			return nothing(len(found), err)
		},
		"computersV1": func() error {
			rows, _, err := s.computersV1(theirs, all, list, 0)
			for _, c := range rows {
				if c.OrganizationID != 2 {
					err = errors.Join(err, fmt.Errorf("shows %+v", c))
				}
			}
			return err
		},
		"changeUser": func() error {
			u := user
			u.Name = "theirs"
			return wants(db.ErrNotFound, in(func(ctx context.Context, tx db.Tx) error { return s.changeUser(ctx, tx, &u) }))
		},
		"deleteUser": func() error {
			return wants(db.ErrNotFound, in(func(ctx context.Context, tx db.Tx) error { return s.deleteUser(ctx, tx, user) }))
		},
	}
}

package policy

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/httpx"
)

// trespassesV1 are the methods that v1's routes need, called by organization 2 with what is organization 1's.
func trespassesV1(t *testing.T, o *office, p policyRow, group groupRow, member memberRow) map[string]func() error {
	t.Helper()
	s, theirs := o.store, as(actor.HR, 2)
	l := httpx.ListV1{Page: 1, Limit: 100}
	var option optionRow
	err := s.db.Read(hr(), func(ctx context.Context, tx db.Tx) error {
		rows, err := s.allOptions(ctx, tx, []int64{p.ID})
		if len(rows) != 1 {
			return errors.Join(fmt.Errorf("%d options", len(rows)), err)
		}
		option = rows[0]
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	in := func(do func(ctx context.Context, tx db.Tx) error) func() error {
		return func() error { return s.db.Write(theirs, do) }
	}
	refused := func(want error, do func(ctx context.Context, tx db.Tx) error) func() error {
		return func() error { return wants(want, s.db.Write(theirs, do)) }
	}
	return map[string]func() error{
		"policiesV1": func() error {
			rows, total, err := s.policiesV1(theirs, l)
			return none(len(rows)+int(total), err)
		},
		"groupsV1": func() error {
			rows, total, err := s.groupsV1(theirs, l)
			return none(len(rows)+int(total), err)
		},
		"resourcesV1": func() error {
			l.Search = "t.me"
			rows, total, err := s.resourcesV1(theirs, l)
			for _, r := range rows { // the test of resources makes one of theirs
				if r.OrganizationID != 2 {
					return fmt.Errorf("shows %+v", r)
				}
			}
			return none(len(rows)-int(total), err)
		},
		"optionsV1": func() error {
			rows, total, err := s.optionsV1(theirs, httpx.ListV1{Page: 1, Limit: 100})
			return none(len(rows)+int(total), err)
		},
		"resource": refused(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error {
			_, err := s.resource(ctx, tx, member.ResourceID)
			return err
		}),
		"resourcesIn": in(func(ctx context.Context, tx db.Tx) error {
			rows, err := s.resourcesIn(ctx, tx, []int64{member.ResourceID})
			return none(len(rows), err)
		}),
		"valued": in(func(ctx context.Context, tx db.Tx) error {
			rows, err := s.valued(ctx, tx, []string{"t.me"})
			for _, r := range rows {
				if r.ID == member.ResourceID {
					return errors.New("finds another organization's")
				}
			}
			return err
		}),
		"addResource": refused(db.ErrForeign, func(ctx context.Context, tx db.Tx) error {
			return s.addResource(ctx, tx, &resourceRow{Owned: db.Owned{OrganizationID: 1}, Value: "x", Type: rule.Website, CreatedAt: noon})
		}),
		"changeResource": refused(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error {
			return s.changeResource(ctx, tx, &resourceRow{ID: member.ResourceID, Value: "x", Type: rule.Website})
		}),
		"removeResource": refused(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.removeResource(ctx, tx, member.ResourceID) }),
		"memberships": in(func(ctx context.Context, tx db.Tx) error {
			rows, err := s.memberships(ctx, tx, []int64{member.ResourceID}, group.ID)
			return none(len(rows), err)
		}),
		"join": refused(db.ErrMissingReference, func(ctx context.Context, tx db.Tx) error {
			return s.join(ctx, tx, []memberRow{{ResourceID: member.ResourceID, GroupID: group.ID, CreatedAt: noon}})
		}),
		"leave": refused(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.leave(ctx, tx, group.ID, member.ResourceID) }),
		"option": refused(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error {
			_, err := s.option(ctx, tx, option.ID)
			return err
		}),
		"allOptions": in(func(ctx context.Context, tx db.Tx) error {
			rows, err := s.allOptions(ctx, tx, []int64{p.ID})
			return none(len(rows), err)
		}),
		"optionsFor": in(func(ctx context.Context, tx db.Tx) error {
			rows, err := s.optionsFor(ctx, tx, []int64{group.ID})
			return none(len(rows), err)
		}),
		"addOption": refused(db.ErrMissingReference, func(ctx context.Context, tx db.Tx) error {
			return s.addOption(ctx, tx, &optionRow{PolicyID: p.ID, GroupID: group.ID, Type: "WEBSITE", Category: rule.Neutral, CreatedAt: noon, UpdatedAt: noon})
		}),
		"changeOption": refused(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error {
			return s.changeOption(ctx, tx, &optionRow{ID: option.ID, PolicyID: p.ID, GroupID: group.ID, Type: "WEBSITE", Category: rule.Neutral})
		}),
		"removeOption": refused(db.ErrNotFound, func(ctx context.Context, tx db.Tx) error { return s.removeOption(ctx, tx, option.ID) }),
	}
}

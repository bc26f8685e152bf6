package db_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

func TestAnOrganizationIsErasedInTheOrderOfItsReferences(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		orgs := newOrganizations(t, d, 2)
		for _, o := range orgs {
			newPolicy(t, d, o, "one")
			newPolicy(t, d, o, "two")
		}
		left := map[int64]int64{}
		err := d.Write(actor.With(context.Background(), actor.System("test")), func(ctx context.Context, tx db.Tx) error {
			tables, err := tx.TenantTables(ctx)
			if err != nil {
				return err
			}
			before := func(child, parent string) {
				if i, j := slices.Index(tables, child), slices.Index(tables, parent); i < 0 || j < 0 || i > j {
					t.Errorf("%s is at %d and %s, to which it refers, at %d of %v", child, i, parent, j, tables)
				}
			}
			before("employees", "departments")
			before("employees", "policies")
			before("users_on_computers", "computers")
			before("computer_user_links", "employees")
			for _, table := range tables {
				if _, err := tx.Erase(ctx, table, orgs[0]); err != nil {
					return err
				}
			}
			for _, o := range orgs {
				if left[o], err = tx.RowsIn(ctx, "policies", o); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || left[orgs[0]] != 0 || left[orgs[1]] != 2 {
			t.Errorf("%v policies are left, %v", left, err)
		}
	})
}

func TestATenantErasesAndCountsItsOwnOnly(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		orgs := newOrganizations(t, d, 2)
		newPolicy(t, d, orgs[1], "theirs")
		mine := actor.With(context.Background(), actor.Actor{Role: actor.HR, OrganizationID: orgs[0]})
		err := d.Write(mine, func(ctx context.Context, tx db.Tx) error {
			if n, err := tx.RowsIn(ctx, "policies", orgs[1]); n != 0 || err != nil {
				t.Errorf("%d of another's policies are counted, %v", n, err)
			}
			_, err := tx.Erase(ctx, "policies", orgs[1])
			return err
		})
		if !errors.Is(err, db.ErrForeign) {
			t.Errorf("erasing another's rows: %v", err)
		}
	})
}

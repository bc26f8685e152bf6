package policy

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

func as(role actor.Role, organizationID int64) context.Context {
	return actor.With(context.Background(), actor.Actor{Role: role, ID: "test", OrganizationID: organizationID})
}

// decided has organizations 1 to 4 with policies: 1 of several, 2 of none, 3 only of such as do not count, 4 of one
// without any detail.
func decided(t *testing.T, d *db.DB) *service {
	t.Helper()
	write := func(query string) {
		err := d.Write(as(actor.Admin, 0), func(ctx context.Context, tx db.Tx) error {
			_, err := tx.Raw(query, time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)).Exec(ctx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	write(`INSERT INTO organizations (full_name, short_name, created_at, updated_at) VALUES ('A', 'A', ?0, ?0), ('B', 'B', ?0, ?0), ('C', 'C', ?0, ?0), ('D', 'D', ?0, ?0)`)
	write(`INSERT INTO policies (organization_id, title, screenshot, is_default, is_active, screenshot_interval, screenshot_is_grayscale, created_at, updated_at) VALUES
		(1, 'not the default', true, false, true, 5, false, ?0, ?0), (1, 'the default', false, true, true, 90, true, ?0, ?0), (1, 'a later one', true, true, true, 7, false, ?0, ?0),
		(3, 'inactive', false, true, false, 5, true, ?0, ?0), (3, 'not the default', false, false, true, 5, true, ?0, ?0),
		(4, 'bare', true, true, true, NULL, NULL, ?0, ?0)`)
	return &service{store{d}}
}

func TestTheDefaultPolicyDecides(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := decided(t, d)
		for organization, want := range map[int64]rule.Screenshots{
			1: {Grayscale: true, Interval: 90 * time.Second}, 2: {Enabled: true}, 3: {Enabled: true}, 4: {Enabled: true},
		} {
			for _, a := range []context.Context{as(actor.HR, organization), as(actor.Gateway, organization), as(actor.Admin, organization)} {
				if got, err := s.Screenshots(a); got != want || err != nil {
					t.Errorf("organization %d: %+v, %v, want %+v", organization, got, err, want)
				}
			}
		}
		if _, err := s.Screenshots(as(actor.Admin, 0)); !errors.Is(err, db.ErrNoOrganization) {
			t.Errorf("of all organizations: %v", err)
		}
	})
}

func TestStoreKeepsTenantsApart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := decided(t, d)
		dbtest.Tenants(t, map[string]func() error{
			"ofOrganization": func() error {
				if row, err := s.store.ofOrganization(as(actor.HR, 2), 1); !errors.Is(err, db.ErrNotFound) {
					return fmt.Errorf("shows %+v, %v", row, err)
				}
				return nil
			},
		})
	})
}

func TestModuleProvidesTheBook(t *testing.T) {
	t.Parallel()
	for _, role := range []kernel.Role{kernel.AgentAPI, kernel.Dashboard} {
		var book rule.Book
		kerneltest.Build(t, role, kerneltest.Options{DB: dbtest.SQLite(t)}, New(), kerneltest.Module{
			Is: kernel.Manifest{Name: "reader", Roles: []kernel.Role{role}, Needs: []kernel.Port{kernel.PortOf[rule.Book]()}},
			InitFn: func(_ context.Context, h *kernel.Host) error {
				book = kernel.Get[rule.Book](h)
				return nil
			},
		})
		if got, err := book.Screenshots(as(actor.Agent, 1)); !got.Enabled || err != nil {
			t.Errorf("%s: %+v, %v", role, got, err)
		}
	}
}

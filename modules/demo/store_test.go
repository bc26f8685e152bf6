package demo

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

type organizationRow struct {
	bun.BaseModel `bun:"table:organizations"`
	db.Tenant
	FullName  string    `bun:"full_name"`
	ShortName string    `bun:"short_name"`
	CreatedAt time.Time `bun:"created_at"`
	UpdatedAt time.Time `bun:"updated_at"`
}

type departmentRow struct {
	bun.BaseModel `bun:"table:departments"`
	db.Owned
	FullName  string    `bun:"full_name"`
	ShortName string    `bun:"short_name"`
	CreatedAt time.Time `bun:"created_at"`
	UpdatedAt time.Time `bun:"updated_at"`
}

type deviceRow struct {
	bun.BaseModel `bun:"table:devices"`
	db.Owned
	Name      string    `bun:"name"`
	CreatedAt time.Time `bun:"created_at"`
	UpdatedAt time.Time `bun:"updated_at"`
}

func newDevice(organizationID int64) *deviceRow {
	return &deviceRow{Owned: db.Owned{OrganizationID: organizationID}, Name: "door", CreatedAt: noon, UpdatedAt: noon}
}

func TestStoreKeepsTenantsApart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		mine, token, err := s.claim(context.Background(), asked(1))
		if err != nil {
			t.Fatal(err)
		}
		insert(t, d, newDepartment(1))
		theirs := actor.With(context.Background(), actor.Actor{Role: actor.HR, OrganizationID: 2})
		write := func(fn func(ctx context.Context, tx db.Tx) error) error { return d.Write(theirs, fn) }
		dbtest.Tenants(t, map[string]func() error{
			"companies": func() error {
				if rows, err := s.store.companies(theirs); len(rows) != 0 || err != nil {
					return fmt.Errorf("shows %+v, %w", rows, err)
				}
				return nil
			},
			"byToken": func() error {
				if row, err := s.store.byToken(theirs, mine.TokenHash); !errors.Is(err, db.ErrNotFound) {
					return fmt.Errorf("finds %+v, %w", row, err)
				}
				return nil
			},
			"put": func() error {
				err := write(func(ctx context.Context, tx db.Tx) error { row := mine; return s.store.put(ctx, tx, &row) })
				if !errors.Is(err, db.ErrForeign) {
					return fmt.Errorf("puts it: %w", err)
				}
				return nil
			},
			"update": func() error {
				row := mine
				row.RemovedAt = noon
				if err := s.store.update(theirs, &row, "removed_at"); !errors.Is(err, db.ErrNotFound) {
					return fmt.Errorf("changes it: %w", err)
				}
				return nil
			},
			"holdings": func() error {
				return write(func(ctx context.Context, tx db.Tx) error {
					if found, err := s.store.holdings(ctx, tx, 1); len(found) != 0 || err != nil {
						return fmt.Errorf("counts %v, %w", found, err)
					}
					return nil
				})
			},
			"eraseSeries": func() error {
				if _, err := s.store.eraseSeries(theirs, 1); !errors.Is(err, db.ErrForeign) {
					return fmt.Errorf("erases it: %w", err)
				}
				return nil
			},
			"erase": func() error {
				err := write(func(ctx context.Context, tx db.Tx) error { _, err := s.store.erase(ctx, tx, 1); return err })
				if !errors.Is(err, db.ErrForeign) {
					return fmt.Errorf("erases it: %w", err)
				}
				return nil
			},
		})
		if !allowed(t, s, token) || teams(t, d, 1) != 1 {
			t.Error("organization 1 has lost something")
		}
	})
}

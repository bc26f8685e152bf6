package db_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

type organization struct {
	bun.BaseModel `bun:"table:organizations,alias:o"`
	db.Tenant
	FullName  string    `bun:"full_name"`
	ShortName string    `bun:"short_name"`
	CreatedAt time.Time `bun:"created_at"`
	UpdatedAt time.Time `bun:"updated_at"`
}

type policy struct {
	bun.BaseModel `bun:"table:policies,alias:p"`
	db.Owned
	ID        int64     `bun:"id,pk,autoincrement"`
	Title     string    `bun:"title"`
	CreatedAt time.Time `bun:"created_at"`
	UpdatedAt time.Time `bun:"updated_at"`
}

type audit struct {
	bun.BaseModel `bun:"table:audit_log,alias:a"`
	db.MaybeOwned
	ID string `bun:"id,pk"`
}

type version struct {
	bun.BaseModel `bun:"table:goose_db_version,alias:g"`
	db.Global
	ID int64 `bun:"version_id"`
}

func read(t *testing.T, d *db.DB, ctx context.Context, fn func(context.Context, db.Tx) error) {
	t.Helper()
	if err := d.Read(ctx, fn); err != nil {
		t.Fatal(err)
	}
}

func contains(err error, text string) bool { return strings.Contains(err.Error(), text) }

func TestRowsOfNobodyAreTheSystemsAlone(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		org := newOrganizations(t, d, 1)[0]
		for i, ctx := range []context.Context{system(), hr(org)} {
			err := d.Write(ctx, func(ctx context.Context, tx db.Tx) error {
				a := auditRow{ID: "0190f1a8-0000-7000-8000-00000000000" + string(rune('0'+i)), At: noon}
				_, err := tx.Insert(&a).Exec(ctx)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct {
			ctx  context.Context
			want int
		}{{system(), 2}, {hr(org), 1}} {
			read(t, d, c.ctx, func(ctx context.Context, tx db.Tx) error {
				n, err := tx.Select((*audit)(nil)).Count(ctx)
				if int(n) != c.want {
					t.Errorf("%d rows, want %d", n, c.want)
				}
				return err
			})
		}
		read(t, d, hr(org), func(ctx context.Context, tx db.Tx) error {
			n, err := tx.Select((*version)(nil)).Count(ctx)
			if n == 0 {
				t.Error("a global table looks empty to a tenant")
			}
			return err
		})
	})
}

type auditRow struct {
	bun.BaseModel `bun:"table:audit_log"`
	db.MaybeOwned
	ID         string    `bun:"id,pk"`
	At         time.Time `bun:"at"`
	Actor      string    `bun:"actor"`
	Action     string    `bun:"action"`
	Permission string    `bun:"permission"`
	Object     string    `bun:"object"`
}

func TestModelWithoutScopePanics(t *testing.T) {
	t.Parallel()
	type bare struct{ ID int64 }
	d := dbtest.SQLite(t)
	defer func() {
		if recover() == nil {
			t.Error("a model without a scope was accepted")
		}
	}()
	d.Read(system(), func(ctx context.Context, tx db.Tx) error { return tx.Select(&bare{}).Scan(ctx) })
}

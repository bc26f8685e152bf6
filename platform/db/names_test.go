package db_test

import (
	"context"
	"database/sql"
	"io/fs"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/migrations"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fold"
)

// What the migration writes of names that are there already is what the product writes of new ones.
func TestNamesFromBeforeTheirFoldedFormAreFoldedByTheMigration(t *testing.T) {
	t.Parallel()
	const old = `INSERT INTO organizations (full_name, short_name, created_at, updated_at)
		VALUES ('ТОШКЕНТ Ўқув-маркази', 'Oʻzbekiston “Bogʻi”', '2026-01-02', '2026-01-02'), ('Щедрин & Co.', 'Khiva (ts) Ъ', '2026-01-02', '2026-01-02')`
	check := func(t *testing.T, find func() [][2]string) {
		t.Helper()
		rows := find()
		for _, r := range rows {
			if want := fold.Name(r[0]); r[1] != want {
				t.Errorf("%q is folded to %q, want %q", r[0], r[1], want)
			}
		}
		if len(rows) != 4 {
			t.Errorf("%d names", len(rows))
		}
	}
	const found = "SELECT full_name, full_name_search FROM organizations UNION ALL SELECT short_name, short_name_search FROM organizations"
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		d := dbtest.SQLite(t)
		check(t, func() (rows [][2]string) {
			err := d.Write(system(), func(ctx context.Context, tx db.Tx) error {
				for _, statements := range []string{old, backfill(t, "sqlite")} {
					if _, err := tx.SQL().ExecContext(ctx, statements); err != nil {
						return err
					}
				}
				r, err := tx.SQL().QueryContext(ctx, found)
				rows = pairs(t, r, err)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return rows
		})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		address := dbtest.PostgresURL(t, "postgres")
		super, owner := connectTo(t, address), connectTo(t, dbtest.As(t, address, "staff_owner", ""))
		if _, err := super.Exec(old); err != nil {
			t.Fatal(err)
		}
		if _, err := owner.Exec(backfill(t, "postgres")); err != nil {
			t.Fatal(err)
		}
		check(t, func() [][2]string { r, err := super.Query(found); return pairs(t, r, err) })
	})
}

// backfill is the part of the migration that looks at rows.
func backfill(t *testing.T, kind string) string {
	t.Helper()
	text, err := fs.ReadFile(migrations.For(kind), "0017_grid_names.sql")
	if err != nil {
		t.Fatal(err)
	}
	_, rows, _ := strings.Cut(string(text), "\n\n")
	return rows
}

func connectTo(t *testing.T, address string) *sql.DB {
	t.Helper()
	pool, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	return pool
}

func pairs(t *testing.T, rows *sql.Rows, err error) (all [][2]string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var p [2]string
		if err := rows.Scan(&p[0], &p[1]); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

// Package dbtest gives tests real databases: a fresh SQLite file, and a fresh PostgreSQL database
// served as staff_app, so that row level security is on.
package dbtest

import (
	"context"
	"database/sql"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/staff-control/staff-control/migrations"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/jobs"
)

// Each runs fn on a fresh, migrated database of every kind.
func Each(t *testing.T, fn func(t *testing.T, d *db.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		fn(t, SQLite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		fn(t, Postgres(t))
	})
}

// template is a migrated SQLite file, made once and copied for each test.
var template = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "dbtest")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "template.db")
	ctx := context.Background()
	d, err := db.Open(ctx, path, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	if err := d.Migrate(ctx, migrations.For("sqlite"), time.Now(), jobs.Migrate); err != nil {
		return nil, err
	}
	if err := d.Close(); err != nil { // the last connection puts the write-ahead log into the file
		return nil, err
	}
	return os.ReadFile(path)
})

// SQLite returns a fresh, migrated SQLite database.
func SQLite(t testing.TB) *db.DB {
	t.Helper()
	content, err := template()
	if err != nil {
		t.Fatalf("make the template: %v", err)
	}
	path := filepath.Join(t.TempDir(), "staff.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return open(t, path)
}

// Postgres returns a fresh, migrated PostgreSQL database, served as staff_app. It skips where no server is,
// and fails there in CI.
func Postgres(t testing.TB) *db.DB {
	t.Helper()
	return open(t, PostgresURL(t, "staff_app"))
}

// PostgresURL makes a fresh, migrated database and returns its address for the role: staff_app, staff_owner,
// or postgres, the superuser.
func PostgresURL(t testing.TB, role string) string {
	t.Helper()
	return As(t, clone(t, server(t), native), role, "")
}

// EmptyURL makes a fresh database without anything in it and returns its address for the role.
func EmptyURL(t testing.TB, role string) string {
	t.Helper()
	return As(t, clone(t, server(t), kind{name: "empty"}), role, "")
}

// server is the address of the server that tests share, as its superuser.
func server(t testing.TB) string {
	t.Helper()
	address := os.Getenv("PGTEST_URL")
	if address == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("no PostgreSQL: PGTEST_URL is not set")
		}
		t.Skip("no PostgreSQL: run through make test, or go run ./platform/db/dbtest/pgtest -- go test …")
	}
	return address
}

// As rewrites a server's address for another role and database.
func As(t testing.TB, address, role, database string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(role)
	if database != "" {
		u.Path = "/" + database
	}
	return u.String()
}

func connect(t testing.TB, address string) *sql.DB {
	t.Helper()
	pool, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	return pool
}

func open(t testing.TB, address string) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), address, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("open the database: %v", err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close the database: %v", err)
		}
	})
	return d
}

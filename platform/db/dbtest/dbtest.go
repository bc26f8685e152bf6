// Package dbtest gives tests real databases: a fresh SQLite file, and a fresh PostgreSQL database
// served as staff_app, so that row level security is on.
package dbtest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/staff-control/staff-control/configs"
	"github.com/staff-control/staff-control/migrations"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
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
	server := os.Getenv("PGTEST_URL")
	if server == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("no PostgreSQL: PGTEST_URL is not set")
		}
		t.Skip("no PostgreSQL: run through make test, or go run ./platform/db/dbtest/pgtest -- go test …")
	}
	admin := connect(t, server)
	name := "test_" + strings.ReplaceAll(id.New().String(), "-", "")
	if _, err := admin.Exec("CREATE DATABASE " + name + " TEMPLATE " + postgresTemplate(t, server, admin) + " OWNER staff_owner"); err != nil {
		t.Fatalf("clone the template: %v", err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("drop %s: %v", name, err)
		}
	})
	return As(t, server, role, name)
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

// postgresTemplate makes the migrated database that tests clone, once for each state of the migrations.
// Test processes meet here, so an advisory lock makes them wait for the first.
func postgresTemplate(t testing.TB, server string, admin *sql.DB) string {
	t.Helper()
	name := "template_" + digest(t, migrations.For("postgres"))
	ctx := context.Background()
	conn, err := admin.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	must := func(query string, args ...any) {
		t.Helper()
		if _, err := conn.ExecContext(ctx, query, args...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	must("SELECT pg_advisory_lock(7733)")
	defer must("SELECT pg_advisory_unlock(7733)")
	var closed bool
	err = conn.QueryRowContext(ctx, "SELECT NOT datallowconn FROM pg_database WHERE datname = $1", name).Scan(&closed)
	if err == nil && closed {
		return name
	}
	must("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)")
	must(configs.PostgresRoles)
	must("CREATE DATABASE " + name + " OWNER staff_owner")
	owner, err := db.OpenOwner(As(t, server, "staff_owner", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Migrate(ctx, migrations.For("postgres"), time.Now(), jobs.Migrate); err != nil {
		t.Fatal(err)
	}
	if err := owner.Close(); err != nil {
		t.Fatal(err)
	}
	must("ALTER DATABASE " + name + " ALLOW_CONNECTIONS false")
	must("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
	return name
}

func digest(t testing.TB, files fs.FS) string {
	t.Helper()
	h := sha256.New()
	tables, err := jobs.SchemaID()
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(h, tables)
	err = fs.WalkDir(files, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := fs.ReadFile(files, path)
		fmt.Fprintf(h, "%s %d\n%s", path, len(b), b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
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

package dbtest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/configs"
	"github.com/staff-control/staff-control/migrations"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/jobs"
)

// kind is what a database of a test has in it.
type kind struct {
	name    string
	primary bool // the server's tables
	// timescale is the version of the extension, with the tables of time series; empty for none.
	timescale string
}

var native = kind{name: "native", primary: true}

// clone makes a fresh database on the server at address, as its template has it, and returns its address.
func clone(t testing.TB, address string, k kind) string {
	t.Helper()
	admin := connect(t, address)
	name := "test_" + strings.ReplaceAll(id.New().String(), "-", "")
	// Copying the template's files costs less than writing each of its pages to the log, as PostgreSQL would by itself.
	if _, err := admin.Exec("CREATE DATABASE " + name + " TEMPLATE " + k.template(t, address, admin) + " OWNER staff_owner STRATEGY FILE_COPY"); err != nil {
		t.Fatalf("clone the template: %v", err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil && !db.Away(db.Translate(err)) {
			t.Errorf("drop %s: %v", name, err)
		}
	})
	return As(t, address, "postgres", name)
}

// template makes the migrated database that tests clone, once for each state of the migrations.
// Test processes meet here, so an advisory lock makes them wait for the first.
func (k kind) template(t testing.TB, address string, admin *sql.DB) string {
	t.Helper()
	name := "template_" + k.name + "_" + digest(t, migrations.For("postgres"), migrations.Timescale())
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
	if err := k.fill(ctx, t, address, name); err != nil {
		t.Fatal(err)
	}
	must("ALTER DATABASE " + name + " ALLOW_CONNECTIONS false")
	must("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
	return name
}

// fill migrates the template.
func (k kind) fill(ctx context.Context, t testing.TB, address, name string) error {
	owner := As(t, address, "staff_owner", name)
	primary, err := db.OpenOwner(owner)
	if err != nil {
		return err
	}
	defer primary.Close()
	if k.primary {
		if err := primary.Migrate(ctx, migrations.For("postgres"), time.Now(), jobs.Migrate); err != nil {
			return err
		}
	}
	if k.timescale == "" {
		return nil
	}
	return k.extend(ctx, t, primary, owner)
}

// extend makes the tables of time series. No rows wait to be moved to them.
func (k kind) extend(ctx context.Context, t testing.TB, primary *db.DB, owner string) error {
	series, err := db.OpenSeriesOwner(owner)
	if err != nil {
		return err
	}
	defer series.Close()
	if _, err := series.SQL().ExecContext(ctx, "CREATE EXTENSION timescaledb VERSION '"+k.timescale+"'"); err != nil {
		return err
	}
	ReadyTimescale(t, owner)
	if !k.primary {
		return db.MigrateSeries(ctx, nil, series, migrations.Timescale(), compressAfter)
	}
	if err := db.MigrateSeries(ctx, primary, series, migrations.Timescale(), compressAfter); err != nil {
		return err
	}
	_, err = primary.SQL().ExecContext(ctx, "UPDATE timescale_state SET waiting = false")
	return err
}

const compressAfter = 7 * 24 * time.Hour

// digest stands for the state of the migrations.
func digest(t testing.TB, all ...fs.FS) string {
	t.Helper()
	h := sha256.New()
	tables, err := jobs.SchemaID()
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(h, tables, configs.PostgresRoles, configs.PostgresTimescale)
	for _, files := range all {
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
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

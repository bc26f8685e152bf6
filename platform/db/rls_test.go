package db_test

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/migrations"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

func TestBothDatabasesHaveTheSameMigrations(t *testing.T) {
	t.Parallel()
	names := func(database string) []string {
		files, err := fs.Glob(migrations.For(database), "*.sql")
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	lite, pg := names("sqlite"), names("postgres")
	if !slices.Equal(lite, pg) {
		t.Errorf("sqlite has %v\npostgres has %v", lite, pg)
	}
	for _, name := range lite {
		if strings.Count(name, "_") < 2 {
			t.Errorf("%s is not NNNN_<module>_<what>.sql", name)
		}
	}
}

// A forgotten policy fails here: every table with an organization has forced row level security and both policies.
func TestEveryTenantTableIsGuarded(t *testing.T) {
	t.Parallel()
	pool := superuser(t)
	rows, err := pool.Query(`
		SELECT c.oid::regclass::text, c.relrowsecurity, c.relforcerowsecurity,
		       (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname IN ('tenant', 'system'))
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p') AND n.nspname IN ('public', 'monitoring')
		  AND (c.relname = 'organizations' OR EXISTS (
		      SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organization_id' AND NOT a.attisdropped))`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	tables := 0
	for rows.Next() {
		var name string
		var enabled, forced bool
		var policies int
		if err := rows.Scan(&name, &enabled, &forced, &policies); err != nil {
			t.Fatal(err)
		}
		if !enabled || !forced || policies != 2 {
			t.Errorf("%s: row security %v, forced %v, %d of its 2 policies", name, enabled, forced, policies)
		}
		tables++
	}
	if err := rows.Err(); err != nil || tables < 20 {
		t.Errorf("looked at %d tables: %v", tables, err)
	}
}

func TestEveryOtherTableIsKnown(t *testing.T) {
	t.Parallel()
	pool := superuser(t)
	rows, err := pool.Query(`
		SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p') AND n.nspname IN ('public', 'monitoring') AND c.relname NOT LIKE 'river%'
		  AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organization_id' AND NOT a.attisdropped)
		ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		got = append(got, name)
	}
	if want := []string{"goose_db_version", "organizations", "pki_authorities", "retention_state", "timescale_state"}; !slices.Equal(got, want) {
		t.Errorf("tables without an organization: %v, want %v", got, want)
	}
}

func TestServingRefusesPowerfulRoles(t *testing.T) {
	t.Parallel()
	for role, want := range map[string]string{"postgres": "is a superuser", "staff_owner": "owns the tables"} {
		d, err := db.Open(context.Background(), dbtest.PostgresURL(t, role), slog.New(slog.DiscardHandler))
		if err == nil {
			d.Close()
			t.Errorf("%s may serve", role)
			continue
		}
		if !contains(err, want) {
			t.Errorf("%s: %v, want %q", role, err, want)
		}
	}
}

// TimescaleDB's functions that do not ask whose a table is are out of reach, or nobody serves.
func TestServingRefusesFunctionsThatReachEveryTenant(t *testing.T) {
	t.Parallel()
	address := dbtest.TimescaleURL(t, "")
	super, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	defer super.Close()
	must(t, super, "GRANT EXECUTE ON FUNCTION _timescaledb_functions.drop_chunk(regclass) TO PUBLIC")
	const want = "_timescaledb_functions.drop_chunk, and TimescaleDB does not always ask whose a table is: run configs/postgres-timescale.sql"
	if d, err := db.Open(context.Background(), dbtest.As(t, address, "staff_app", ""), slog.New(slog.DiscardHandler)); err == nil || !contains(err, want) {
		t.Errorf("the server's database: %v, %v", d, err)
	}
	if err := dbtest.OpenSeries(t, address).Ping(context.Background()); !errors.Is(err, db.ErrUnfit) || !contains(err, want) {
		t.Errorf("the database of time series: %v", err)
	}
	dbtest.ReadyTimescale(t, address)
	if err := dbtest.OpenSeries(t, address).Ping(context.Background()); err != nil {
		t.Error(err)
	}
}

func superuser(t *testing.T) *sql.DB {
	t.Helper()
	pool, err := sql.Open("pgx", dbtest.PostgresURL(t, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	return pool
}

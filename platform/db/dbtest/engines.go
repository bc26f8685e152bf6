package dbtest

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/configs"
	"github.com/staff-control/staff-control/migrations"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest/pgserver"
)

// EachEngine runs fn with the server's database and that of time series, fresh and migrated, for every engine: SQLite,
// PostgreSQL, and TimescaleDB in the server's database and in a second one. What cannot be had here is skipped.
func EachEngine(t *testing.T, fn func(t *testing.T, primary, series *db.DB)) {
	t.Helper()
	Each(t, func(t *testing.T, d *db.DB) { fn(t, d, d) })
	t.Run("timescaledb", func(t *testing.T) {
		t.Parallel()
		address := TimescaleURL(t, "")
		fn(t, open(t, As(t, address, "staff_app", "")), OpenSeries(t, address))
	})
	t.Run("timescaledb-second", func(t *testing.T) {
		t.Parallel()
		fn(t, Postgres(t), OpenSeries(t, SecondURL(t, "")))
	})
}

// TimescaleURL makes a fresh database with the server's tables and those of TimescaleDB, of this version, or of the
// default if it is empty. It returns the address for the superuser; see As.
func TimescaleURL(t testing.TB, version string) string {
	t.Helper()
	return timescale(t, server(t), version, true)
}

// SecondURL makes a fresh database of time series alone, likewise.
func SecondURL(t testing.TB, version string) string {
	t.Helper()
	return timescale(t, server(t), version, false)
}

// ReadyTimescale does what a superuser does in a database that is to have TimescaleDB.
func ReadyTimescale(t testing.TB, address string) {
	t.Helper()
	if _, err := connect(t, As(t, address, "postgres", "")).Exec(configs.PostgresTimescale); err != nil {
		t.Fatalf("make the database ready for TimescaleDB: %v", err)
	}
}

func timescale(t testing.TB, address, version string, primary bool) string {
	t.Helper()
	versions := timescaleVersions(t, address)
	if version == "" {
		version = versions[0]
	}
	if !slices.Contains(versions, version) {
		t.Skipf("TimescaleDB cannot be loaded here: there is no version %s", version)
	}
	name := "second_"
	if primary {
		name = "timescale_"
	}
	return clone(t, address, kind{name + strings.ReplaceAll(version, ".", "_"), primary, version})
}

// TimescaleVersions are the versions of TimescaleDB that can be loaded here, the default first. It skips where there is
// none.
func TimescaleVersions(t testing.TB) []string {
	t.Helper()
	return timescaleVersions(t, server(t))
}

func timescaleVersions(t testing.TB, address string) (versions []string) {
	t.Helper()
	rows, err := connect(t, address).Query(`
		SELECT v.version FROM pg_available_extension_versions AS v JOIN pg_available_extensions AS e USING (name)
		WHERE name = 'timescaledb' AND current_setting('shared_preload_libraries') LIKE '%timescaledb%' ORDER BY v.version <> e.default_version, 1`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			t.Fatal(err)
		}
		versions = append(versions, v)
	}
	if len(versions) == 0 {
		t.Skip("TimescaleDB cannot be loaded here: the extension is not installed")
	}
	return versions
}

// OpenSeries opens a database of time series as staff_app.
func OpenSeries(t testing.TB, address string) *db.DB {
	t.Helper()
	d, err := db.OpenSeries(As(t, address, "staff_app", ""), migrations.Timescale(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close the database of time series: %v", err)
		}
	})
	return d
}

// Refresh makes TimescaleDB sum again what changed, as its workers do in production. Elsewhere it does nothing.
func Refresh(t testing.TB, series *db.DB) {
	t.Helper()
	if series.Engine().Name != db.TimescaleDB {
		return
	}
	owner := connect(t, As(t, addressOf(t, series), "staff_owner", ""))
	for _, sums := range []string{"application_usage_15m", "application_usage_1d", "site_usage_15m", "site_usage_1d"} {
		if _, err := owner.Exec("CALL refresh_continuous_aggregate('ts." + sums + "_live', NULL, NULL)"); err != nil {
			t.Fatalf("sum %s: %v", sums, err)
		}
	}
}

// addressOf is where the database is.
func addressOf(t testing.TB, d *db.DB) (address string) {
	t.Helper()
	conn, err := d.SQL().Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	err = conn.Raw(func(lent any) error {
		address = lent.(db.Pgx).Conn().Config().ConnString()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// Cluster is a PostgreSQL server of one test's own, which the test may stop and kill.
type Cluster struct {
	t testing.TB
	s *pgserver.Server
}

// Server starts a PostgreSQL server for this test. What it has committed outlives Kill. It skips where PostgreSQL is not
// installed, and fails there in CI.
func Server(t testing.TB) *Cluster {
	t.Helper()
	s, err := pgserver.New(pgserver.Sure)
	if err != nil {
		if os.Getenv("CI") == "" {
			t.Skipf("no PostgreSQL: %v", err)
		}
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Remove(); err != nil {
			t.Error(err)
		}
	})
	return &Cluster{t, s}
}

// URL makes a fresh, migrated database on the server and returns its address for the role.
func (c *Cluster) URL(role string) string {
	c.t.Helper()
	return As(c.t, clone(c.t, c.s.URL, native), role, "")
}

// TimescaleURL makes a fresh database of time series on the server and returns its address for the role. It skips where
// TimescaleDB cannot be loaded.
func (c *Cluster) TimescaleURL(role string) string {
	c.t.Helper()
	return As(c.t, timescale(c.t, c.s.URL, "", false), role, "")
}

// Stop stops the server: its connections break, and new ones are refused.
func (c *Cluster) Stop() { c.must(c.s.Stop()) }

// Kill kills the server's processes.
func (c *Cluster) Kill() {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	c.must(c.s.Kill(ctx))
}

// Start starts the server after Stop or Kill, and returns when it answers.
func (c *Cluster) Start() { c.must(c.s.Start()) }

func (c *Cluster) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

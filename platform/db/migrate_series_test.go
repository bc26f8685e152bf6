package db_test

import (
	"context"
	"database/sql"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/staff-control/staff-control/migrations"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/jobs"
)

// before are the migrations below this one.
func before(t *testing.T, kind, first string) fs.FS {
	t.Helper()
	names, err := fs.Glob(migrations.For(kind), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	old := fstest.MapFS{}
	for _, name := range names {
		if name >= first {
			continue
		}
		text, err := fs.ReadFile(migrations.For(kind), name)
		if err != nil {
			t.Fatal(err)
		}
		old[name] = &fstest.MapFile{Data: text}
	}
	return old
}

// pages are URLs with their sites, as the intake has it.
var pages = [][2]string{
	{"HTTPS://User:pw@WWW.Example.com:8443/a?b#c", "example.com"}, {"http://lenta.ru", "lenta.ru"}, {"https://a.uz?x=1/2", "a.uz"},
	{"http://[2001:db8::1]:80/", "2001:db8::1"}, {"about:blank", "about:blank"}, {"file:///c:/x", "file:///c:/x"}, {"www.no-scheme.uz/x", "www.no-scheme.uz/x"},
}

// Rows from before time series had days are there afterwards, with their sites, and are to be summed.
func TestOldRowsGetDaysSitesAndMarks(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		d, err := db.Open(context.Background(), filepath.Join(t.TempDir(), "old.db"), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		upgrade(t, d, "sqlite", d.SQL())
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		address := dbtest.EmptyURL(t, "staff_owner")
		d, err := db.OpenOwner(address)
		if err != nil {
			t.Fatal(err)
		}
		super, err := sql.Open("pgx", dbtest.As(t, address, "postgres", ""))
		if err != nil {
			t.Fatal(err)
		}
		defer super.Close()
		super.SetMaxOpenConns(1)
		must(t, super, "SET search_path = public, monitoring; SET timezone = 'UTC'")
		upgrade(t, d, "postgres", super)
	})
}

func upgrade(t *testing.T, d *db.DB, kind string, super *sql.DB) {
	t.Helper()
	defer d.Close()
	if err := d.Migrate(context.Background(), before(t, kind, "0019"), noon); err != nil {
		t.Fatal(err)
	}
	const row = "('00000000-0000-0000-0000-00000000000"
	for i, p := range pages {
		n := string(rune('1' + i))
		must(t, super, "INSERT INTO visited_sites (id, organization_id, datetime, agent_id, computer_uid, user_sid, url) VALUES "+
			row+n+"', 1, '2026-11-0"+n+" 10:07:00+00:00', "+row[1:]+n+"', 'pc', 's', '"+p[0]+"')")
		must(t, super, "INSERT INTO active_windows (id, organization_id, datetime, agent_id, computer_uid, user_sid) VALUES "+
			row+n+"', 2, '2026-11-0"+n+" 23:59:59.999999+00:00', "+row[1:]+n+"', 'pc', 's')")
	}
	if err := d.Migrate(context.Background(), migrations.For(kind), noon); err != nil {
		t.Fatal(err)
	}
	rows, err := super.Query("SELECT url, site FROM visited_sites ORDER BY datetime")
	if got := pairs(t, rows, err); !slices.Equal(got, pages) {
		t.Errorf("sites are\n%v, want\n%v", got, pages)
	}
	var marks, windows int
	err = super.QueryRow(`SELECT count(*), (SELECT count(*) FROM active_windows) FROM usage_marks
		WHERE kind = 'application' AND organization_id = 2 AND CAST(bucket AS text) LIKE '% 23:45:00+00%' OR
		      kind = 'site' AND organization_id = 1 AND CAST(bucket AS text) LIKE '% 10:00:00+00%'`).Scan(&marks, &windows)
	if err != nil || marks != 2*len(pages) || windows != len(pages) {
		t.Errorf("%d marks, %d windows, %v", marks, windows, err)
	}
}

// A server that gets TimescaleDB keeps what it has: rows wait in its own tables, and sums without rows go along.
func TestAServerGetsTimescale(t *testing.T) {
	t.Parallel()
	dbtest.TimescaleVersions(t)
	for name, second := range map[string]bool{"first": false, "second": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := dbtest.PostgresURL(t, "staff_app")
			target := address
			if second {
				target = dbtest.EmptyURL(t, "staff_app")
			}
			d := openApp(t, address)
			put(t, d, 1, windows(noon1, noon2))
			floor(t, d, noon2)
			dbtest.ReadyTimescale(t, target)
			for range 2 { // the second time it finds all done
				extend(t, address, target)
			}
			d = openApp(t, address) // as the next start does: its connections know the tables by their new names
			series := dbtest.OpenSeries(t, target)
			if n := rowsOf(t, of(1), d, "active_windows"); n != 2 {
				t.Errorf("%d rows wait, want 2", n)
			}
			if n := rowsOf(t, of(1), series, "active_windows"); n != 0 {
				t.Errorf("%d rows have moved by themselves", n)
			}
			for table, want := range map[string]int64{"application_usage_15m_kept": 5002, "application_usage_15m": 5002, "usage_floors": 1} {
				if n := rowsOf(t, of(1), series, table); n != want {
					t.Errorf("%s has %d rows, want %d", table, n, want)
				}
			}
			for table, want := range map[string]int64{"application_usage_15m": 1, "usage_floors": 0} {
				if n := rowsOf(t, of(1), d, table); n != want {
					t.Errorf("%d rows are left in %s, want %d", n, table, want)
				}
			}
			var waiting bool
			err := d.Read(system(), func(ctx context.Context, tx db.Tx) error {
				return tx.Raw("SELECT waiting FROM timescale_state").Scan(ctx, &waiting)
			})
			if err != nil || !waiting {
				t.Errorf("rows wait: %v, %v", waiting, err)
			}
		})
	}
}

// Sums whose rows are gone leave the server's database only after TimescaleDB has them for good.
func TestSumsThatCannotBeKeptStay(t *testing.T) {
	t.Parallel()
	dbtest.TimescaleVersions(t)
	address, target := dbtest.PostgresURL(t, "staff_app"), dbtest.EmptyURL(t, "postgres")
	dbtest.ReadyTimescale(t, target)
	extend(t, address, target)
	d := openApp(t, address)
	floor(t, d, noon2)
	super, err := sql.Open("pgx", target)
	if err != nil {
		t.Fatal(err)
	}
	defer super.Close()
	must(t, super, `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
		CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON ts.usage_floors DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail()`)
	if err := extended(t, address, target); err == nil {
		t.Error("a commit that fails is no fault")
	}
	for table, want := range map[string]int64{"application_usage_15m": 5003, "usage_floors": 1} {
		if n := rowsOf(t, of(1), d, table); n != want {
			t.Errorf("%s has %d rows, want %d", table, n, want)
		}
	}
	must(t, super, "DROP TRIGGER fail ON ts.usage_floors")
	extend(t, address, target)
	if n := rowsOf(t, of(1), dbtest.OpenSeries(t, target), "application_usage_15m_kept"); n != 5002 {
		t.Errorf("%d sums are kept", n)
	}
}

// floor gives organization 1 sums from before a day whose rows are gone, and one from after it.
func floor(t *testing.T, d *db.DB, until time.Time) {
	t.Helper()
	err := d.Write(of(1), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Raw(`INSERT INTO application_usage_15m (organization_id, bucket, computer_uid, user_sid, process_name, seconds, events)
			SELECT 1, ?::timestamptz - n * interval '15 minutes', 'pc', 's', 'p', 60, 1 FROM generate_series(0, 5002) AS n`, until).Exec(ctx)
		if err != nil {
			return err
		}
		_, err = tx.Raw("INSERT INTO usage_floors VALUES (1, 'application', ?)", until).Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func openApp(t *testing.T, address string) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), address, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// extend is the command migrate with TimescaleDB at target.
func extend(t *testing.T, address, target string) {
	t.Helper()
	if err := extended(t, address, target); err != nil {
		t.Fatal(err)
	}
}

func extended(t *testing.T, address, target string) error {
	t.Helper()
	primary, err := db.OpenOwner(dbtest.As(t, address, "staff_owner", ""))
	if err != nil {
		t.Fatal(err)
	}
	defer primary.Close()
	series, err := db.OpenSeriesOwner(dbtest.As(t, target, "staff_owner", ""))
	if err != nil {
		t.Fatal(err)
	}
	defer series.Close()
	ctx := context.Background()
	if err := primary.Migrate(ctx, migrations.For("postgres"), noon, jobs.Migrate); err != nil {
		t.Fatal(err)
	}
	if err := db.MigrateSeries(ctx, primary, series, migrations.Timescale(), 48*time.Hour); err != nil {
		return err
	}
	var jobsAfter int
	err = series.SQL().QueryRow("SELECT count(*) FROM timescaledb_information.jobs WHERE (config->>'compress_after')::interval = '48 hours'").Scan(&jobsAfter)
	if err != nil || jobsAfter != 5 {
		t.Errorf("%d tables are compressed after two days, %v", jobsAfter, err)
	}
	return nil
}

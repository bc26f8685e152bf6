package db_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/id"
)

// windows are rows of active_windows at these times, of a minute each, on one computer.
func windows(times ...time.Time) db.Rows {
	n := len(times)
	ids, agents, names, seconds := make([]id.UUID, n), make([]id.UUID, n), make([]string, n), make([]int32, n)
	for i := range n {
		ids[i], agents[i], names[i], seconds[i] = id.New(), id.New(), "pc-1", 60
	}
	return db.Rows{Table: "active_windows", Owned: true, SkipKnown: true, Columns: []db.Column{
		{Name: "datetime", Values: times}, {Name: "id", Values: ids}, {Name: "agent_id", Values: agents},
		{Name: "computer_uid", Values: names}, {Name: "user_sid", Values: names}, {Name: "process_name", Values: names},
		{Name: "duration_seconds", Values: seconds},
	}}
}

func of(organization int64) context.Context {
	return actor.With(context.Background(), actor.Actor{Role: actor.HR, OrganizationID: organization})
}

// rowsOf counts the rows of a table that the actor sees.
func rowsOf(t *testing.T, ctx context.Context, d *db.DB, table string) (n int64) {
	t.Helper()
	err := d.Read(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		n, err = tx.RowsIn(ctx, table, 0)
		return err
	})
	if err != nil {
		t.Fatalf("count %s: %v", table, err)
	}
	return n
}

func bulk(d *db.DB, organization int64, r db.Rows) (n int64, err error) {
	err = d.Write(of(organization), func(ctx context.Context, tx db.Tx) error {
		n, err = tx.Bulk(ctx, r)
		return err
	})
	return n, err
}

func TestEveryEngineKeepsRowsOnceAndApart(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, _, series *db.DB) {
		day := time.Date(2026, 11, 1, 23, 59, 59, 0, time.UTC)
		rows := windows(day, day.Add(time.Second), day.AddDate(0, 0, -400))
		for want := int64(3); want >= 0; want -= 3 {
			if n, err := bulk(series, 1, rows); n != want || err != nil {
				t.Errorf("%d rows are new, want %d; %v", n, want, err)
			}
		}
		rows.SkipKnown = false
		if _, err := bulk(series, 1, rows); !errors.Is(err, db.ErrConflict) {
			t.Errorf("the same rows, not to be skipped: %v", err)
		}
		put(t, series, 2, windows(day))
		for organization, want := range map[int64]int64{1: 3, 2: 1, 3: 0} {
			if n := rowsOf(t, of(organization), series, "active_windows"); n != want {
				t.Errorf("organization %d sees %d rows, want %d", organization, n, want)
			}
		}
		if n := rowsOf(t, system(), series, "active_windows"); n != 4 {
			t.Errorf("the system sees %d rows, want 4", n)
		}
	})
}

func TestEveryEngineSaysWhatItIs(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, primary, series *db.DB) {
		if err := series.Ping(context.Background()); err != nil {
			t.Fatal(err)
		}
		want := map[bool]string{true: primary.Engine().Name, false: db.TimescaleDB}[primary == series]
		if got := series.Engine(); got.Name != want || got.Version == "" || got.String() != got.Name+" "+got.Version {
			t.Errorf("time series are in %q, want %s", got, want)
		}
		if got, want := primary.Engine().Name, map[string]string{"sqlite": db.SQLite, "postgres": db.PostgreSQL}[primary.Name()]; got != want {
			t.Errorf("the server's database is %s, want %s", got, want)
		}
	})
}

// Days end where they ought to, and what is summed of them stays where TimescaleDB sums it.
func TestOldDaysAreDroppedWhole(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, _, series *db.DB) {
		midnight := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		put(t, series, 1, windows(midnight.AddDate(0, 0, -2), midnight.Add(-time.Second), midnight))
		dbtest.Refresh(t, series)
		engine := series.Engine().Name
		dropped, left, sums := 2, int64(1), int64(0)
		switch engine {
		case db.SQLite:
			dropped, left = 0, 3
		case db.TimescaleDB:
			sums = 3
		}
		if n, err := series.DropDaysOf(system(), "active_windows", midnight.Add(time.Hour), []int64{1}); n != dropped || err != nil {
			t.Errorf("%d days are dropped, want %d; %v", n, dropped, err)
		}
		if n := rowsOf(t, of(1), series, "active_windows"); n != left {
			t.Errorf("%d rows are left, want %d", n, left)
		}
		dbtest.Refresh(t, series)
		for _, table := range []string{"application_usage_15m", "application_usage_1d"} {
			if n := rowsOf(t, of(1), series, table); n != sums {
				t.Errorf("%s has %d sums, want %d", table, n, sums)
			}
		}
		put(t, series, 1, windows(midnight.AddDate(0, 0, -2))) // which is late, and finds its day gone
	})
}

// A process that does not know that another dropped a day says so once, and finds the day again.
func TestADayThatAnotherProcessDropped(t *testing.T) {
	t.Parallel()
	address := dbtest.PostgresURL(t, "staff_app")
	var processes [2]*db.DB
	for i := range processes {
		d, err := db.Open(context.Background(), address, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		processes[i] = d
	}
	day := time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)
	put(t, processes[0], 1, windows(day))
	put(t, processes[1], 1, windows(day))
	if n, err := processes[1].DropDaysOf(system(), "active_windows", day.AddDate(0, 0, 1), []int64{1}); n != 1 || err != nil {
		t.Fatalf("%d days, %v", n, err)
	}
	if _, err := bulk(processes[0], 1, windows(day)); !errors.Is(err, db.ErrUnavailable) {
		t.Errorf("a row for a day that is gone: %v", err)
	}
	put(t, processes[0], 1, windows(day))
	if n := rowsOf(t, of(1), processes[1], "active_windows"); n != 1 {
		t.Errorf("%d rows, want the last", n)
	}
}

func TestDaysAreMadeAhead(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, primary, series *db.DB) {
		for _, d := range []*db.DB{primary, series} {
			for range 2 {
				if err := d.MakeDays(context.Background(), noon, 8); err != nil {
					t.Fatal(err)
				}
			}
		}
		if primary.Name() == "sqlite" {
			return
		}
		var days int
		err := primary.Read(system(), func(ctx context.Context, tx db.Tx) error {
			return tx.Raw("SELECT count(*) FROM pg_inherits WHERE inhparent = 'idle_periods'::regclass").Scan(ctx, &days)
		})
		if err != nil || days != 8 {
			t.Errorf("there are %d days, %v", days, err)
		}
	})
}

// Two processes that need the same new days at once both get them, and no transaction waits for a connection that
// another holds.
func TestManyBatchesNeedNewDaysAtOnce(t *testing.T) {
	t.Parallel()
	d := dbtest.Postgres(t)
	done := make(chan error, 40)
	for i := range cap(done) {
		go func() {
			_, err := bulk(d, 1, windows(noon.AddDate(0, 0, -i%10), noon.AddDate(0, 0, i%7)))
			done <- err
		}()
	}
	for range cap(done) {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if n := rowsOf(t, of(1), d, "active_windows"); n != 2*int64(cap(done)) {
		t.Errorf("%d rows", n)
	}
}

// What is erased of an organization is all that names it, wherever it is.
func TestEveryEngineNamesItsTenantTables(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, primary, series *db.DB) {
		want := []string{"active_windows", "batch_tokens", "idle_periods", "quarantine", "screenshots", "usage_floors", "user_sessions", "visited_sites"}
		sums, others := []string{"application_usage_15m", "site_usage_1d", "usage_marks"}, []string{"employees"}
		if series != primary {
			sums, others = []string{"application_usage_15m_kept", "site_usage_1d_kept"}, nil
			expectTables(t, primary, append(slices.Clone(want), "usage_marks", "application_usage_1d"))
		}
		expectTables(t, series, append(append(want, sums...), others...))
	})
}

func expectTables(t *testing.T, d *db.DB, want []string) {
	t.Helper()
	var got []string
	err := d.Write(system(), func(ctx context.Context, tx db.Tx) (err error) {
		if got, err = tx.TenantTables(ctx); err != nil {
			return err
		}
		for _, table := range got {
			if _, err := tx.Erase(ctx, table, 7); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	for _, table := range want {
		if !slices.Contains(got, table) {
			t.Errorf("%s is not among %v", table, got)
		}
	}
	if slices.Sort(got); len(slices.Compact(slices.Clone(got))) != len(got) {
		t.Errorf("one is named twice: %v", got)
	}
}

package db_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// A day that is dropped and a transaction that reads the table and then writes to it do not wait for each other.
func TestADropDoesNotDeadlock(t *testing.T) {
	t.Parallel()
	d := dbtest.Postgres(t)
	day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	put(t, d, 1, windows(day, day.AddDate(0, 0, 2)))
	dropped := make(chan error, 1)
	err := d.Write(of(1), func(ctx context.Context, tx db.Tx) error {
		if _, err := tx.RowsIn(ctx, "active_windows", 0); err != nil {
			return err
		}
		go func() {
			_, err := d.DropDaysOf(system(), "active_windows", day.AddDate(0, 0, 1), []int64{1})
			dropped <- err
		}()
		for waits := false; !waits; {
			if err := tx.Raw("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))").Scan(ctx, &waits); err != nil {
				return err
			}
			if len(dropped) > 0 {
				return errors.New("the drop does not wait for who reads")
			}
		}
		_, err := tx.Raw("DELETE FROM active_windows WHERE organization_id = 1 AND datetime > ?", day.AddDate(0, 0, 1)).Exec(ctx)
		return err
	})
	if err != nil {
		t.Errorf("who reads and writes: %v", err)
	}
	if err := <-dropped; err != nil && strings.Contains(err.Error(), "40P01") {
		t.Errorf("the drop: %v", err)
	}
}

// A drop that has to wait for a reader soon gives up: all who come after it wait as long.
func TestADropSoonGivesUp(t *testing.T) {
	t.Parallel()
	d := dbtest.Postgres(t)
	day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	put(t, d, 1, windows(day))
	err := d.Read(of(1), func(ctx context.Context, tx db.Tx) error {
		if _, err := tx.RowsIn(ctx, "active_windows", 0); err != nil {
			return err
		}
		bounded, cancel := context.WithTimeout(context.Background(), 1900*time.Millisecond)
		defer cancel()
		ctx = actor.With(bounded, actor.System("test"))
		if n, err := d.DropDaysOf(ctx, "active_windows", day.AddDate(0, 0, 1), []int64{1}); n != 0 || !errors.Is(err, db.ErrUnavailable) || bounded.Err() != nil {
			t.Errorf("%d days, %v", n, err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// The sums of those that are named are kept, and nobody else's floor rises: a late row of his is summed.
func TestADropLeavesTheFloorsOfOthers(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, _, series *db.DB) {
		if series.Engine().Name != db.TimescaleDB {
			return
		}
		midnight := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		for organization := range int64(2) {
			put(t, series, organization+1, windows(midnight.AddDate(0, 0, -1)))
		}
		dbtest.Refresh(t, series)
		err := series.Write(system(), func(ctx context.Context, tx db.Tx) error {
			_, err := tx.Raw("DELETE FROM active_windows WHERE organization_id = 2").Exec(ctx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := series.DropDaysOf(system(), "active_windows", midnight, []int64{1}); n != 1 || err != nil {
			t.Fatalf("%d days, %v", n, err)
		}
		for organization, want := range map[int64]int64{1: 1, 2: 0} {
			if n := rowsOf(t, of(organization), series, "usage_floors"); n != want {
				t.Errorf("organization %d has %d floors, want %d", organization, n, want)
			}
		}
	})
}

// Behind a gap the last day with rows is found; who asks for what is before all rows finds nothing.
func TestTheLastDayIsBehindAGap(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, _, series *db.DB) {
		midnight := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		yearAgo := midnight.AddDate(-1, 0, 0)
		put(t, series, 1, windows(yearAgo.Add(time.Hour), yearAgo.AddDate(0, 0, 5), midnight.Add(time.Hour)))
		for _, c := range []struct{ before, want time.Time }{
			{midnight.AddDate(0, 1, 0), midnight.AddDate(0, 0, 1)},
			{midnight.Add(2 * time.Hour), midnight.Add(2 * time.Hour)}, // within a day
			{midnight.Add(time.Minute), midnight.Add(time.Minute)},
			{midnight, yearAgo.AddDate(0, 0, 6)},
			{yearAgo.AddDate(0, 0, 5), yearAgo.AddDate(0, 0, 1)},
			{yearAgo, time.Time{}},
		} {
			if series.Engine().Name == db.SQLite {
				c.want = c.before
			}
			var got time.Time
			err := series.Read(of(2), func(ctx context.Context, tx db.Tx) (err error) {
				got, err = tx.LastDay(ctx, "active_windows", c.before)
				return err
			})
			if err != nil || !got.Equal(c.want) {
				t.Errorf("before %v it is %v, want %v (%v)", c.before, got, c.want, err)
			}
		}
	})
}

// Days are dropped up to the first in which somebody else has a row, and no row of his goes.
func TestDaysOfSomeAreDroppedUpToThoseOfOthers(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, _, series *db.DB) {
		midnight := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		put(t, series, 1, windows(midnight.AddDate(0, 0, -3), midnight.AddDate(0, 0, -2), midnight.Add(-time.Second), midnight))
		put(t, series, 2, windows(midnight.AddDate(0, 0, -3)))
		put(t, series, 3, windows(midnight.AddDate(0, 0, -2).Add(time.Hour)))
		apart := 1
		if series.Engine().Name == db.SQLite {
			apart = 0
		} else if _, err := series.DropDaysOf(of(1), "active_windows", midnight, []int64{1}); !errors.Is(err, db.ErrForeign) {
			t.Errorf("one organization drops the days of all: %v", err)
		}
		for _, c := range []struct {
			organizations []int64
			days          int
			left          [3]int64
		}{
			{nil, 0, [3]int64{4, 1, 1}},
			{[]int64{1}, 0, [3]int64{4, 1, 1}},
			{[]int64{1, 2}, 1, [3]int64{3, 0, 1}},
			{[]int64{1, 2, 3}, 2, [3]int64{1, 0, 0}},
			{[]int64{1, 2, 3}, 0, [3]int64{1, 0, 0}},
		} {
			n, err := series.DropDaysOf(system(), "active_windows", midnight, c.organizations)
			if n != c.days*apart || err != nil {
				t.Errorf("of %v %d days are dropped, want %d: %v", c.organizations, n, c.days*apart, err)
			}
			for i, want := range c.left {
				if got := rowsOf(t, of(int64(i+1)), series, "active_windows"); apart == 1 && got != want {
					t.Errorf("of %v: organization %d has %d rows, want %d", c.organizations, i+1, got, want)
				}
			}
		}
	})
}

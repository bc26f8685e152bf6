package db_test

import (
	"errors"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

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

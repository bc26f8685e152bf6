package monitoring

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
)

// days counts how many days a table of time series is kept in.
func days(t *testing.T, series *db.DB, table string) (n int) {
	t.Helper()
	query := "SELECT count(*) FROM pg_inherits WHERE inhparent = to_regclass('" + table + "')"
	if series.Engine().Name == db.TimescaleDB {
		query = "SELECT count(*) FROM timescaledb_information.chunks WHERE hypertable_name = '" + table + "'"
	}
	err := series.Read(system(), func(ctx context.Context, tx db.Tx) error { return tx.Raw(query).Scan(ctx, &n) })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Days are dropped of which no other organization has a row, up to the first that somebody else has.
func TestKeeperDropsWholeDays(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, primary, series *db.DB) {
		s := newOn(t, primary, series)
		if series.Engine().Name == db.SQLite {
			if n, err := s.Drop(system(), activity.ActiveWindow, oldDay, []int64{1}); n != 0 || err != nil {
				t.Errorf("drops %d days: %v", n, err)
			}
			return
		}
		for d := range 4 {
			mustPut(t, s, agent(1), activity.Batch{Events: aDayOf(oldDay.AddDate(0, 0, d))})
		}
		mustPut(t, s, agent(2), activity.Batch{Events: aDayOf(oldDay.AddDate(0, 0, 2))})
		theirs, sums := linesOf(t, s, 2), usedOn(t, s, 1, oldDay)
		had := days(t, series, "active_windows")
		if n, err := s.Drop(system(), activity.ActiveWindow, oldDay.AddDate(0, 0, 4), []int64{1}); n != 2 || err != nil {
			t.Errorf("dropped %d days: %v", n, err)
		}
		if n := days(t, series, "active_windows"); n != had-2 {
			t.Errorf("%d days are left of %d", n, had)
		}
		counts, err := s.Expired(as(actor.HR, 1), activity.ActiveWindow, noon)
		if err != nil || len(counts) != 2 || !counts[0].Day.Equal(oldDay.AddDate(0, 0, 2)) {
			t.Errorf("left %v: %v", counts, err)
		}
		rollUp(t, s)
		dbtest.Refresh(t, series)
		same(t, "sums of a day that was dropped", usedOn(t, s, 1, oldDay), sums)
		same(t, "the other organization", linesOf(t, s, 2), theirs)
		if n := days(t, series, "idle_periods"); n < 4 {
			t.Errorf("%d days are left of another table", n)
		}
		// Whoever comes late finds a place; days that are empty can be dropped by nobody's leave.
		mustRemove(t, s, 1, activity.ActiveWindow, oldDay.AddDate(0, 0, 2))
		mustRemove(t, s, 2, activity.ActiveWindow, oldDay.AddDate(0, 0, 2))
		if n, err := s.Drop(system(), activity.ActiveWindow, oldDay.AddDate(0, 0, 4), nil); n != 1 || err != nil {
			t.Errorf("dropped %d empty days: %v", n, err)
		}
		late := activity.Batch{Events: []activity.Event{newWindow("late", "PC-1", oldDay)}}
		if _, err := s.Put(agent(1), late); err != nil && !fault.Retryable(err) {
			t.Fatal(err)
		}
		mustPut(t, s, agent(1), late)
		if n := len(ofKindAndDay(linesOf(t, s, 1), activity.ActiveWindow, oldDay)); n != 1 {
			t.Errorf("%d rows of who comes late", n)
		}
		if _, err := s.Drop(as(actor.HR, 1), activity.ActiveWindow, noon, []int64{1}); !errors.Is(err, db.ErrForeign) {
			t.Errorf("an organization may drop: %v", err)
		}
	})
}

func mustRemove(t *testing.T, s *service, organization int64, k activity.Kind, on time.Time) {
	t.Helper()
	if _, err := s.Remove(as(actor.HR, organization), k, on); err != nil {
		t.Fatal(err)
	}
}

// A row of an organization that gives nothing up may come while its day is dropped. Who drops waits until it is there, and
// leaves the day.
func TestARowThatComesWhileItsDayIsDroppedIsKept(t *testing.T) {
	t.Parallel()
	dbtest.EachEngine(t, func(t *testing.T, primary, series *db.DB) {
		if series.Engine().Name == db.SQLite {
			return
		}
		s := newOn(t, primary, series)
		mustPut(t, s, agent(1), activity.Batch{Events: aDayOf(oldDay)})
		dropped := make(chan int)
		err := series.Write(agent(2), func(ctx context.Context, tx db.Tx) error {
			r := row{Datetime: oldDay.Add(time.Hour), ID: id.New(), ComputerUID: "PC-2", UserSID: "S-2"}
			if _, _, err := s.store.insert(ctx, tx, target{DB: series}, asPrepared(activity.IdlePeriod, []row{r}), true); err != nil {
				return err
			}
			go func() {
				n, err := s.Drop(system(), activity.IdlePeriod, oldDay.Add(day), []int64{1})
				if err != nil {
					t.Error(err)
				}
				dropped <- n
			}()
			awaitWaiter(t, series)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := <-dropped; n != 0 {
			t.Errorf("%d days were dropped", n)
		}
		if n := len(all(t, s, 2, activity.IdlePeriod)); n != 1 {
			t.Errorf("%d rows are there", n)
		}
	})
}

// awaitWaiter returns when somebody waits for a lock in the database.
func awaitWaiter(t *testing.T, d *db.DB) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); time.Since(began) < 10*time.Second; <-tick.C {
		var n int
		err := d.Read(system(), func(ctx context.Context, tx db.Tx) error {
			return tx.Raw("SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())").Scan(ctx, &n)
		})
		if err != nil {
			t.Error(err)
			return
		}
		if n > 0 {
			return
		}
	}
	t.Error("nobody waits")
}

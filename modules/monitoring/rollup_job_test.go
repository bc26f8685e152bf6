package monitoring

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// An event whose transaction ends after the job has read the events, but began before, is summed by the next run.
func TestNoMarkIsLost(t *testing.T) {
	t.Parallel()
	d := dbtest.Postgres(t) // SQLite has one writer, so there nothing comes between
	s := newService(t, d)
	at := fullDay.Add(10 * time.Hour)
	mustPut(t, s, agent(1), activity.Batch{Events: []activity.Event{newWindow("first", "PC-1", at)}})
	began, read, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() { // a batch that takes long
		ended <- d.Write(agent(1), func(ctx context.Context, tx db.Tx) error {
			p, err := s.prepare(1, []activity.Event{newWindow("slow", "PC-1", at.Add(time.Minute))})
			if err == nil {
				_, _, err = s.store.insert(ctx, tx, target{DB: d}, p, true)
			}
			close(began)
			<-read
			return err
		})
	}()
	<-began
	mustPut(t, s, agent(1), activity.Batch{Events: []activity.Event{newWindow("second", "PC-1", at)}}) // its mark is the newest
	err := d.Write(actor.With(system(), actor.System("test").In(1)), func(ctx context.Context, tx db.Tx) error {
		if err := sumMarked(ctx, tx, applications, []time.Time{at}, time.Time{}); err != nil {
			return err
		}
		mustPut(t, s, agent(1), activity.Batch{Events: []activity.Event{newWindow("meanwhile", "PC-1", at)}})
		close(read)
		return <-ended
	})
	if err != nil {
		t.Fatal(err)
	}
	checkSums(t, s, "with two that came too late")
	rollUpLater(t, s)
	checkSums(t, s, "after the next run")
	checkTables(t, s, applications)
	if got := summed(t, s, applications, false); len(got) != 1 || got[0].Events != 4 {
		t.Errorf("summed %v, not 4 events", got)
	}
}

// A job that is held up between its reading and its end loses nothing that comes meanwhile.
func TestJobIsHeldUp(t *testing.T) {
	t.Parallel()
	d := dbtest.Postgres(t)
	s := newService(t, d)
	put := func(key string) {
		t.Helper()
		mustPut(t, s, agent(1), activity.Batch{Events: []activity.Event{newWindow(key, "PC-1", fullDay.Add(10*time.Hour))}})
	}
	put("first")
	ended, held := make(chan error, 1), errors.New("taken back")
	err := d.Write(as(actor.HR, 1), func(ctx context.Context, tx db.Tx) error {
		// The day's sum, which the job writes when it has read the events. Scoped by the organization that it names.
		if _, err := tx.Raw("INSERT INTO application_usage_1d (organization_id, bucket, computer_uid, user_sid, process_name, seconds, events)"+
			" VALUES (1, ?, 'PC-1', 'S-1-5-21-7', 'excel.exe', 0, 0)", fullDay).Exec(ctx); err != nil {
			return err
		}
		go func() { ended <- s.rollUp(system()) }()
		waiting(t, d, 1)
		put("meanwhile")
		return held
	})
	if !errors.Is(err, held) {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	checkSums(t, s, "after the job")
	rollUp(t, s)
	checkSums(t, s, "after the next")
	checkTables(t, s, applications)
}

// waiting returns when so many transactions of the database wait for others.
func waiting(t *testing.T, d *db.DB, want int) {
	t.Helper()
	patience, tick := time.After(10*time.Second), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for {
		var n int
		err := d.Read(as(actor.HR, 1), func(ctx context.Context, tx db.Tx) error {
			// Scoped by the one database.
			return tx.Raw("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(ctx, &n)
		})
		if err != nil {
			t.Fatal(err)
		}
		if n >= want {
			return
		}
		select {
		case <-tick.C:
		case <-patience:
			t.Fatalf("%d wait, not %d", n, want)
		}
	}
}

// Two jobs at once, and batches beside them, do not sum anything twice.
func TestJobsAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		batches := arrivals(rand.New(rand.NewPCG(7, 7)))
		done := make(chan error, 2)
		for range 2 {
			go func() {
				var err error
				for range 20 {
					if err == nil {
						err = s.rollUp(system())
					}
				}
				done <- err
			}()
		}
		for _, b := range batches {
			mustPut(t, s, agent(1), b)
		}
		for range 2 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		rollUpLater(t, s)
		checkSums(t, s, "in the end")
		checkTables(t, s, applications)
		checkTables(t, s, sites)
	})
}

// What is gone on purpose stays in the sums, and nothing below the floor is summed again.
func TestSumsOutliveTheirEvents(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		for _, b := range arrivals(rand.New(rand.NewPCG(5, 5))) {
			mustPut(t, s, agent(1), b)
		}
		floor := fullDay.Add(day)
		before := summed(t, s, applications, true)
		hr := as(actor.HR, 1)
		if err := s.store.raiseFloor(hr, applications, floor); err != nil {
			t.Fatal(err)
		}
		if err := s.store.raiseFloor(hr, applications, floor.Add(-day)); err != nil { // it never sinks
			t.Fatal(err)
		}
		err := d.Write(hr, func(ctx context.Context, tx db.Tx) error {
			// Scoped by the organization that it names.
			_, err := tx.Raw("DELETE FROM active_windows WHERE organization_id = 1 AND datetime < ?", floor).Exec(ctx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := summed(t, s, applications, true); !slices.Equal(got, before) {
			t.Errorf("without the events\n%v\nwith them\n%v", got, before)
		}
		mustPut(t, s, agent(1), activity.Batch{Events: []activity.Event{newWindow("late", "PC-1", fullDay.Add(time.Hour))}})
		rollUpLater(t, s)
		if got := summed(t, s, applications, true); !slices.Equal(got, before) {
			t.Errorf("after an event from before the floor\n%v\nbefore\n%v", got, before)
		}
	})
}

// What goes elsewhere takes its sums along.
func TestSumsGoToZero(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		at := fullDay.Add(10 * time.Hour)
		mustPut(t, s, agent(1), activity.Batch{Events: []activity.Event{newWindow("a", "PC-1", at), newWindow("b", "PC-1", at.Add(time.Hour))}})
		rollUp(t, s)
		err := d.Write(as(actor.HR, 1), func(ctx context.Context, tx db.Tx) error {
			marks := []usageMark{{Kind: applications.kind, Bucket: at}}
			if _, err := tx.Insert(&marks).Exec(ctx); err != nil {
				return err
			}
			// Scoped by the organization that it names.
			_, err := tx.Raw("DELETE FROM active_windows WHERE organization_id = 1 AND datetime = ?", at).Exec(ctx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		checkSums(t, s, "before the job")
		rollUp(t, s)
		checkSums(t, s, "after it")
		checkTables(t, s, applications)
	})
}

// A run sums what has settled, a bounded part of it at a time, and leaves the newest for later.
func TestJobTakesTurns(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	s := newService(t, d)
	for org := int64(1); org <= 2; org++ {
		var events []activity.Event
		for i := range 2*turnMarks + 3 {
			events = append(events, newWindow(fmt.Sprint(i), "PC-1", fullDay.Add(-time.Duration(i)*quarter)))
		}
		mustPut(t, s, agent(org), activity.Batch{Events: append(events, newWindow("now", "PC-1", noon))})
	}
	clock := noon
	s.now = func() time.Time { clock = clock.Add(turnFor / 2); return clock } // time for one turn of each
	left := func(org int64) int {
		list, err := s.store.marked(as(actor.HR, org), applications, noon.Add(day), 1000)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	rollUp(t, s)
	if one, two := left(1), left(2); one != turnMarks+4 || two != turnMarks+4 {
		t.Errorf("left %d and %d after a run without time", one, two)
	}
	s.now = func() time.Time { return noon }
	rollUp(t, s)
	if one, two := left(1), left(2); one != 1 || two != 1 {
		t.Errorf("left %d and %d, not the unsettled one", one, two)
	}
}

func TestMarksOfABatch(t *testing.T) {
	t.Parallel()
	s := newService(t, dbtest.SQLite(t))
	at := fullDay.Add(10 * time.Hour)
	site := newWindow("site", "PC-1", at.Add(quarter-time.Microsecond))
	site.Kind, site.URL = activity.VisitedSite, "https://a.uz"
	idle := newWindow("idle", "PC-1", at.Add(3*time.Hour))
	idle.Kind = activity.IdlePeriod
	p, err := s.prepare(1, []activity.Event{newWindow("b", "PC-1", at.Add(quarter)), newWindow("a", "PC-1", at), newWindow("c", "PC-2", at.Add(time.Minute)), site, idle})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range p.marks() {
		got = append(got, m.Kind+" "+m.Bucket.Format("15:04"))
	}
	if want := []string{"application 10:00", "application 10:15", "site 10:00"}; !slices.Equal(got, want) {
		t.Errorf("marks %v, want %v", got, want)
	}
}

// Sums are read along an index for each sight, on SQLite too, which keeps no statistics.
func TestSumsAreReadAlongIndexes(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	whole := sight{organization: 1, from: fullDay.Add(-3 * day), until: noon.Add(time.Minute)}
	one := whole
	one.computer, one.user, one.someUser = "PC-1", "S-1", true
	for _, c := range []struct {
		sight sight
		want  string
	}{
		{whole, "USING PRIMARY KEY (organization_id=? AND %s>? AND %[1]s<?)"},
		{one, "_computer (organization_id=? AND computer_uid=? AND %s>? AND %[1]s<?)"},
	} {
		q := usageQuery{usage: applications, sights: []partSight{{sight: c.sight}}, byName: true}
		err := d.Read(as(actor.HR, 1), func(ctx context.Context, tx db.Tx) error {
			query, args := q.statement(tx, rangesOf(q.sights, stale{quarters: []time.Time{fullDay}}, true))
			var plan []struct {
				ID, Parent, Notused int
				Detail              string
			}
			// Scoped by the organization that it names.
			if err := tx.Raw("EXPLAIN QUERY PLAN "+query, args...).Scan(ctx, &plan); err != nil {
				return err
			}
			got := fmt.Sprint(plan)
			for table, at := range map[string]string{"days": "bucket", "rows": "datetime"} {
				if want := fmt.Sprintf(c.want, at); !strings.Contains(got, want) || strings.Contains(got, "SCAN u") {
					t.Errorf("%s of %+v are not read %s:\n%s", table, c.sight, want, got)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

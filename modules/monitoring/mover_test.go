package monitoring

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// ofEachKind are events of two days, one of each kind with all that it has, and one that is set aside.
func ofEachKind(key string) []activity.Event {
	e := func(k activity.Kind, at time.Time, more activity.Event) activity.Event {
		more.Kind, more.Key, more.At, more.ComputerUID, more.UserSID = k, key+string(k), at, "PC-1", "S-1"
		return more
	}
	yesterday := noon.Add(-day + 123456*time.Microsecond)
	return []activity.Event{
		e(activity.ActiveWindow, yesterday, activity.Event{Title: "Hisobot — Excel", Process: "excel.exe", URL: "https://a.uz/x", Duration: 61}),
		e(activity.VisitedSite, noon.Add(-time.Hour), activity.Event{Title: "t", Process: "p", URL: "https://www.b.uz/y", Duration: 62}),
		e(activity.Screenshot, noon.Add(-time.Hour), activity.Event{Title: "t", Process: "p", FilePath: "f", FileSize: 1 << 40, SHA256: strings.Repeat("a", 64), Width: 9, Height: 8}),
		e(activity.UserSession, yesterday, activity.Event{Session: activity.Lock, End: noon, Source: "api"}),
		e(activity.UserSession, noon.Add(-time.Hour), activity.Event{Session: activity.Login}),
		e(activity.IdlePeriod, noon.Add(-time.Hour), activity.Event{Duration: 63}),
		e(activity.ActiveWindow, noon.Add(day), activity.Event{Title: "ahead"}),
	}
}

// contents are all rows of an organization as a database has them, column by column.
func contents(t testing.TB, d *db.DB, organizationID int64) (rows []string) {
	t.Helper()
	err := d.Read(as(actor.HR, organizationID), func(ctx context.Context, tx db.Tx) error {
		for _, k := range activity.Kinds {
			var found []row
			if err := tx.Raw(everything(k)+" WHERE organization_id = ? ORDER BY datetime, id", organizationID).Scan(ctx, &found); err != nil {
				return err
			}
			for _, r := range found {
				r.Datetime, r.EndTime = r.Datetime.UTC(), r.EndTime.UTC()
				rows = append(rows, fmt.Sprintf("%s %+v", k, r))
			}
		}
		var tokens []tokenRow
		if err := tx.Select(&tokens).Order("token").Scan(ctx); err != nil {
			return err
		}
		for _, r := range tokens {
			r.StoredAt = r.StoredAt.UTC()
			rows = append(rows, fmt.Sprintf("%+v", r))
		}
		var set []quarantineRow
		if err := tx.Select(&set).Order("id").Scan(ctx); err != nil {
			return err
		}
		for _, r := range set {
			rows = append(rows, fmt.Sprint(r.ID, r.ReceivedAt.UTC(), r.Type, r.Reason, len(r.Payload) > 0))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestRowsOfAnOutageGoBackOnce(t *testing.T) {
	t.Parallel()
	eachPair(t, func(t *testing.T, s *service) {
		before := activity.Batch{Token: "before", Events: ofEachKind("before")}
		during := activity.Batch{Token: "during", Skew: time.Second, Events: append(ofEachKind("during"), before.Events[1:4]...)}
		one := newService(t, dbtest.SQLite(t))
		for organization := range int64(3) {
			ctx := agent(organization + 1)
			mustPut(t, one, ctx, before)
			mustPut(t, one, ctx, during)
			mustPut(t, s, ctx, before)
			s.turn(t, true)
			if r := mustPut(t, s, ctx, during); !r.Fallback || r.Stored != 9 || r.Quarantined != 1 {
				t.Errorf("receipt %+v", r)
			}
			if r := mustPut(t, s, ctx, during); r != (activity.Receipt{Duplicate: true, Fallback: true}) {
				t.Errorf("receipt of the same batch %+v", r)
			}
			s.turn(t, false)
		}
		s.move(t)
		for organization := range int64(3) {
			if left := contents(t, s.store.db, organization+1); s.store.db.Engine().Name != db.TimescaleDB && len(left) != 0 {
				t.Errorf("the primary database keeps %v", left)
			}
			got, want := contents(t, s.store.series, organization+1), contents(t, one.store.db, organization+1)
			// Which of the repeated rows the token counts depends on where it was counted.
			trim := func(rows []string) []string {
				return slices.DeleteFunc(rows, func(r string) bool { return strings.Contains(r, "Token:during") })
			}
			if len(want) == 0 || len(got) != len(want) || !slices.Equal(trim(got), trim(want)) {
				t.Errorf("TimescaleDB has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
		state, err := s.store.state(asSystem(context.Background()))
		if err != nil || state.Active || state.Waiting || state.Moved != 3*9 {
			t.Errorf("state %+v, %v", state, err)
		}
		if r := mustPut(t, s, agent(1), during); r != (activity.Receipt{Duplicate: true}) {
			t.Errorf("receipt of the same batch afterwards %+v", r)
		}
	})
}

func TestMoveGoesOnWhereItWasCutOff(t *testing.T) {
	t.Parallel()
	eachPair(t, func(t *testing.T, s *service) {
		s.turn(t, true)
		mustPut(t, s, agent(1), activity.Batch{Token: "t", Events: ofEachKind("k")})
		s.turn(t, false)
		want := contents(t, s.store.db, 1)
		ctx := actor.With(context.Background(), actor.System("test").In(1))
		for _, k := range activity.Kinds { // stored there, and not deleted here
			var source []row
			err := s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) (err error) {
				source, err = oldest(ctx, tx, k, time.Time{})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if differing, err := s.store.copyRows(ctx, k, source, noon); err != nil || len(differing) != 0 {
				t.Fatalf("differing %v, %v", differing, err)
			}
		}
		s.move(t)
		if got := contents(t, s.store.series, 1); !slices.Equal(got, want) {
			t.Errorf("TimescaleDB has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

func TestRowWithAnotherContentIsSetAside(t *testing.T) {
	t.Parallel()
	eachPair(t, func(t *testing.T, s *service) {
		first, second := newWindow("k", "PC-1", noon.Add(-time.Hour)), newWindow("k", "PC-1", noon.Add(-time.Hour))
		second.Title = "another"
		mustPut(t, s, agent(1), activity.Batch{Events: []activity.Event{first}})
		s.turn(t, true)
		mustPut(t, s, agent(1), activity.Batch{Events: []activity.Event{second, newWindow("l", "PC-1", noon.Add(-time.Hour))}})
		s.turn(t, false)
		s.move(t)
		rows, set := all(t, s, 1, activity.ActiveWindow), allAside(t, s, 1)
		if len(rows) != 2 || slices.ContainsFunc(rows, func(r row) bool { return r.Title != first.Title }) {
			t.Errorf("rows %+v", rows)
		}
		if len(set) != 1 || set[0].Reason != otherContent || !strings.Contains(string(set[0].Payload), "another") {
			t.Errorf("set aside %+v", set)
		}
	})
}

func TestIntegrityIsOfCountsAndContents(t *testing.T) {
	t.Parallel()
	rows := []row{{Datetime: noon, Title: "a"}, {Datetime: noon.Add(time.Second), Title: "b"}}
	changed := slices.Clone(rows)
	changed[1].AgentID[3] = 1
	other := row{Datetime: noon.Add(time.Minute)}
	tokyo := slices.Clone(rows)
	tokyo[0].Datetime = noon.In(time.FixedZone("Asia/Tokyo", 9*3600))
	for name, c := range map[string]struct {
		target    []row
		differing map[rowKey]bool
		valid     bool
	}{
		"the same":                  {rows, nil, true},
		"in another order and zone": {[]row{tokyo[1], tokyo[0]}, nil, true},
		"with others beside":        {append(slices.Clone(rows), other), nil, true},
		"one missing":               {rows[:1], nil, false},
		"one missing, one beside":   {[]row{rows[0], other}, nil, false},
		"another content":           {changed, nil, false},
		"known to differ":           {changed, map[rowKey]bool{keyOf(rows[1]): true}, true},
	} {
		i := compared(activity.ActiveWindow, rows, c.target, c.differing)
		if i.IsValid() != c.valid || i.SourceCount != 2 || i.Table != "active_windows" || !i.Day.Equal(noon.Truncate(day)) {
			t.Errorf("%s: %+v", name, i)
		}
	}
}

func TestRowsThatAreNotThereAfterwardsAreNotDeleted(t *testing.T) {
	t.Parallel()
	s := newPair(t, dbtest.SQLite(t), dbtest.SQLite(t))
	s.turn(t, true)
	mustPut(t, s, agent(1), activity.Batch{Events: ofEachKind("k")})
	s.turn(t, false)
	// TimescaleDB takes rows and forgets them.
	err := s.store.series.Write(asSystem(context.Background()), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Raw("CREATE TRIGGER forget AFTER INSERT ON idle_periods BEGIN DELETE FROM idle_periods; END").Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var differs errDiffers
	if err := s.store.fallback.move(asSystem(context.Background())); !errors.As(err, &differs) || differs.SourceCount != 1 || differs.TargetCount != 0 {
		t.Errorf("moved with %v", err)
	}
	if n := len(all(t, s, 1, activity.IdlePeriod)); n != 1 {
		t.Errorf("%d rows, want the one that was acknowledged", n)
	}
	if state, err := s.store.state(asSystem(context.Background())); err != nil || !state.Waiting {
		t.Errorf("state %+v, %v", state, err)
	}
}

func TestRowsFromBeforeTimescaleDBGoThereToo(t *testing.T) {
	t.Parallel()
	primary, series := dbtest.SQLite(t), dbtest.SQLite(t)
	mustPut(t, newService(t, primary), agent(1), activity.Batch{Token: "t", Events: ofEachKind("k")})
	s := newPair(t, primary, series)
	if !s.store.fallback.current().Waiting {
		t.Fatal("nothing waits")
	}
	want := contents(t, primary, 1)
	s.move(t)
	if got := contents(t, series, 1); !slices.Equal(got, want) || s.store.fallback.current().Waiting {
		t.Errorf("moved\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// The fallback is turned on and off, and rows are moved, while others write: what was acknowledged is there once.
func TestTurningWhileOthersWriteLosesNothing(t *testing.T) {
	t.Parallel()
	eachPair(t, func(t *testing.T, s *service) {
		var stop atomic.Bool
		var writers sync.WaitGroup
		acknowledged := make([]int, 4)
		for n := range acknowledged {
			writers.Go(func() {
				for !stop.Load() {
					i := acknowledged[n]
					b := activity.Batch{Token: fmt.Sprint(n, i)}
					for j := range 5 {
						at := noon.Add(-time.Duration(i*5+j) * time.Second)
						b.Events = append(b.Events, newWindow(fmt.Sprint(n, i, j), fmt.Sprint("PC-", n), at))
					}
					if _, err := s.Put(agent(1), b); err == nil {
						acknowledged[n]++
					} else if !errors.Is(err, db.ErrUnavailable) {
						t.Errorf("put: %v", err)
						return
					}
				}
			})
		}
		for range 6 {
			s.turn(t, true)
			s.turn(t, false)
			for moving := true; moving; {
				err := s.store.fallback.move(asSystem(context.Background()))
				moving = err != nil
				if err != nil && !errors.Is(err, db.ErrUnavailable) {
					t.Fatal(err)
				}
			}
		}
		stop.Store(true)
		writers.Wait()
		s.store.fallback.attempt(asSystem(context.Background())) // moves if rows are known to wait
		want := 0
		for _, n := range acknowledged {
			want += 5 * n
		}
		rows := all(t, store1(s.store.series), 1, activity.ActiveWindow)
		if len(rows) != want || want == 0 {
			t.Errorf("%d rows in TimescaleDB, %d were acknowledged", len(rows), want)
		}
		if state := s.store.fallback.current(); state.Waiting || state.Active {
			t.Errorf("state %+v", state)
		}
	})
}

func TestWriteGoesWhereTheOtherProcessesAgreed(t *testing.T) {
	t.Parallel()
	eachPair(t, func(t *testing.T, s *service) {
		s.turn(t, true)
		other := *s
		other.store.fallback = newFallback(s.cfg, s.store, s.metrics, make(board, 10), s.log, s.now)
		other.turn(t, false)
		if !s.store.fallback.active() {
			t.Fatal("the process knows already")
		}
		if r := mustPut(t, s, agent(1), activity.Batch{Events: []activity.Event{newWindow("k", "PC-1", noon.Add(-time.Hour))}}); r.Fallback {
			t.Error("went where nobody looks any more")
		}
		if s.store.fallback.active() {
			t.Error("the process has not learnt it")
		}
	})
}

func TestFallbackEndsAfterThoseWhoWriteByIt(t *testing.T) {
	t.Parallel()
	eachPair(t, func(t *testing.T, s *service) {
		s.turn(t, true)
		writes, done, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
		var writer sync.WaitGroup
		writer.Go(func() {
			to := target{DB: s.store.db, instead: true}
			err := to.Write(agent(1), func(ctx context.Context, tx db.Tx) error {
				err := to.check(ctx, tx)
				close(writes)
				<-done
				return err
			})
			if err != nil {
				t.Errorf("write: %v", err)
			}
		})
		<-writes
		go func() {
			defer close(ended)
			if _, _, err := s.store.turn(asSystem(context.Background()), false, "", noon); err != nil {
				t.Errorf("turn: %v", err)
			}
		}()
		select {
		case <-ended:
			t.Error("ended while somebody writes by it")
		case <-time.After(200 * time.Millisecond):
		}
		close(done)
		<-ended
		writer.Wait()
	})
}

// store1 reads one database by itself.
func store1(d *db.DB) *service { return &service{store: store{db: d, series: d}} }

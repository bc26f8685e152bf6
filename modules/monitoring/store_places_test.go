package monitoring

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// eachPair runs fn on every primary database with another that stands for TimescaleDB, or is it.
func eachPair(t *testing.T, fn func(t *testing.T, s *service)) {
	t.Helper()
	for name, second := range map[string]func(testing.TB) *db.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fn(t, newPair(t, second(t), second(t)))
		})
	}
	t.Run("timescaledb", func(t *testing.T) {
		t.Parallel()
		address := dbtest.TimescaleURL(t, "")
		fn(t, newPair(t, opened(t, dbtest.As(t, address, "staff_app", "")), dbtest.OpenSeries(t, address)))
	})
	t.Run("timescaledb-second", func(t *testing.T) {
		t.Parallel()
		fn(t, newPair(t, dbtest.Postgres(t), dbtest.OpenSeries(t, dbtest.SecondURL(t, ""))))
	})
}

func opened(t testing.TB, address string) *db.DB {
	t.Helper()
	d, err := db.Open(context.Background(), address, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// board is an alert.Log.
type board chan alert.Alert

func (b board) Raise(_ context.Context, a alert.Alert) error {
	b <- a
	return nil
}

// newPair is a service whose series are in another database than its primary one. Its loops do not run.
func newPair(t testing.TB, primary, series *db.DB) *service {
	t.Helper()
	s := newService(t, primary)
	s.store.series = series
	s.store.fallback = newFallback(s.cfg, s.store, s.metrics, make(board, 100), s.log, s.now)
	if err := s.store.fallback.start(context.Background(), s.store); err != nil {
		t.Fatal(err)
	}
	return s
}

// turn makes the fallback active or ends it.
func (s *service) turn(t testing.TB, active bool) {
	t.Helper()
	state, _, err := s.store.turn(asSystem(context.Background()), active, "a test", s.now())
	if err != nil {
		t.Fatal(err)
	}
	s.store.fallback.learn(state)
}

// move brings all rows back.
func (s *service) move(t testing.TB) {
	t.Helper()
	ctx := asSystem(context.Background())
	if err := s.store.fallback.move(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.store.fallback.refresh(ctx); err != nil {
		t.Fatal(err)
	}
}

func ids(rows []row) (list []string) {
	for _, r := range rows {
		list = append(list, r.ID.String())
	}
	return list
}

func TestReadersSeeBothDatabasesAsOne(t *testing.T) {
	t.Parallel()
	eachPair(t, func(t *testing.T, s *service) {
		one := newService(t, dbtest.SQLite(t))
		rng := rand.New(rand.NewPCG(7, 7))
		for i := range 60 {
			e := newWindow(fmt.Sprint(i), fmt.Sprint("PC-", i%3), noon.Add(-time.Duration(rng.IntN(30))*time.Minute))
			if i%7 == 0 {
				e.At = noon.Add(time.Hour) // set aside
			}
			b := activity.Batch{Events: []activity.Event{e}}
			organization := int64(1 + i%2)
			mustPut(t, one, agent(organization), b)
			for _, there := range [][]bool{{true}, {false}, {true, false}}[rng.IntN(3)] {
				s.turn(t, there)
				if r := mustPut(t, s, agent(organization), b); r.Fallback != there {
					t.Fatalf("receipt %+v", r)
				}
			}
		}
		s.turn(t, false)
		for organization := range int64(2) {
			if got, want := ids(all(t, s, organization+1, activity.ActiveWindow)), ids(all(t, one, organization+1, activity.ActiveWindow)); !slices.Equal(got, want) || len(want) == 0 {
				t.Errorf("%d rows, want %d", len(got), len(want))
			}
			if got, want := len(allAside(t, s, organization+1)), len(allAside(t, one, organization+1)); got != want || want == 0 {
				t.Errorf("%d set aside, want %d", got, want)
			}
		}
		for _, limit := range []int{1, 7, 20} { // page by page
			var got []string
			w := window{limit: limit}
			for {
				rows, err := s.store.newest(as(actor.HR, 1), activity.ActiveWindow, []sight{{organization: 1}}, w)
				if err != nil {
					t.Fatal(err)
				}
				if len(rows) == 0 {
					break
				}
				got = append(got, ids(rows)...)
				w.after = &place{rows[len(rows)-1].Datetime, rows[len(rows)-1].ID}
			}
			if want := ids(all(t, one, 1, activity.ActiveWindow)); !slices.Equal(got, want) {
				t.Errorf("pages of %d show %d rows, want %d", limit, len(got), len(want))
			}
		}
		admin := actor.With(context.Background(), actor.Actor{Role: actor.Admin, ID: "user:1"})
		if got, err := s.store.organizations(admin, activity.ActiveWindow); err != nil || !slices.Equal(got, []int64{1, 2}) {
			t.Errorf("organizations %v, %v", got, err)
		}
	})
}

func TestWhileTimescaleDBIsAwayReadersHaveTheRest(t *testing.T) {
	t.Parallel()
	eachPair(t, func(t *testing.T, s *service) {
		mustPut(t, s, agent(1), activity.Batch{Events: []activity.Event{newWindow("before", "PC-1", noon.Add(-time.Hour))}})
		s.turn(t, true)
		mustPut(t, s, agent(1), activity.Batch{Events: []activity.Event{newWindow("during", "PC-1", noon.Add(-time.Minute))}})
		if n := len(all(t, s, 1, activity.ActiveWindow)); n != 1 {
			t.Errorf("%d rows, want the one that is in the primary database", n)
		}
		s.store.fallback.look(asSystem(context.Background())) // it takes no rows, but can be read
		if n := len(all(t, s, 1, activity.ActiveWindow)); n != 2 {
			t.Errorf("%d rows, want both", n)
		}
		s.turn(t, false)
		if n := len(all(t, s, 1, activity.ActiveWindow)); n != 2 {
			t.Errorf("%d rows, want both", n)
		}
		s.move(t)
		if n, m := len(all(t, s, 1, activity.ActiveWindow)), len(s.store.places()); n != 2 || m != 1 {
			t.Errorf("%d rows in %d databases, want both in one", n, m)
		}
	})
}

func TestSeatsAreSeenInBothDatabasesAsInOne(t *testing.T) {
	t.Parallel()
	s := newPair(t, dbtest.SQLite(t), dbtest.SQLite(t))
	one := newService(t, dbtest.SQLite(t))
	var seats []activity.Seat
	for uid := range 3 {
		for sid := range 2 {
			seats = append(seats, activity.Seat{ComputerUID: fmt.Sprint("PC-", uid), UserSID: fmt.Sprint("S-", sid)})
		}
	}
	for seed := range uint64(60) {
		a := newAdversary(seed)
		a.exact = true
		organization := int64(seed + 1)
		events := a.asEvents(a.day())
		for i := range events { // of two at one moment either may be the last
			events[i].At = events[i].At.Add(time.Duration(i) * time.Microsecond)
		}
		now := func() time.Time { return dayFrom.Add(72 * time.Hour) }
		s.now, one.now = now, now
		mustPut(t, one, agent(organization), activity.Batch{Events: events})
		for i := range events {
			s.turn(t, a.IntN(2) == 0)
			mustPut(t, s, agent(organization), activity.Batch{Events: events[i : i+1]})
		}
		s.turn(t, false)
		from, until := dayFrom, dayFrom.Add(time.Duration(1+a.IntN(24))*time.Hour)
		want, err := one.Seen(as(actor.HR, organization), seats, from, until)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Seen(as(actor.HR, organization), seats, from, until)
		if err != nil {
			t.Fatal(err)
		}
		order := func(a, b activity.SeenUser) int {
			return slices.Compare([]string{a.ComputerUID, a.UserSID}, []string{b.ComputerUID, b.UserSID})
		}
		slices.SortFunc(got, order)
		slices.SortFunc(want, order)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: seen\n%+v\nwant\n%+v", seed, got, want)
		}
	}
}

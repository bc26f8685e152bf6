package event_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/event"
	"github.com/staff-control/staff-control/platform/jobs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 30 * time.Second

type arrived struct {
	VisitorID int64
	At        time.Time
}

func guard() context.Context {
	return actor.With(context.Background(), actor.Actor{Role: actor.Guard, ID: "user:3", UserID: 3, OrganizationID: 5})
}

// newBus returns a bus, and the runner of its role.
func newBus(t *testing.T, d *db.DB, role string, all ...event.Registration) (*event.Bus, *jobs.Runner) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	r, err := jobs.New(context.Background(), jobs.Options{DB: d, Log: log, Role: role})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	b, err := event.NewBus(r, d, log, all)
	if err != nil {
		t.Fatal(err)
	}
	return b, r
}

func start(t *testing.T, run func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func receive[T any](t *testing.T, from <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(patience):
		t.Fatal("nothing came")
	}
	return v
}

func publish(t *testing.T, d *db.DB, b *event.Bus, ev any, end error) {
	t.Helper()
	err := d.Write(guard(), func(ctx context.Context, tx db.Tx) error {
		if err := b.Publish(ctx, tx, ev); err != nil {
			return err
		}
		return end
	})
	if !errors.Is(err, end) {
		t.Fatal(err)
	}
}

func TestEachHandlerIsToldInItsOwnRole(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		type told struct {
			where, handler, key string
			event               arrived
			who                 actor.Actor
		}
		heard := make(chan told, 10)
		all := func(role string) []event.Registration {
			tell := func(handler string) event.Handler {
				return event.On(handler, func(ctx context.Context, a arrived) error {
					who, _ := actor.From(ctx)
					heard <- told{role, handler, event.Key(ctx), a, who}
					return nil
				})
			}
			return []event.Registration{
				{Module: "mail", Roles: []string{"dashboard"}, Handler: tell("welcome")},
				{Module: "doors", Roles: []string{"agent-api"}, Handler: tell("open")},
				{Module: "elsewhere", Handler: tell("never")},
				{Module: "other", Roles: []string{"dashboard"}, Handler: event.On("n", func(context.Context, int) error { t.Error("told of another type"); return nil })},
			}
		}
		agents, agentJobs := newBus(t, d, "agent-api", all("agent-api")...)
		_, dashboardJobs := newBus(t, d, "dashboard", all("dashboard")...)
		start(t, agentJobs.Run)
		start(t, dashboardJobs.Run)
		want := arrived{VisitorID: 12, At: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
		publish(t, d, agents, arrived{VisitorID: 1}, errors.New("rolled back"))
		publish(t, d, agents, want, nil)
		publish(t, d, agents, "nobody listens to texts", nil)
		got := map[string]told{}
		for range 2 {
			h := receive(t, heard)
			got[h.handler] = h
			if h.event != want || h.who.ID != "user:3" || h.who.Role != actor.Guard || h.who.OrganizationID != 5 {
				t.Errorf("told %+v", h)
			}
		}
		welcome, open := got["welcome"], got["open"]
		if welcome.where != "dashboard" || open.where != "agent-api" {
			t.Errorf("told %+v", got)
		}
		if welcome.key == "" || welcome.key == open.key {
			t.Errorf("keys %q and %q", welcome.key, open.key)
		}
	})
}

func TestSlowHandlerIsToldAgainWithTheSameKey(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	var runs atomic.Int32
	keys := make(chan string, 2)
	b, r := newBus(t, d, "dashboard", event.Registration{
		Module: "mail", Roles: []string{"dashboard"}, Handler: event.On("welcome", func(ctx context.Context, _ arrived) error {
			keys <- event.Key(ctx)
			if runs.Add(1) == 1 {
				return errors.New("mail server away")
			}
			return nil
		}),
	})
	start(t, r.Run)
	publish(t, d, b, arrived{}, nil)
	if first, second := receive(t, keys), receive(t, keys); first != second {
		t.Errorf("keys %q and %q", first, second)
	}
	if k := event.Key(context.Background()); k != "" {
		t.Errorf("key outside of a handler: %q", k)
	}
}

func TestEventsAreValuesAndHandlersHaveOneName(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	b, r := newBus(t, d, "dashboard")
	for _, ev := range []any{nil, &arrived{}} {
		err := d.Write(guard(), func(ctx context.Context, tx db.Tx) error { return b.Publish(ctx, tx, ev) })
		if err == nil || !strings.Contains(err.Error(), "an event is a value") {
			t.Errorf("%T: %v", ev, err)
		}
	}
	h := event.Registration{Module: "m", Roles: []string{"dashboard"}, Handler: event.On("a", func(context.Context, arrived) error { return nil })}
	if _, err := event.NewBus(r, d, slog.New(slog.DiscardHandler), []event.Registration{h, h}); err == nil {
		t.Error("two handlers have one name")
	}
}

func notify(t *testing.T, d *db.DB, b *event.Bus, c event.Change, end error) {
	t.Helper()
	err := d.Write(guard(), func(ctx context.Context, tx db.Tx) error {
		if err := b.Notify(ctx, tx, c); err != nil {
			return err
		}
		return end
	})
	if !errors.Is(err, end) {
		t.Fatal(err)
	}
}

// hear says ready until the watcher hears it: only then does the bus listen for sure.
func hear(t *testing.T, d *db.DB, b *event.Bus, w <-chan event.Change) {
	t.Helper()
	for range 1000 {
		notify(t, d, b, event.Change{Name: "ready"}, nil)
		select {
		case <-w:
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Fatal("the bus does not listen")
}

func next(t *testing.T, w <-chan event.Change) (c event.Change) {
	t.Helper()
	for c = receive(t, w); c.Name == "ready"; c = receive(t, w) {
	}
	return c
}

func TestWatchersHearOfCommittedChanges(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		here, _ := newBus(t, d, "dashboard")
		there, _ := newBus(t, d, "agent-api")
		start(t, here.Run)
		start(t, there.Run)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		watchers := []<-chan event.Change{here.Watch(ctx), there.Watch(ctx), here.Watch(ctx)}
		for _, w := range watchers {
			hear(t, d, here, w)
		}
		notify(t, d, here, event.Change{Name: "undone"}, errors.New("rolled back"))
		want := event.Change{Name: "gateway.command", OrganizationID: 5, ID: "a\"b"}
		notify(t, d, here, want, nil)
		for i, w := range watchers {
			if got := next(t, w); got != want {
				t.Errorf("watcher %d hears %+v, want %+v", i, got, want)
			}
		}
		cancel()
		for _, w := range watchers {
			for range w { // until it is closed
			}
		}
	})
}

func TestSlowWatcherDelaysNobody(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	b, _ := newBus(t, d, "dashboard")
	start(t, b.Run)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	slow, quick := b.Watch(ctx), b.Watch(ctx)
	hear(t, d, b, quick)
	const many = 200
	for range many {
		notify(t, d, b, event.Change{Name: "x"}, nil)
		next(t, quick)
	}
	n := len(slow)
	if n == 0 || n >= many {
		t.Fatalf("the slow watcher holds %d changes", n)
	}
	for range n - 1 {
		if c := receive(t, slow); c.Name == event.Missed {
			t.Fatal("it is told that it missed some before those that it did not")
		}
	}
	if c := receive(t, slow); c.Name != event.Missed {
		t.Errorf("in the end it is told of %q, though it missed some", c.Name)
	}
	notify(t, d, b, event.Change{Name: "y"}, nil)
	if c := next(t, slow); c.Name != "y" {
		t.Errorf("then it is told of %q", c.Name)
	}
}

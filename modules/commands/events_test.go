package commands

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/event"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/jobs"
)

// Whoever ordered something is told how it ended, however it ended.
func TestEveryEndIsTold(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		heard := make(chan command.Ended, 100)
		log := slog.New(slog.DiscardHandler)
		runner, err := jobs.New(context.Background(), jobs.Options{DB: d, Log: log, Role: "dashboard"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(runner.Close)
		bus, err := event.NewBus(runner, d, log, []event.Registration{{Module: "test", Roles: []string{"dashboard"}, Handler: event.On("hear", func(_ context.Context, e command.Ended) error {
			heard <- e
			return nil
		})}})
		if err != nil {
			t.Fatal(err)
		}
		start(t, runner.Run)
		o, g := newOffice(t, d), populate(t, d)[0]
		o.events = bus
		o.cfg.MaxAttempts = 1
		want := map[id.UUID]string{}
		l := connect(g)
		order := func(ends string, change func(*command.Order)) id.UUID {
			commandID := o.order(t, g, change)
			want[commandID] = ends
			return commandID
		}
		order("cancelled replaced", func(o *command.Order) { o.Replaces = "x" })
		done := order("completed ", func(o *command.Order) { o.Replaces, o.By = "x", "rollout:7" })
		o.next(t, l)
		o.ack(t, g, command.Ack{CommandID: done, Status: command.Completed})
		if err := o.cancel(administrator(), order("cancelled cancelled", nil)); err != nil {
			t.Fatal(err)
		}
		order("failed no_answer", nil)
		o.next(t, l)
		o.clock.pass(o.cfg.Lease)
		o.next(t, l)
		order("expired expired", func(o *command.Order) { o.Life = time.Second })
		o.clock.pass(time.Second)
		o.next(t, l)
		order("expired expired", func(o *command.Order) { o.Life = time.Second })
		o.clock.pass(time.Second)
		if err := o.expireOld(system()); err != nil {
			t.Fatal(err)
		}
		for range want {
			select {
			case e := <-heard:
				if got := string(e.Status) + " " + e.Ack.Code; got != want[e.ID] || e.GatewayID != g || e.OrganizationID != 1 || e.At.IsZero() || string(e.Payload) != "{}" {
					t.Errorf("told %+v, want %q", e, want[e.ID])
				}
				if e.ID == done && e.By != "rollout:7" {
					t.Errorf("told of %q", e.By)
				}
				delete(want, e.ID)
			case <-time.After(patience):
				t.Fatalf("of %v nothing is told", want)
			}
		}
	})
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

package alerts

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/event"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/jobs"
)

// Others are told of an alert once, on behalf of whoever raised it.
func TestOthersAreToldOfAnAlertOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		runner, err := jobs.New(t.Context(), jobs.Options{DB: d, Log: slog.New(slog.DiscardHandler), Role: "agent-api"})
		if err != nil {
			t.Fatal(err)
		}
		type told struct {
			alert.Raised
			who actor.Actor
		}
		heard := make(chan told, 9)
		o.events, err = event.NewBus(runner, d, o.log, []event.Registration{{Module: "updates", Roles: []string{"agent-api"}, Handler: event.On("heard", func(ctx context.Context, e alert.Raised) error {
			who, _ := actor.From(ctx)
			heard <- told{e, who}
			return nil
		})}})
		if err != nil {
			t.Fatal(err)
		}
		first, second := newAlert(noon), newAlert(noon)
		for _, a := range []alert.Alert{first, first, second} {
			mustRaise(t, o, hr(1), a)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- runner.Run(ctx) }()
		got := map[string]told{}
		for range 2 {
			select {
			case e := <-heard:
				got[e.Alert.ID.String()] = e
			case <-time.After(30 * time.Second):
				t.Fatal("nobody is told")
			}
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		runner.Close()
		e := got[id.Derive(1, "alert", first.ID.String()).String()]
		if len(got) != 2 || len(heard) > 0 || e.OrganizationID != 1 || e.Alert.Kind != first.Kind || !e.At.Equal(noon) || e.who.ID != "user:7" {
			t.Errorf("told %+v, and %d more", got, len(heard))
		}
	})
}

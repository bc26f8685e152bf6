package feed

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/event"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/jobs"
)

// What other modules publish is kept in its organization, once, however often a handler is told.
func TestWhatIsPublishedIsKeptOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		log := slog.New(slog.DiscardHandler)
		runner, err := jobs.New(t.Context(), jobs.Options{DB: d, Log: log, Role: "dashboard"})
		if err != nil {
			t.Fatal(err)
		}
		twice := func(ctx context.Context, e pass.Recorded) error {
			if err := o.passed(ctx, e); err != nil {
				return err
			}
			return o.passed(ctx, e)
		}
		var all []event.Registration
		for _, h := range []event.Handler{event.On("passed", twice), event.On("raised", o.raised), event.On("acknowledged", o.acknowledged), event.On("turned", o.turned)} {
			all = append(all, event.Registration{Module: "feed", Roles: []string{"dashboard"}, Handler: h})
		}
		if o.service.events, err = event.NewBus(runner, d, log, all); err != nil {
			t.Fatal(err)
		}
		publish := func(ctx context.Context, e any) {
			t.Helper()
			if err := d.Write(ctx, func(ctx context.Context, tx db.Tx) error { return o.service.events.Publish(ctx, tx, e) }); err != nil {
				t.Fatal(err)
			}
		}
		publish(terminal(1), pass.Recorded{OrganizationID: 1, Passes: []pass.Pass{{ID: 1, DepartmentID: 7}, {ID: 2}}})
		publish(terminal(2), alert.Raised{OrganizationID: 2, Alert: alert.Alert{ID: id.New(), Kind: alert.DoorAlarm, Severity: alert.Critical, At: noon, Subject: "door"}})
		publish(system(), alert.Acknowledged{OrganizationID: 1, ID: id.New(), At: noon})
		publish(system(), gateway.Changed{ID: id.New(), OrganizationID: 1, Status: "offline"})
		publish(system(), alert.Raised{Alert: alert.Alert{ID: id.New(), Subject: "system"}})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- runner.Run(ctx) }()
		var got []eventRow
		until(t, "all is kept", func() bool {
			got, err = o.service.store.behind(system(), 0, 0, 100)
			return err != nil || len(got) >= 6
		})
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		runner.Close()
		kept := map[string]int{}
		for _, r := range got {
			organization := int64(0)
			if r.OrganizationID != nil {
				organization = *r.OrganizationID
			}
			kept[fmt.Sprintf("%s of %d in %d", r.Kind, organization, r.DepartmentID)]++
		}
		if want := "map[alert of 0 in 0:1 alert of 1 in 0:1 alert of 2 in 0:1 gateway of 1 in 0:1 pass of 1 in 0:1 pass of 1 in 7:1]"; err != nil || fmt.Sprint(kept) != want {
			t.Errorf("kept %v, %v\nwant %s", kept, err, want)
		}
	})
}

// The log is bounded by time and by number, and its last row stays.
func TestTheLogIsBounded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.passes(t, 1, 0, 1, 2)
		o.passes(t, 2, 0, 3, 4)
		edges := func() string {
			first, last, err := o.service.store.edges(system())
			return fmt.Sprint(first, last, err)
		}
		o.cfg.KeepEvents = 3
		if err := o.service.forget(system()); err != nil || edges() != "2 4 <nil>" {
			t.Errorf("after too many there are %s, %v", edges(), err)
		}
		o.service.now = func() time.Time { return noon.Add(o.cfg.Keep + time.Second) }
		if err := o.service.forget(system()); err != nil || edges() != "4 4 <nil>" {
			t.Errorf("after a day there are %s, %v", edges(), err)
		}
	})
}

func TestTheStoreKeepsTenantsApart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.passes(t, 1, 0, 1, 2)
		theirs, s := terminal(2), o.service.store
		dbtest.Tenants(t, map[string]func() error{
			"add": func() error {
				one := int64(1)
				rows := []eventRow{{MaybeOwned: db.MaybeOwned{OrganizationID: &one}, Key: "x", Kind: kindPass, At: noon, Data: []byte("{}")}}
				if err := s.add(theirs, rows, func(context.Context, db.Tx) error { return nil }); err == nil {
					all, _ := s.behind(actor.With(theirs, actor.System("test").In(1)), 0, 0, 9)
					if len(all) != 2 {
						return fmt.Errorf("a row was added to them: %v", all)
					}
				}
				return nil
			},
			"behind": func() error {
				rows, err := s.behind(theirs, 0, 0, 9)
				for _, r := range rows {
					if *r.OrganizationID != 2 {
						return fmt.Errorf("%v is seen", r)
					}
				}
				return err
			},
			"edges": func() error {
				first, _, err := s.edges(theirs)
				if first == 1 {
					return fmt.Errorf("the first is %d", first)
				}
				return err
			},
			"forget": func() error {
				if err := s.forget(theirs, noon.Add(time.Hour), 99); err != nil {
					return err
				}
				if first, _, err := s.edges(system()); first != 1 || err != nil {
					return fmt.Errorf("the first is %d, %v", first, err)
				}
				return nil
			},
		})
	})
}

func TestSettingsOutOfBoundsAreNamed(t *testing.T) {
	t.Parallel()
	c := defaults()
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	c = Config{CheckInterval: time.Hour}
	err := c.Validate()
	for _, name := range []string{"max_listeners", "max_per_user", "queue", "heartbeat", "check_interval", "gather", "sweep_interval", "keep", "keep_events"} {
		if err == nil || !strings.Contains(err.Error(), name+":") {
			t.Errorf("%s is not named: %v", name, err)
		}
	}
}

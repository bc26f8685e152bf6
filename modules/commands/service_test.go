package commands

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/id"
)

func TestACommandGoesDownOnceAndIsAnswered(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o, g := newOffice(t, d), populate(t, d)[0]
		payload := command.PolicyPayload{PolicyID: 7, Version: "3", Checksum: "c", RequiresRestart: true}
		commandID := o.order(t, g, func(o *command.Order) { o.Type, o.Payload, o.By = command.PolicyUpdate, payload, "rollout:1" })
		row := o.row(t, commandID)
		if row.Status != command.Pending || row.Attempts != 0 || row.MaxAttempts != 3 || !row.ExpiresAt.Equal(noon.Add(24*time.Hour)) || row.By != "user:7" || row.OrganizationID != 1 {
			t.Errorf("ordered: %+v", row)
		}
		l := connect(g)
		got := o.next(t, l)
		if len(got) != 1 || got[0].ID != commandID || got[0].Status != command.Sent || got[0].Attempts != 1 || !got[0].DueAt.Equal(noon.Add(30*time.Second)) {
			t.Fatalf("delivered: %+v", got)
		}
		if again := o.next(t, l); len(again) != 0 {
			t.Errorf("delivered twice: %+v", again)
		}
		m := got[0].message(noon.Add(time.Second))
		var back command.PolicyPayload
		if err := json.Unmarshal(m.Payload, &back); err != nil || back != payload || m.ExpiresInMS != (24*time.Hour-time.Second).Milliseconds() || m.Attempt != 1 {
			t.Errorf("message %+v with %+v, %v", m, back, err)
		}
		o.clock.pass(2 * time.Second)
		o.ack(t, g, command.Ack{CommandID: commandID, Status: command.Completed, PolicyVersion: "7.3", RequiresRestart: true, Result: json.RawMessage(`{"n": 1}`)})
		row = o.row(t, commandID)
		if row.Status != command.Completed || row.AckAt == nil || !row.AckAt.Equal(noon.Add(2*time.Second)) || row.PolicyVersion != "7.3" || !row.RequiresRestart || !row.EndedAt.Equal(*row.AckAt) {
			t.Errorf("answered: %+v", row)
		}
		e := row.ended()
		if e.By != "rollout:1" || e.Ack.PolicyVersion != "7.3" || e.Status != command.Completed || e.GatewayID != g || e.OrganizationID != 1 || !e.At.Equal(*row.AckAt) {
			t.Errorf("told: %+v", e)
		}
		if n := testutil.ToFloat64(o.service.metrics.ended.WithLabelValues("policy_update", "completed")); n != 1 {
			t.Errorf("%v ended", n)
		}
		if n := testutil.CollectAndCount(o.service.metrics.latency); n != 1 {
			t.Errorf("%d latencies", n)
		}
	})
}

func TestOneCommandAtATimeAndTheOldestFirst(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		gateways := populate(t, d)
		o, g, other := newOffice(t, d), gateways[0], gateways[1]
		var want []id.UUID
		for range 5 {
			want = append(want, o.order(t, g, nil))
			o.clock.pass(time.Millisecond)
		}
		away := o.order(t, other, nil)
		l := connect(g)
		for i, commandID := range want {
			got := o.next(t, l)
			if len(got) != 1 || got[0].ID != commandID {
				t.Fatalf("%d: delivered %+v, want %s", i, got, commandID)
			}
			o.ack(t, g, command.Ack{CommandID: commandID, Status: command.Failed, Code: "unsupported"})
		}
		if got := o.next(t, l); len(got) != 0 {
			t.Errorf("more than was ordered: %+v", got)
		}
		if o.row(t, away).Status != command.Pending {
			t.Error("a command of another gateway was touched")
		}
	})
}

func TestAnAnswerThatDoesNotComeIsAskedForAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o, g := newOffice(t, d), populate(t, d)[0]
		first := o.order(t, g, nil)
		o.clock.pass(time.Microsecond)
		second := o.order(t, g, nil)
		l := connect(g)
		for attempt, lease := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute} {
			got := o.next(t, l)
			if len(got) != 1 || got[0].ID != first || got[0].Attempts != attempt+1 || got[0].Deliveries != attempt+1 {
				t.Fatalf("attempt %d: %+v", attempt+1, got)
			}
			o.clock.pass(lease - time.Millisecond)
			if got := o.next(t, l); len(got) != 0 {
				t.Fatalf("attempt %d: asked too early: %+v", attempt+1, got)
			}
			o.clock.pass(time.Millisecond)
		}
		got := o.next(t, l)
		if len(got) != 1 || got[0].ID != second {
			t.Fatalf("after the last attempt: %+v", got)
		}
		row := o.row(t, first)
		if row.Status != command.Failed || row.Code != "no_answer" || row.EndedAt == nil || row.AckAt != nil {
			t.Errorf("not answered: %+v", row)
		}
		o.ack(t, g, command.Ack{CommandID: first, Status: command.Completed}) // too late: the end is the end
		if row := o.row(t, first); row.Status != command.Failed {
			t.Errorf("it came back: %+v", row)
		}
	})
}

func TestWhatASocketsEndCutOffGoesAgainAtOnceAndDoesNotCount(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o, g := newOffice(t, d), populate(t, d)[0]
		commandID := o.order(t, g, nil)
		for n := range 10 {
			got := o.next(t, connect(g))
			if len(got) != 1 || got[0].ID != commandID || got[0].Attempts != 1 || got[0].message(noon).Attempt != n+1 {
				t.Fatalf("connection %d: %+v", n, got)
			}
			o.clock.pass(time.Second)
		}
	})
}

func TestTheNewestSocketWins(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o, g := newOffice(t, d), populate(t, d)[0]
		old, young := connect(g), connect(g)
		o.next(t, old)
		o.next(t, young)
		o.order(t, g, nil)
		r, err := o.look(context.Background(), []holding{{gatewayID: g, socketID: old.socketID, organizationID: 1}})
		if err != nil || len(r.deliver) != 0 || len(r.replaced) != 1 || r.replaced[0] != old.socketID {
			t.Errorf("the old socket: %+v, %v", r, err)
		}
		if got := o.next(t, young); len(got) != 1 {
			t.Errorf("the new one: %+v", got)
		}
	})
}

func TestNothingGoesDownAfterItsTime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o, g := newOffice(t, d), populate(t, d)[0]
		short := func(o *command.Order) { o.Life = time.Minute }
		var old []id.UUID
		for range 3 {
			old = append(old, o.order(t, g, short))
		}
		o.clock.pass(time.Microsecond)
		long := o.order(t, g, nil)
		o.clock.pass(time.Minute)
		got := o.next(t, connect(g))
		if len(got) != 1 || got[0].ID != long {
			t.Fatalf("delivered %+v, want %s", got, long)
		}
		for _, commandID := range old {
			if row := o.row(t, commandID); row.Status != command.Expired || row.Code != "expired" || row.Deliveries != 0 {
				t.Errorf("it is %+v", row)
			}
		}
	})
}

func TestOldCommandsExpireWhereverTheirGatewayIs(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		gateways := populate(t, d)
		o := newOffice(t, d)
		short := func(o *command.Order) { o.Life = time.Minute }
		waits, sent := o.order(t, gateways[0], short), o.order(t, gateways[1], short)
		good := o.order(t, gateways[0], nil)
		o.clock.pass(50 * time.Second)
		o.next(t, connect(gateways[1])) // leased until after its end
		o.clock.pass(20 * time.Second)
		check := func(when string, want map[id.UUID]command.Status) {
			t.Helper()
			if err := o.expireOld(system()); err != nil {
				t.Fatal(err)
			}
			for commandID, status := range want {
				if row := o.row(t, commandID); row.Status != status {
					t.Errorf("%s: %s is %s, want %s", when, commandID, row.Status, status)
				}
			}
		}
		check("while an answer may be on its way", map[id.UUID]command.Status{waits: command.Expired, sent: command.Sent, good: command.Pending})
		o.clock.pass(20 * time.Second)
		check("after that", map[id.UUID]command.Status{sent: command.Expired, good: command.Pending})
		if n := testutil.ToFloat64(o.service.metrics.ended.WithLabelValues("sync_devices", "expired")); n != 2 {
			t.Errorf("%v expired, want 2", n)
		}
		for range some + 20 { // more than one part
			o.order(t, gateways[0], short)
		}
		o.clock.pass(time.Hour)
		check("many", map[id.UUID]command.Status{good: command.Pending})
		if n := testutil.ToFloat64(o.service.metrics.ended.WithLabelValues("sync_devices", "expired")); n != 2+some+20 {
			t.Errorf("%v expired", n)
		}
	})
}

func TestTheQueueIsBounded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		gateways := populate(t, d)
		o := newOffice(t, d)
		o.cfg.MaxWaiting = 3
		named := func(o *command.Order) { o.Replaces = "bundle" }
		o.order(t, gateways[0], nil)
		replaced := o.order(t, gateways[0], named)
		o.order(t, gateways[0], nil)
		if _, err := o.tryOrder(hr(1), gateways[0], nil); !errors.Is(err, command.ErrQueueFull) {
			t.Errorf("a fourth: %v", err)
		}
		o.order(t, gateways[1], nil) // of another gateway
		o.order(t, gateways[0], named)
		if row := o.row(t, replaced); row.Status != command.Cancelled || row.Code != "replaced" || row.ended().Ack.Code != "replaced" {
			t.Errorf("the replaced one is %+v", row)
		}
		l := connect(gateways[0])
		first := o.next(t, l)[0]
		if _, err := o.tryOrder(hr(1), gateways[0], nil); !errors.Is(err, command.ErrQueueFull) {
			t.Errorf("one is under way, and a fourth: %v", err)
		}
		o.ack(t, gateways[0], command.Ack{CommandID: first.ID, Status: command.Completed})
		o.order(t, gateways[0], nil)
	})
}

func TestWhatIsUnderWayIsNotReplaced(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	o, g := newOffice(t, d), populate(t, d)[0]
	named := func(o *command.Order) { o.Replaces = "bundle" }
	first := o.order(t, g, named)
	o.next(t, connect(g))
	o.order(t, g, named)
	if row := o.row(t, first); row.Status != command.Sent {
		t.Errorf("it is %s", row.Status)
	}
}

func TestOrdersThatCannotBe(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		gateways := populate(t, d)
		o := newOffice(t, d)
		for name, test := range map[string]struct {
			ctx    context.Context
			change func(*command.Order)
			want   error
		}{
			"no such gateway":          {hr(1), func(o *command.Order) { o.GatewayID = id.New() }, gateway.ErrUnknown},
			"another tenant's gateway": {hr(1), func(o *command.Order) { o.GatewayID = gateways[2] }, gateway.ErrUnknown},
			"another tenant":           {hr(1), func(o *command.Order) { o.GatewayID, o.OrganizationID = gateways[2], 2 }, db.ErrForeign},
			"no tenant":                {system(), nil, db.ErrNoOrganization},
			"too large":                {hr(1), func(o *command.Order) { o.Payload = strings.Repeat("x", maxPayload) }, errLargeOrder},
		} {
			if _, err := o.tryOrder(test.ctx, gateways[0], test.change); !errors.Is(err, test.want) {
				t.Errorf("%s: %v, want %v", name, err, test.want)
			}
		}
		if _, err := o.tryOrder(hr(1), gateways[0], func(o *command.Order) { o.Payload = func() {} }); err == nil {
			t.Error("a payload that is no JSON was taken")
		}
		rows, err := o.tryOrder(system(), gateways[2], func(o *command.Order) { o.OrganizationID = 2 })
		if err != nil || o.row(t, rows).OrganizationID != 2 {
			t.Errorf("by the system: %v", err)
		}
	})
}

func TestLeases(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	for _, test := range []struct {
		of       command.Type
		attempts int
		want     time.Duration
	}{
		{command.RestartAgent, 1, 30 * time.Second}, {command.RestartAgent, 3, 2 * time.Minute}, {command.Update, 1, 5 * time.Minute},
		{command.CollectDiagnostics, 2, 4 * time.Minute}, {command.SyncDevices, 100, maxLease},
	} {
		c := commandRow{Type: test.of, Attempts: test.attempts}
		o.jitter = func() float64 { return 0 }
		if got := o.lease(c); got != test.want {
			t.Errorf("%s, attempt %d: %s, want %s", test.of, test.attempts, got, test.want)
		}
		o.jitter = func() float64 { return 1 }
		if got := o.lease(c); got != test.want+test.want/4 {
			t.Errorf("%s, attempt %d, the longest: %s", test.of, test.attempts, got)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	c := defaults()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	c = Config{PingInterval: time.Hour, CheckInterval: 2 * time.Minute, Lease: -1, MaxWaiting: 1 << 20}
	err := c.Validate()
	if err == nil {
		t.Fatal("it is valid")
	}
	for _, name := range []string{"ping_interval", "check_interval", "sweep_interval", "lease", "max_attempts", "max_waiting", "keep_days", "diagnostics_days"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named in %v", name, err)
		}
	}
}

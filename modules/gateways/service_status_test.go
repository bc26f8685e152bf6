package gateways

import (
	"context"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/id"
)

func share(v float64) *float64 { return &v }

func TestHeartbeatIsWrittenDown(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		e := register(t, o, 1, "GW-001")
		sent := noon.Add(-90 * time.Second) // the gateway's clock is behind
		h := o.beat(t, e, report{
			Version: "1.2.3", Epoch: "e1", SentAt: sent, QueueDepth: 7, BufferUsage: 0.25, ConnectedAgents: 3, SetAside: 4,
			CPU: share(12.5), Memory: share(40), Disk: share(61.25), Network: map[string]any{"latencyMs": 12, "odd": "\x00'"},
			Streams: []position{{Stream: "agent", Last: 5, Pending: 5}, {Stream: "device"}},
		}, e.key)
		if !h.at.Equal(noon) || h.keysVersion == "" || h.newKey != "" {
			t.Errorf("the answer is %+v", h)
		}
		g := shown(t, o, e)
		if g.Status != "online" || g.StatusReason != "heartbeat" || !g.StatusSince.Equal(noon) || !g.LastSeenAt.Equal(noon) || g.Version != "1.2.3" ||
			g.BufferUsage != 0.25 || g.QueueDepth != 7 || g.ConnectedAgents != 3 || g.SetAside != 4 || *g.ClockSkewMS != -90_000 {
			t.Errorf("listed as %+v", g)
		}
		var kept struct {
			CPU, Memory, Disk float64
			Network           string
		}
		err := d.Read(admin(1), func(ctx context.Context, tx db.Tx) error { // scoped by hand
			return tx.Raw(`SELECT cpu_usage AS cpu, memory_usage AS memory, disk_usage AS disk, CAST(network_status AS text) AS network
				FROM gateway_status_snapshots WHERE organization_id = 1 AND gateway_id = ?`, e.gateway.ID).Scan(ctx, &kept)
		})
		if err != nil {
			t.Fatal(err)
		}
		if kept.CPU != 12.5 || kept.Memory != 40 || kept.Disk != 61.25 || !strings.Contains(kept.Network, "latencyMs") {
			t.Errorf("the snapshot is %+v", kept)
		}
		later := o.clock.pass(time.Minute)
		o.beat(t, e, report{QueueDepth: 2}, e.key)
		g = shown(t, o, e)
		if g.QueueDepth != 2 || !g.LastSeenAt.Equal(later) || !g.StatusSince.Equal(noon) || *g.ClockSkewMS != -90_000 {
			t.Errorf("after another heartbeat it is listed as %+v", g)
		}
		if n := counted(t, d, "SELECT count(*) FROM gateway_status_snapshots"); n != 2 {
			t.Errorf("%d snapshots, want 2", n)
		}
	})
}

func TestAbsurdHeartbeatIsTamed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		e := register(t, o, 1, "GW-001")
		streams := []position{{Stream: ""}, {Stream: strings.Repeat("s", 65)}, {Stream: "a\x00b"}, {Stream: "agent", Last: math.MaxInt64, Pending: -1}}
		for range 100 {
			streams = append(streams, position{Stream: id.New().String()})
		}
		o.beat(t, e, report{
			Version: "\x00" + strings.Repeat("я", 200), Epoch: "e1", SentAt: time.Date(1, 1, 1, 1, 0, 0, 0, time.UTC),
			QueueDepth: math.MinInt64, BufferUsage: 1e300, ConnectedAgents: math.MaxInt64, SetAside: -1, CPU: share(1e9), Memory: share(-5), Streams: streams,
			Network: map[string]any{"novel": strings.Repeat("x", maxNetwork)},
		}, e.key)
		if n := counted(t, d, "SELECT count(*) FROM gateway_status_snapshots WHERE network_status IS NULL AND set_aside = 0"); n != 1 {
			t.Error("the snapshot keeps what is too long, or less than nothing set aside")
		}
		g := shown(t, o, e)
		if g.Version != strings.Repeat("я", 50) || g.QueueDepth != 0 || g.ConnectedAgents != math.MaxInt32 || g.CompleteUntil != nil {
			t.Errorf("listed as %+v", g)
		}
		if n := len(g.Streams); n != maxStreams-3 {
			t.Errorf("%d streams were kept, want %d", n, maxStreams-3)
		}
		o.beat(t, e, report{Streams: []position{{Stream: "agent"}}}, e.key) // without an epoch
		if n := counted(t, d, "SELECT count(*) FROM gateway_streams WHERE epoch = ''"); n != 0 {
			t.Error("a stream of no epoch was kept")
		}
	})
}

func TestAlertsOfAHeartbeatAreTakenOnce(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	populate(t, d)
	o := newOffice(d)
	e := register(t, o, 1, "GW-001")
	good := alert.Alert{ID: id.New(), Kind: alert.BufferOverflow, Severity: alert.Warning, Subject: "gateway"}
	bad := alert.Alert{ID: id.New(), Kind: "bad"}
	for range 2 {
		h := o.beat(t, e, report{Alerts: []alert.Alert{bad, good}}, e.key)
		if len(h.alerts) != 2 || h.alerts[0] != bad.ID || h.alerts[1] != good.ID {
			t.Errorf("taken %v", h.alerts)
		}
	}
	if n := len(o.raised.of(1, alert.BufferOverflow)); n != 1 {
		t.Errorf("%d alerts were raised, want 1", n)
	}
	o.raised.err = errors.New("no room")
	if h, err := o.hear(e.as(), report{Alerts: []alert.Alert{good}}, ""); err == nil || len(h.alerts) != 0 {
		t.Errorf("what could not be kept is told as taken: %v, %v", h.alerts, err)
	}
}

func TestKeysVersionFollowsTheKeys(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	populate(t, d)
	o := newOffice(d)
	e := register(t, o, 1, "GW-001")
	before := o.beat(t, e, report{}, e.key).keysVersion
	if again := o.beat(t, e, report{}, e.key).keysVersion; again != before {
		t.Errorf("the version changed from %s to %s by itself", before, again)
	}
	o.service.keys = keys[1:]
	if after := o.beat(t, e, report{}, e.key).keysVersion; after == before {
		t.Error("the version does not tell that a key is gone")
	}
	o.service.keys = noKeys{}
	if _, err := o.hear(e.as(), report{}, ""); err == nil {
		t.Error("a failure to read the keys is kept quiet")
	}
}

func TestCompletenessOfAQuietGatewayGrowsWithItsHeartbeats(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		e := register(t, o, 1, "GW-001")
		if g := shown(t, o, e); g.CompleteUntil != nil {
			t.Errorf("unheard of, it is complete until %v", g.CompleteUntil)
		}
		quiet := report{Epoch: "e1", Streams: []position{{Stream: "agent", Last: 2}, {Stream: "device"}}}
		o.beat(t, e, quiet, e.key) // all given out, none pending, and yet not here
		if g := shown(t, o, e); g.CompleteUntil != nil {
			t.Errorf("with two events missing it is complete until %v", g.CompleteUntil)
		}
		arrived := noon.Add(-time.Minute)
		err := o.Advance(e.as(), e.gateway.ID, gateway.Delivery{Epoch: "e1", Stream: "agent", Stored: []gateway.Range{{First: 1, Last: 2}}, Until: arrived})
		if err != nil {
			t.Fatal(err)
		}
		if g := shown(t, o, e); g.CompleteUntil == nil || !g.CompleteUntil.Equal(arrived) {
			t.Errorf("with all events here it is complete until %v", g.CompleteUntil)
		}
		now := o.clock.pass(time.Hour)
		quiet.SentAt = now.Add(-time.Second)
		o.beat(t, e, quiet, e.key)
		if g := shown(t, o, e); !g.CompleteUntil.Equal(quiet.SentAt) {
			t.Errorf("after the heartbeat it is complete until %v", g.CompleteUntil)
		}
		quiet.SentAt = now.Add(-time.Hour) // a clock set back takes nothing back
		o.beat(t, e, quiet, e.key)
		if g := shown(t, o, e); !g.CompleteUntil.Equal(now.Add(-time.Second)) {
			t.Errorf("with its clock set back it is complete until %v", g.CompleteUntil)
		}
	})
}

// noKeys is an auth whose database is away.
type noKeys struct{}

func (noKeys) AgentKeys(context.Context) ([]identity.Key, error) { return nil, db.ErrUnavailable }

func TestWhatAGatewaySaysOfItsChannelIsReadWithCare(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 3, 2, 11, 59, 0, 0, time.UTC)
	said := func(control any) map[string]any { return map[string]any{"control": control} }
	for name, c := range map[string]struct {
		network map[string]any
		want    *channelResponse
	}{
		"connected":      {said(map[string]any{"state": "connected", "since": "2026-03-02T11:59:00Z"}), &channelResponse{State: "connected", Since: &since}},
		"long reason":    {said(map[string]any{"state": "refused", "reason": "a\n" + strings.Repeat("x", 400)}), &channelResponse{State: "refused", Reason: "a" + strings.Repeat("x", 299)}},
		"wrong time":     {said(map[string]any{"state": "replaced", "since": 7.0}), &channelResponse{State: "replaced"}},
		"no such state":  {said(map[string]any{"state": "<b>"}), nil},
		"another type":   {said("connected"), nil},
		"nothing of it":  {map[string]any{"state": "connected"}, nil},
		"nothing at all": {nil, nil},
	} {
		if got := channelOf(c.network); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

package gateways

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"sync"
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
			Version: "1.2.3", Epoch: "e1", SentAt: sent, QueueDepth: 7, BufferUsage: 0.25, ConnectedAgents: 3,
			CPU: share(12.5), Memory: share(40), Disk: share(61.25), Network: map[string]any{"latencyMs": 12, "odd": "\x00'"},
			Streams: []position{{Stream: "agent", Last: 5, Pending: 5}, {Stream: "device"}},
		}, e.key)
		if !h.at.Equal(noon) || h.keysVersion == "" || h.newKey != "" {
			t.Errorf("the answer is %+v", h)
		}
		g := shown(t, o, e)
		if g.Status != "online" || g.StatusReason != "heartbeat" || !g.StatusSince.Equal(noon) || !g.LastSeenAt.Equal(noon) || g.Version != "1.2.3" ||
			g.BufferUsage != 0.25 || g.QueueDepth != 7 || g.ConnectedAgents != 3 || *g.ClockSkewMS != -90_000 {
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
			QueueDepth: math.MinInt64, BufferUsage: 1e300, ConnectedAgents: math.MaxInt64, CPU: share(1e9), Memory: share(-5), Streams: streams,
		}, e.key)
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

func TestSilentGatewayGoesOfflineWithOneAlert(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		there := o.neighbour()
		silent, alive, never := register(t, o, 1, "GW-001"), register(t, o, 2, "GW-002"), register(t, o, 1, "GW-003")
		o.beat(t, silent, report{}, silent.key)
		o.clock.pass(o.cfg.OfflineAfter)
		o.beat(t, alive, report{}, alive.key)
		search := func() {
			t.Helper()
			for _, process := range []office{o, there, o} {
				if err := process.findSilent(system()); err != nil {
					t.Fatal(err)
				}
			}
		}
		search() // exactly as old as allowed
		if g := shown(t, o, silent); g.Status != "online" {
			t.Errorf("too early it is %s", g.Status)
		}
		went := o.clock.pass(time.Microsecond)
		search()
		if g := shown(t, o, silent); g.Status != "offline" || g.StatusReason != "no_heartbeat" || !g.StatusSince.Equal(went) {
			t.Errorf("the silent one is %+v", g)
		}
		if g := shown(t, o, alive); g.Status != "online" {
			t.Errorf("the living one is %s", g.Status)
		}
		if g := shown(t, o, never); g.StatusReason != "enrolled" {
			t.Errorf("the one that was never heard of is %+v", g)
		}
		found := o.raised.of(1, alert.GatewayOffline)
		if len(found) != 1 || found[0].Subject != "gateway:"+silent.gateway.ID.String() || found[0].Severity != alert.Critical || found[0].Details["serial"] != "GW-001" {
			t.Errorf("alerts are %+v", found)
		}
		o.beat(t, silent, report{}, silent.key) // it comes back, and goes again: another alert
		if g := shown(t, o, silent); g.Status != "online" {
			t.Errorf("back again it is %s", g.Status)
		}
		o.clock.pass(o.cfg.OfflineAfter + time.Second)
		o.beat(t, alive, report{}, alive.key)
		search()
		if found := o.raised.of(1, alert.GatewayOffline); len(found) != 2 {
			t.Errorf("%d alerts after the second silence, want 2", len(found))
		}
		if found := o.raised.of(2, alert.GatewayOffline); len(found) != 0 {
			t.Errorf("alerts of organization 2: %+v", found)
		}
	})
}

func TestSilenceIsFoundAgainIfItsAlertFails(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	populate(t, d)
	o := newOffice(d)
	e := register(t, o, 1, "GW-001")
	o.beat(t, e, report{}, e.key)
	o.clock.pass(time.Hour)
	o.raised.err = errors.New("no room")
	if err := o.findSilent(system()); err == nil {
		t.Error("the failure is kept quiet")
	}
	o.raised.err = nil
	if err := o.findSilent(system()); err != nil {
		t.Fatal(err)
	}
	if found := o.raised.of(1, alert.GatewayOffline); len(found) != 1 {
		t.Errorf("%d alerts, want 1", len(found))
	}
}

func TestOldGapIsOneAlert(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		e := register(t, o, 1, "GW-001")
		deliver := func(first, last int64) {
			t.Helper()
			err := o.Advance(e.as(), e.gateway.ID, gateway.Delivery{Epoch: "e1", Stream: "agent", Stored: []gateway.Range{{First: first, Last: last}}, Until: o.now()})
			if err != nil {
				t.Fatal(err)
			}
		}
		search := func() int {
			t.Helper()
			for range 2 {
				if err := o.findGaps(system()); err != nil {
					t.Fatal(err)
				}
			}
			return len(o.raised.of(1, alert.DataGap))
		}
		deliver(1, 4)
		deliver(9, 12)
		o.clock.pass(o.cfg.GapAfter - time.Second)
		if n := search(); n != 0 {
			t.Errorf("%d alerts too early", n)
		}
		deliver(8, 8) // makes the gap smaller, and not younger
		deliver(13, 13)
		o.clock.pass(time.Second)
		if n := search(); n != 1 {
			t.Fatalf("%d alerts, want 1", n)
		}
		a := o.raised.of(1, alert.DataGap)[0]
		if a.Details["first"] != int64(5) || a.Details["last"] != int64(7) || a.Details["stream"] != "agent" || !a.Details["since"].(time.Time).Equal(noon) {
			t.Errorf("the alert says %+v", a.Details)
		}
		deliver(5, 7)
		o.clock.pass(time.Hour)
		if n := search(); n != 1 {
			t.Errorf("%d alerts after the gap was filled", n)
		}
		deliver(20, 20)
		o.clock.pass(time.Hour)
		o.raised.err = errors.New("no room")
		if err := o.findGaps(system()); err == nil {
			t.Error("the failure is kept quiet")
		}
	})
}

func TestOldSnapshotsAreForgotten(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		e := register(t, o, 1, "GW-001")
		o.beat(t, e, report{}, e.key)
		o.clock.pass(24 * time.Hour)
		o.beat(t, e, report{}, e.key)
		o.clock.pass(29*24*time.Hour + time.Second)
		if err := o.forgetSnapshots(system()); err != nil {
			t.Fatal(err)
		}
		if n := counted(t, d, "SELECT count(*) FROM gateway_status_snapshots"); n != 1 {
			t.Errorf("%d snapshots are left, want 1", n)
		}
	})
}

func TestAgentsAreThoseOfTheirGateway(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		e := register(t, o, 1, "GW-001")
		long := strings.Repeat("ы", 300)
		next := int64(0)
		deliver := func(process office, agents ...string) {
			t.Helper()
			next++
			err := process.Advance(e.as(), e.gateway.ID, gateway.Delivery{
				Epoch: "e1", Stream: "agent", Stored: []gateway.Range{{First: next, Last: next}}, Agents: agents,
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		deliver(o, "PC-1", "PC-2", "PC-1", "", long, "PC-\x003")
		deliver(o.neighbour(), "PC-1") // which does not know that it was seen
		if n := counted(t, d, "SELECT count(*) FROM agent_instances WHERE organization_id = 1 AND gateway_id = ? AND status = 'online'", e.gateway.ID); n != 4 {
			t.Errorf("%d agents, want 4", n)
		}
		since := func(uid string) int {
			return counted(t, d, "SELECT count(*) FROM agent_instances WHERE agent_uid = ? AND last_seen_at = ?", uid, o.now())
		}
		o.clock.pass(agentFreshness - time.Second)
		deliver(o, "PC-1")
		if since("PC-1") != 0 {
			t.Error("an agent was stored again within the freshness")
		}
		o.clock.pass(time.Second)
		deliver(o, "PC-1")
		if since("PC-1") != 1 || since("PC-2") != 0 {
			t.Error("the later report of an agent was not stored")
		}
		o.clock.pass(agentAway - agentFreshness + time.Second)
		if err := o.findSilent(system()); err != nil {
			t.Fatal(err)
		}
		if n := counted(t, d, "SELECT count(*) FROM agent_instances WHERE status = 'offline'"); n != 3 {
			t.Errorf("%d agents are offline, want 3", n)
		}
		deliver(o, "PC-2")
		if n := counted(t, d, "SELECT count(*) FROM agent_instances WHERE status = 'offline'"); n != 2 {
			t.Errorf("%d agents are offline after one came back, want 2", n)
		}
		for range maxAgents {
			o.agents[agentKey{uid: newSecret("")}] = noon
		}
		o.clock.pass(time.Hour)
		deliver(o, "PC-1")
		if len(o.agents) != 1 {
			t.Errorf("%d agents are remembered", len(o.agents))
		}
	})
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

// Two processes move one watermark at once, in any order, and some runs twice.
func TestWatermarkIsMovedFromManySides(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		e := register(t, o, 1, "GW-001")
		const batches, size = 40, 10
		var group sync.WaitGroup
		for worker := range 4 {
			process := o.neighbour()
			group.Go(func() {
				for i := range batches {
					if i%4 != worker && (i+1)%4 != worker {
						continue
					}
					if i == 20 { // is lost
						continue
					}
					first := int64(i*size + 1)
					delivery := gateway.Delivery{
						Epoch: "e1", Stream: "agent", Stored: []gateway.Range{{First: first, Last: first + size - 1}}, Until: noon.Add(time.Duration(i) * time.Second),
					}
					if err := process.Advance(e.as(), e.gateway.ID, delivery); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		g := shown(t, o, e)
		if len(g.Streams) != 1 {
			t.Fatalf("streams are %+v", g.Streams)
		}
		s := g.Streams[0]
		if s.Watermark != 200 || s.Highest != 400 || len(s.Gaps) != 1 || s.Gaps[0].First != 201 || s.Gaps[0].Last != 210 || !s.CompleteUntil.Equal(noon.Add(19*time.Second)) {
			t.Errorf("the stream is %+v", s)
		}
		err := o.Advance(e.as(), e.gateway.ID, gateway.Delivery{Epoch: "e1", Stream: "agent", Dropped: []gateway.Dropped{{First: 201, Last: 210, Reason: "overflow"}}})
		if err != nil {
			t.Fatal(err)
		}
		if s := shown(t, o, e).Streams[0]; s.Watermark != 400 || len(s.Gaps) != 0 || !s.CompleteUntil.Equal(noon.Add(39*time.Second)) {
			t.Errorf("after the hole was explained the stream is %+v", s)
		}
		if n := counted(t, d, "SELECT count(*) FROM gateway_ranges"); n != 0 {
			t.Errorf("%d ranges are left", n)
		}
	})
}

// What a gateway says of the same positions twice, in different words, must not stop its deliveries.
func TestContradictingRangesAreTaken(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		e := register(t, o, 1, "GW-001")
		for _, delivery := range []gateway.Delivery{
			{Stored: []gateway.Range{{First: 3, Last: 4}, {First: 3, Last: 6}}, Dropped: []gateway.Dropped{{First: 3, Last: 5, Reason: "a"}, {First: 3, Last: 8, Reason: "b"}}},
			{Dropped: []gateway.Dropped{{First: 3, Last: 5, Reason: "c"}, {First: 7, Last: 9, Reason: "b"}}},
			{Stored: []gateway.Range{{First: 12, Last: 12}}},
		} {
			delivery.Epoch, delivery.Stream = "e1", "agent"
			if err := o.Advance(e.as(), e.gateway.ID, delivery); err != nil {
				t.Fatal(err)
			}
		}
		gaps := shown(t, o, e).Streams[0].Gaps
		text, err := json.Marshal(gaps)
		if err != nil {
			t.Fatal(err)
		}
		if len(gaps) < 3 || gaps[0].First != 1 || gaps[0].Last != 2 || gaps[0].Reason != "" || gaps[len(gaps)-1].First != 10 || gaps[len(gaps)-1].Last != 11 {
			t.Errorf("gaps are %s", text)
		}
		for _, name := range []string{"", "a b", "я", strings.Repeat("e", 65)} {
			for _, wrong := range []gateway.Delivery{{Epoch: name, Stream: "agent"}, {Epoch: "e1", Stream: name}} {
				wrong.Stored = []gateway.Range{{First: 1, Last: 1}}
				if err := o.Advance(e.as(), e.gateway.ID, wrong); !errors.Is(err, errPosition) {
					t.Errorf("epoch %q, stream %q: %v", wrong.Epoch, wrong.Stream, err)
				}
			}
		}
		if err := o.Advance(e.as(), e.gateway.ID, gateway.Delivery{}); err != nil {
			t.Errorf("nothing delivered: %v", err)
		}
	})
}

// noKeys is an auth whose database is away.
type noKeys struct{}

func (noKeys) AgentKeys(context.Context) ([]identity.Key, error) { return nil, db.ErrUnavailable }

package gateways

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/secret"
)

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
			o.agents[agentKey{uid: secret.New("")}] = noon
		}
		o.clock.pass(time.Hour)
		deliver(o, "PC-1")
		if len(o.agents) != 1 {
			t.Errorf("%d agents are remembered", len(o.agents))
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
		if s := shown(t, o, e).Streams[0]; s.Watermark != 400 || len(s.Gaps) != 1 || s.Gaps[0].Reason != "overflow" || !s.CompleteUntil.Equal(noon.Add(39*time.Second)) {
			t.Errorf("after the hole was explained the stream is %+v", s)
		}
		if n := counted(t, d, "SELECT count(*) FROM gateway_ranges"); n != 1 {
			t.Errorf("%d ranges are left, want the dropped one", n)
		}
	})
}

func TestAgentsHaveTheNamesOfTheirComputers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		e, theirs := register(t, o, 1, "GW-001"), register(t, o, 2, "GW-002")
		o.names["PC-1"] = "Qabulxona"
		next := int64(0)
		named := func(of enrolled, uid, name string) int {
			t.Helper()
			next++
			o.clock.pass(agentFreshness)
			d1 := gateway.Delivery{Epoch: "e1", Stream: "agent", Stored: []gateway.Range{{First: next, Last: next}}, Agents: []string{"PC-1", "PC-2"}, Names: o.names}
			if err := o.Advance(of.as(), of.gateway.ID, d1); err != nil {
				t.Fatal(err)
			}
			return counted(t, d, "SELECT count(*) FROM agent_instances WHERE gateway_id = ? AND agent_uid = ? AND COALESCE(computer_name, '') = ?", of.gateway.ID, uid, name)
		}
		if named(e, "PC-1", "Qabulxona") != 1 || named(e, "PC-2", "") != 1 {
			t.Error("the agents are not called as their computers are")
		}
		delete(o.names, "PC-1")
		o.names["PC-2"] = "Ombor"
		if named(e, "PC-1", "Qabulxona") != 1 || named(e, "PC-2", "Ombor") != 1 {
			t.Error("a name is lost, or a later one is not taken")
		}
		if named(theirs, "PC-2", "") != 1 {
			t.Error("the other organization's agent has the name")
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

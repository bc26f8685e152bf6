package commands

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/ws"
)

// While the database is slow with a gateway's heartbeat, the gateway's pings are answered, and its answers to ours are
// heard; afterwards everything that came meanwhile is worked on, in its order.
func TestPingsAreAnsweredWhileAHeartbeatIsSlow(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	gateways := populate(t, d)
	p, slow := newPulse(gateways), make(chan struct{})
	p.slow = map[id.UUID]chan struct{}{gateways[0]: slow}
	r := serve(t, d, p, "commands.ping_interval=20ms")
	c := dial(t, r.url, gateways[0].String())
	for n := range 3 {
		c.emit(command.EventHeartbeat, map[string]int{"queueDepth": n})
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for range 20 {
		if err := c.conn.Ping(ctx); err != nil {
			t.Fatalf("ping: %v", err)
		}
	}
	before := c.conn.Heard()
	until(t, "the server has pinged, too", func() bool { return c.conn.Heard() > before+2*maxMisses })
	if n := p.count(gateways[0]); n != 0 {
		t.Fatalf("%d heartbeats are kept: nothing was slow", n)
	}
	close(slow)
	for range 3 {
		c.waitFor(command.EventHeartbeatAck)
	}
	p.set(func() {
		if got := fmt.Sprint(p.beats[gateways[0]]); got != `[{"queueDepth":0} {"queueDepth":1} {"queueDepth":2}]` {
			t.Errorf("the heartbeats came as %s", got)
		}
	})
}

// What a gateway said before it went counts: it may be the answer to a command.
func TestWhatWasSaidBeforeTheEndCounts(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	gateways := populate(t, d)
	p, slow := newPulse(gateways), make(chan struct{})
	p.slow = map[id.UUID]chan struct{}{gateways[0]: slow}
	r := serve(t, d, p, "commands.lease=1m")
	ordered := r.office.order(t, gateways[0], nil)
	c := dial(t, r.url, gateways[0].String())
	c.command(command.SyncDevices)
	c.emit(command.EventHeartbeat, map[string]int{})
	c.emit(command.EventAck, command.Ack{CommandID: ordered, Status: command.Completed})
	c.conn.Close(ws.Normal, "goodbye")
	until(t, "the socket has ended", func() bool { return testutil.ToFloat64(r.module.service.metrics.sockets) == 0 })
	close(slow)
	until(t, "the answer is kept", func() bool { return r.office.row(t, ordered).Status == command.Completed })
}

// Gateways that do not read what they are answered take no place from others: all places but one are taken here, three
// gateways let their answers lie, and a fourth is answered while they still do.
func TestGatewaysThatDoNotReadHoldUpNobody(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	gateways := populate(t, d)
	p := newPulse(gateways)
	r := serve(t, d, p, "commands.ping_interval=1m")
	for range atOnce - 1 {
		r.module.hub.working <- struct{}{}
	}
	long := strings.Repeat("x", 6<<20) // more than the two ends of a connection buffer
	p.padding = map[id.UUID]string{}
	for n := range 3 {
		mute := newGateway(t, d, 1, fmt.Sprint("MUTE-", n))
		p.set(func() { p.of[mute], p.padding[mute] = 1, long })
		conn, err := ws.Dial(t.Context(), r.url+"/v2/gateway/socket", ws.DialOptions{Header: http.Header{"Authorization": {"Bearer " + mute.String()}}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(conn.CloseNow)
		if err := conn.Write(t.Context(), []byte(`{"event":"heartbeat","data":{}}`)); err != nil {
			t.Fatal(err)
		}
		until(t, "its heartbeat is kept", func() bool { return p.count(mute) == 1 })
	}
	c := dial(t, r.url, gateways[0].String())
	c.emit(command.EventHeartbeat, map[string]int{})
	c.waitFor(command.EventHeartbeatAck)
	if n := testutil.ToFloat64(r.module.service.metrics.sockets); n != 4 {
		t.Errorf("%v sockets are left: others had to end first", n)
	}
}

// A gateway that answers no ping and speaks is there. One that says nothing is not.
func TestWhateverComesIsASignOfLife(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	gateways := populate(t, d)
	r := serve(t, d, newPulse(gateways), "commands.ping_interval=200ms")
	join := func(gatewayID id.UUID) *ws.Conn {
		t.Helper()
		conn, err := ws.Dial(t.Context(), r.url+"/v2/gateway/socket", ws.DialOptions{Header: http.Header{"Authorization": {"Bearer " + gatewayID.String()}}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(conn.CloseNow)
		return conn
	}
	talks := join(gateways[0])
	join(gateways[1])
	lost := func() float64 {
		return testutil.ToFloat64(r.module.service.metrics.disconnects.WithLabelValues("no_pong"))
	}
	talk := func() {
		if err := talks.Write(t.Context(), []byte(`{"event":"x"}`)); err != nil {
			t.Fatalf("who talks is let go: %v", err)
		}
		<-time.After(30 * time.Millisecond) // within what the rate allows
	}
	until(t, "who is silent is let go", func() bool { talk(); return lost() == 1 })
	for range 20 {
		talk()
	}
	if lost() != 1 || r.module.hub.of(gateways[0]) == nil {
		t.Errorf("%v were let go", lost())
	}
	until(t, "so is who falls silent", func() bool { return lost() == 2 })
}

func TestAnInboxIsBounded(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ size, most int }{
		"in messages": {10, maxInbox}, "in bytes": {command.MaxUp / 3, 3}, "in bytes of one": {command.MaxUp, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				box, taken := newInbox(), 0
				go func() {
					for n := range 2 * test.most {
						if begin := box.put(make([]byte, test.size)); begin != (n == 0) {
							t.Errorf("message %d has somebody begin: %v", n, begin)
						}
						taken++
					}
				}()
				synctest.Wait()
				if taken != test.most || !box.stuck() {
					t.Errorf("%d messages were taken, want %d; stuck: %v", taken, test.most, box.stuck())
				}
				for n := range 2 * test.most {
					if _, more := box.next(); !more {
						t.Fatalf("message %d is missing", n)
					}
					synctest.Wait()
				}
				if _, more := box.next(); more || box.stuck() || taken != 2*test.most || !box.put(nil) {
					t.Errorf("more: %v, stuck: %v, %d taken", more, box.stuck(), taken)
				}
			})
		})
	}
}

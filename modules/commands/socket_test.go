package commands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/event"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/ws"
)

// The design document's own test of the control channel, with its messages to the letter.
func TestShouldHandleWebSocketControlCommands(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		gateways := populate(t, d)
		r := serve(t, d, newPulse(gateways))
		wsClient := dial(t, r.url, gateways[0].String())

		wsClient.emit("heartbeat", json.RawMessage(`{"gatewayId":"test-gateway","status":"online","queueDepth":0}`))
		if got := string(wsClient.waitFor("heartbeat_ack")); got != `{"success":true}` {
			t.Errorf("the heartbeat is answered with %s", got)
		}

		ordered := r.office.order(t, gateways[0], func(o *command.Order) {
			o.Type, o.Payload = command.PolicyUpdate, command.PolicyPayload{PolicyID: 1, Version: "1", Checksum: "c"}
		})
		var got struct{ ID, Type string }
		if err := json.Unmarshal(wsClient.waitFor("policy_update"), &got); err != nil || got.Type != "policy_update" || got.ID != ordered.String() {
			t.Fatalf("the command is %+v, %v", got, err)
		}

		wsClient.emit("command_ack", map[string]string{"commandId": got.ID, "status": "completed"})
		wsClient.waitFor("ack_received")
		if row := r.office.row(t, ordered); row.Status != command.Completed || row.AckAt == nil {
			t.Errorf("the command is %+v", row)
		}
	})
}

func TestWhatWaitedGoesDownOnConnecting(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	gateways := populate(t, d)
	r := serve(t, d, newPulse(gateways), "commands.sweep_interval=1m")
	var want []id.UUID
	for range 20 {
		want = append(want, r.office.order(t, gateways[0], nil))
	}
	c := dial(t, r.url, gateways[0].String())
	for i, commandID := range want {
		got := c.command(command.SyncDevices)
		if got.ID != commandID {
			t.Fatalf("%d: %s came, want %s", i, got.ID, commandID)
		}
		c.emit(command.EventAck, command.Ack{CommandID: got.ID, Status: command.Completed, At: time.Now()})
	}
}

func TestWhatANoticeWasMissedOfGoesDownAllTheSame(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	gateways := populate(t, d)
	r := serve(t, d, newPulse(gateways), "commands.sweep_interval=1m")
	c := dial(t, r.url, gateways[0].String())
	ordered := r.office.order(t, gateways[1], nil) // of which the connected one is not told
	err := d.Write(hr(1), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Raw("UPDATE gateway_commands SET gateway_id = ? WHERE organization_id = 1 AND id = ?", gateways[0], ordered).Exec(ctx)
		return errors.Join(err, r.office.events.Notify(ctx, tx, event.Change{Name: event.Missed}))
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.command(command.SyncDevices); got.ID != ordered {
		t.Errorf("%s came, want %s", got.ID, ordered)
	}
}

func TestASocketThatEndsTakesItsCommandAlong(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	gateways := populate(t, d)
	r := serve(t, d, newPulse(gateways), "commands.lease=1m")
	ordered := r.office.order(t, gateways[0], nil)
	for n := range 3 {
		c := dial(t, r.url, gateways[0].String())
		if got := c.command(command.SyncDevices); got.ID != ordered || got.Attempt != n+1 {
			t.Fatalf("connection %d: %+v", n, got)
		}
		c.conn.CloseNow()
	}
	if row := r.office.row(t, ordered); row.Attempts != 1 || row.Deliveries != 3 {
		t.Errorf("it is %+v", row)
	}
}

func TestCancelIsToldToTheGateway(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	gateways := populate(t, d)
	r := serve(t, d, newPulse(gateways), "commands.lease=1m")
	first, second := r.office.order(t, gateways[0], nil), r.office.order(t, gateways[0], nil)
	c := dial(t, r.url, gateways[0].String())
	c.command(command.SyncDevices)
	if err := r.office.cancel(administrator(), first); err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for len(seen) < 2 { // in whichever order
		m := <-c.in
		seen[m.Event] = string(m.Data)
	}
	if seen["cancel"] != `{"commandId":"`+first.String()+`"}` || !strings.Contains(seen["sync_devices"], second.String()) {
		t.Errorf("the gateway hears %v", seen)
	}
}

func TestTheNewestSocketOfAGatewayWins(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		gateways := populate(t, d)
		p := newPulse(gateways)
		here, there := serve(t, d, p), serve(t, d, p)
		first := dial(t, here.url, gateways[0].String())
		other := dial(t, here.url, gateways[1].String())
		second := dial(t, here.url, gateways[0].String())
		first.ends(command.CloseReplaced)
		third := dial(t, there.url, gateways[0].String())
		second.ends(command.CloseReplaced)
		here.office.order(t, gateways[0], nil)
		third.command(command.SyncDevices)
		here.office.order(t, gateways[1], nil)
		other.command(command.SyncDevices)
		if n := testutil.ToFloat64(here.module.service.metrics.disconnects.WithLabelValues("replaced")); n != 2 {
			t.Errorf("%v were replaced", n)
		}
	})
}

// Two gateways that share a key, each of which comes again as soon as it is replaced: both are told why, and nothing is
// lost while they push each other out.
func TestTwoGatewaysWithOneKey(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	gateways := populate(t, d)
	r := serve(t, d, newPulse(gateways), "commands.lease=1m")
	ordered := r.office.order(t, gateways[0], nil)
	ours := dial(t, r.url, gateways[0].String())
	for range 5 {
		ours.command(command.SyncDevices)
		theirs := dial(t, r.url, gateways[0].String())
		ours.ends(command.CloseReplaced)
		ours = theirs
	}
	ours.command(command.SyncDevices)
	ours.emit(command.EventAck, command.Ack{CommandID: ordered, Status: command.Completed})
	ours.waitFor(command.EventAckReceived)
	if row := r.office.row(t, ordered); row.Attempts != 1 || row.Status != command.Completed {
		t.Errorf("it is %+v", row)
	}
}

// A socket that another process has replaced, of which no notice came, is found all the same.
func TestAReplacedSocketIsFoundWithoutANotice(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	gateways := populate(t, d)
	r := serve(t, d, newPulse(gateways))
	c := dial(t, r.url, gateways[0].String())
	if err := r.office.hold(context.Background(), id.New(), []holding{{gatewayID: gateways[0], socketID: id.New(), organizationID: 1}}); err != nil {
		t.Fatal(err)
	}
	c.ends(command.CloseReplaced)
}

func TestARevokedKeyLosesItsSocket(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		gateways := populate(t, d)
		p := newPulse(gateways)
		r := serve(t, d, p, "commands.check_interval=1m")
		lost, kept := dial(t, r.url, gateways[0].String()), dial(t, r.url, gateways[1].String())
		began := time.Now()
		p.revoke(t, r.office, gateways[0], gateways[0].String())
		lost.ends(command.CloseRefused)
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("it took %s", took)
		}
		kept.emit(command.EventHeartbeat, map[string]string{"status": "online"})
		kept.waitFor(command.EventHeartbeatAck)
	})
}

func TestARevokedKeyIsFoundWithoutANotice(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	gateways := populate(t, d)
	p := newPulse(gateways)
	r := serve(t, d, p)
	checked, beating := dial(t, r.url, gateways[0].String()), dial(t, r.url, gateways[1].String()+"-2")
	p.set(func() { p.revoked[gateways[0].String()] = true })
	checked.ends(command.CloseRefused)
	p.set(func() { p.revoked[gateways[1].String()+"-2"] = true })
	if err := beating.conn.Write(t.Context(), []byte(`{"event":"heartbeat","data":{}}`)); err == nil {
		beating.ends(command.CloseRefused)
	}
}

func TestADatabaseThatIsAwayCostsNoSocket(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	gateways := populate(t, d)
	p := newPulse(gateways)
	r := serve(t, d, p)
	c := dial(t, r.url, gateways[0].String())
	p.set(func() { p.fail = fault.New(fault.Unavailable, "away") })
	c.emit(command.EventHeartbeat, map[string]string{})
	c.emit("something", nil)
	p.set(func() { p.fail = nil })
	c.emit(command.EventHeartbeat, map[string]string{"n": "2"})
	c.waitFor(command.EventHeartbeatAck)
	p.set(func() {
		if got := len(p.beats[gateways[0]]); got > 2 {
			t.Errorf("%d heartbeats were kept", got)
		}
	})
}

func TestANewKeyIsGivenOnceOnASocket(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	gateways := populate(t, d)
	r := serve(t, d, newPulse(gateways))
	c := dial(t, r.url, gateways[0].String()+"-old")
	for _, want := range []string{`{"success":true,"newKey":"sgw_1"}`, `{"success":true}`} {
		c.emit(command.EventHeartbeat, map[string]string{})
		if got := string(c.waitFor(command.EventHeartbeatAck)); got != want {
			t.Errorf("answered with %s, want %s", got, want)
		}
	}
}

func TestAGatewayThatDoesNotAnswerPingsIsLetGo(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	gateways := populate(t, d)
	r := serve(t, d, newPulse(gateways), "commands.ping_interval=50ms")
	conn, err := ws.Dial(t.Context(), r.url+"/v2/gateway/socket", ws.DialOptions{Header: http.Header{"Authorization": {"Bearer " + gateways[0].String()}}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	alive := dial(t, r.url, gateways[1].String())
	until(t, "nobody reads, and the socket is let go", func() bool {
		return testutil.ToFloat64(r.module.service.metrics.disconnects.WithLabelValues("no_pong")) == 1
	})
	alive.emit(command.EventHeartbeat, map[string]string{})
	alive.waitFor(command.EventHeartbeatAck)
	if n := testutil.ToFloat64(r.module.service.metrics.sockets); n != 1 {
		t.Errorf("%v sockets", n)
	}
}

func TestAServerThatStopsSaysSo(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	gateways := populate(t, d)
	p := newPulse(gateways)
	var c *client
	outer := t // whose end comes after that of the server
	t.Run("while it runs", func(t *testing.T) {
		r := serve(t, d, p)
		c = dial(outer, r.url, gateways[0].String())
		c.emit(command.EventHeartbeat, map[string]string{})
		c.waitFor(command.EventHeartbeatAck)
	})
	c.ends(ws.GoingAway)
}

func TestDiagnosticsComeUpAndAreHandedOut(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	gateways := populate(t, d)
	r := serve(t, d, newPulse(gateways), "commands.lease=1m")
	plain := r.office.order(t, gateways[0], nil)
	post := func(gatewayID, commandID, body string) (int, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+"/v2/gateway/diagnostics/"+commandID, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+gatewayID)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		var said struct{ Code string }
		_ = json.NewDecoder(answer.Body).Decode(&said)
		return answer.StatusCode, said.Code
	}
	ask := r.office.order(t, gateways[0], func(o *command.Order) { o.Type = command.CollectDiagnostics })
	mine := gateways[0].String()
	expect := func(gatewayID, commandID, body string, status int, code string) {
		t.Helper()
		if s, c := post(gatewayID, commandID, body); s != status || c != code {
			t.Errorf("%d %s, want %d %s", s, c, status, code)
		}
	}
	expect(mine, ask.String(), "x", 409, "commands.diagnostics_not_awaited")
	c := dial(t, r.url, mine)
	c.command(command.SyncDevices)
	c.emit(command.EventAck, command.Ack{CommandID: plain, Status: command.Completed})
	c.command(command.CollectDiagnostics)
	expect(mine, plain.String(), "x", 404, "commands.unknown")
	expect(mine, "nonsense", "x", 404, "commands.unknown")
	expect(mine, id.New().String(), "x", 404, "commands.unknown")
	expect(gateways[1].String(), ask.String(), "x", 404, "commands.unknown")
	expect(gateways[2].String(), ask.String(), "x", 404, "commands.unknown")
	expect(mine, ask.String(), strings.Repeat("x", maxBundle+1), 413, "too_large")
	expect(mine, ask.String(), "first", 201, "")
	expect(mine, ask.String(), "second", 201, "") // the first attempt's answer was lost
	body, f, err := r.module.service.bundle(hr(1), ask)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	var got [10]byte
	n, _ := body.Read(got[:])
	if string(got[:n]) != "first" || f.Size != 5 || f.Path != fmt.Sprintf("diagnostics/%s/%s.tar.gz", gateways[0], ask) {
		t.Errorf("%q in %+v", got[:n], f)
	}
	if _, _, err := r.module.service.bundle(hr(1), plain); !errors.Is(err, errNoBundle) {
		t.Errorf("of a command without one: %v", err)
	}
	if _, _, err := r.module.service.bundle(hr(2), ask); !errors.Is(err, errUnknown) {
		t.Errorf("of another tenant: %v", err)
	}
}

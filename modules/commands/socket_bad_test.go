package commands

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/ws"
)

func TestWhoIsNotAGatewayGetsNoSocket(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	gateways := populate(t, d)
	p := newPulse(gateways)
	r := serve(t, d, p)
	p.set(func() { p.revoked["gone"] = true })
	for key, status := range map[string]int{"nobody": 401, "gone": 401, id.New().String(): 401, "": 401} {
		_, err := ws.Dial(t.Context(), r.url+"/v2/gateway/socket", ws.DialOptions{Header: http.Header{"Authorization": {"Bearer " + key}}})
		var refused *ws.RefusedError
		if !errors.As(err, &refused) || refused.Status != status || !strings.Contains(string(refused.Body), "gateways.key_refused") {
			t.Errorf("%q: %v", key, err)
		}
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.url+"/v2/gateway/socket", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+gateways[0].String())
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusBadRequest {
		t.Errorf("without an upgrade: %d", answer.StatusCode)
	}
}

func TestAProbeTakesNobodysPlace(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	gateways := populate(t, d)
	r := serve(t, d, newPulse(gateways))
	c := dial(t, r.url, gateways[0].String())
	r.office.order(t, gateways[0], nil)
	ordered := c.command(command.SyncDevices)
	probe, err := ws.Dial(t.Context(), r.url+"/v2/gateway/socket?probe=1", ws.DialOptions{
		Header: http.Header{"Authorization": {"Bearer " + gateways[0].String()}}, Subprotocol: command.Subprotocol,
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = probe.Read(t.Context())
	if code, reason := ws.Closed(err); code != ws.Normal || reason != "probe" || probe.Subprotocol() != command.Subprotocol {
		t.Errorf("the probe ends with %d %q", code, reason)
	}
	c.emit(command.EventAck, command.Ack{CommandID: ordered.ID, Status: command.Completed})
	c.waitFor(command.EventAckReceived)
}

func TestMessagesThatAreNot(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	gateways := populate(t, d)
	r := serve(t, d, newPulse(gateways))
	for name, test := range map[string]struct {
		text string
		code ws.Code
	}{
		"no JSON":             {`{"event":`, ws.Unsupported},
		"no object":           {`[1]`, ws.Unsupported},
		"nothing":             {``, ws.Unsupported},
		"no event":            {`{"data":{}}`, ws.Unsupported},
		"a text for a number": {`{"event":"command_ack","data":{"commandId":7}}`, ws.Unsupported},
		"no command":          {`{"event":"command_ack","data":{"status":"completed"}}`, ws.Unsupported},
		"no such end":         {`{"event":"command_ack","data":{"commandId":"` + id.New().String() + `","status":"expired"}}`, ws.Unsupported},
		"no data":             {`{"event":"command_ack"}`, ws.Unsupported},
		"a broken heartbeat":  {`{"event":"heartbeat","data":"x"}`, ws.Unsupported},
		"another's heartbeat": {`{"event":"heartbeat","data":{"gatewayId":"somebody-else"}}`, ws.Policy},
		"oversized":           {`{"event":"x","data":"` + strings.Repeat("x", command.MaxUp) + `"}`, ws.TooBig},
	} {
		gatewayID := newGateway(t, d, 1, name)
		r.module.hub.pulse.(*pulse).set(func() { r.module.hub.pulse.(*pulse).of[gatewayID] = 1 })
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := dial(t, r.url, gatewayID.String())
			c.emit("something_of_tomorrow", map[string]int{"a": 1}) // is passed over
			if err := c.conn.Write(t.Context(), []byte(test.text)); err != nil {
				t.Fatal(err)
			}
			c.ends(test.code)
		})
	}
}

func TestAFloodIsStopped(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	gateways := populate(t, d)
	r := serve(t, d, newPulse(gateways))
	c := dial(t, r.url, gateways[0].String())
	for range 2 * messageRate * int(messageTime.Seconds()) {
		if c.conn.Write(t.Context(), []byte(`{"event":"x"}`)) != nil {
			break
		}
	}
	c.ends(ws.Policy)
	if n := testutil.ToFloat64(r.module.service.metrics.disconnects.WithLabelValues("flood")); n != 1 {
		t.Errorf("%v floods", n)
	}
}

func TestForgedAndReplayedAnswers(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	gateways := populate(t, d)
	r := serve(t, d, newPulse(gateways), "commands.lease=1m")
	ordered := r.office.order(t, gateways[0], nil)
	victim, neighbour, stranger := dial(t, r.url, gateways[0].String()), dial(t, r.url, gateways[1].String()), dial(t, r.url, gateways[2].String())
	victim.command(command.SyncDevices)
	for _, thief := range []*client{neighbour, stranger} {
		thief.emit(command.EventAck, command.Ack{CommandID: ordered, Status: command.Completed})
		thief.waitFor(command.EventAckReceived) // it learns nothing from that
	}
	if row := r.office.row(t, ordered); row.Status != command.Sent {
		t.Fatalf("a thief ended it: %+v", row)
	}
	for _, status := range []command.Status{command.Failed, command.Completed, command.Failed} {
		victim.emit(command.EventAck, command.Ack{CommandID: ordered, Status: status})
		victim.waitFor(command.EventAckReceived)
	}
	if row := r.office.row(t, ordered); row.Status != command.Failed {
		t.Errorf("a replay changed it: %+v", row)
	}
}

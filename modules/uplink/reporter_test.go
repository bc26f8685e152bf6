package uplink

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/id"
)

// report says over another way how the gateway is, as the control channel does.
func report(t *testing.T, u *uplink, answer string) heartbeat {
	t.Helper()
	body, err := u.Report(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var h heartbeat
	if err := json.Unmarshal(body, &h); err != nil {
		t.Fatal(err)
	}
	if answer != "" {
		if err := u.Answered(t.Context(), json.RawMessage(answer)); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// While somebody else reports the uplink does not, and it goes on within an interval and a half when they stop.
func TestTheUplinkIsQuietWhileOthersReport(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, _, u := bubble(t, nil)
		stop := start(t, u)
		defer stop()
		pass(5 * time.Minute)
		before := len(a.to("/v2/gateway/heartbeat"))
		if before < 8 || before > 11 {
			t.Errorf("%d heartbeats in five minutes", before)
		}
		for range 100 {
			report(t, u, `{"success":true}`)
			pass(u.Interval())
		}
		if n := len(a.to("/v2/gateway/heartbeat")) - before; n > 0 {
			t.Errorf("%d heartbeats while others report", n)
		}
		pass(u.Interval()/2 + time.Second) // an interval and a half after the last answer
		if n := len(a.to("/v2/gateway/heartbeat")) - before; n != 1 {
			t.Errorf("%d heartbeats after they have stopped", n)
		}
		before++
		for range 20 { // reports without answers are no heartbeats
			report(t, u, "")
			pass(u.Interval())
		}
		if n := len(a.to("/v2/gateway/heartbeat")) - before; n < 15 {
			t.Errorf("%d heartbeats while nobody answers the others", n)
		}
	})
}

// What an answer over another way says counts as if it had come over HTTP: alerts, keys, the gateway's key, the clock.
func TestAnAnswerCountsWhereverItCameFrom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, m, u := bubble(t, nil)
		stop := start(t, u)
		defer stop()
		pass(time.Second)
		first, second := alert.Alert{ID: id.New(), Kind: "x", Subject: subjectSelf}, alert.Alert{ID: id.New(), Kind: "y"}
		m.alerts = []alert.Alert{first, second}
		h := report(t, u, `{"success":true,"newKey":"sgw_9","serverTime":"`+time.Now().Add(-90*time.Second).UTC().Format(time.RFC3339Nano)+`","alertsAccepted":["`+first.ID.String()+`"]}`)
		if len(h.Alerts) != 2 || h.Alerts[0].Subject != "gateway:g1" {
			t.Errorf("alerts are %+v", h.Alerts)
		}
		if left := m.raised(); len(left) != 1 || left[0].ID != second.ID {
			t.Errorf("left are %+v", left)
		}
		if skew, known := u.client.clock.ahead(); !known || skew.Round(time.Second) != 90*time.Second {
			t.Errorf("clock is ahead %v, %v", skew, known)
		}
		if u.card().APIKey != "sgw_9" {
			t.Errorf("key is %s", u.card().APIKey)
		}
	})
}

func TestAnAnswerThatConfirmsNothing(t *testing.T) {
	t.Parallel()
	_, _, u := serve(t, nil)
	u.cloud.Enrolled(t.Context())
	for _, answer := range []string{`{}`, `{"success":false}`, `[]`, ``} {
		if err := u.Answered(t.Context(), json.RawMessage(answer)); err == nil {
			t.Errorf("%q is taken", answer)
		}
	}
	if !u.others.heard.IsZero() {
		t.Error("it counts")
	}
}

// A message has an end: alerts that do not fit wait for the next one.
func TestAReportFitsInAMessage(t *testing.T) {
	t.Parallel()
	m := newMemory()
	u := newTestUplink(t, testConfig("http://nobody"), m)
	u.self = card{GatewayID: "g1", APIKey: "sgw_1"}
	alerts := make([]alert.Alert, 90)
	for i := range alerts {
		alerts[i] = alert.Alert{ID: id.New(), Details: map[string]any{"x": strings.Repeat("x", 10_000)}}
	}
	m.alerts = alerts
	h := report(t, u, "")
	if n := len(h.Alerts); n < 5 || n > 20 || h.Alerts[0].ID != alerts[0].ID {
		t.Errorf("%d alerts", n)
	}
}

func TestReportsTellOfTheControlChannel(t *testing.T) {
	t.Parallel()
	_, _, u := serve(t, nil)
	u.cloud.Enrolled(t.Context())
	if c := report(t, u, "").NetworkStatus.Control; c != nil {
		t.Errorf("control is %+v", c)
	}
	u.Channel(gateway.Channel{State: "refused", Reason: "http_401", Since: time.Unix(1, 0).UTC()})
	if c := report(t, u, "").NetworkStatus.Control; c == nil || c.Reason != "http_401" || !c.Since.Equal(time.Unix(1, 0)) {
		t.Errorf("control is %+v", c)
	}
}

// An answer's own time is better than the whole seconds of its Date, which may only say that the clock was set.
func TestTheBetterTimeCounts(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	var c clock
	said := func(offset time.Duration) answer {
		return answer{body: []byte(`{"serverTime":"` + now.Add(offset).UTC().Format(time.RFC3339Nano) + `"}`)}
	}
	dated := func(offset time.Duration) answer {
		return answer{header: http.Header{"Date": {now.Add(offset).UTC().Format(http.TimeFormat)}}}
	}
	for i, step := range []struct {
		a    answer
		want time.Duration
	}{
		{dated(0), -500 * time.Millisecond}, {said(-20 * time.Millisecond), 20 * time.Millisecond}, {dated(0), 20 * time.Millisecond},
		{dated(time.Minute), -60500 * time.Millisecond}, {dated(time.Minute), -60500 * time.Millisecond}, {said(time.Minute), -time.Minute},
		{answer{}, -time.Minute},
	} {
		c.note(step.a, now, now)
		if got, known := c.ahead(); got != step.want || !known {
			t.Errorf("step %d: ahead %v, want %v", i, got, step.want)
		}
	}
}

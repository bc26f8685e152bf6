package uplink

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
)

// others are those who take the gateway's heartbeats to agent-api in place of the uplink.
type others struct {
	mu      sync.Mutex
	sent    time.Time // when the last report was asked for
	heard   time.Time // when the last answer came
	channel *gateway.Channel
}

// Interval is how often agent-api wants to hear of the gateway.
func (u *uplink) Interval() time.Duration { return u.cfg.HeartbeatInterval }

// maxReport leaves room in a message of 256 KiB.
const maxReport = 200 << 10

// Report returns the body of a heartbeat, with the oldest of the alerts that wait, as many as there is room for.
func (u *uplink) Report(ctx context.Context) (json.RawMessage, error) {
	if !u.card().enrolled() {
		return nil, errors.New("the gateway is not enrolled")
	}
	u.others.mu.Lock()
	u.others.sent = u.now()
	u.others.mu.Unlock()
	h := u.health(ctx)
	h.Alerts = u.waitingAlerts(ctx)
	body, err := json.Marshal(h)
	for err == nil && len(body) > maxReport && len(h.Alerts) > 0 {
		h.Alerts = h.Alerts[:len(h.Alerts)/2]
		body, err = json.Marshal(h)
	}
	return body, err
}

// Answered takes what agent-api said to the last report.
func (u *uplink) Answered(ctx context.Context, body json.RawMessage) error {
	now, a := u.now(), answer{status: http.StatusOK, body: body}
	if err := u.heard(ctx, a); err != nil {
		return err
	}
	u.others.mu.Lock()
	sent := u.others.sent
	u.others.heard = now
	u.others.mu.Unlock()
	u.client.clock.note(a, sent, now)
	u.link.up(ctx, heartbeatLine)
	u.watchClock(ctx)
	return nil
}

// Channel takes how the control channel is.
func (u *uplink) Channel(c gateway.Channel) {
	u.others.mu.Lock()
	defer u.others.mu.Unlock()
	u.others.channel = &c
}

func (o *others) channelNow() *gateway.Channel {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.channel
}

// quiet returns when nobody else has reported for an interval and a half; false if ctx ends first.
func (u *uplink) quiet(ctx context.Context) bool {
	for {
		u.others.mu.Lock()
		heard := u.others.heard
		u.others.mu.Unlock()
		left := heard.Add(u.cfg.HeartbeatInterval * 3 / 2).Sub(u.now())
		if left <= 0 {
			return ctx.Err() == nil
		}
		if !sleep(ctx, left) {
			return false
		}
	}
}

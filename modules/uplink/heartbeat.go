package uplink

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/buffer/backlog"
	"github.com/staff-control/staff-control/platform/id"
)

const heartbeatLine = "heartbeat"

// heartbeat is how the gateway is, in the design document's words and some more.
type heartbeat struct {
	Status          string           `json:"status"`
	Version         string           `json:"version"`
	Epoch           string           `json:"epoch"`
	SentAt          time.Time        `json:"sentAt"` // by our clock: the server measures how far that is off
	QueueDepth      int64            `json:"queueDepth"`
	BufferUsage     float64          `json:"bufferUsage"`
	BufferBytes     int64            `json:"bufferBytes"`
	OldestPendingAt time.Time        `json:"oldestPendingAt,omitzero"`
	ConnectedAgents int              `json:"connectedAgents"`
	SetAside        int64            `json:"setAside,omitempty"` // what the server refused and we keep
	CPUUsage        float64          `json:"cpuUsage,omitempty"`
	MemoryUsage     float64          `json:"memoryUsage,omitempty"`
	DiskUsage       float64          `json:"diskUsage,omitempty"`
	NetworkStatus   network          `json:"networkStatus"`
	Streams         []streamPosition `json:"streams"`
	Alerts          []alert.Alert    `json:"alerts,omitempty"`
}

type streamPosition struct {
	Stream  backlog.Stream `json:"stream"`
	Last    int64          `json:"last"`
	Pending int64          `json:"pending"`
}

type heartbeatAnswer struct {
	Success        bool            `json:"success"`
	AlertsAccepted []id.UUID       `json:"alertsAccepted"`
	KeysVersion    json.RawMessage `json:"keysVersion"`
	// NewKey replaces the gateway's key; the old one is still taken until the new one has been used.
	NewKey string `json:"newKey"`
}

// beat says that the gateway is there until ctx ends, while nobody else does.
func (u *uplink) beat(ctx context.Context) {
	withAlerts := true
	for u.quiet(ctx) {
		wait, err := u.report(ctx, withAlerts)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			u.link.up(ctx, heartbeatLine)
		default:
			u.link.down(ctx, heartbeatLine, err)
		}
		// An alert that is refused must not make the gateway look dead.
		withAlerts = err == nil || !withAlerts || !rejects(err)
		u.watchClock(ctx)
		if !sleep(ctx, max(spread(u.cfg.HeartbeatInterval), wait)) {
			return
		}
	}
}

// report sends one heartbeat, with the alerts that wait if they are wanted.
func (u *uplink) report(ctx context.Context, withAlerts bool) (wait time.Duration, err error) {
	h := u.health(ctx)
	if withAlerts {
		h.Alerts = u.waitingAlerts(ctx)
	}
	body, err := json.Marshal(h)
	if err != nil {
		return 0, err
	}
	a, err := u.client.do(ctx, request{method: http.MethodPost, path: "/v2/gateway/heartbeat", key: u.card().APIKey, body: body})
	if err != nil {
		return 0, err
	}
	if a.status/100 != 2 {
		return a.retryAfter, said(a)
	}
	return a.retryAfter, u.heard(ctx, a)
}

// heard takes the answer to a heartbeat, on whatever way it came.
func (u *uplink) heard(ctx context.Context, a answer) error {
	got, err := decode[heartbeatAnswer](a)
	if err == nil && !got.Success {
		err = fmt.Errorf("the answer %d does not confirm the heartbeat", a.status)
	}
	if err != nil {
		return err
	}
	if err := u.outbox.Delivered(ctx, got.AlertsAccepted); err != nil {
		u.log.WarnContext(ctx, "the buffer could not note which alerts the server has", "error", err)
	}
	u.keys.announced(got.KeysVersion)
	if got.NewKey == "" {
		return nil
	}
	return u.rekey(ctx, got.NewKey) // if that fails the old key is still good; the server offers the new one again
}

func (u *uplink) health(ctx context.Context) heartbeat {
	s := u.backlog.State()
	h := heartbeat{
		Status: "online", Version: u.version, Epoch: s.Epoch, SentAt: u.now().UTC(), QueueDepth: s.Pending, BufferUsage: s.Usage, BufferBytes: s.Bytes,
		OldestPendingAt: s.Oldest, ConnectedAgents: u.keys.inUse(), SetAside: s.SetAside, NetworkStatus: u.link.network(),
	}
	h.NetworkStatus.Control = u.others.channelNow()
	if skew, known := u.client.clock.ahead(); known {
		ms := skew.Milliseconds()
		h.NetworkStatus.ClockOffsetMS = &ms
	}
	h.CPUUsage, h.MemoryUsage, h.DiskUsage = u.host.usage(ctx)
	for _, stream := range backlog.Streams {
		h.Streams = append(h.Streams, streamPosition{Stream: stream, Last: s.Last[stream], Pending: s.Waiting[stream]})
	}
	return h
}

// waitingAlerts are those to deliver; what concerns this gateway gets its id.
func (u *uplink) waitingAlerts(ctx context.Context) []alert.Alert {
	waiting, err := u.outbox.Undelivered(ctx)
	if err != nil {
		u.log.WarnContext(ctx, "the alerts cannot be read", "error", err)
		return nil
	}
	for i := range waiting {
		if waiting[i].Subject == subjectSelf {
			waiting[i].Subject = "gateway:" + u.card().GatewayID
		}
	}
	return waiting
}

// skewLimit is how far our clock may be off before somebody should set it.
const skewLimit = time.Minute

func (u *uplink) watchClock(ctx context.Context) {
	if skew, known := u.client.clock.ahead(); known && skew.Abs() > skewLimit {
		u.log.WarnContext(ctx, "this machine's clock is off", "ahead", skew.Round(time.Second))
	}
}

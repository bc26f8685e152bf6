package gateways

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/secret"
)

const (
	// keyGrace is how long the old key works on once the gateway has shown the new one, for what it has under way.
	keyGrace = time.Minute
	// maxVersion and maxName bound what gateways say of themselves, in bytes.
	maxVersion = 100
	maxName    = 64
	// maxStreams bounds those of one heartbeat.
	maxStreams = 16
)

// position is what a gateway says of one stream of its buffer.
type position struct {
	Stream string `json:"stream"`
	// Last is the newest position given out, Pending how many rows wait.
	Last    int64 `json:"last"`
	Pending int64 `json:"pending"`
}

// report is a gateway's heartbeat.
type report struct {
	// GatewayID is whom it says that it is of: the gateway's id or its serial, if anything.
	GatewayID       string
	Version         string
	Epoch           string
	SentAt          time.Time
	QueueDepth      int64
	BufferUsage     float64
	ConnectedAgents int64
	SetAside        int64
	CPU, Memory     *float64
	Disk            *float64
	Network         map[string]any
	Streams         []position
	Alerts          []alert.Alert
}

// heard is what a gateway gets back for its report.
type heard struct {
	at          time.Time
	alerts      []id.UUID
	keysVersion string
	newKey      string
}

// hear takes a report of the calling gateway: it is online, this is its state, these are its alerts. A gateway that
// still uses the key before gets the one that replaced it; hash is of the key it used.
func (s *service) hear(ctx context.Context, r report, hash string) (h heard, err error) {
	gatewayID, err := caller(ctx)
	if err != nil {
		return h, err
	}
	h.at = s.clock()
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		g, err := s.store.lock(ctx, tx, gatewayID, h.at)
		if err != nil {
			return err
		}
		if g.Status == revoked {
			return errKeyRefused
		}
		if r.GatewayID != "" && r.GatewayID != g.ID.String() && r.GatewayID != g.Serial {
			return gateway.ErrForeign
		}
		was := g.Status
		columns := g.hear(r, h.at)
		if hash != "" {
			h.newKey = s.healKey(&g, hash, h.at)
			columns = append(columns, "api_key", "previous_until")
		}
		if err := s.store.update(ctx, tx, &g, columns...); err != nil {
			return err
		}
		if err := s.told(ctx, tx, was, &g); err != nil {
			return err
		}
		return s.keep(ctx, tx, gatewayID, r, h.at)
	})
	if errors.Is(err, db.ErrNotFound) {
		return h, errKeyRefused.Wrap(err)
	}
	if err != nil {
		return h, err
	}
	if h.alerts, err = s.takeAlerts(ctx, r.Alerts); err != nil {
		return h, err
	}
	_, h.keysVersion, err = s.agentKeys(ctx)
	return h, err
}

// told tells others where a gateway is not any more what it was.
func (s *service) told(ctx context.Context, tx db.Tx, was string, g *gatewayRow) error {
	if was == g.Status || s.events == nil {
		return nil
	}
	return s.events.Publish(ctx, tx, g.changed())
}

// healKey gives a gateway that still uses the key before a new one, in place of the one that it never got; and ends the
// key before soon where the gateway has shown the new one: then the key before brings no other. hash is of the key that it
// used.
func (s *service) healKey(g *gatewayRow, hash string, now time.Time) (newKey string) {
	if g.lacksKey(hash, now) {
		return s.nextKey(g)
	}
	if last := now.Add(keyGrace); hash == g.KeyHash && g.PreviousUntil != nil && g.PreviousUntil.After(last) {
		g.PreviousUntil = &last
	}
	return ""
}

// nextKey makes the key that follows the one before: the same each time, until the next rotation. A gateway may be told of
// it in several answers at once, some of which are lost, and takes them in any order.
func (s *service) nextKey(g *gatewayRow) (key string) {
	bits, err := s.secret.Derive(fmt.Sprintf("gateway %s after %s until %d", g.ID, *g.PreviousHash, g.PreviousUntil.UnixMicro()))
	key = secret.Text(keyPrefix, bits)
	if err != nil { // there is no secret to make it of
		key = secret.New(keyPrefix)
	}
	g.KeyHash = secret.Hash(key)
	return key
}

// hear notes that the gateway is online, and names the columns that changed.
func (g *gatewayRow) hear(r report, now time.Time) []string {
	columns := []string{"last_seen_at"}
	g.LastSeenAt = &now
	if r.Version != "" {
		g.Version = short(r.Version, maxVersion)
		columns = append(columns, "version")
	}
	if g.Status != online {
		g.Status, g.StatusReason, g.StatusSince = online, "heartbeat", &now
		columns = append(columns, "status", "status_reason", "status_since")
	}
	if !r.SentAt.IsZero() {
		skew := r.SentAt.Sub(now).Milliseconds()
		g.ClockSkewMS = &skew
		columns = append(columns, "clock_skew_ms")
	}
	return columns
}

// keep writes the report down: as a snapshot, and how far each stream has been given out.
func (s *service) keep(ctx context.Context, tx db.Tx, gatewayID id.UUID, r report, now time.Time) error {
	snapshot := snapshotRow{
		ID: id.New(), GatewayID: gatewayID, Timestamp: now, CPUUsage: percent(r.CPU), DiskUsage: percent(r.Disk), MemoryUsage: percent(r.Memory),
		QueueDepth: max(r.QueueDepth, 0), BufferUsage: r.BufferUsage, ConnectedAgents: min(max(r.ConnectedAgents, 0), math.MaxInt32),
		SetAside: max(r.SetAside, 0), NetworkStatus: bounded(r.Network),
	}
	if err := s.store.addSnapshot(ctx, tx, &snapshot); err != nil {
		return err
	}
	// What is complete is complete by the gateway's clock, as are the times of its batches.
	until := now
	if !r.SentAt.IsZero() && r.SentAt.Before(now) {
		until = r.SentAt.UTC()
	}
	for _, p := range r.Streams[:min(len(r.Streams), maxStreams)] {
		if !isName(r.Epoch) || !isName(p.Stream) {
			continue
		}
		w := streamRow{GatewayID: gatewayID, Epoch: r.Epoch, Stream: p.Stream, UpdatedAt: now}
		if err := s.store.lockStream(ctx, tx, &w); err != nil {
			return err
		}
		w.Highest = max(w.Highest, p.Last)
		if p.Pending == 0 && w.Watermark >= p.Last { // all is stored and none waits
			w.completeTo(until)
		}
		if err := s.store.saveStream(ctx, tx, &w); err != nil {
			return err
		}
	}
	return nil
}

// maxNetwork bounds what a gateway says of its network, in bytes of JSON.
const maxNetwork = 4 << 10

// bounded is what was said, or nothing if that is too much to keep with every heartbeat.
func bounded(said map[string]any) map[string]any {
	if text, err := json.Marshal(said); err != nil || len(text) > maxNetwork {
		return nil
	}
	return said
}

// percent is a share that fits its column.
func percent(p *float64) *float64 {
	if p == nil {
		return nil
	}
	v := min(max(*p, 0), 100)
	return &v
}

// short cuts a text and leaves out what cannot be shown.
func short(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, text)
	return strings.ToValidUTF8(text[:min(len(text), limit)], "")
}

// isName reports whether a text can name an epoch or a stream.
func isName(text string) bool {
	return text != "" && len(text) <= maxName && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

// takeAlerts hands alerts on, each in a transaction of its owner; the gateway keeps those it is not told of. One that
// can never be kept is logged and taken for good, or the gateway would offer it for ever.
func (s *service) takeAlerts(ctx context.Context, alerts []alert.Alert) (taken []id.UUID, err error) {
	for _, a := range alerts {
		err := s.alerts.Raise(ctx, a)
		switch {
		case errors.Is(err, fault.ErrInvalid):
			s.log.WarnContext(ctx, "alert of a gateway refused", "error", err)
		case err != nil:
			return taken, fmt.Errorf("take the alert %s: %w", a.Kind, err)
		}
		taken = append(taken, a.ID)
	}
	return taken, nil
}

// agentKeys returns the agents' keys of the caller's organization and a version that changes with them.
func (s *service) agentKeys(ctx context.Context) (keys []identity.Key, version string, err error) {
	if keys, err = s.keys.AgentKeys(ctx); err != nil {
		return nil, "", err
	}
	b, err := json.Marshal(keys)
	return keys, secret.Hash(string(b))[:16], err
}

package gateways

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
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
	Version         string
	Epoch           string
	SentAt          time.Time
	QueueDepth      int64
	BufferUsage     float64
	ConnectedAgents int64
	CPU, Memory     *float64
	Disk            *float64
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
		g, err := s.store.gateway(ctx, tx, gatewayID)
		if err != nil {
			return err
		}
		if h.newKey, err = s.mark(ctx, tx, &g, r, hash, h.at); err != nil {
			return err
		}
		snapshot := snapshotRow{
			ID: id.New(), GatewayID: gatewayID, Timestamp: h.at, CPUUsage: r.CPU, DiskUsage: r.Disk, MemoryUsage: r.Memory,
			QueueDepth: r.QueueDepth, BufferUsage: r.BufferUsage, ConnectedAgents: r.ConnectedAgents,
		}
		if err := s.store.addSnapshot(ctx, tx, &snapshot); err != nil {
			return err
		}
		for _, p := range r.Streams {
			if err := s.hearPosition(ctx, tx, gatewayID, r.Epoch, p, h.at); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, db.ErrNotFound) {
		return h, errKeyRefused.Wrap(err)
	}
	if err != nil {
		return h, err
	}
	for _, a := range r.Alerts { // each is a transaction of its owner; the gateway keeps those it is not told of
		if err := s.alerts.Raise(ctx, a); err != nil {
			return h, fmt.Errorf("take the alert %s: %w", a.Kind, err)
		}
		h.alerts = append(h.alerts, a.ID)
	}
	_, h.keysVersion, err = s.agentKeys(ctx)
	return h, err
}

// mark notes that the gateway is online. If it still uses its old key it makes the one that it will use from now on.
func (s *service) mark(ctx context.Context, tx db.Tx, g *gatewayRow, r report, hash string, now time.Time) (newKey string, err error) {
	if g.Status != online {
		g.Status, g.StatusReason, g.StatusSince = online, "heartbeat", &now
	}
	skew := r.SentAt.Sub(now).Milliseconds()
	if !r.SentAt.IsZero() {
		g.ClockSkewMS = &skew
	}
	g.LastSeenAt, g.Version, g.UpdatedAt = &now, r.Version, now
	if g.PreviousHash != nil && *g.PreviousHash == hash {
		newKey = newSecret(keyPrefix)
		g.KeyHash = hashOf(newKey)
	}
	return newKey, s.store.update(ctx, tx, g, "status", "status_reason", "status_since", "clock_skew_ms", "last_seen_at", "version", "api_key")
}

// hearPosition notes how far a stream has been given out. Where all of it is stored and none waits, it is complete now.
func (s *service) hearPosition(ctx context.Context, tx db.Tx, gatewayID id.UUID, epoch string, p position, now time.Time) error {
	w := streamRow{GatewayID: gatewayID, Epoch: epoch, Stream: p.Stream, UpdatedAt: now}
	if err := s.store.lockStream(ctx, tx, &w); err != nil {
		return err
	}
	w.Highest = max(w.Highest, p.Last)
	if p.Pending == 0 && w.Watermark >= p.Last {
		w.CompleteUntil = &now
	}
	return s.store.saveStream(ctx, tx, &w)
}

// agentKeys returns the agents' keys of the caller's organization and a version that changes with them.
func (s *service) agentKeys(ctx context.Context) (keys []identity.Key, version string, err error) {
	if keys, err = s.keys.AgentKeys(ctx); err != nil {
		return nil, "", err
	}
	b, err := json.Marshal(keys)
	return keys, hashOf(string(b))[:16], err
}

// findSilent marks gateways offline that have not been heard of, each with an alert.
func (s *service) findSilent(ctx context.Context) error {
	before := s.clock().Add(-s.cfg.OfflineAfter)
	rows, err := s.store.silent(ctx, before)
	if err != nil {
		return err
	}
	for _, g := range rows {
		changed, err := s.store.goOffline(ctx, g.ID, before, s.clock(), "no_heartbeat")
		if err != nil {
			return err
		}
		if !changed {
			continue
		}
		err = s.alerts.Raise(organization(ctx, g.OrganizationID), alert.Alert{
			ID: id.Derive(g.OrganizationID, alert.GatewayOffline, g.ID.String(), g.LastSeenAt.UTC().String()), Kind: alert.GatewayOffline,
			Severity: alert.Critical, At: s.clock(), Subject: actorPrefix + g.ID.String(),
			Details: map[string]any{"serial": g.Serial, "lastSeenAt": g.LastSeenAt},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// findGaps raises an alert for each hole that is older than it should be.
func (s *service) findGaps(ctx context.Context) error {
	streams, ranges, err := s.store.streams(ctx, nil)
	if err != nil {
		return err
	}
	before := s.clock().Add(-s.cfg.GapAfter)
	for _, w := range streams {
		for _, g := range gapsOf(w.Watermark, runs(rangesOf(ranges, w))) {
			if g.since.After(before) {
				continue
			}
			err := s.alerts.Raise(organization(ctx, w.OrganizationID), alert.Alert{
				ID:   id.Derive(w.OrganizationID, alert.DataGap, w.GatewayID.String(), w.Epoch, w.Stream, fmt.Sprint(g.first)),
				Kind: alert.DataGap, Severity: alert.Critical, At: s.clock(), Subject: actorPrefix + w.GatewayID.String(),
				Details: map[string]any{"stream": w.Stream, "first": g.first, "last": g.last, "since": g.since},
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// organization narrows the system's actor to the one organization of what it has found.
func organization(ctx context.Context, organizationID int64) context.Context {
	a, _ := actor.From(ctx)
	return actor.With(ctx, a.In(organizationID))
}

// rangesOf are the stream's own ranges.
func rangesOf(all []rangeRow, w streamRow) []rangeRow {
	var own []rangeRow
	for _, r := range all {
		if r.GatewayID == w.GatewayID && r.Epoch == w.Epoch && r.Stream == w.Stream {
			own = append(own, r)
		}
	}
	return own
}

func runs(rows []rangeRow) []run {
	all := make([]run, len(rows))
	for i, r := range rows {
		all[i] = run{first: r.First, last: r.Last, state: r.State, reason: r.Reason, since: r.CreatedAt}
		if r.Until != nil {
			all[i].until = *r.Until
		}
	}
	return all
}

// forgetSnapshots deletes reports past their age.
func (s *service) forgetSnapshots(ctx context.Context) error {
	return s.store.forgetSnapshots(ctx, s.clock().AddDate(0, 0, -s.cfg.SnapshotsDays))
}

// sortedByFirst is the order in which runs are shown.
func sortedByFirst(g []gapResponse) {
	slices.SortFunc(g, func(a, b gapResponse) int { return int(a.First - b.First) })
}

package gateways

import (
	"context"
	"fmt"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/id"
)

// agentAway is how long an agent counts as online after it was last heard of.
const agentAway = 5 * time.Minute

// findSilent marks gateways offline that have not been heard of, each with an alert, and agents without one.
func (s *service) findSilent(ctx context.Context) error {
	now := s.clock()
	before := now.Add(-s.cfg.OfflineAfter)
	rows, err := s.store.silent(ctx, before)
	if err != nil {
		return err
	}
	for _, g := range rows {
		// First the alert: whoever is interrupted here finds the gateway again, and the alert is the same.
		err := s.alerts.Raise(organization(ctx, g.OrganizationID), alert.Alert{
			ID: id.Derive(g.OrganizationID, alert.GatewayOffline, g.ID.String(), g.LastSeenAt.UTC().String()), Kind: alert.GatewayOffline,
			Severity: alert.Critical, At: now, Subject: actorPrefix + g.ID.String(),
			Details: map[string]any{"serial": g.Serial, "lastSeenAt": g.LastSeenAt},
		})
		if err != nil {
			return err
		}
		if err := s.store.goOffline(ctx, g.ID, before, now); err != nil {
			return err
		}
	}
	return s.store.silenceAgents(ctx, now.Add(-agentAway))
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

// forgetSnapshots deletes reports past their age.
func (s *service) forgetSnapshots(ctx context.Context) error {
	return s.store.forgetSnapshots(ctx, s.clock().AddDate(0, 0, -s.cfg.SnapshotsDays))
}

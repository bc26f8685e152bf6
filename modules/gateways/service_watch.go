package gateways

import (
	"context"
	"fmt"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// agentAway is how long an agent counts as online after it was last heard of: twice as long as a quiet one is silent.
const agentAway = 10 * time.Minute

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
		g.Status, g.StatusReason, g.StatusSince, g.UpdatedAt = offline, "no_heartbeat", &now, now
		err = s.store.goOffline(ctx, g, before, func(ctx context.Context, tx db.Tx) error { return s.told(ctx, tx, online, &g) })
		if err != nil {
			return err
		}
	}
	return s.store.silenceAgents(ctx, now.Add(-agentAway))
}

// pageSize bounds what the searches look at in one transaction, maxGaps the gaps of a stream that are told of at once.
const (
	pageSize = 100
	maxGaps  = 100
)

// findGaps raises an alert for each hole that is older than it should be.
func (s *service) findGaps(ctx context.Context) error {
	var after streamRow
	for {
		page, err := s.store.incomplete(ctx, after, pageSize, maxGaps)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, w := range page {
			if err := s.reportGaps(ctx, w); err != nil {
				return err
			}
		}
		after = page[len(page)-1].streamRow
	}
}

func (s *service) reportGaps(ctx context.Context, w standing) error {
	before := s.clock().Add(-s.cfg.GapAfter)
	for _, g := range gapsOf(w.Watermark, runs(w.beyond)) {
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
	return nil
}

// findDropped raises an alert for what gateways dropped today or yesterday, one for each stream, reason and day.
func (s *service) findDropped(ctx context.Context) error {
	today := day(s.clock())
	for _, from := range []time.Time{today.AddDate(0, 0, -1), today} {
		var after lossKey
		for {
			page, err := s.store.losses(ctx, from, from.AddDate(0, 0, 1), after, pageSize)
			if err != nil {
				return err
			}
			if len(page) == 0 {
				break
			}
			for _, l := range page {
				if err := s.reportLoss(ctx, l, from); err != nil {
					return err
				}
			}
			after = page[len(page)-1].key()
		}
	}
	return nil
}

func (s *service) reportLoss(ctx context.Context, l lossRow, on time.Time) error {
	severity := alert.Critical
	if l.Reason == refused {
		severity = alert.Warning
	}
	return s.alerts.Raise(organization(ctx, l.OrganizationID), alert.Alert{
		ID:   id.Derive(l.OrganizationID, alert.DataDropped, l.GatewayID.String(), l.Epoch, l.Stream, l.Reason, on.Format(time.DateOnly)),
		Kind: alert.DataDropped, Severity: severity, At: s.clock(), Subject: actorPrefix + l.GatewayID.String(),
		Details: map[string]any{"stream": l.Stream, "reason": l.Reason, "count": l.Count, "first": l.First, "last": l.Last},
	})
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

// keepDropped is how many days what was dropped is shown.
const keepDropped = 30

// forgetDropped deletes dropped ranges past their age.
func (s *service) forgetDropped(ctx context.Context) error {
	return s.store.forgetDropped(ctx, s.clock().AddDate(0, 0, -keepDropped))
}

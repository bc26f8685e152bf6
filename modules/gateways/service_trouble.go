package gateways

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// Troubled returns the gateways that somebody has to look at; see gateway.Watch.
func (s *service) Troubled(ctx context.Context, since time.Time) ([]gateway.Trouble, error) {
	rows, err := s.store.gateways(ctx, db.MaxLimit, "")
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	ids := make([]id.UUID, len(rows))
	for i, g := range rows {
		ids[i] = g.ID
	}
	streams, err := s.store.streams(ctx, ids, 1)
	if err != nil {
		return nil, err
	}
	lost, err := s.lostSince(ctx, since)
	if err != nil {
		return nil, err
	}
	var list []gateway.Trouble
	for _, g := range rows {
		if t, is := s.trouble(g, streams, lost); is {
			list = append(list, t)
		}
	}
	return list, nil
}

// lostSince sums up what each gateway has dropped from the time on.
func (s *service) lostSince(ctx context.Context, since time.Time) (map[id.UUID]int64, error) {
	now, found := s.clock(), map[id.UUID]int64{}
	page, err := s.store.losses(ctx, since, now.Add(time.Minute), lossKey{}, db.MaxLimit)
	for _, l := range page {
		found[l.GatewayID] += l.Count
	}
	return found, err
}

func (s *service) trouble(g gatewayRow, streams []standing, lost map[id.UUID]int64) (t gateway.Trouble, is bool) {
	t = gateway.Trouble{ID: g.ID, Name: g.Name, Online: g.Status == online, Reason: g.StatusReason}
	if t.Name == "" {
		t.Name = g.Serial
	}
	if g.StatusSince != nil {
		t.Since = g.StatusSince.UTC()
	}
	switch g.Status {
	case revoked:
		return t, false
	case offline:
		return t, g.LastSeenAt != nil // one that has never come is not missed
	}
	before := s.clock().Add(-s.cfg.GapAfter)
	for _, w := range streams {
		if w.GatewayID != g.ID {
			continue
		}
		if holes := gapsOf(w.Watermark, runs(w.beyond)); len(holes) > 0 && holes[0].since.Before(before) {
			t.Reason, t.Missing, t.Since = gateway.ReasonGap, t.Missing+w.Holes, holes[0].since
		}
	}
	if n := lost[g.ID]; t.Missing == 0 && n > 0 {
		t.Reason, t.Missing, t.Since = gateway.ReasonDropped, n, time.Time{}
	}
	return t, t.Missing > 0
}

package gateways

import (
	"context"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// Advance moves the gateway's watermark over what was stored or dropped.
func (s *service) Advance(ctx context.Context, gatewayID id.UUID, d gateway.Delivery) error {
	now := s.clock()
	news := runsOf(d, now)
	if len(news) == 0 {
		return nil
	}
	return s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		w := streamRow{GatewayID: gatewayID, Epoch: d.Epoch, Stream: d.Stream, UpdatedAt: now}
		if err := s.store.lockStream(ctx, tx, &w); err != nil {
			return err
		}
		known, err := s.store.ranges(ctx, tx, &w)
		if err != nil {
			return err
		}
		at, until, beyond := advance(w.Watermark, append(runs(known), news...))
		for _, r := range news {
			w.Highest = max(w.Highest, r.last)
		}
		w.Watermark = at
		if w.CompleteUntil == nil || until.After(*w.CompleteUntil) {
			if !until.IsZero() {
				w.CompleteUntil = &until
			}
		}
		if err := s.store.saveStream(ctx, tx, &w); err != nil {
			return err
		}
		if len(known) == 0 && len(beyond) == 0 {
			return nil
		}
		return s.store.replaceRanges(ctx, tx, &w, rows(&w, beyond))
	})
}

func rows(w *streamRow, beyond []run) []rangeRow {
	all := make([]rangeRow, len(beyond))
	for i, r := range beyond {
		all[i] = rangeRow{
			GatewayID: w.GatewayID, Epoch: w.Epoch, Stream: w.Stream, First: r.first, Last: r.last,
			State: r.state, Reason: r.reason, CreatedAt: r.since,
		}
		all[i].OrganizationID = w.OrganizationID
		if !r.until.IsZero() {
			all[i].Until = &r.until
		}
	}
	return all
}

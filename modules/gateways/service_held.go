package gateways

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/pki/cert"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/id"
)

// Lost returns those of the gateways that are shut out, whose key is theirs no more, or whose certificate is not in
// force any more.
func (s *service) Lost(ctx context.Context, held []gateway.Caller) (lost []id.UUID, err error) {
	now := s.clock()
	ctx = actor.With(ctx, actor.System("gateway keys"))
	for part := range slices.Chunk(held, pageSize) {
		ids := make([]id.UUID, len(part))
		for i, c := range part {
			ids[i] = c.ID
		}
		rows, err := s.store.byIDs(ctx, ids)
		if err != nil {
			return nil, err
		}
		known := make(map[id.UUID]gatewayRow, len(rows))
		for _, g := range rows {
			known[g.ID] = g
		}
		for _, c := range part {
			if g, ok := known[c.ID]; !ok || !s.stillHolds(g, c, now) {
				lost = append(lost, c.ID)
			}
		}
	}
	return lost, nil
}

// stillHolds reports whether what the gateway has come with would let it in now.
func (s *service) stillHolds(g gatewayRow, c gateway.Caller, now time.Time) bool {
	if _, _, err := s.verifier.Presented(c.Shown); errors.Is(err, cert.ErrRefused) {
		return false
	}
	return g.holds(c.Key, now)
}

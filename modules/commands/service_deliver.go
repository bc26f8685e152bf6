package commands

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/event"
	"github.com/staff-control/staff-control/platform/id"
)

// holding is a socket that this process has, as the database is to know it.
type holding struct {
	gatewayID, socketID id.UUID
	organizationID      int64
	since               time.Time
}

// round is what one look at the queues of some gateways brings.
type round struct {
	deliver  []commandRow // have been claimed and go down their sockets
	replaced []id.UUID    // sockets whose gateways have newer ones elsewhere
	again    []id.UUID    // gateways to be looked at once more
	ended    []commandRow
}

// hold makes sockets the newest of their gateways: at most one of each.
func (s *service) hold(ctx context.Context, processID id.UUID, held []holding) error {
	ctx = actor.With(ctx, actor.System("control channel"))
	inOrder(held)
	rows := make([]socketRow, len(held))
	for i, h := range held {
		rows[i] = socketRow{GatewayID: h.gatewayID, ID: h.socketID, ProcessID: processID, Since: h.since}
		rows[i].OrganizationID = h.organizationID
	}
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		before, err := s.store.holders(ctx, tx, gatewaysOf(held))
		if err != nil {
			return err
		}
		for _, row := range rows {
			if there, was := before[row.GatewayID]; !was || there.ProcessID == processID {
				continue // nobody else holds one
			}
			change := event.Change{Name: changeSocket, OrganizationID: row.OrganizationID, ID: row.GatewayID.String()}
			if err := s.events.Notify(ctx, tx, change); err != nil {
				return err
			}
		}
		return s.store.hold(ctx, tx, rows)
	})
	if err != nil {
		return fmt.Errorf("hold sockets: %w", err)
	}
	return nil
}

// inOrder puts sockets into the one order in which all processes lock their rows.
func inOrder(held []holding) {
	slices.SortFunc(held, func(a, b holding) int { return slices.Compare(a.gatewayID[:], b.gatewayID[:]) })
}

func gatewaysOf(held []holding) []id.UUID {
	ids := make([]id.UUID, len(held))
	for i, h := range held {
		ids[i] = h.gatewayID
	}
	return ids
}

// look claims what is due for the gateways of the sockets: of each the one command that is next. The whole is one
// transaction, and a socket whose gateway has a newer one claims nothing.
func (s *service) look(ctx context.Context, held []holding) (r round, err error) {
	ctx = actor.With(ctx, actor.System("control channel"))
	inOrder(held)
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		r = round{}
		newest, err := s.store.holders(ctx, tx, gatewaysOf(held))
		if err != nil {
			return err
		}
		mine := map[id.UUID]id.UUID{}
		for _, h := range held {
			if newest[h.gatewayID].ID == h.socketID {
				mine[h.gatewayID] = h.socketID
			} else {
				r.replaced = append(r.replaced, h.socketID)
			}
		}
		return s.claim(ctx, tx, mine, &r)
	})
	if errors.Is(err, db.ErrConflict) { // another process claimed one of them at the same moment
		return round{again: gatewaysOf(held)}, nil
	}
	if err != nil {
		return round{}, fmt.Errorf("look for commands: %w", err)
	}
	s.metrics.end(r.ended...)
	return r, nil
}

func (s *service) claim(ctx context.Context, tx db.Tx, mine map[id.UUID]id.UUID, r *round) error {
	if len(mine) == 0 {
		return nil
	}
	gateways := make([]id.UUID, 0, len(mine))
	for g := range mine {
		gateways = append(gateways, g)
	}
	heads, err := s.store.heads(ctx, tx, gateways)
	if err != nil {
		return err
	}
	slices.SortFunc(heads, func(a, b commandRow) int { return slices.Compare(a.ID[:], b.ID[:]) })
	for _, row := range heads {
		if err := s.settle(ctx, tx, row, mine[row.GatewayID], r); err != nil {
			return err
		}
	}
	return nil
}

// settle does with the next command of a gateway what is to be done now.
func (s *service) settle(ctx context.Context, tx db.Tx, row commandRow, socketID id.UUID, r *round) error {
	now := s.clock()
	switch judge(row, socketID, now) {
	case deliver:
		s.prepare(&row, socketID, now)
		claimed, err := s.store.claim(ctx, tx, &row)
		if claimed {
			r.deliver = append(r.deliver, row)
			return err
		}
		r.again = append(r.again, row.GatewayID)
		return err
	case expire:
		return s.give(ctx, tx, row, command.Expired, codeExpired, r)
	case giveUp:
		return s.give(ctx, tx, row, command.Failed, codeNoAnswer, r)
	}
	return nil
}

// give ends a command that the gateway has not answered; the next one may be due.
func (s *service) give(ctx context.Context, tx db.Tx, row commandRow, status command.Status, code string, r *round) error {
	now := s.clock()
	row.Status, row.Code, row.EndedAt = status, code, &now
	done, err := s.finish(ctx, tx, &row, unfinished...)
	if done {
		r.ended = append(r.ended, row)
	}
	r.again = append(r.again, row.GatewayID)
	return err
}

// verdict is what is to be done with the next command of a gateway.
type verdict int

const (
	wait verdict = iota
	deliver
	expire
	giveUp
)

// judge decides about the next command of a gateway that is connected through the socket. What went through another
// socket was cut off, and goes again at once.
func judge(c commandRow, socketID id.UUID, now time.Time) verdict {
	sent := c.Status == command.Sent
	here := sent && c.SocketID != nil && *c.SocketID == socketID
	switch {
	case here && now.Before(c.DueAt):
		return wait
	case !now.Before(c.ExpiresAt) && sent && now.Before(c.DueAt):
		return wait // it may have been done in time, and its answer be on its way
	case !now.Before(c.ExpiresAt):
		return expire
	case here && c.Attempts >= c.MaxAttempts:
		return giveUp
	}
	return deliver
}

// prepare writes into the row that it is delivered now. A delivery that a socket's end cut off does not count as an
// attempt: the gateway had no time to answer.
func (s *service) prepare(c *commandRow, socketID id.UUID, now time.Time) {
	if c.Attempts == 0 || c.SocketID != nil && *c.SocketID == socketID {
		c.Attempts++
	}
	c.Deliveries++
	c.Status, c.SocketID, c.SentAt, c.DueAt = command.Sent, &socketID, &now, now.Add(s.lease(*c))
}

// maxLease bounds how long an answer is waited for.
const maxLease = 2 * time.Hour

// lease is how long the gateway may take to answer: twice as long with each attempt, and up to a quarter more, so that
// not all gateways are asked again at once.
func (s *service) lease(c commandRow) time.Duration {
	d := s.cfg.Lease << min(cmp.Or(c.Attempts, 1)-1, 10)
	switch c.Type {
	case command.Update:
		d *= 10
	case command.CollectDiagnostics:
		d *= 4
	}
	d = min(d, maxLease)
	return d + time.Duration(s.jitter()*float64(d)/4)
}

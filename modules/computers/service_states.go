package computers

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// contact is how the server hears of computers now.
func (s *service) contact(ctx context.Context) contact {
	c := contact{at: s.clock(), silence: s.cfg.OfflineAfter}
	a, _ := actor.From(ctx)
	if text, isGateway := strings.CutPrefix(a.ID, "gateway:"); isGateway {
		if g, err := id.Parse(text); err == nil {
			c.gateway = &g
		}
	}
	return c
}

// usersOn returns the Windows users of computers that the actor may see.
func (s *service) usersOn(ctx context.Context, computerIDs []int64) (map[int64][]userOn, error) {
	v, err := s.look(ctx)
	if err != nil || len(computerIDs) == 0 {
		return nil, err
	}
	return s.store.usersOn(ctx, computerIDs, v)
}

// Report keeps what agents told of themselves. What is older than the history, or of no time at all, is left out.
func (s *service) Report(ctx context.Context, told []computer.Told) error {
	a, ok := actor.From(ctx)
	if !ok {
		return db.ErrNoActor
	}
	c := s.contact(ctx)
	oldest := c.at.AddDate(0, 0, -s.cfg.HistoryDays)
	var rows []toldRow
	for _, t := range told {
		if t.UID = tidy(t.UID); t.UID != "" && db.KeepsTime(t.At) && t.At.After(oldest) {
			rows = append(rows, newTold(a.OrganizationID, t, c.at))
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return s.store.report(ctx, rows, c)
}

// newTold is the row of what was told. What a clock that is fast dates after now is of now: it must not outweigh for
// days what comes later.
func newTold(organizationID int64, t computer.Told, now time.Time) toldRow {
	at := t.At.UTC().Truncate(time.Microsecond)
	since := t.Since.UTC().Truncate(time.Microsecond)
	if since.IsZero() || since.After(at) || t.Stopped {
		since = at
	}
	r := toldRow{tidy(t.UID), stateRow{
		State: online, Reason: "", Detail: "", Version: tidy(t.Version), Address: tidy(t.Address),
	}}
	if t.Stopped {
		r.State, r.Reason, r.Detail = offline, tidy(t.Reason), tidy(t.Detail)
	}
	r.OrganizationID = organizationID
	r.identify(since)
	r.At, r.Until = earlier(since, now), earlier(at, now)
	return r
}

// identify makes the row's id of what was told and of when, which is another time than At if a clock was fast.
func (r *toldRow) identify(since time.Time) {
	r.ID = id.Derive(r.OrganizationID, "computer_state", r.uid, since.Format(time.RFC3339Nano), r.State, r.Reason, r.Detail, r.Version, r.Address)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// pageSize bounds what the search for silent computers looks at in one transaction.
const pageSize = 500

// findSilent makes computers offline that have not been heard of, and says whether it is their gateway that is silent.
func (s *service) findSilent(ctx context.Context) error {
	c := contact{at: s.clock(), silence: s.cfg.OfflineAfter}
	var after int64
	for {
		page, err := s.store.silent(ctx, c.at.Add(-c.silence), after, pageSize)
		if err != nil || len(page) == 0 {
			return errors.Join(err, s.clearGateways(ctx, c))
		}
		gateways, err := s.gateways.ByIDs(ctx, gatewaysOf(page))
		if err != nil {
			return err
		}
		for _, r := range page {
			reason := noContact
			if r.GatewayID != nil && blamed(gateways[*r.GatewayID], *r.LastSeenAt, c.silence) {
				reason = gatewayOffline
			}
			if err := s.store.lose(ctx, r.ID, reason, c); err != nil && !errors.Is(err, db.ErrNotFound) {
				return err
			}
		}
		after = page[len(page)-1].ID
	}
}

// blamed reports whether the computer is silent because its gateway is: the gateway went away before the computer
// can have been missed.
func blamed(g gateway.Gateway, heard time.Time, silence time.Duration) bool {
	return !g.Online && g.LastSeenAt.Before(heard.Add(silence))
}

func gatewaysOf(rows []computerRow) (ids []id.UUID) {
	for _, r := range rows {
		if r.GatewayID != nil && !slices.Contains(ids, *r.GatewayID) {
			ids = append(ids, *r.GatewayID)
		}
	}
	return ids
}

// clearGateways says of computers that are still silent though their gateway is back that it is not the gateway.
// It waits as long as a computer may be silent, in which the gateway delivers what it has.
func (s *service) clearGateways(ctx context.Context, c contact) error {
	ids, err := s.store.gatewaysBlamed(ctx)
	if err != nil {
		return err
	}
	gateways, err := s.gateways.ByIDs(ctx, ids)
	if err != nil {
		return err
	}
	back := slices.DeleteFunc(ids, func(i id.UUID) bool {
		g := gateways[i]
		return !g.Online || c.at.Sub(g.Since) <= c.silence
	})
	if len(back) == 0 {
		return nil
	}
	return s.store.clearGateways(ctx, back, c.at)
}

// forgetStates deletes history past its age.
func (s *service) forgetStates(ctx context.Context) error {
	n, err := s.store.forgetStates(ctx, s.clock().AddDate(0, 0, -s.cfg.HistoryDays))
	if n > 0 {
		s.log.InfoContext(ctx, "old states of computers deleted", "rows", n)
	}
	return err
}

// history returns the turns of a computer that the actor may see, the oldest first.
func (s *service) history(ctx context.Context, computerID int64) ([]turn, error) {
	r, err := s.byID(ctx, computerID, "computers.states")
	if err != nil {
		return nil, err
	}
	var rows []stateRow
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		rows, err = s.store.states(ctx, tx, r, historyRows)
		return err
	})
	t := newTimeline(rows, s.cfg.OfflineAfter)
	if t.online && r.lost() {
		t.turn(turn{At: r.StateSince.UTC(), State: offline, Reason: r.StateReason, Version: t.version})
	}
	return t.turns, err
}

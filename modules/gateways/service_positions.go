package gateways

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

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
	if !isName(d.Epoch) || !isName(d.Stream) {
		return errPosition
	}
	agents, err := s.newlySeen(ctx, gatewayID, d, now)
	if err != nil {
		return err
	}
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		w := streamRow{GatewayID: gatewayID, Epoch: d.Epoch, Stream: d.Stream, UpdatedAt: now}
		if err := s.store.lockStream(ctx, tx, &w); err != nil {
			return err
		}
		if err := s.advance(ctx, tx, &w, news); err != nil || len(agents) == 0 {
			return err
		}
		return s.store.seeAgents(ctx, tx, agents)
	})
	if err == nil {
		s.rememberAgents(agents)
	}
	return err
}

// advance moves one stream, whose row is held.
func (s *service) advance(ctx context.Context, tx db.Tx, w *streamRow, news []run) error {
	known, err := s.store.ranges(ctx, tx, w)
	if err != nil {
		return err
	}
	for _, r := range news {
		w.Highest = max(w.Highest, r.last)
	}
	before := w.Watermark
	a := advance(before, append(runs(known), news...)).giveUp(maxRuns, w.UpdatedAt)
	w.Watermark, w.Holes = a.watermark, int64(len(gapsOf(a.watermark, a.beyond)))
	if !a.until.IsZero() {
		w.completeTo(a.until)
	}
	if err := s.store.saveStream(ctx, tx, w); err != nil {
		return err
	}
	if len(a.lost) == 0 {
		return s.store.changeRanges(ctx, tx, w, changesOf(known, rows(w, a.beyond)))
	}
	last, err := s.store.lost(ctx, tx, w, before, 1)
	if err != nil {
		return err
	}
	lost := runs(last)
	for _, r := range a.lost {
		lost = join(lost, r)
	}
	lost = lost[max(0, len(lost)-maxRuns):]
	c := changesOf(slices.Concat(last, known), rows(w, slices.Concat(lost, a.beyond)))
	if err := s.store.changeRanges(ctx, tx, w, c); err != nil {
		return err
	}
	return s.store.forgetFirstLost(ctx, tx, w, maxRuns)
}

// changes are what makes of the ranges that are kept those that should be.
type changes struct {
	gone []int64 // by their first positions
	news []rangeRow
}

// changesOf compares ranges of one stream, of which no two begin alike.
func changesOf(known, wanted []rangeRow) (c changes) {
	kept := make(map[int64]rangeRow, len(known))
	for _, r := range known {
		kept[r.First] = r
	}
	for _, r := range wanted {
		if k, ok := kept[r.First]; ok && k.same(r) {
			delete(kept, r.First)
			continue
		}
		c.news = append(c.news, r)
	}
	for first := range kept {
		c.gone = append(c.gone, first)
	}
	return c
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

const (
	// agentFreshness is how old the stored time of an agent's last report may get.
	agentFreshness = time.Minute
	// maxAgents bounds the agents kept in memory; past it all are forgotten and learned anew.
	maxAgents = 50_000
)

type agentKey struct {
	gatewayID id.UUID
	uid       string
}

// newlySeen are the rows of agents that reported through the gateway, in order, without those that were stored lately,
// with the names that their computers have.
func (s *service) newlySeen(ctx context.Context, gatewayID id.UUID, d gateway.Delivery, now time.Time) ([]agentRow, error) {
	rows := s.notRemembered(gatewayID, d.Agents, now)
	if len(rows) == 0 || d.Names == nil {
		return rows, nil
	}
	news := make([]string, len(rows))
	for i, r := range rows {
		news[i] = r.UID
	}
	names, err := d.Names.NamesOf(ctx, news)
	if err != nil {
		return nil, fmt.Errorf("names of the agents' computers: %w", err)
	}
	for i := range rows {
		if name, ok := names[rows[i].UID]; ok {
			rows[i].Computer = &name
		}
	}
	return rows, nil
}

func (s *service) notRemembered(gatewayID id.UUID, uids []string, now time.Time) []agentRow {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := make([]string, len(uids))
	for i, uid := range uids {
		names[i] = short(uid, maxText)
	}
	slices.Sort(names)
	var rows []agentRow
	for _, uid := range slices.Compact(names) {
		if last, known := s.agents[agentKey{gatewayID, uid}]; uid == "" || known && now.Sub(last) < agentFreshness {
			continue
		}
		uid = strings.Clone(uid) // it is remembered longer than the batch whose text it is part of
		rows = append(rows, agentRow{ID: id.New(), GatewayID: gatewayID, UID: uid, Status: online, LastSeenAt: now, CreatedAt: now})
	}
	return rows
}

func (s *service) rememberAgents(rows []agentRow) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.agents)+len(rows) > maxAgents {
		clear(s.agents)
	}
	for _, r := range rows {
		s.agents[agentKey{r.GatewayID, r.UID}] = r.LastSeenAt
	}
}

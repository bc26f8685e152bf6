package policy

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/event"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
)

// Orders of this module, as they are named to the outbox.
const (
	orderedBy      = "policy"
	bundleOrder    = "bundle"
	restartOrder   = "policy restart"
	codeQueueFull  = "queue_full"
	restartBecause = "policy"
)

// place is where a gateway stands among all in a roll-out: the same each time, and another in each roll-out.
func place(rolloutID, gatewayID id.UUID) uint64 {
	sum := sha256.Sum256(append(rolloutID[:], gatewayID[:]...))
	return binary.BigEndian.Uint64(sum[:8])
}

// within reports whether a gateway is in the first so many percent of a roll-out.
func within(rolloutID, gatewayID id.UUID, percent int64) bool {
	return int64(place(rolloutID, gatewayID)%100) < percent
}

// members are the gateways in the first so many percent of a roll-out: at least one, if there is one.
func members(rolloutID id.UUID, percent int64, fleet []gateway.Gateway) (in []gateway.Gateway) {
	for _, g := range fleet {
		if within(rolloutID, g.ID, percent) {
			in = append(in, g)
		}
	}
	if len(in) == 0 && len(fleet) > 0 {
		in = append(in, slices.MinFunc(fleet, func(a, b gateway.Gateway) int {
			x, y := place(rolloutID, a.ID), place(rolloutID, b.ID)
			switch {
			case x < y:
				return -1
			case x > y:
				return 1
			}
			return bytes.Compare(a.ID[:], b.ID[:])
		}))
	}
	return in
}

// release is a version to be made, and how it is brought to the gateways.
type release struct {
	content           rule.Policy
	kind              string
	patch             json.RawMessage
	restart, rollback bool
	stage
}

// release makes a version of a policy, in force for as many gateways as it says, and keeps the row.
func (s *service) release(ctx context.Context, tx db.Tx, row *policyRow, r release, fleet []gateway.Gateway) (v versionRow, err error) {
	text, sum, err := textOf(r.content)
	if err != nil {
		return v, err
	}
	now, by := s.clock(), tx.Actor().ID
	v = versionRow{
		Owned: row.Owned, ID: id.New(), PolicyID: row.ID, Version: decimal(row.Latest + 1), Checksum: sum, Content: text,
		RequiresRestart: r.restart, ReleasedAt: now, ReleasedBy: by,
	}
	if err := s.store.addVersion(ctx, tx, &v); err != nil {
		return v, err
	}
	if _, err := s.end(ctx, tx, row.ID, superseded, ""); err != nil {
		return v, err
	}
	out := rolloutRow{
		Owned: row.Owned, ID: id.New(), PolicyID: row.ID, Version: row.Latest + 1, Previous: row.Released, State: running,
		Percent: r.Percent, Step: r.Step, Every: r.EveryMinutes, IsRollback: r.rollback, StartedAt: now, StartedBy: by,
	}
	out.plan(now)
	if err := s.store.addRollout(ctx, tx, &out); err != nil {
		return v, err
	}
	row.Latest++
	row.Revision++
	if out.Percent == 100 {
		row.Released = row.Latest
	}
	if err := s.store.update(ctx, tx, row); err != nil {
		return v, err
	}
	err = s.store.addChange(ctx, tx, &changeRow{
		Owned: row.Owned, ID: id.New(), PolicyID: row.ID, VersionID: v.ID, ChangedBy: by, Changeset: r.patch, Type: r.kind, CreatedAt: now,
	})
	if err != nil {
		return v, err
	}
	return v, s.spread(ctx, tx, &out, v, fleet)
}

// plan says when the roll-out goes on by itself.
func (r *rolloutRow) plan(now time.Time) {
	r.NextAt = nil
	if r.Step > 0 && r.Percent < 100 {
		at := now.Add(time.Duration(r.Every) * time.Minute)
		r.NextAt = &at
	}
}

// spread orders the gateways that a roll-out has come to, and has not reached yet, to fetch its version.
func (s *service) spread(ctx context.Context, tx db.Tx, r *rolloutRow, v versionRow, fleet []gateway.Gateway) error {
	had, err := s.store.reached(ctx, tx, r.ID)
	if err != nil {
		return err
	}
	fresh := slices.DeleteFunc(members(r.ID, r.Percent, fleet), func(g gateway.Gateway) bool {
		return slices.ContainsFunc(had, func(h reachedRow) bool { return h.GatewayID == g.ID })
	})
	ordered, err := s.order(ctx, tx, func(gateway.Gateway) command.PolicyPayload { return payloadOf(v) }, fresh)
	if err != nil {
		return err
	}
	now := s.clock()
	var rows []reachedRow
	for gatewayID, commandID := range ordered {
		row := reachedRow{
			Owned: r.Owned, RolloutID: r.ID, GatewayID: gatewayID, CommandID: commandID, State: waiting, Restart: v.RequiresRestart, OrderedAt: now,
		}
		if commandID == id.Nil {
			row.State, row.Code, row.AnsweredAt = string(command.Failed), codeQueueFull, &now
		}
		rows = append(rows, row)
	}
	if err := s.store.reach(ctx, tx, rows); err != nil {
		return err
	}
	if err := s.conclude(ctx, tx, r, append(had, rows...)); err != nil {
		return err
	}
	return s.bump(ctx, tx)
}

func payloadOf(v versionRow) command.PolicyPayload {
	return command.PolicyPayload{PolicyID: v.PolicyID, Version: v.Version, Checksum: v.Checksum, RequiresRestart: v.RequiresRestart}
}

// order has gateways fetch their bundles. It takes the place of such orders that wait, and what waited for their answers
// waits for its own. A gateway whose queue is full has no order.
func (s *service) order(ctx context.Context, tx db.Tx, payload func(gateway.Gateway) command.PolicyPayload, fleet []gateway.Gateway) (map[id.UUID]id.UUID, error) {
	rows, err := s.store.unanswered(ctx, tx)
	if err != nil {
		return nil, err
	}
	owed := map[id.UUID]bool{}
	for _, r := range rows {
		owed[r.GatewayID] = true
	}
	ordered := make(map[id.UUID]id.UUID, len(fleet))
	for _, g := range fleet {
		commandID, err := s.outbox.Order(ctx, tx, command.Order{
			OrganizationID: tx.Actor().OrganizationID, GatewayID: g.ID, Type: command.PolicyUpdate, Payload: payload(g), Replaces: bundleOrder, By: orderedBy,
		})
		switch {
		case errors.Is(err, command.ErrQueueFull):
			commandID = id.Nil
		case err != nil:
			return nil, fmt.Errorf("order gateway %s to fetch its policies: %w", g.ID, err)
		case owed[g.ID]:
			if err := s.store.await(ctx, tx, g.ID, commandID); err != nil {
				return nil, err
			}
		}
		ordered[g.ID] = commandID
	}
	return ordered, nil
}

// bump makes other bundles than before of the organization known to all who keep them.
func (s *service) bump(ctx context.Context, tx db.Tx) error {
	row, err := s.store.bundle(ctx, tx)
	if err != nil {
		return err
	}
	row.OrganizationID = tx.Actor().OrganizationID
	return s.told(ctx, tx, row)
}

// told keeps which bundle is the newest.
func (s *service) told(ctx context.Context, tx db.Tx, row bundleRow) error {
	row.Generation++
	row.UpdatedAt = s.clock()
	if err := s.store.putBundle(ctx, tx, &row); err != nil {
		return err
	}
	return s.events.Notify(ctx, tx, event.Change{Name: changed, OrganizationID: row.OrganizationID})
}

// end ends the roll-out of a policy that is under way, if there is one.
func (s *service) end(ctx context.Context, tx db.Tx, policyID int64, state, reason string) (r rolloutRow, err error) {
	r, err = s.store.runningOf(ctx, tx, policyID)
	if errors.Is(err, db.ErrNotFound) {
		return r, nil
	}
	if err != nil {
		return r, err
	}
	return r, s.close(ctx, tx, &r, state, reason)
}

func (s *service) close(ctx context.Context, tx db.Tx, r *rolloutRow, state, reason string) error {
	now := s.clock()
	r.State, r.Reason, r.EndedAt, r.EndedBy, r.NextAt = state, reason, &now, tx.Actor().ID, nil
	return s.store.changeRollout(ctx, tx, r, "state", "reason", "ended_at", "ended_by", "next_at")
}

// conclude finishes a roll-out that has reached all gateways, and all of them have answered or will not.
func (s *service) conclude(ctx context.Context, tx db.Tx, r *rolloutRow, reached []reachedRow) error {
	if r.Percent < 100 || slices.ContainsFunc(reached, func(t reachedRow) bool { return t.State == waiting }) {
		return nil
	}
	return s.close(ctx, tx, r, finished, "")
}

// advance brings a version to more gateways.
func (s *service) advance(ctx context.Context, policyID, percent int64) (r rolloutRow, err error) {
	ctx, _, err = s.enter(ctx, "rollout_advance", policyID)
	if err != nil {
		return r, err
	}
	fleet, err := s.fleet.InUse(ctx)
	if err != nil {
		return r, err
	}
	err = s.change(ctx, func(ctx context.Context, tx db.Tx) error {
		if r, err = s.store.runningOf(ctx, tx, policyID); errors.Is(err, db.ErrNotFound) {
			return errNoRollout.Wrap(err)
		}
		if err != nil {
			return err
		}
		if percent <= r.Percent {
			var f fault.Fields
			f.Add("percent", "below_min", fault.Params{"Min": r.Percent + 1})
			return f.Err()
		}
		return s.advanced(ctx, tx, &r, percent, fleet)
	})
	return r, err
}

func (s *service) advanced(ctx context.Context, tx db.Tx, r *rolloutRow, percent int64, fleet []gateway.Gateway) error {
	row, err := s.again(ctx, tx, r.PolicyID)
	if err != nil {
		return err
	}
	v, err := s.store.version(ctx, tx, r.PolicyID, r.Version)
	if err != nil {
		return err
	}
	before := r.Percent
	r.Percent = percent
	r.plan(s.clock())
	if err := s.store.changeRollout(ctx, tx, r, "percent", "next_at"); err != nil {
		return err
	}
	if percent == 100 {
		row.Released = r.Version
		if err := s.store.update(ctx, tx, &row); err != nil {
			return err
		}
	}
	type reach struct {
		Version string `json:"version"`
		Percent int64  `json:"percent"`
	}
	err = s.written(ctx, tx, entry("policy.rollout_advanced", r.PolicyID, reach{v.Version, before}, reach{v.Version, percent}))
	if err != nil {
		return err
	}
	return s.spread(ctx, tx, r, v, fleet)
}

// stop ends the roll-out of a policy, and brings back what was in force before.
func (s *service) stop(ctx context.Context, policyID int64) (r rolloutRow, err error) {
	ctx, _, err = s.enter(ctx, "rollout_stop", policyID)
	if err != nil {
		return r, err
	}
	fleet, err := s.fleet.InUse(ctx)
	if err != nil {
		return r, err
	}
	err = s.change(ctx, func(ctx context.Context, tx db.Tx) error {
		if r, err = s.store.runningOf(ctx, tx, policyID); errors.Is(err, db.ErrNotFound) {
			return errNoRollout.Wrap(err)
		}
		if err != nil {
			return err
		}
		return s.stopped(ctx, tx, &r, byHand, nil, fleet)
	})
	return r, err
}

// stopRecord is what the audit keeps of a roll-out that was stopped.
type stopRecord struct {
	Rollout    id.UUID `json:"rollout"`
	Version    int64   `json:"version"`
	RolledBack int64   `json:"rolledBackTo,omitempty"`
	Reason     string  `json:"reason"`
	Answers    any     `json:"answers,omitempty"`
}

// stopped ends a roll-out and releases what was in force before it as a new version, for all. The first version of a
// policy has nothing before it, and stays.
func (s *service) stopped(ctx context.Context, tx db.Tx, r *rolloutRow, reason string, answers any, fleet []gateway.Gateway) error {
	if err := s.close(ctx, tx, r, stopped, reason); err != nil {
		return err
	}
	record := stopRecord{Rollout: r.ID, Version: r.Version, RolledBack: r.Previous, Reason: reason, Answers: answers}
	if err := s.written(ctx, tx, entry("policy.rollout_stopped", r.PolicyID, nil, record)); err != nil || r.Previous == 0 {
		return err
	}
	row, err := s.again(ctx, tx, r.PolicyID)
	if err != nil {
		return err
	}
	in, e, err := s.back(ctx, tx, &row, r.Previous)
	if err != nil {
		return err
	}
	return s.edited(ctx, tx, &row, in, e, fleet)
}

// goOn brings on the roll-outs whose time has come.
func (s *service) goOn(ctx context.Context) error {
	due, err := s.store.due(ctx, s.clock())
	if err != nil {
		return err
	}
	var errs []error
	for _, r := range due {
		_, err := s.advance(narrow(ctx, r.OrganizationID), r.PolicyID, min(r.Percent+r.Step, 100))
		if err != nil && fault.Of(err).Kind == fault.Internal { // else somebody was faster
			errs = append(errs, fmt.Errorf("roll-out %s: %w", r.ID, err))
		}
	}
	return errors.Join(errs...)
}

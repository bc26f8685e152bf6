package policy

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// answers counts what gateways answered.
type answers struct {
	Reached   int `json:"reached"`
	Waiting   int `json:"waiting"`
	Completed int `json:"completed"`
	Failed    int `json:"failed"`
	Expired   int `json:"expired"`
	Cancelled int `json:"cancelled"`
}

func answersOf(rows []reachedRow) (a answers) {
	for _, r := range rows {
		a.Reached++
		switch r.State {
		case waiting:
			a.Waiting++
		case string(command.Completed):
			a.Completed++
		case string(command.Failed):
			a.Failed++
		case string(command.Expired):
			a.Expired++
		default:
			a.Cancelled++
		}
	}
	return a
}

// tooBad reports whether too many of the answers are failures.
func (c *Config) tooBad(a answers) bool {
	given := int64(a.Completed + a.Failed)
	return given >= min(c.LeastAnswers, int64(a.Reached)) && int64(a.Failed)*100 > given*c.FailurePercent
}

// ended takes the end of an order to a gateway: agents have the policy, or have to restart for it, or the roll-out is
// stopped. It may be told twice.
func (s *service) ended(ctx context.Context, e command.Ended) error {
	if e.Type != command.PolicyUpdate {
		return nil
	}
	ctx = system(ctx, e.OrganizationID)
	s.metrics.distributed(string(e.Status), e.At.Sub(orderedAt(e.ID)))
	if e.Status == command.Completed {
		if err := s.applied(ctx, e); err != nil {
			return err
		}
	}
	stops, err := s.answer(ctx, e, nil)
	if errors.Is(err, errGoesBack) {
		fleet, unread := s.fleet.InUse(ctx)
		if unread != nil {
			return unread
		}
		stops, err = s.answer(ctx, e, append([]gateway.Gateway{}, fleet...)) // of none, but known
	}
	if err != nil {
		return err
	}
	s.metrics.stopped.Add(float64(stops))
	return s.alarm(ctx, e.ID)
}

// errGoesBack says that an answer stops a roll-out, for which the gateways in use have to be known. Few answers do, and the
// gateways are many: so they are read once it is certain.
var errGoesBack = errors.New("the roll-out goes back, and it is not known to which gateways")

// answer settles in a transaction of its own. The fleet is nil if it is not known.
func (s *service) answer(ctx context.Context, e command.Ended, fleet []gateway.Gateway) (stops int, err error) {
	err = s.change(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		stops, err = s.settle(ctx, tx, e, fleet)
		return err
	})
	return stops, err
}

// orderedAt is when a command was made: its id says so.
func orderedAt(commandID id.UUID) time.Time {
	sec, nsec := commandID.Time().UnixTime()
	return time.Unix(sec, nsec)
}

// settle notes the answer for all that waited for it, orders the agents' restart, once, if one of that needs it, and says how
// many roll-outs it stopped.
func (s *service) settle(ctx context.Context, tx db.Tx, e command.Ended, fleet []gateway.Gateway) (stops int, err error) {
	rows, err := s.store.settle(ctx, tx, e.ID, string(e.Status), e.Ack.Code, s.clock())
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	if e.Status == command.Completed && slices.ContainsFunc(rows, func(r reachedRow) bool { return r.Restart }) {
		_, err := s.outbox.Order(ctx, tx, command.Order{
			OrganizationID: e.OrganizationID, GatewayID: e.GatewayID, Type: command.RestartAgent,
			Payload: command.RestartPayload{Reason: restartBecause}, Replaces: restartOrder, By: orderedBy,
		})
		if err != nil && !errors.Is(err, command.ErrQueueFull) {
			return 0, err
		}
	}
	for _, r := range rows {
		bad, err := s.judge(ctx, tx, r.RolloutID, fleet)
		if err != nil {
			return 0, err
		}
		if bad {
			stops++
		}
	}
	return stops, nil
}

// judge finishes a roll-out that is through, and stops one that fails.
func (s *service) judge(ctx context.Context, tx db.Tx, rolloutID id.UUID, fleet []gateway.Gateway) (bad bool, err error) {
	r, err := s.store.rollout(ctx, tx, rolloutID)
	if err != nil || r.State != running {
		return false, err
	}
	reached, err := s.store.reached(ctx, tx, rolloutID)
	if err != nil {
		return false, err
	}
	a := answersOf(reached)
	if !r.IsRollback && s.cfg.tooBad(a) {
		if fleet == nil {
			return false, errGoesBack
		}
		return true, s.stopped(ctx, tx, &r, byFailures, a, fleet)
	}
	return false, s.conclude(ctx, tx, &r, reached)
}

// alarm raises an alert for each roll-out that was stopped for failures and that an order was answered for. It does so
// again with each answer that still comes, which is the same alert.
func (s *service) alarm(ctx context.Context, commandID id.UUID) error {
	rollouts, err := s.store.answeredBy(ctx, commandID)
	if err != nil {
		return err
	}
	for _, r := range rollouts {
		if r.State != stopped || r.Reason != byFailures {
			continue
		}
		err := s.alerts.Raise(ctx, alert.Alert{
			ID: id.Derive(r.OrganizationID, alert.PolicyRolloutStopped, r.ID.String()), Kind: alert.PolicyRolloutStopped, Severity: alert.Critical,
			At: s.clock(), Subject: "policy:" + decimal(r.PolicyID), Details: map[string]any{"version": r.Version, "rolledBackTo": r.Previous},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// applied notes which policy the agents of a gateway work by now: those of computers of which one policy is known. What
// the agents themselves say later is more exact.
func (s *service) applied(ctx context.Context, e command.Ended) error {
	snap, err := s.fetch(ctx)
	if err != nil {
		return err
	}
	made, err := snap.of(e.GatewayID)
	if err != nil {
		return err
	}
	versions := map[int64]string{}
	for _, r := range made.bundle.Policies {
		versions[r.ID] = decimal(r.ID) + "." + r.Version
	}
	if version, ok := versions[snap.assigned.DefaultID]; ok && !snap.assigned.special() {
		return s.fleet.PolicyAppliedByAll(ctx, e.GatewayID, version)
	}
	on := map[string]string{}
	for uid, policyID := range snap.computers {
		if version, ok := versions[policyID]; ok {
			on[uid] = version
		}
	}
	if len(on) == 0 {
		return nil
	}
	return s.fleet.PoliciesApplied(ctx, e.GatewayID, on)
}

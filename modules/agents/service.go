package agents

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/staff-control/staff-control/modules/agents/agent"
	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/canonical"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/secret"
	"github.com/staff-control/staff-control/platform/trace"
)

type service struct {
	keys   identity.Keys
	sink   activity.Sink
	rules  rule.Set
	tokens *tokens
	waits  *waits
	fleet  *fleet
	log    *slog.Logger
	now    func() time.Time

	mu     sync.Mutex
	forms  map[string]policy    // by etag
	worked map[workplace]string // the policy that was last acked
}

// The bounds of what is remembered; past them it is forgotten and learnt anew.
const (
	maxForms  = 64
	maxWorked = 50_000
)

type workplace struct{ uid, sid string }

// policy is a version of a policy as agents get it.
type policy struct {
	id                      int64
	version, checksum, etag string
	requiresRestart         bool
	content                 []byte // canonical JSON
}

// credential returns whose token it is. A token stands and falls with its key.
func (s *service) credential(ctx context.Context, token, address string) (enrolled, error) {
	e, known := s.tokens.find(token)
	if !known {
		return e, identity.ErrKeyInvalid
	}
	k, err := s.keys.ByHash(ctx, e.KeyHash)
	switch {
	case err != nil:
		return e, err
	case k.OrganizationID != e.OrganizationID:
		return e, identity.ErrKeyInvalid
	case !k.Allows(address):
		return e, identity.ErrKeyAddress
	}
	return e, nil
}

// keyOf returns the hash of the key that a credential is, or comes from.
func (s *service) keyOf(shown string) (hash string, err error) {
	if shown == "" {
		return "", identity.ErrKeyMissing
	}
	if !isToken(shown) {
		return secret.Hash(shown), nil
	}
	e, known := s.tokens.find(shown)
	if !known {
		return "", identity.ErrKeyInvalid
	}
	return e.KeyHash, nil
}

// enrol gives the agent of a computer a token.
func (s *service) enrol(ctx context.Context, uid, shown string) (agentID, token string, err error) {
	if err := agent.Check(ctx, uid); err != nil {
		return "", "", err
	}
	hash, err := s.keyOf(shown)
	if err != nil {
		return "", "", err
	}
	k, err := s.keys.ByHash(ctx, hash)
	if err != nil {
		return "", "", err // it was let in by a certificate, and the key is none
	}
	return s.tokens.issue(k.OrganizationID, uid, hash)
}

// policyOf returns the policy of a Windows user on a computer.
func (s *service) policyOf(ctx context.Context, uid, sid string) (policy, error) {
	rules, err := s.rules.Of(ctx, uid, sid)
	if err != nil {
		return policy{}, err
	}
	r := rules.Released()
	tag := fmt.Sprintf("%d.%s.%s", r.ID, r.Version, r.Checksum)
	s.mu.Lock()
	p, made := s.forms[tag]
	s.mu.Unlock()
	if made {
		return p, nil
	}
	text, err := r.Text()
	if err == nil {
		text, err = canonical.JSON(text)
	}
	if err != nil {
		return policy{}, fmt.Errorf("write policy %d.%s: %w", r.ID, r.Version, err)
	}
	p = policy{id: r.ID, version: r.Version, checksum: r.Checksum, requiresRestart: r.RequiresRestart, content: text}
	if p.checksum == "" {
		p.checksum = secret.Hash(string(text))
	}
	p.etag = fmt.Sprintf("%d.%s.%s", p.id, p.version, p.checksum)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.forms == nil || len(s.forms) >= maxForms {
		s.forms = map[string]policy{}
	}
	s.forms[tag] = p
	return p, nil
}

// newPolicy waits until the policy is another than that of the etag, for as long as limits says; then it returns the
// same.
func (s *service) newPolicy(ctx context.Context, uid, sid, etag string, l *limits) (p policy, news bool, err error) {
	for {
		changed := s.rules.Changed()
		if p, err = s.policyOf(ctx, uid, sid); err != nil || p.etag != etag {
			return p, err == nil, err
		}
		if more, err := l.wait(ctx, changed, 0); !more {
			return p, false, err
		}
	}
}

// newOrders waits until there is something to do for the agent.
func (s *service) newOrders(ctx context.Context, uid string, l *limits) ([]order, error) {
	for {
		changed := s.fleet.watch(&s.fleet.ordered)
		orders, due := s.fleet.due(uid)
		if len(orders) > 0 {
			return orders, nil
		}
		if more, err := l.wait(ctx, changed, due); !more {
			return nil, err
		}
	}
}

// ackOrder keeps how an order went.
func (s *service) ackOrder(ctx context.Context, orderID string, outcome agent.Outcome, text string) error {
	uid, err := s.fleet.of(orderID)
	if err == nil {
		err = agent.Check(ctx, uid)
	}
	if err != nil {
		return err
	}
	return s.fleet.ack(orderID, outcome, text)
}

// ackPolicy keeps that an agent works by a policy. When it returns nil it is durable.
func (s *service) ackPolicy(ctx context.Context, uid, sid string, policyID int64, version, checksum string) error {
	p, err := s.policyOf(ctx, uid, sid)
	if err != nil {
		return err
	}
	if p.id == policyID && p.version == version && p.checksum != checksum {
		return errChecksum
	}
	at, by := workplace{uid, sid}, fmt.Sprintf("%d.%s", policyID, version)
	if s.works(at) == by {
		return nil
	}
	e := activity.Event{
		Kind: activity.AgentState, Key: id.New().String(), ComputerUID: uid, UserSID: sid, At: s.now().UTC().Truncate(time.Microsecond),
		Details: map[string]string{activity.DetailPolicyVersion: by}, Source: "api", Trace: trace.Parent(ctx),
	}
	if _, err := s.sink.Put(ctx, activity.Batch{Events: []activity.Event{e}}); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.worked == nil || len(s.worked) >= maxWorked {
		s.worked = map[workplace]string{}
	}
	s.worked[at] = by
	return nil
}

func (s *service) works(at workplace) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.worked[at]
}

// tidy keeps memory and disk small until ctx ends.
func (s *service) tidy(ctx context.Context) error {
	every := time.NewTicker(10 * time.Minute)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-every.C:
			s.waits.tidy()
			if err := errors.Join(s.tokens.flush(), s.fleet.forget()); err != nil {
				s.log.WarnContext(ctx, "what is known of agents could not be kept on disk", "error", err)
			}
		}
	}
}

package rules

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
)

// service is rule.Set and rule.Keeper. What is in force is in memory and on the disk.
type service struct {
	cfg    Config
	cloud  gateway.Cloud
	self   gateway.Self
	alerts alert.Log
	shelf  shelf
	log    *slog.Logger
	now    func() time.Time
	*metrics

	refreshing chan struct{} // holds a token while somebody fetches
	inForce    atomic.Pointer[state]

	// The rest belongs to whoever holds the token.
	unsaved bool   // what is in force may not have reached both files
	damaged error  // what of the files could not be read
	alarmed string // the failure of which an alert was raised
}

// state is what is in force.
type state struct {
	book    *book // nil where there never was one, or it is lost
	rules   *rule.Compiled
	changed chan struct{} // closed when another state follows
}

// parts are what the service is made of.
type parts struct {
	cfg    Config
	data   string
	cloud  gateway.Cloud
	self   gateway.Self
	alerts alert.Log
	log    *slog.Logger
	now    func() time.Time
}

// newService reads the rules on the disk. A gateway that never had any keeps everything. One that had, and cannot read
// them, takes nothing until it has them again: what must not be stored would be.
func newService(ctx context.Context, p parts) (*service, error) {
	s := &service{
		cfg: p.cfg, cloud: p.cloud, self: p.self, alerts: p.alerts, shelf: newShelf(p.data), log: p.log, now: p.now,
		metrics: newMetrics(), refreshing: make(chan struct{}, 1), unsaved: true,
	}
	found, err := s.shelf.read()
	s.damaged = err
	now := &state{book: found, changed: make(chan struct{})}
	switch {
	case found != nil:
		now.rules = found.rules
	case err == nil:
		everything, err := rule.Compile(rule.Bundle{})
		if err != nil {
			return nil, err
		}
		now.rules = everything
	}
	s.inForce.Store(now)
	if err != nil {
		s.log.ErrorContext(ctx, "rules on the disk are damaged", "takesNothing", now.rules == nil, "error", err)
	}
	return s, nil
}

// Of is rule.Set. The gateway has one organization.
func (s *service) Of(_ context.Context, computerUID, sid string) (rule.Rules, error) {
	now := s.inForce.Load()
	if now.rules == nil {
		return nil, errLost
	}
	return now.rules.Of(computerUID, sid), nil
}

// Changed is closed when other rules than now come into force.
func (s *service) Changed() <-chan struct{} { return s.inForce.Load().changed }

// Refresh is rule.Keeper.
func (s *service) Refresh(ctx context.Context, policyID int64, version, checksum string) error {
	done, err := s.turn(ctx)
	if err != nil {
		return err
	}
	defer done()
	err = s.refresh(ctx, policyID, version, checksum)
	switch {
	case err == nil:
		s.alarmed = ""
	case errors.Is(err, rule.ErrChecksum):
		s.alarm(ctx, "checksum", err)
	case errors.Is(err, rule.ErrBundle):
		s.alarm(ctx, "bundle", err)
	}
	return err
}

// turn waits until nobody else fetches.
func (s *service) turn(ctx context.Context) (done func(), err error) {
	select {
	case s.refreshing <- struct{}{}:
		return func() { <-s.refreshing }, nil
	case <-ctx.Done():
		return nil, fault.Of(ctx.Err())
	}
}

func (s *service) refresh(ctx context.Context, policyID int64, version, checksum string) error {
	is := s.inForce.Load().book
	fresh, err := s.fetch(ctx, is)
	if err != nil {
		s.refreshed(result(err))
		return err
	}
	if fresh == nil {
		fresh = is
	}
	// A version that is not there yet is no reason to go without what is there; another content of it is.
	if err = fresh.has(policyID, version, checksum); errors.Is(err, rule.ErrChecksum) {
		s.refreshed(resultRefused)
		return err
	}
	if fresh != is {
		s.put(fresh)
		s.log.InfoContext(ctx, "other rules are in force", "policies", len(fresh.bundle.Policies), "sum", fresh.sum)
	}
	if s.unsaved {
		if err := s.shelf.write(fresh); err != nil {
			s.log.ErrorContext(ctx, "the rules in force could not be kept on the disk", "error", err)
			s.refreshed(resultFailed)
			return fault.ErrInternal.Wrap(err)
		}
		s.unsaved = false
	}
	if fresh == is {
		s.refreshed(resultSame)
	} else {
		s.refreshed(resultNew)
	}
	return err
}

// put has the rules in force from now on, before they are on the disk: what they exclude must not be kept meanwhile.
func (s *service) put(b *book) {
	s.unsaved = true
	old := s.inForce.Swap(&state{book: b, rules: b.rules, changed: make(chan struct{})})
	close(old.changed)
}

// subjectSelf is the subject of an alert about this gateway, which need not know its id when it raises it.
const subjectSelf = "gateway"

// alarm raises an alert, once for one failure.
func (s *service) alarm(ctx context.Context, reason string, err error) {
	if s.alarmed == err.Error() {
		return
	}
	s.log.ErrorContext(ctx, "policies are refused; the rules before them stay in force", "reason", reason, "error", err)
	raised := s.alerts.Raise(ctx, alert.Alert{
		ID: id.New(), Kind: alert.PolicyFailed, Severity: alert.Critical, At: s.now().UTC(), Subject: subjectSelf,
		Details: map[string]any{"reason": reason, "error": err.Error(), "takesNothing": s.inForce.Load().rules == nil},
	})
	if raised != nil {
		s.log.WarnContext(ctx, "the alert policy_failed could not be kept", "error", raised)
		return
	}
	s.alarmed = err.Error()
}

// tell raises the alert of what was found at the start, which waits until alerts are kept.
func (s *service) tell(ctx context.Context) error {
	done, err := s.turn(ctx)
	if err != nil {
		return err
	}
	defer done()
	if s.damaged != nil {
		s.alarm(ctx, "disk", s.damaged)
	}
	return nil
}

// The waits after failures in a row.
const (
	shortest = time.Second
	longest  = time.Minute
)

// run asks for the rules at each interval until ctx ends: a net under the commands that tell of them.
func (s *service) run(ctx context.Context) error {
	if err := s.tell(ctx); err != nil || !s.cloud.Enrolled(ctx) {
		return nil
	}
	for failures := 0; ; {
		wait := s.cfg.Interval*5/6 + rand.N(s.cfg.Interval/6+1)
		if err := s.Refresh(ctx, 0, "", ""); err != nil {
			wait = min(wait, shortest<<min(failures, 10), longest)
			wait += rand.N(wait/5 + 1)
			failures++
			s.log.DebugContext(ctx, "the rules could not be fetched", "error", err)
		} else {
			failures = 0
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
	}
}

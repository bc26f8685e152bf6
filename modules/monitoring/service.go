package monitoring

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/trace"
)

// service decides what is kept of what agents report, and who sees it.
type service struct {
	cfg       Config
	store     store
	computers computer.Registry
	history   computer.History
	users     computer.Users
	tree      organization.Tree
	index     organization.Index
	staff     employee.Directory
	roster    employee.Roster
	metrics   metrics
	log       *slog.Logger
	now       func() time.Time
}

// Put implements activity.Sink. It returns after token and rows are committed, together.
func (s *service) Put(ctx context.Context, b activity.Batch) (activity.Receipt, error) {
	a, _ := actor.From(ctx)
	if a.OrganizationID == 0 {
		return activity.Receipt{}, db.ErrNoOrganization
	}
	told, reported := introductions(b.Events)
	b.Events = reported
	p, err := s.prepare(a.OrganizationID, reported)
	if err != nil {
		return activity.Receipt{}, err
	}
	// Before and outside the transaction: a computer that is known without a row is harmless.
	if err := s.introduce(ctx, told); err != nil {
		return activity.Receipt{}, putting(err)
	}
	if err := s.computers.Seen(ctx, p.sightings); err != nil {
		return activity.Receipt{}, putting(err)
	}
	r, err := s.write(ctx, b, p)
	if err == nil && !r.Duplicate {
		r.Stored += len(told)
	}
	return r, err
}

func (s *service) write(ctx context.Context, b activity.Batch, p *prepared) (r activity.Receipt, err error) {
	now := s.now().UTC().Truncate(time.Microsecond)
	var token *tokenRow
	if b.Token != "" {
		// Mostly all rows are new, so the counts are right at once; if not, the store mends them.
		token = &tokenRow{
			Token: b.Token, StoredAt: now, ClockSkewMS: b.Skew.Milliseconds(),
			Stored: len(b.Events) - len(p.set), Quarantined: len(p.set),
		}
	}
	ctx, end := spanned(ctx, b.Events)
	defer func() { end(&err) }()
	began := s.now()
	// A batch with a new token has new rows but for rare overlaps, and PostgreSQL stores rows a good part faster
	// when it need not be ready to skip them. What comes straight from an agent is often sent twice.
	var stored [len(activity.Kinds)]int
	var duplicate bool
	r.Fallback, err = s.store.write(ctx, func(ctx context.Context, to target) (err error) {
		stored, duplicate, err = s.store.put(ctx, to, copied(token), p, now, token == nil)
		if errors.Is(err, db.ErrConflict) {
			stored, duplicate, err = s.store.put(ctx, to, copied(token), p, now, true)
		}
		return err
	})
	s.metrics.seconds.Observe(s.now().Sub(began).Seconds())
	if err != nil {
		return activity.Receipt{}, putting(err)
	}
	if duplicate {
		s.metrics.duplicates.Inc()
		return activity.Receipt{Duplicate: true, Fallback: r.Fallback}, nil
	}
	s.metrics.count(p, stored)
	for _, n := range stored {
		r.Stored += n
	}
	r.Quarantined = len(p.set)
	r.Known = len(b.Events) - r.Stored - r.Quarantined
	return r, nil
}

// copied is for one try to store the token, which mends its counts.
func copied(t *tokenRow) *tokenRow {
	if t == nil {
		return nil
	}
	c := *t
	return &c
}

// maxTraces bounds the spans of one batch.
const maxTraces = 16

// spanned begins a span of the store in the trace of each request whose events are in the batch, so that one trace
// leads from the agent's request to the transaction of its rows. The returned context is in the caller's own.
func spanned(ctx context.Context, events []activity.Event) (context.Context, func(*error)) {
	var parents []string
	for i := range events {
		if t := events[i].Trace; t != "" && !slices.Contains(parents, t) && len(parents) < maxTraces {
			parents = append(parents, t)
		}
	}
	ends := make([]func(*error), len(parents)+1)
	for i, t := range parents {
		_, ends[i] = trace.Start(trace.Continue(ctx, t), "monitoring.store")
	}
	own, end := trace.Start(ctx, "monitoring.store", parents...)
	ends[len(parents)] = end
	return own, func(err *error) {
		for _, end := range ends {
			end(err)
		}
	}
}

// daysAhead is for how many days there is room beforehand.
const daysAhead = 8

// makeDays makes room for the days to come, so that no batch has to wait for it at midnight.
func (s *service) makeDays(ctx context.Context) error {
	return s.store.series.MakeDays(ctx, s.now(), daysAhead)
}

// forget deletes what is kept for a while only: tokens of batches and events that were set aside.
func (s *service) forget(ctx context.Context) error {
	now := s.now()
	tokens, err := s.store.forgetTokens(ctx, now.Add(-time.Duration(s.cfg.TokenDays)*day))
	if err != nil {
		return err
	}
	aside, err := s.store.forgetAside(ctx, now.Add(-time.Duration(s.cfg.QuarantineDays)*day))
	if tokens+aside > 0 {
		s.log.InfoContext(ctx, "old batch tokens and set-aside events deleted", "batch_tokens", tokens, "events", aside)
	}
	return err
}

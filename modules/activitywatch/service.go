package activitywatch

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/staff-control/staff-control/modules/buffer/bucket"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/trace"
)

// service holds every bucket with its draft in memory, as they are on the disk: each change is there before it is here.
type service struct {
	shelf   bucket.Shelf
	rules   rule.Set
	log     *slog.Logger
	now     func() time.Time
	metrics *metrics

	mu      sync.RWMutex
	buckets map[name]*held
	shares  shares
}

// name is what a bucket is known by.
type name struct {
	organizationID int64
	owner, bucket  string
}

// held is one bucket. Its ID is 0 until it is on the disk.
type held struct {
	of holder // never changes

	mu    sync.Mutex
	is    bucket.Bucket
	draft *bucket.Draft
	gone  bool
}

// sender is who reports or reads.
type sender struct {
	organizationID int64
	// owner is whose buckets these are.
	owner string
	// computer is the one that the sender says it is; empty where only the buckets say.
	computer string
	// fallback names the computer where the bucket does not either.
	fallback string
	// aside is why what comes is kept apart; empty for a sender that is known.
	aside string
}

func newService(ctx context.Context, cfg Config, shelf bucket.Shelf, rules rule.Set, log *slog.Logger, now func() time.Time) (*service, error) {
	s := &service{
		shelf: shelf, rules: rules, log: log, now: now, metrics: newMetrics(), buckets: map[name]*held{}, shares: newShares(cfg.MaxBuckets),
	}
	all, err := shelf.All(ctx)
	if err != nil {
		return nil, err
	}
	for _, b := range all {
		h := &held{of: holderOf(b.Bucket), is: b.Bucket, draft: b.Draft}
		s.buckets[name{b.OrganizationID, b.Owner, b.Name}] = h
		s.shares.add(h.of, 1)
	}
	return s, nil
}

func (s *service) count() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.buckets)
}

// find returns the sender's bucket; nil if it has none of this name.
func (s *service) find(from sender, bucketName string) *held {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.buckets[name{from.organizationID, from.owner, bucketName}]
}

// lock returns the sender's bucket, locked and on the disk, and whether it is new. One that is missing is made.
func (s *service) lock(ctx context.Context, from sender, like bucket.Bucket) (h *held, made bool, err error) {
	for {
		if h, err = s.hold(from, like); err != nil {
			return nil, false, err
		}
		h.mu.Lock()
		if !h.gone {
			break
		}
		h.mu.Unlock() // removed meanwhile
	}
	if h.is.ID != 0 {
		return h, false, nil
	}
	if err := s.create(ctx, h, s.complete(from, like)); err != nil {
		s.forget(h, name{from.organizationID, from.owner, like.Name})
		h.mu.Unlock()
		return nil, false, err
	}
	return h, true, nil
}

// hold returns the place of a bucket.
func (s *service) hold(from sender, like bucket.Bucket) (*held, error) {
	if h := s.find(from, like.Name); h != nil {
		return h, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := name{from.organizationID, from.owner, like.Name}
	if h := s.buckets[n]; h != nil {
		return h, nil
	}
	h := &held{of: holderOf(s.complete(from, like))}
	if len(s.buckets) >= s.shares.all || !s.shares.room(h.of) {
		return nil, errTooMany
	}
	s.buckets[n] = h
	s.shares.add(h.of, 1)
	return h, nil
}

// forget takes a bucket, which is locked, out of memory.
func (s *service) forget(h *held, n name) {
	h.gone = true
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.buckets, n)
	s.shares.add(h.of, -1)
}

func (s *service) create(ctx context.Context, h *held, b bucket.Bucket) error {
	introduced := introduction(b, s.now())
	id, err := s.shelf.Create(ctx, b, introduced)
	if err != nil {
		return err
	}
	b.ID = id
	h.is = b
	s.metrics.buffered(introduced)
	return nil
}

// complete fills in what the sender's bucket does not say.
func (s *service) complete(from sender, b bucket.Bucket) bucket.Bucket {
	b.OrganizationID, b.Owner, b.Aside, b.CreatedAt = from.organizationID, from.owner, from.aside, s.now().UTC()
	if b.Hostname == "!local" || b.Hostname == "unknown" { // as extensions say that cannot know it
		b.Hostname = cmp.Or(from.computer, from.fallback)
	}
	b.Hostname = cmp.Or(nameOf(b.Hostname), nameOf(hostOf(b.Name)), from.computer, from.fallback)
	b.ComputerUID = cmp.Or(from.computer, b.Hostname)
	return b
}

// open makes the bucket if the sender has none of this name, and reports whether it did.
func (s *service) open(ctx context.Context, from sender, like bucket.Bucket) (made bool, err error) {
	h, made, err := s.lock(ctx, from, like)
	if err != nil {
		return false, err
	}
	h.mu.Unlock()
	return made, nil
}

// beat takes a heartbeat and returns the event that it is part of now. It does not fail: what cannot be kept is
// counted, and the sender, who would lose it either way, goes on.
func (s *service) beat(ctx context.Context, from sender, bucketName string, e bucket.Event, pulse time.Duration) bucket.Event {
	ctx = context.WithoutCancel(ctx) // what has reached us is kept, whether or not somebody waits for the answer
	h, _, err := s.lock(ctx, from, bucket.Bucket{Name: bucketName, Type: guess(e.Data), Client: clientOf(bucketName)})
	if err != nil {
		s.lost(ctx, err, 1)
		return e
	}
	defer h.mu.Unlock()
	said := e
	e, why, err := s.judge(ctx, h.is, e)
	switch {
	case err != nil:
		s.lost(ctx, err, 1)
		return said
	case why != "":
		s.skip(ctx, h, e, pulse, why)
		return said
	}
	c, merged := heartbeat(h.is, h.draft, e, pulse, s.now())
	err = s.keep(ctx, h, c)
	if merged && err != nil && fault.Of(err).Kind == fault.TooMany {
		// There is no room for a piece of it, but it may grow, which takes none.
		c = bucket.Change{Draft: c.Draft}
		c.Draft.Sent, c.Draft.Pieces = h.draft.Sent, h.draft.Pieces
		err = s.keep(ctx, h, c)
	}
	if err != nil {
		s.lost(ctx, err, 1)
		return c.Draft.Event
	}
	if merged {
		s.metrics.report("merged")
	} else {
		s.metrics.report("inserted")
	}
	return c.Draft.Event
}

// skip takes a heartbeat that must not be kept.
func (s *service) skip(ctx context.Context, h *held, e bucket.Event, pulse time.Duration, why string) {
	s.metrics.exclude(why)
	if h.draft == nil || h.draft.Ended {
		return
	}
	if err := s.keep(ctx, h, private(h.is, *h.draft, e.At, pulse, s.now())); err != nil {
		s.log.WarnContext(ctx, "the end of an event could not be kept", "error", err)
	}
}

// maxPart is how many events are kept by one change: others wait for the commit that it is part of.
const maxPart = 1000

// add takes whole events.
func (s *service) add(ctx context.Context, from sender, bucketName string, events []bucket.Event) {
	if len(events) == 0 {
		return
	}
	ctx = context.WithoutCancel(ctx)
	h, _, err := s.lock(ctx, from, bucket.Bucket{Name: bucketName, Type: guess(events[0].Data), Client: clientOf(bucketName)})
	if err != nil {
		s.lost(ctx, err, len(events))
		return
	}
	defer h.mu.Unlock()
	if events, err = s.seen(ctx, h.is, events); err != nil {
		s.lost(ctx, err, len(events))
		return
	}
	for part := range slices.Chunk(events, maxPart) {
		if err := s.keep(ctx, h, insert(h.is, h.draft, part, s.now())); err != nil {
			s.lost(ctx, err, len(part))
			continue
		}
		s.metrics.reports.WithLabelValues("inserted").Add(float64(len(part)))
	}
}

// seen are the events that may be kept.
func (s *service) seen(ctx context.Context, b bucket.Bucket, events []bucket.Event) (public []bucket.Event, err error) {
	for _, e := range events {
		e, why, err := s.judge(ctx, b, e)
		switch {
		case err != nil:
			return events, err
		case why != "":
			s.metrics.exclude(why)
		default:
			public = append(public, e)
		}
	}
	return public, nil
}

// keep makes the change, of which only what may be kept is left, on the disk and then here.
func (s *service) keep(ctx context.Context, h *held, c bucket.Change) error {
	if err := s.sift(ctx, h.is, &c); err != nil {
		return err
	}
	traceparent := trace.Parent(ctx)
	for i := range c.Events {
		c.Events[i].Trace = traceparent
	}
	if err := s.shelf.Keep(ctx, h.is, c); err != nil {
		return err
	}
	h.draft = &c.Draft
	s.metrics.buffered(c.Events)
	return nil
}

// lost counts what is dropped, by reason.
func (s *service) lost(ctx context.Context, err error, n int) {
	f := fault.Of(err)
	reason := unavailable
	switch {
	case errors.Is(f, errTooMany):
		reason = noBucket
	case f.Kind == fault.TooMany:
		reason = full
	}
	s.metrics.drop(reason, n)
	s.log.DebugContext(ctx, "reports of a watcher are dropped", "reason", reason, "count", n, "error", err)
}

// refuse counts reports of one request that is answered 200 and cannot be read.
func (s *service) refuse(ctx context.Context, reason string, n int, err error) {
	s.metrics.drop(reason, n)
	s.log.DebugContext(ctx, "reports of a watcher cannot be read", "reason", reason, "count", n, "error", err)
}

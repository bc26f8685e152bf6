package activitywatch

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/modules/buffer/bucket"
)

const (
	// lookEvery is how often drafts are looked at that nobody continues.
	lookEvery = 5 * time.Second
	// slack is how much later than a report's time it may come: watchers hold one back for ten seconds.
	slack = 15 * time.Second
	// forgetAfter is how long a bucket is kept that nobody fills.
	forgetAfter = 30 * 24 * time.Hour
)

// run puts what has ended into the buffer, and forgets what nobody uses any more.
func (s *service) run(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.look(ctx)
		case <-ctx.Done():
			return nil
		}
	}
}

func (s *service) look(ctx context.Context) {
	for n, h := range s.all() {
		if ctx.Err() != nil {
			return
		}
		if err := s.rest(ctx, n, h); err != nil {
			s.log.DebugContext(ctx, "what has ended waits on", "error", err)
		}
	}
}

// all is a copy of what is held.
func (s *service) all() map[name]*held {
	s.mu.RLock()
	defer s.mu.RUnlock()
	list := make(map[name]*held, len(s.buckets))
	for n, h := range s.buckets {
		list[n] = h
	}
	return list
}

// rest looks after one bucket. A draft that is silent goes into the buffer as far as it has grown; it stays the
// last event, so that a report that was late may still continue it, with a piece of its own.
func (s *service) rest(ctx context.Context, n name, h *held) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.gone || h.is.ID == 0 {
		return nil
	}
	now, heard := s.now(), h.is.CreatedAt
	if h.draft != nil {
		heard = h.draft.Heard
		if now.Sub(heard) >= min(h.draft.Pulse+slack, longest) {
			if err := s.flush(ctx, h); err != nil {
				return err
			}
		}
	}
	if now.Sub(heard) < forgetAfter {
		return nil
	}
	if err := s.shelf.Remove(ctx, h.is.ID); err != nil {
		return err
	}
	s.forget(h, n)
	return nil
}

func (s *service) flush(ctx context.Context, h *held) error {
	d := *h.draft
	events := cut(h.is, &d, d.End())
	if len(events) == 0 {
		return nil
	}
	return s.keep(ctx, h, bucket.Change{Draft: d, Events: events})
}

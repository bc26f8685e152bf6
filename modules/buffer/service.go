package buffer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/buffer/backlog"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// maxQueued bounds the bytes that wait for the writer, which is memory.
const maxQueued = 64 << 20

// service is the buffer. All changes of its file are made by one goroutine (write.go); reads go past it.
type service struct {
	cfg     Config
	store   store
	spool   *spool
	log     *slog.Logger
	now     func() time.Time
	metrics *metrics
	epoch   string

	queue   chan *job
	stopped chan struct{} // closed when the writer has ended
	queued  atomic.Int64  // bytes of the jobs that wait
	refuses atomic.Bool   // no new events now
	wake    chan struct{} // holds one token while there is something new for the reader
	again   chan struct{} // holds one token while there is more to tidy up

	mu      sync.Mutex // guards what follows, which only the writer changes
	streams map[backlog.Stream]*stream
	size    size
	wal     int64
	spooled int64 // bytes of the pictures that have a row
	failing error // why the last change could not be kept

	// The writer's own:
	pressure  pressure
	unsaved   []alert.Alert // what found no room yet
	fullSince time.Time     // when the disk was last said to be full
}

// stream is one of the two tables, as far as it is kept in mind.
type stream struct {
	tallyRow
	first  int64     // no position before it is pending
	oldest time.Time // when the oldest pending row came
}

func newService(ctx context.Context, cfg Config, st store, log *slog.Logger, now func() time.Time) (*service, error) {
	s := &service{
		cfg: cfg, store: st, spool: st.spool, log: log, now: now, metrics: newMetrics(),
		queue: make(chan *job, 1024), stopped: make(chan struct{}), wake: make(chan struct{}, 1), again: make(chan struct{}, 1),
		streams:  map[backlog.Stream]*stream{},
		pressure: pressure{warnAt: cfg.WarnAt, refuseAt: cfg.RefuseAt},
	}
	if err := errors.Join(s.load(s.own(ctx)), s.clear(s.own(ctx))); err != nil {
		return nil, err
	}
	s.judge()
	offer(s.wake)
	return s, nil
}

// own makes the context in which the buffer works on its file: its rows are of whichever organizations
// the gateway serves, and a change that has begun is not undone because its sender went away.
func (s *service) own(ctx context.Context) context.Context {
	return actor.With(context.WithoutCancel(ctx), actor.System("buffer"))
}

// load reads how much the file holds.
func (s *service) load(ctx context.Context) (err error) {
	if s.epoch, err = s.store.epoch(ctx); err != nil {
		return err
	}
	tallies, err := s.store.tallies(ctx)
	if err != nil {
		return err
	}
	return s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		for _, t := range tallies {
			st := &stream{tallyRow: t}
			if err := st.find(ctx, tx); err != nil {
				return err
			}
			s.streams[t.Stream] = st
		}
		s.size, err = measure(ctx, tx)
		s.wal = s.store.wal()
		return err
	})
}

// clear takes away what a crash left in the spool, and counts the rest.
func (s *service) clear(ctx context.Context) error {
	known, bytes, err := s.store.files(ctx)
	if err != nil {
		return err
	}
	s.spooled = bytes
	n, err := s.spool.sweep(known)
	if n > 0 {
		s.log.InfoContext(ctx, "unfinished pictures were removed", "files", n)
	}
	if err != nil {
		return fmt.Errorf("sweep the spool: %w", err)
	}
	return nil
}

// find looks up the oldest pending row.
func (t *stream) find(ctx context.Context, tx db.Tx) error {
	seq, at, err := oldest(ctx, tx, t.Stream, t.first)
	if err != nil {
		return err
	}
	if seq == 0 {
		seq = t.Last + 1
	}
	t.first, t.oldest = seq, at
	return nil
}

// Put keeps the batch for the uplink. It returns after the commit that holds it has reached the disk.
// The buffer does not look for repeats: the events' keys make them harmless on the server.
func (s *service) Put(ctx context.Context, b activity.Batch) (activity.Receipt, error) {
	a, ok := actor.From(ctx)
	switch {
	case !ok:
		return activity.Receipt{}, db.ErrNoActor
	case a.OrganizationID == 0:
		return activity.Receipt{}, db.ErrNoOrganization
	case len(b.Events) == 0:
		return activity.Receipt{}, nil
	}
	if err := s.admit(0); err != nil {
		return activity.Receipt{}, err
	}
	events, err := encode(a.OrganizationID, b.Events)
	if err == nil {
		err = s.admit(events.bytes)
	}
	if err != nil {
		return activity.Receipt{}, err
	}
	if err := s.do(ctx, &job{events: events, size: events.bytes}); err != nil {
		return activity.Receipt{}, kept(err)
	}
	return activity.Receipt{Stored: len(b.Events)}, nil
}

// admit refuses what has no room on the disk or in the queue now, and what never has.
func (s *service) admit(bytes int64) error {
	usage, _ := s.fill()
	share := float64(bytes) / float64(s.cfg.MaxSize)
	switch {
	case share > s.cfg.RefuseAt:
		return errTooLarge
	case s.refuses.Load(), s.cfg.Overflow == refuse && usage+share > 1, s.queued.Load()+bytes > maxQueued:
		s.metrics.refused.Inc()
		return errFull
	}
	return nil
}

// kept turns the store's errors into what the sender is told.
func kept(err error) error {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, errUnavailable):
		return err
	}
	return errUnavailable.Wrap(err)
}

// Next returns undelivered rows.
func (s *service) Next(ctx context.Context, stream backlog.Stream, after int64, maxRows, maxBytes int) ([]backlog.Row, error) {
	s.mu.Lock()
	t := s.streams[stream]
	after = max(after, t.first-1)
	empty := t.Pending == 0
	s.mu.Unlock()
	if empty {
		return nil, nil
	}
	return s.store.next(s.reading(ctx), stream, after, maxRows, maxBytes)
}

func (s *service) reading(ctx context.Context) context.Context {
	return actor.With(ctx, actor.System("buffer"))
}

// Settle marks positions delivered.
func (s *service) Settle(ctx context.Context, stream backlog.Stream, first, last int64) error {
	return s.do(ctx, &job{change: func(ctx context.Context, tx db.Tx, w *working) error {
		n, err := settle(ctx, tx, stream, first, last, s.now())
		if err != nil {
			return err
		}
		if err := w.release(ctx, tx, stream, first, last); err != nil {
			return err
		}
		t := w.touch(stream)
		t.Pending -= n
		t.Sent += n
		return t.find(ctx, tx)
	}})
}

// Failed counts one more try.
func (s *service) Failed(ctx context.Context, stream backlog.Stream, first, last int64) error {
	return s.do(ctx, &job{change: func(ctx context.Context, tx db.Tx, _ *working) error {
		return countTry(ctx, tx, stream, first, last)
	}})
}

// maxReason bounds the server's words that are kept with a row.
const maxReason = 2000

// SetAside takes a row out of delivery for good, and keeps it.
func (s *service) SetAside(ctx context.Context, stream backlog.Stream, seq int64, reason string) error {
	reason = reason[:min(len(reason), maxReason)]
	err := s.do(ctx, &job{change: func(ctx context.Context, tx db.Tx, w *working) error {
		n, err := setAside(ctx, tx, stream, seq, reason, s.now())
		if err != nil || n == 0 {
			return err
		}
		t := w.touch(stream)
		t.Pending -= n
		t.SetAside += n
		w.dropped[backlog.ReasonRefused] += n
		return t.find(ctx, tx)
	}})
	return err
}

// Dropped returns the ranges that the server does not know of yet.
func (s *service) Dropped(ctx context.Context, stream backlog.Stream) ([]backlog.Dropped, error) {
	return s.store.dropped(s.reading(ctx), stream)
}

// Reported forgets ranges that the server knows of.
func (s *service) Reported(ctx context.Context, stream backlog.Stream, ranges []backlog.Dropped) error {
	if len(ranges) == 0 {
		return nil
	}
	return s.do(ctx, &job{change: func(ctx context.Context, tx db.Tx, _ *working) error {
		for _, d := range ranges {
			if err := forget(ctx, tx, stream, d); err != nil {
				return err
			}
		}
		return nil
	}})
}

// State is how full the buffer is, from memory.
func (s *service) State() backlog.State {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := backlog.State{Epoch: s.epoch, Usage: s.usage(), Bytes: s.size.file + s.wal + s.spooled + s.spool.writing.Load(), Last: map[backlog.Stream]int64{}, Waiting: map[backlog.Stream]int64{}}
	for name, t := range s.streams {
		state.Last[name], state.Waiting[name] = t.Last, t.Pending
		state.Pending += t.Pending
		state.SetAside += t.SetAside
		if t.Pending > 0 && (state.Oldest.IsZero() || t.oldest.Before(state.Oldest)) {
			state.Oldest = t.oldest
		}
	}
	return state
}

// usage is the share of the bound that rows, log and pictures take. Pages that deleted rows left are free to be used
// again.
func (s *service) usage() float64 {
	return float64(s.size.used+s.wal+s.spooled+s.spool.writing.Load()) / float64(s.cfg.MaxSize)
}

// tally is how much each stream holds.
func (s *service) tally() map[backlog.Stream]tallyRow {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := make(map[backlog.Stream]tallyRow, len(s.streams))
	for name, st := range s.streams {
		t[name] = st.tallyRow
	}
	return t
}

// Wait returns when something new is pending or ctx ends. It has one caller at a time, the uplink.
func (s *service) Wait(ctx context.Context) {
	select {
	case <-s.wake:
	case <-ctx.Done():
	}
}

// offer puts a token where there is none.
func offer(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Raise keeps an alert until the server has it.
func (s *service) Raise(ctx context.Context, a alert.Alert) error {
	return s.do(ctx, &job{change: func(ctx context.Context, tx db.Tx, _ *working) error {
		return saveAlert(ctx, tx, a, s.now())
	}})
}

// Undelivered returns the oldest alerts that the server has not taken.
func (s *service) Undelivered(ctx context.Context) ([]alert.Alert, error) {
	return s.store.alerts(s.reading(ctx))
}

// Delivered forgets alerts that the server has taken.
func (s *service) Delivered(ctx context.Context, ids []id.UUID) error {
	if len(ids) == 0 {
		return nil
	}
	return s.do(ctx, &job{change: func(ctx context.Context, tx db.Tx, _ *working) error {
		return deleteAlerts(ctx, tx, ids)
	}})
}

// Check says whether the last change of the file could be kept.
func (s *service) Check(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failing
}

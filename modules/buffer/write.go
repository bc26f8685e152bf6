package buffer

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/buffer/backlog"
	"github.com/staff-control/staff-control/platform/db"
)

// job is what somebody wants written: events, or another change. It is done when the commit that holds it is durable.
type job struct {
	events *rows
	change func(ctx context.Context, tx db.Tx, w *working) error
	size   int64

	taken atomic.Bool // by the writer, or by its sender, who gave up before
	done  chan error
}

// working is what one transaction changes of the streams; it takes effect with the commit.
type working struct {
	streams map[backlog.Stream]*stream
	touched map[backlog.Stream]*stream
	dropped map[string]int64 // rows by reason
	spooled int64            // by how much the spool's bytes change
	gone    []string         // files that go with their rows
	news    bool             // the reader should look
}

func (w *working) touch(name backlog.Stream) *stream {
	if t, ok := w.touched[name]; ok {
		return t
	}
	t := *w.streams[name]
	w.touched[name] = &t
	return &t
}

// do gives the job to the writer and waits for its commit. When it returns an error nothing was written.
func (s *service) do(ctx context.Context, j *job) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	j.done = make(chan error, 1)
	s.queued.Add(j.size)
	select {
	case s.queue <- j:
	case <-ctx.Done():
		s.queued.Add(-j.size)
		return ctx.Err()
	case <-s.stopped:
		s.queued.Add(-j.size)
		return errUnavailable
	}
	select {
	case err := <-j.done:
		return err
	case <-s.stopped:
		return s.abandon(j, errUnavailable)
	case <-ctx.Done():
		return s.abandon(j, ctx.Err())
	}
}

// abandon takes the job back, unless the writer has it: then its answer, which is near, is the truth.
func (s *service) abandon(j *job, err error) error {
	if j.taken.CompareAndSwap(false, true) {
		return err
	}
	return <-j.done
}

// sweepEvery is how often old rows are looked for.
const sweepEvery = time.Minute

// run is the one writer. When ctx ends it writes what waits already, and no more.
func (s *service) run(ctx context.Context) error {
	defer close(s.stopped)
	work := s.own(ctx)
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	s.maintain(work)
	for {
		select {
		case j := <-s.queue:
			s.commit(work, s.gather(ctx, j))
		case <-sweep.C:
			s.sweep(work)
		case <-s.again:
		case <-ctx.Done():
			s.finish(work)
			return nil
		}
		s.maintain(work)
	}
}

// finish writes what waits.
func (s *service) finish(ctx context.Context) {
	for len(s.queue) > 0 {
		s.commit(ctx, s.gather(ctx, nil))
	}
}

// gather collects the jobs that share the next commit: those that wait, and with a commit interval those that come within it.
func (s *service) gather(ctx context.Context, j *job) []*job {
	var group []*job
	var rows int
	var bytes int64
	add := func(j *job) (more bool) {
		s.queued.Add(-j.size)
		if j.taken.CompareAndSwap(false, true) {
			group = append(group, j)
			rows += j.events.len()
			bytes += j.size
		}
		return rows < s.cfg.CommitRows && bytes < int64(s.cfg.MaxSize)/100
	}
	more := j == nil || add(j)
	if more && j != nil && s.cfg.CommitInterval > 0 {
		more = s.linger(ctx, add)
	}
	for more {
		select {
		case j := <-s.queue:
			more = add(j)
		default:
			return group
		}
	}
	return group
}

// linger adds the jobs that come within the commit interval and reports whether there is room for more.
func (s *service) linger(ctx context.Context, add func(*job) bool) bool {
	timer := time.NewTimer(s.cfg.CommitInterval)
	defer timer.Stop()
	for {
		select {
		case j := <-s.queue:
			if !add(j) {
				return false
			}
		case <-timer.C:
			return true
		case <-ctx.Done():
			return true
		}
	}
}

// commit writes the jobs in one transaction and tells each what became of it. If that fails, each is tried
// alone: one that cannot be written must not refuse the others.
func (s *service) commit(ctx context.Context, group []*job) {
	if len(group) == 0 {
		return
	}
	err := s.apply(ctx, group)
	if err == nil || len(group) == 1 {
		for _, j := range group {
			j.done <- err
		}
		return
	}
	for _, j := range group {
		j.done <- s.apply(ctx, []*job{j})
	}
}

// apply is one transaction.
func (s *service) apply(ctx context.Context, group []*job) error {
	began := s.now()
	w := &working{streams: s.streams, touched: map[backlog.Stream]*stream{}, dropped: map[string]int64{}}
	var after size
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		var all rows
		for _, j := range group {
			if j.change != nil {
				if err := j.change(ctx, tx, w); err != nil {
					return err
				}
			}
			all.add(j.events)
		}
		if err := w.insert(ctx, tx, &all, began); err != nil {
			return err
		}
		for _, t := range w.touched {
			if err := saveTally(ctx, tx, &t.tallyRow); err != nil {
				return err
			}
		}
		after, err = measure(ctx, tx)
		return err
	})
	s.took(w, after, err)
	s.metrics.commits.Observe(s.now().Sub(began).Seconds())
	return err
}

// insert appends the events of a group and counts them.
func (w *working) insert(ctx context.Context, tx db.Tx, all *rows, now time.Time) error {
	n := all.len()
	if n == 0 {
		return nil
	}
	last, err := insert(ctx, tx, all, now)
	if err != nil {
		return err
	}
	t := w.touch(backlog.Agent)
	if t.Pending == 0 {
		t.first, t.oldest = last-int64(n)+1, now
	}
	t.Last = last
	t.Pending += int64(n)
	w.news = true
	return nil
}

// fullAgain is how long a full disk is no news: on its brink small changes still succeed between large ones.
const fullAgain = time.Hour

// took makes the outcome of a transaction known.
func (s *service) took(w *working, after size, err error) {
	wal := s.store.wal()
	s.mu.Lock()
	s.failing, s.wal = err, wal
	if err == nil {
		s.size = after
		s.spooled += w.spooled
		for name, t := range w.touched {
			s.streams[name] = t
		}
	}
	s.mu.Unlock()
	if errors.Is(err, db.ErrFull) && s.now().Sub(s.fullSince) > fullAgain {
		s.fullSince = s.now()
		s.alarm(alert.Critical, s.usage(), err)
	}
	if err != nil {
		return
	}
	for _, name := range w.gone {
		_ = s.spool.root.Remove(name) // else the next start does it
	}
	for reason, n := range w.dropped {
		s.metrics.dropped.WithLabelValues(reason).Add(float64(n))
	}
	if w.news {
		offer(s.wake)
	}
}

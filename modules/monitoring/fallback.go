package monitoring

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/log"
)

// fallback decides where rows go: to TimescaleDB, or, after some failures in a row, to the primary database until a
// probe succeeds. What it decides is in a row of the primary database, so that all processes do the same.
type fallback struct {
	every    time.Duration // between probes
	failures int           // in a row, until it is active
	patience time.Duration // with one write

	// book keeps the decision.
	book interface {
		state(ctx context.Context) (stateRow, error)
		// turn makes it active or not, and returns what is then so and whether that is new.
		turn(ctx context.Context, active bool, reason string, at time.Time) (s stateRow, turned bool, err error)
	}
	probe func(context.Context) error // writes to TimescaleDB for nothing
	peek  func(context.Context) error // reads from it
	move  func(context.Context) error // brings the rows back
	raise func(context.Context, alert.Alert) error
	began func() // counts what this process activated
	shown func(active bool)
	log   *slog.Logger
	now   func() time.Time
	wake  chan struct{} // something changed

	mu       sync.Mutex
	known    stateRow
	failed   int  // writes in a row
	missed   int  // reads in a row
	readable bool // TimescaleDB answers readers although it takes no rows

	telling sync.Mutex
	told    map[string]time.Time // of each kind of alert, of which activation it told
}

// newFallback returns that of a store whose series are in TimescaleDB. The store it is given has none yet.
func newFallback(cfg Config, st store, m metrics, alerts alert.Log, log *slog.Logger, now func() time.Time) *fallback {
	clock := func() time.Time { return now().UTC().Truncate(time.Microsecond) }
	f := &fallback{
		every: cfg.ProbeEvery, failures: cfg.Failures, patience: cfg.Patience, book: st, raise: alerts.Raise,
		began: m.fallbacks.Inc, log: log, now: clock, wake: make(chan struct{}, 1), told: map[string]time.Time{},
		probe: func(ctx context.Context) error { return st.probe(asProbe(ctx), clock()) },
		peek:  func(ctx context.Context) error { return st.peek(asProbe(ctx)) },
		shown: func(active bool) {
			m.active.Set(0)
			if active {
				m.active.Set(1)
			}
		},
	}
	f.move = (&mover{store: st, count: func(rows int) { m.moved.Add(float64(rows)) }, log: log, now: clock}).run
	return f
}

// start reads where rows go, and whether the primary database has some that belong to TimescaleDB: also those of a
// time before there was one.
func (f *fallback) start(ctx context.Context, st store) error {
	ctx = asSystem(ctx)
	if err := st.await(ctx, f.now()); err != nil {
		return err
	}
	return f.refresh(ctx)
}

// errRecovered is a write that would go to the primary database when that is over.
var errRecovered = errors.New("rows go to TimescaleDB again")

// current is the state as this process knows it, no older than a second.
func (f *fallback) current() stateRow {
	if f == nil {
		return stateRow{}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.known
}

// active reports whether rows go to the primary database.
func (f *fallback) active() bool { return f.current().Active }

// legible reports whether TimescaleDB may be read.
func (f *fallback) legible() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.known.Active || f.readable
}

// excuses reports whether readers do without TimescaleDB, which has failed with err: also if that was once too often.
func (f *fallback) excuses(ctx context.Context, err error) bool {
	if f == nil || !away(ctx, err) {
		return false
	}
	if !f.active() { // unless another process knows more
		if err := f.refresh(asSystem(ctx)); err != nil {
			return false
		}
	}
	if !f.active() {
		return f.misses(ctx, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.readable = false
	return f.known.Active
}

// misses counts a read that failed because TimescaleDB is away, and reports whether it was once too often.
func (f *fallback) misses(ctx context.Context, err error) bool {
	if unsure(ctx, err) && f.proved(ctx) {
		return false
	}
	again, turning := f.fail(ctx, err, &f.missed)
	if turning != nil {
		f.log.ErrorContext(ctx, "the fallback could not be activated", "error", turning)
	}
	return again
}

// learn takes over what the primary database says.
func (f *fallback) learn(s stateRow) {
	f.mu.Lock()
	was := f.known
	f.known = s
	if was.Active && !s.Active {
		f.failed, f.missed = 0, 0
	}
	if !was.Active && s.Active {
		f.readable = false // until peek has said so
	}
	f.shown(s.Active)
	f.mu.Unlock()
	if was.Active != s.Active || was.Waiting != s.Waiting {
		select {
		case f.wake <- struct{}{}:
		default: // who is to wake is awake
		}
	}
}

func (f *fallback) refresh(ctx context.Context) error {
	s, err := f.book.state(ctx)
	if err == nil {
		f.learn(s)
	}
	return err
}

// try writes to TimescaleDB. again says that it failed once too often, so that rows go to the primary database now.
func (f *fallback) try(ctx context.Context, write func(context.Context) error) (again bool, err error) {
	limited, cancel := context.WithTimeout(ctx, f.patience)
	defer cancel()
	err = write(limited)
	if err == nil {
		f.mu.Lock()
		f.failed, f.missed = 0, 0
		f.mu.Unlock()
		return false, nil
	}
	if unsure(ctx, err) && f.proved(ctx) {
		f.log.WarnContext(ctx, "a batch failed although TimescaleDB is there", "error", err)
		if !errors.Is(err, context.DeadlineExceeded) {
			return false, fmt.Errorf("%w: %w", db.ErrUnavailable, err)
		}
		if err = write(ctx); err == nil { // it is slow by itself, and has the time that its sender has
			return false, nil
		}
	}
	if !away(ctx, err) {
		return false, err
	}
	if again, turning := f.fail(ctx, err, &f.failed); again || turning != nil {
		return again, turning
	}
	return false, fmt.Errorf("%w: %w", db.ErrUnavailable, err)
}

// away reports whether the error says that the database is: not if whoever asked is gone, but if it took too long.
func away(ctx context.Context, err error) bool {
	return ctx.Err() == nil && (db.Away(err) || errors.Is(err, context.DeadlineExceeded))
}

// unsure reports whether an error that says so may come of the batch alone: it took too long, since it came so late that
// days have to be unpacked for it, or the database met a bug.
func unsure(ctx context.Context, err error) bool {
	return away(ctx, err) && (db.Unsure(err) || errors.Is(err, context.DeadlineExceeded))
}

// proved reports whether TimescaleDB takes a row of now.
func (f *fallback) proved(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, min(f.patience, proofFor))
	defer cancel()
	return f.probe(ctx) == nil
}

// tellMode tells whoever asks that rows go to the primary database, so that what is in TimescaleDB may be missing.
func (f *fallback) tellMode(ctx context.Context) {
	if f.active() {
		httpx.SetHeader(ctx, "X-Fallback-Mode", "true")
	}
}

// fail counts a failure, of writes or of reads: a read that succeeds says nothing of writes, so that each has its count.
func (f *fallback) fail(ctx context.Context, why error, count *int) (again bool, err error) {
	f.mu.Lock()
	*count++
	n := f.failed + f.missed
	f.mu.Unlock()
	f.log.ErrorContext(ctx, "TimescaleDB failed", "error", why, "consecutive_failures", n, "threshold", f.failures)
	if n < f.failures {
		return false, nil
	}
	err = f.activate(ctx, why)
	return err == nil, err
}

// activate makes rows go to the primary database.
func (f *fallback) activate(ctx context.Context, why error) error {
	// Not cut off with the request: others wait for it too.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(asSystem(ctx)), f.patience)
	defer cancel()
	s, turned, err := f.book.turn(ctx, true, reasonOf(why), f.now())
	if err != nil {
		return fmt.Errorf("activate the fallback: %w", err)
	}
	f.learn(s)
	if turned {
		f.began()
		f.log.ErrorContext(ctx, "TimescaleDB failure threshold reached, activating PostgreSQL fallback")
	}
	return nil
}

// maxReason bounds what is kept of an error.
const maxReason = 300

func reasonOf(err error) string { return clean(log.ScrubText(err.Error()), maxReason) }

// asSystem returns a context in which the fallback works for itself: it belongs to no organization.
func asSystem(ctx context.Context) context.Context {
	return actor.With(ctx, actor.System("monitoring fallback"))
}

// asProbe returns a context in which a probe works as agents do: in an organization, whichever.
func asProbe(ctx context.Context) context.Context {
	return actor.With(ctx, actor.System("monitoring fallback").In(1))
}

// The kinds of alert, of which each activation raises one of either.
const (
	activated = alert.TimescaleFallback
	recovered = alert.TimescaleRecovered
)

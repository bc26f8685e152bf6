package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/riverqueue/river/rivertype"
	"github.com/robfig/cron/v3"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
)

const (
	// maxSleep bounds the wait for a tick, because the clock may be set meanwhile.
	maxSleep = time.Minute
	// tickPause is the wait before a tick that could not be ordered is tried again.
	tickPause = 5 * time.Second
)

// entry is one line of a cron table.
type entry struct {
	name     string
	schedule cron.Schedule
	run      func(context.Context) error
}

// table is what runs when. Times are UTC unless the line says otherwise (CRON_TZ=Asia/Tashkent 0 3 * * *).
type table struct {
	now     func() time.Time
	entries []entry
}

func (t *table) add(name, spec string, run func(context.Context) error) (entry, error) {
	schedule, err := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow).Parse(spec)
	if err != nil {
		return entry{}, fmt.Errorf("schedule %q of %s: %w", spec, name, err)
	}
	e := entry{"cron " + name, schedule, run}
	t.entries = append(t.entries, e)
	return e, nil
}

// follow calls tick for each entry at its times until ctx ends.
func (t *table) follow(ctx context.Context, tick func(ctx context.Context, e entry, at, next time.Time) error) {
	var wait sync.WaitGroup
	for _, e := range t.entries {
		wait.Go(func() {
			at := e.schedule.Next(t.now().UTC())
			for !at.IsZero() && t.sleep(ctx, at) {
				next := e.schedule.Next(at)
				for tick(ctx, e, at, next) != nil && t.sleep(ctx, t.now().Add(tickPause)) && t.now().Before(next) {
				}
				at = e.schedule.Next(later(at, t.now().UTC())) // ticks that passed meanwhile are missed
			}
		})
	}
	wait.Wait()
}

// sleep waits until then and reports whether ctx still lives.
func (t *table) sleep(ctx context.Context, until time.Time) bool {
	for wait := until.Sub(t.now()); wait > 0; wait = until.Sub(t.now()) {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(min(wait, maxSleep)):
		}
	}
	return ctx.Err() == nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Cron adds work on a schedule of five fields. Each tick is one job, however many processes of the role
// there are, and is tried again when it fails, until the next tick. It is for before Run.
func (r *Runner) Cron(name, spec string, run func(context.Context) error) error {
	e, err := r.crons.add(name, spec, run)
	if err != nil {
		return err
	}
	return r.handleCron(e)
}

func (r *Runner) handleCron(e entry) error {
	if _, taken := r.handlers[e.name]; taken {
		return fmt.Errorf("two handlers are called %s", e.name)
	}
	r.handlers[e.name] = registered{mine: true, queue: r.o.Role, Handler: Handler{
		name: e.name, attempts: maxAttempts, run: func(ctx context.Context, _ []byte) error { return e.run(ctx) },
	}}
	return nil
}

// tick orders the job of one tick. Every process of the role does so at about the same time, and the job's
// key, the tick's time, lets the first one win: that needs no leader, so no tick falls between two leaders.
func (r *Runner) tick(ctx context.Context, e entry, at, next time.Time) error {
	ctx = actor.With(ctx, actor.System(e.name))
	h := r.handlers[e.name]
	err := r.o.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		return r.insert(ctx, tx, []order{{
			name: e.name, queue: h.queue, key: at.UTC().Format(time.RFC3339), states: rivertype.JobStates(), until: next, Handler: h.Handler,
		}})
	})
	if err != nil && ctx.Err() == nil {
		r.o.Log.WarnContext(ctx, "a tick could not be ordered and will be tried again", "job", e.name, "error", err)
	}
	return err
}

// Local runs crons in the process itself, where there is no database. A tick that fails waits for the next one.
type Local struct {
	crons table
	log   *slog.Logger
}

// NewLocal returns a Local without crons.
func NewLocal(log *slog.Logger) *Local { return &Local{table{now: time.Now}, log} }

// Cron adds work on a schedule of five fields. It is for before Run.
func (l *Local) Cron(name, spec string, run func(context.Context) error) error {
	_, err := l.crons.add(name, spec, run)
	return err
}

// Run runs crons until ctx ends, each one alone: ticks that come while it runs are missed.
func (l *Local) Run(ctx context.Context) error {
	l.crons.follow(ctx, func(ctx context.Context, e entry, _, _ time.Time) error {
		ctx = actor.With(ctx, actor.System(e.name))
		run := func(ctx context.Context, _ []byte) error { return e.run(ctx) }
		if err := guarded(ctx, run, nil); err != nil && ctx.Err() == nil {
			l.log.ErrorContext(ctx, "cron failed", "job", e.name, "error", err)
		}
		return nil
	})
	return nil
}

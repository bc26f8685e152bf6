package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/log"
	"github.com/staff-control/staff-control/platform/trace"
)

const (
	// unknownPause and unknownFor are for jobs of a newer binary while processes are replaced one by one.
	unknownPause = 10 * time.Second
	unknownFor   = time.Hour
)

// task is every job as River sees it: one kind, so that whichever process leads knows how to rescue any.
type task struct {
	Name    string          `json:"name" river:"unique"`
	Key     string          `json:"key" river:"unique"`
	Args    json.RawMessage `json:"args,omitempty"`
	Actor   person          `json:"actor"`
	Trace   string          `json:"trace,omitempty"`
	Timeout time.Duration   `json:"timeout,omitempty"`
	// Until is when the next tick of a cron comes; from then on this one is not tried again.
	Until time.Time `json:"until,omitzero"`
}

// Kind is River's name of the one kind.
func (task) Kind() string { return "task" }

// person is an actor in words: the bits of its role are no promise between versions.
type person struct {
	Role           string  `json:"role"`
	ID             string  `json:"id"`
	UserID         int64   `json:"userId,omitempty"`
	OrganizationID int64   `json:"organizationId,omitempty"`
	DepartmentIDs  []int64 `json:"departmentIds,omitempty"`
	Language       string  `json:"language,omitempty"`
	// Scopes that are there and none are not those that are not there.
	Scopes []string `json:"scopes,omitzero"`
}

func describe(a actor.Actor) person {
	return person{a.Role.String(), a.ID, a.UserID, a.OrganizationID, a.DepartmentIDs, a.Language, a.Scopes}
}

// actor is the person as it was; the role of nobody if this binary does not know the role.
func (p person) actor() actor.Actor {
	if reason, ok := strings.CutPrefix(p.ID, "system:"); ok && p.Role == "SYSTEM" {
		return actor.System(reason).In(p.OrganizationID)
	}
	role, _ := actor.ParseRole(p.Role)
	return actor.Actor{
		Role: role, ID: p.ID, UserID: p.UserID, OrganizationID: p.OrganizationID, DepartmentIDs: p.DepartmentIDs, Language: p.Language, Scopes: p.Scopes,
	}
}

// worker runs tasks.
type worker struct {
	river.WorkerDefaults[task]
	runner *Runner
}

// Timeout is the handler's, as it was when the job was ordered: also a process without the handler must know it.
func (w *worker) Timeout(j *river.Job[task]) time.Duration { return j.Args.Timeout }

// Work runs the job's handler on behalf of who ordered it.
func (w *worker) Work(ctx context.Context, j *river.Job[task]) (err error) {
	t, r := j.Args, w.runner
	h, ok := r.handlers[t.Name]
	switch late := r.now().Sub(j.CreatedAt); {
	case !ok && late < unknownFor:
		return river.JobSnooze(unknownPause)
	case !ok:
		return fmt.Errorf("no handler is called %s", t.Name)
	case j.Attempt > 1 && !t.Until.IsZero() && !r.now().Before(t.Until):
		return river.JobCancel(errors.New("the next tick has come"))
	}
	ctx = actor.With(ctx, t.Actor.actor())
	ctx = log.With(ctx, slog.String("job", t.Name), slog.Int64("job_id", j.ID))
	ctx, end := trace.Start(trace.Continue(ctx, t.Trace), "job "+t.Name)
	defer end(&err)
	start := r.now()
	err = guarded(ctx, h.run, t.Args)
	return w.settle(ctx, j, err, r.now().Sub(start))
}

// guarded makes an error of a panic.
func guarded(ctx context.Context, run func(context.Context, []byte) error, args []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return run(ctx, args)
}

// settle says what becomes of the job. The error is kept with it for operators, so it is scrubbed.
func (w *worker) settle(ctx context.Context, j *river.Job[task], err error, took time.Duration) error {
	r := w.runner
	if err == nil {
		r.metrics.ran("done", took)
		r.o.Log.DebugContext(ctx, "job done", "took", took)
		return nil
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		r.metrics.ran("put_back", took)
		r.o.Log.InfoContext(ctx, "job put back: the process stops")
		return river.JobSnooze(0)
	}
	if j.Attempt >= j.MaxAttempts {
		r.metrics.ran("dead", took)
		r.o.Log.ErrorContext(ctx, "job is dead", "attempt", j.Attempt, "error", err)
		return errors.New(log.ScrubText(err.Error()))
	}
	r.metrics.ran("failed", took)
	r.o.Log.WarnContext(ctx, "job failed and will be tried again", "attempt", j.Attempt, "error", err)
	return errors.New(log.ScrubText(err.Error()))
}

// Package jobs carries what the server does later. A job is ordered inside the caller's transaction, runs
// on behalf of who ordered it, in a role where its handler's module lives, and again until it succeeds or is dead.
// It is the only package that knows River.
package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/trace"
)

const (
	// maxAttempts and River's back-off, attempt⁴ seconds, give a job a day and a half before it is dead.
	maxAttempts = 15
	// runTimeout bounds one run whose handler says nothing else.
	runTimeout = time.Minute
	// lostAfter is how long past its time a run may be before its process is taken for dead.
	lostAfter = 30 * time.Second
	// stopGrace is what running jobs get to end by themselves when the process stops.
	stopGrace = 10 * time.Second
	// keepDone and keepDead are how long finished jobs can be seen.
	keepDone, keepDead = 24 * time.Hour, 30 * 24 * time.Hour
	// parallel is how many jobs of one queue a process runs at once, but of handlers that run alone.
	parallel = 8
)

// Options are those of a Runner.
type Options struct {
	// DB is the server's database. On PostgreSQL the runner opens a few connections more, with the same address.
	DB  *db.DB
	Log *slog.Logger
	// Role is the role of this process, or this part of it: the runner runs jobs of handlers that live in it.
	Role string
	// Metrics is unprefixed. It may be nil.
	Metrics prometheus.Registerer
}

// Runner orders jobs and runs those of its role.
type Runner struct {
	o        Options
	queue    queue
	metrics  metrics
	handlers map[string]registered
	// byArgs names the handler of a type; empty where several take it.
	byArgs  map[reflect.Type]string
	crons   table
	now     func() time.Time
	backoff river.ClientRetryPolicy
	grace   time.Duration
}

// New opens a runner with the handlers of all modules that share the database, whichever their roles:
// every role orders jobs for every other. More handlers and crons may follow until Run.
func New(ctx context.Context, o Options, handlers ...Registration) (*Runner, error) {
	r := &Runner{
		o: o, metrics: newMetrics(o.Metrics), handlers: map[string]registered{}, byArgs: map[reflect.Type]string{},
		crons: table{now: time.Now}, now: time.Now, grace: stopGrace,
	}
	if err := r.Handle(handlers...); err != nil {
		return nil, err
	}
	q, err := open(ctx, o.DB, quiet(o.Log))
	if err != nil {
		return nil, fmt.Errorf("open the jobs: %w", err)
	}
	if err := q.check(ctx); err != nil {
		q.close()
		return nil, err
	}
	r.queue = q
	return r, nil
}

// Handle adds handlers. It is for before Run.
func (r *Runner) Handle(handlers ...Registration) error {
	for _, h := range handlers {
		name := h.Name()
		if _, taken := r.handlers[name]; taken {
			return fmt.Errorf("two handlers are called %s", name)
		}
		if len(h.Roles) == 0 {
			return fmt.Errorf("handler %s has no role to run in", name)
		}
		r.handlers[name] = registered{h.Handler, h.queue(), slices.Contains(h.Roles, r.o.Role)}
		if _, second := r.byArgs[h.Handler.args]; second {
			name = ""
		}
		r.byArgs[h.Handler.args] = name
	}
	return nil
}

// registered is a handler with the queue that all its roles, and no others, work.
type registered struct {
	Handler
	queue string
	mine  bool
}

// workers is how many jobs of the handler's queue a process runs at once.
func (r registered) workers() int {
	if r.alone {
		return 1
	}
	return parallel
}

// queueOf is the queue of jobs that may run in any of roles.
func queueOf(roles []string) string {
	return strings.Join(slices.Compact(slices.Sorted(slices.Values(roles))), "_")
}

// Run runs jobs and crons until ctx ends. Then running jobs get a while to end; what is cut off after that
// goes back and loses nothing.
func (r *Runner) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ticking := make(chan struct{})
	go func() {
		defer close(ticking)
		r.crons.follow(ctx, r.tick)
	}()
	err := r.queue.work(ctx, r.config())
	cancel()
	<-ticking
	return err
}

// Close closes what New opened, after Run has returned.
func (r *Runner) Close() { r.queue.close() }

func (r *Runner) config() *river.Config {
	workers := river.NewWorkers()
	river.AddWorker(workers, &worker{runner: r})
	queues := map[string]river.QueueConfig{r.o.Role: {MaxWorkers: parallel}}
	for _, h := range r.handlers {
		if h.mine {
			queues[h.queue] = river.QueueConfig{MaxWorkers: h.workers()}
		}
	}
	return &river.Config{
		Workers: workers, Queues: queues, Logger: quiet(r.o.Log), RetryPolicy: r.backoff,
		JobTimeout: runTimeout, RescueStuckJobsAfter: runTimeout + lostAfter, SoftStopTimeout: r.grace,
		CompletedJobRetentionPeriod: keepDone, CancelledJobRetentionPeriod: keepDone, DiscardedJobRetentionPeriod: keepDead,
		// Only a table's owner may rebuild its indexes, and we do not serve as the owner.
		ReindexerSchedule: river.NeverSchedule(),
	}
}

// Option changes one job.
type Option func(*order)

// Unique orders nothing if a job of the same handler and key waits or runs.
func Unique(key string) Option {
	return func(o *order) { o.key, o.states = key, unfinished }
}

// At keeps the job until then.
func At(t time.Time) Option { return func(o *order) { o.at = t } }

// order is a job to be.
type order struct {
	name   string
	queue  string
	args   json.RawMessage
	key    string
	states []rivertype.JobState
	at     time.Time
	until  time.Time
	Handler
}

// Enqueue orders the job of the one handler that takes the type of args. It exists when the transaction
// has committed, and runs with the transaction's actor.
func (r *Runner) Enqueue(ctx context.Context, tx db.Tx, args any, opts ...Option) error {
	name := r.byArgs[reflect.TypeOf(args)]
	if name == "" {
		return fmt.Errorf("order a job: not one handler takes %T", args)
	}
	return r.EnqueueFor(ctx, tx, []string{name}, args, opts...)
}

// EnqueueFor orders one job for each of the named handlers (see Registration.Name) with the same args.
func (r *Runner) EnqueueFor(ctx context.Context, tx db.Tx, names []string, args any, opts ...Option) error {
	encoded, err := json.Marshal(args)
	if err != nil {
		return fmt.Errorf("order a job: %w", err)
	}
	orders := make([]order, len(names))
	for i, name := range names {
		h, ok := r.handlers[name]
		if !ok {
			return fmt.Errorf("order a job: no handler is called %s", name)
		}
		orders[i] = order{name: name, queue: h.queue, args: encoded, Handler: h.Handler}
		for _, set := range opts {
			set(&orders[i])
		}
	}
	return r.insert(ctx, tx, orders)
}

func (r *Runner) insert(ctx context.Context, tx db.Tx, orders []order) error {
	if len(orders) == 0 {
		return nil
	}
	many := make([]river.InsertManyParams, len(orders))
	for i, o := range orders {
		insert := &river.InsertOpts{Queue: o.queue, MaxAttempts: o.attempts, ScheduledAt: o.at}
		if o.key != "" {
			insert.UniqueOpts = river.UniqueOpts{ByArgs: true, ByState: o.states}
		}
		many[i] = river.InsertManyParams{InsertOpts: insert, Args: task{
			Name: o.name, Key: o.key, Args: o.args, Until: o.until, Timeout: o.timeout,
			Actor: describe(tx.Actor()), Trace: trace.Parent(ctx),
		}}
	}
	if err := r.queue.insert(ctx, tx, many); err != nil {
		return fmt.Errorf("order a job: %w", err)
	}
	return nil
}

var unfinished = []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled,
}

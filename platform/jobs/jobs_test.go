package jobs_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/jobs"
	"github.com/staff-control/staff-control/platform/trace"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 30 * time.Second

type greeting struct{ Name string }

var quiet = slog.New(slog.DiscardHandler)

func hr(organization int64) context.Context {
	return actor.With(context.Background(), actor.Actor{
		Role: actor.HR, ID: "user:7", UserID: 7, OrganizationID: organization, DepartmentIDs: []int64{3}, Language: "uz",
	})
}

func system() context.Context { return actor.With(context.Background(), actor.System("test")) }

// in is a handler of the module greeter that lives in the roles.
func in(h jobs.Handler, roles ...string) jobs.Registration {
	return jobs.Registration{Module: "greeter", Roles: roles, Handler: h}
}

func newRunner(t *testing.T, d *db.DB, role string, handlers ...jobs.Registration) *jobs.Runner {
	t.Helper()
	r, err := jobs.New(context.Background(), jobs.Options{DB: d, Log: quiet, Role: role}, handlers...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	r.Hurry(10*time.Millisecond, 10*time.Second)
	return r
}

// start runs r until the test ends, or until what it returns is called.
func start(t *testing.T, r *jobs.Runner) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("run: %v", err)
			}
		case <-time.After(patience):
			t.Error("the runner does not stop")
		}
	})
	t.Cleanup(stop)
	return stop
}

func enqueue(ctx context.Context, t *testing.T, d *db.DB, r *jobs.Runner, args any, opts ...jobs.Option) {
	t.Helper()
	err := d.Write(ctx, func(ctx context.Context, tx db.Tx) error { return r.Enqueue(ctx, tx, args, opts...) })
	if err != nil {
		t.Fatal(err)
	}
}

func receive[T any](t *testing.T, from <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(patience):
		t.Fatal("nothing came")
	}
	return v
}

func list(t *testing.T, r *jobs.Runner, q jobs.Query) []jobs.Job {
	t.Helper()
	all, err := r.List(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// await returns the only job once it has the state.
func await(t *testing.T, r *jobs.Runner, want jobs.State) (j jobs.Job) {
	t.Helper()
	eventually(t, "the job is "+string(want), func() bool {
		all := list(t, r, jobs.Query{})
		j = all[0]
		return len(all) == 1 && j.State == want
	})
	return j
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.After(patience)
	for !is() {
		select {
		case <-deadline:
			t.Fatal("never so: " + what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func TestJobsRunOnBehalfOfWhoOrderedThem(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		type seen struct {
			args greeting
			who  actor.Actor
		}
		ran := make(chan seen, 2)
		r := newRunner(t, d, "dashboard", in(jobs.On("greet", func(ctx context.Context, g greeting) error {
			who, _ := actor.From(ctx)
			ran <- seen{g, who}
			return nil
		}), "dashboard"))
		start(t, r)
		for _, ctx := range []context.Context{hr(5), system()} {
			enqueue(ctx, t, d, r, greeting{"Aziza"})
			got := receive(t, ran)
			want, _ := actor.From(ctx)
			if got.args.Name != "Aziza" || got.who.ID != want.ID || got.who.Role != want.Role || got.who.OrganizationID != want.OrganizationID {
				t.Errorf("got %+v, want actor %+v", got, want)
			}
			if want.UserID != got.who.UserID || len(want.DepartmentIDs) != len(got.who.DepartmentIDs) || want.Language != got.who.Language {
				t.Errorf("got %+v, want %+v", got.who, want)
			}
		}
	})
}

func TestJobOfARolledBackTransactionNeverWas(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRunner(t, d, "dashboard", in(jobs.On("greet", func(context.Context, greeting) error { return nil }), "dashboard"))
		changed := errors.New("changed my mind")
		for _, ctx := range []context.Context{hr(5), system()} {
			err := d.Write(ctx, func(ctx context.Context, tx db.Tx) error {
				if err := r.Enqueue(ctx, tx, greeting{"nobody"}); err != nil {
					return err
				}
				return changed
			})
			if !errors.Is(err, changed) {
				t.Fatal(err)
			}
		}
		if all := list(t, r, jobs.Query{}); len(all) != 0 {
			t.Errorf("jobs of transactions that rolled back: %+v", all)
		}
	})
}

func TestFailedJobsRunAgainUntilTheySucceedOrAreDead(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var runs atomic.Int32
		var mended atomic.Bool
		registry := prometheus.NewRegistry()
		r, err := jobs.New(context.Background(), jobs.Options{DB: d, Log: quiet, Role: "dashboard", Metrics: registry},
			in(jobs.On("greet", func(context.Context, greeting) error {
				if mended.Load() {
					return nil
				}
				if runs.Add(1) == 1 {
					panic("at the disco")
				}
				return errors.New("password=hunter2 is wrong")
			}, jobs.Attempts(3)), "dashboard"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(r.Close)
		r.Hurry(10*time.Millisecond, time.Second)
		start(t, r)
		enqueue(hr(5), t, d, r, greeting{"x"})
		dead := await(t, r, jobs.Dead)
		if runs.Load() != 3 || dead.Attempt != 3 || dead.OrganizationID != 5 || dead.Actor != "user:7" || dead.Name != "greeter greet" {
			t.Errorf("ran %d times: %+v", runs.Load(), dead)
		}
		if strings.Contains(dead.Error, "hunter2") || !strings.Contains(dead.Error, "is wrong") {
			t.Errorf("error kept for operators: %q", dead.Error)
		}
		mended.Store(true)
		if err := r.Retry(context.Background(), dead.ID); err != nil {
			t.Fatal(err)
		}
		await(t, r, jobs.Done)
		err = testutil.GatherAndCompare(registry, strings.NewReader(`
			# HELP staff_jobs_runs_total Runs of jobs by what came of them: done, failed, dead, put_back.
			# TYPE staff_jobs_runs_total counter
			staff_jobs_runs_total{outcome="dead"} 1
			staff_jobs_runs_total{outcome="done"} 1
			staff_jobs_runs_total{outcome="failed"} 2
		`), "staff_jobs_runs_total")
		if err != nil {
			t.Error(err)
		}
		if err := r.Retry(context.Background(), 1<<40); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("retry of no job: %v", err)
		}
	})
}

// What kill -9 leaves behind: a job that runs, by a process that does not.
func TestJobOfADeadProcessRunsAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ran := make(chan string, 1)
		r := newRunner(t, d, "dashboard", in(jobs.On("greet", func(_ context.Context, g greeting) error {
			ran <- g.Name
			return nil
		}), "dashboard"))
		enqueue(hr(5), t, d, r, greeting{"survivor"})
		err := d.Write(system(), func(ctx context.Context, tx db.Tx) error {
			// River's table has no organization.
			_, err := tx.Raw("UPDATE river_job SET state = 'running', attempt = 1, attempted_at = ?", time.Now().Add(-time.Hour).UTC().Format("2006-01-02 15:04:05.000")).Exec(ctx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		start(t, r)
		if got := receive(t, ran); got != "survivor" {
			t.Errorf("ran for %q", got)
		}
	})
}

func TestWorkThatTheStopCutsOffGoesBackUnharmed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		began := make(chan bool, 1)
		var again atomic.Bool
		r := newRunner(t, d, "dashboard", in(jobs.On("greet", func(ctx context.Context, _ greeting) error {
			began <- true
			if again.Load() {
				return nil
			}
			<-ctx.Done()
			return errors.New("the connection broke")
		}), "dashboard"))
		r.Hurry(time.Hour, 10*time.Millisecond)
		stop := start(t, r)
		enqueue(hr(5), t, d, r, greeting{"x"})
		receive(t, began)
		stop()
		if j := await(t, r, jobs.Waiting); j.Attempt != 0 || j.Error != "" {
			t.Errorf("the job that was cut off: %+v", j)
		}
		again.Store(true)
		start(t, r)
		receive(t, began)
		await(t, r, jobs.Done)
	})
}

func TestStopWaitsForRunningJobs(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		began, finish := make(chan bool, 1), make(chan bool)
		r := newRunner(t, d, "dashboard", in(jobs.On("greet", func(ctx context.Context, _ greeting) error {
			began <- true
			<-finish
			return ctx.Err()
		}), "dashboard"))
		stop := start(t, r)
		enqueue(hr(5), t, d, r, greeting{"x"})
		receive(t, began)
		time.AfterFunc(100*time.Millisecond, func() { close(finish) })
		stop()
		await(t, r, jobs.Done)
	})
}

func TestJobsOfAHandlerThatRunsAloneLeaveRoomForOthers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		type count struct{ N int }
		var running, most atomic.Int32
		greeted := make(chan struct{})
		r := newRunner(t, d, "dashboard",
			in(jobs.On("count", func(ctx context.Context, _ count) error {
				most.Store(max(most.Load(), running.Add(1)))
				defer running.Add(-1)
				select { // each waits until somebody else's job has run
				case <-greeted:
				case <-ctx.Done():
				}
				return ctx.Err()
			}, jobs.Alone()), "dashboard", "agent-api"),
			in(jobs.On("greet", func(context.Context, greeting) error { close(greeted); return nil }), "dashboard"))
		for n := range 20 {
			enqueue(hr(5), t, d, r, count{n})
		}
		enqueue(hr(5), t, d, r, greeting{"x"})
		start(t, r)
		eventually(t, "all are done", func() bool { return len(list(t, r, jobs.Query{State: jobs.Done})) == 21 })
		if n := most.Load(); n != 1 {
			t.Errorf("%d ran at once", n)
		}
	})
}

func TestUniqueJobIsOrderedOnceWhileItWaits(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRunner(t, d, "dashboard", in(jobs.On("greet", func(context.Context, greeting) error { return nil }), "dashboard"))
		for _, key := range []string{"a", "a", "b"} {
			enqueue(hr(5), t, d, r, greeting{"x"}, jobs.Unique(key))
		}
		if all := list(t, r, jobs.Query{}); len(all) != 2 {
			t.Fatalf("ordered %d jobs, want one for each key", len(all))
		}
		stop := start(t, r)
		eventually(t, "both jobs are done", func() bool { return len(list(t, r, jobs.Query{State: jobs.Done})) == 2 })
		stop()
		enqueue(hr(5), t, d, r, greeting{"x"}, jobs.Unique("a"))
		if all := list(t, r, jobs.Query{State: jobs.Waiting}); len(all) != 1 {
			t.Errorf("a key whose job is done is free again: %+v", all)
		}
	})
}

func TestJobsRunOnlyWhereTheirModuleLives(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		type both struct{ N int }
		ran := make(chan string, 4)
		handlers := func(role string) []jobs.Registration {
			return []jobs.Registration{
				in(jobs.On("greet", func(context.Context, greeting) error { ran <- role; return nil }), "dashboard"),
				in(jobs.On("both", func(context.Context, both) error { ran <- role; return nil }), "dashboard", "agent-api"),
			}
		}
		agents := newRunner(t, d, "agent-api", handlers("agent-api")...)
		stop := start(t, agents)
		enqueue(hr(5), t, d, agents, both{1})
		if got := receive(t, ran); got != "agent-api" {
			t.Errorf("the job for both roles ran in %s", got)
		}
		enqueue(hr(5), t, d, agents, greeting{"x"})
		start(t, newRunner(t, d, "dashboard", handlers("dashboard")...))
		if got := receive(t, ran); got != "dashboard" {
			t.Errorf("the dashboard's job ran in %s", got)
		}
		stop()
	})
}

func TestLaterJobsWait(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ran := make(chan string, 2)
		r := newRunner(t, d, "dashboard", in(jobs.On("greet", func(_ context.Context, g greeting) error { ran <- g.Name; return nil }), "dashboard"))
		enqueue(hr(5), t, d, r, greeting{"later"}, jobs.At(time.Now().Add(time.Hour)))
		enqueue(hr(5), t, d, r, greeting{"now"})
		start(t, r)
		if got := receive(t, ran); got != "now" {
			t.Errorf("%s ran first", got)
		}
		page := list(t, r, jobs.Query{Limit: 1})
		rest := list(t, r, jobs.Query{Limit: 5, Before: page[0].ID})
		if len(rest) != 1 || rest[0].State != jobs.Waiting || !rest[0].RunsAt.After(time.Now().Add(time.Minute)) {
			t.Errorf("the page after %+v is %+v", page, rest)
		}
	})
}

func TestWhatCannotBeOrdered(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	nothing := func(context.Context, greeting) error { return nil }
	r := newRunner(t, d, "dashboard", in(jobs.On("a", nothing), "dashboard"), in(jobs.On("b", nothing), "dashboard"))
	for want, order := range map[string]func(context.Context, db.Tx) error{
		"not one handler takes jobs_test.greeting": func(ctx context.Context, tx db.Tx) error { return r.Enqueue(ctx, tx, greeting{}) },
		"not one handler takes int":                func(ctx context.Context, tx db.Tx) error { return r.Enqueue(ctx, tx, 1) },
		"no handler is called greeter c":           func(ctx context.Context, tx db.Tx) error { return r.EnqueueFor(ctx, tx, []string{"greeter c"}, 1) },
		"unsupported type":                         func(ctx context.Context, tx db.Tx) error { return r.EnqueueFor(ctx, tx, nil, func() {}) },
	} {
		if err := d.Write(hr(1), order); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	for want, h := range map[string]jobs.Registration{
		"two handlers are called greeter a": in(jobs.On("a", nothing), "dashboard"),
		"no role to run in":                 in(jobs.On("d", nothing)),
	} {
		if err := r.Handle(h); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestJobBelongsToTheTraceOfWhoOrderedIt(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	ran := make(chan string, 1)
	r := newRunner(t, d, "dashboard", in(jobs.On("greet", func(ctx context.Context, _ greeting) error {
		ran <- trace.ID(ctx)
		return nil
	}), "dashboard"))
	start(t, r)
	enqueue(trace.Continue(hr(5), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), t, d, r, greeting{"x"})
	if got := receive(t, ran); got != "4bf92f3577b34da6a3ce929d0e0e4736" {
		t.Errorf("ran in trace %q", got)
	}
}

func TestRunPastItsTimeFails(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	lines := slog.New(slog.NewJSONHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug}))
	d := dbtest.SQLite(t)
	r, err := jobs.New(context.Background(), jobs.Options{DB: d, Log: lines, Role: "dashboard"},
		in(jobs.On("greet", func(ctx context.Context, _ greeting) error {
			<-ctx.Done()
			return ctx.Err()
		}, jobs.Timeout(50*time.Millisecond), jobs.Attempts(1)), "dashboard"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	stop := start(t, r)
	enqueue(hr(5), t, d, r, greeting{"x"})
	if j := await(t, r, jobs.Dead); !strings.Contains(j.Error, "deadline exceeded") {
		t.Errorf("%+v", j)
	}
	stop()
	if !strings.Contains(text.String(), `"level":"ERROR","msg":"job is dead"`) || strings.Contains(text.String(), `"level":"INFO"`) {
		t.Errorf("log:\n%s", &text)
	}
}

package jobs_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/jobs"
)

func TestOneOfTwoReplicasRunsATick(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ran := make(chan actor.Actor, 100)
		for range 2 {
			r := newRunner(t, d, "dashboard")
			err := r.EverySecond("greeter wave", func(ctx context.Context) error {
				who, _ := actor.From(ctx)
				ran <- who
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			start(t, r)
		}
		for range 3 {
			if who := receive(t, ran); who.ID != "system:cron greeter wave" || !who.CrossesOrganizations() {
				t.Errorf("ran as %+v", who)
			}
		}
		err := d.Read(system(), func(ctx context.Context, tx db.Tx) error {
			var ordered, ticks int
			// River's table has no organization.
			err := tx.Raw("SELECT count(*), count(DISTINCT "+tx.JSONField("args", "key")+") FROM river_job").Scan(ctx, &ordered, &ticks)
			if ordered != ticks || ticks < 3 {
				t.Errorf("%d jobs for %d ticks", ordered, ticks)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestTickThatTheNextOvertakesIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := newRunner(t, d, "dashboard")
		r.SetNow(func() time.Time { return time.Now().Add(time.Hour) })
		failed := make(chan bool, 100)
		if err := r.EverySecond("greeter wave", func(context.Context) error { failed <- true; return errors.New("no") }); err != nil {
			t.Fatal(err)
		}
		start(t, r)
		receive(t, failed)
		eventually(t, "a run is given up", func() bool { return len(list(t, r, jobs.Query{State: jobs.Cancelled})) > 0 })
	})
}

func TestJobsWithoutAHandlerWaitForOne(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		newer := newRunner(t, d, "dashboard", in(jobs.On("greet", func(context.Context, greeting) error { return nil }, jobs.Attempts(1)), "dashboard"))
		older := newRunner(t, d, "dashboard")
		enqueue(hr(5), t, d, newer, greeting{"x"})
		stop := start(t, older)
		eventually(t, "the job is put off", func() bool {
			all := list(t, older, jobs.Query{State: jobs.Waiting})
			return len(all) == 1 && all[0].RunsAt.After(time.Now().Add(time.Second))
		})
		stop()
		older.SetNow(func() time.Time { return time.Now().Add(2 * time.Hour) })
		if err := older.Retry(context.Background(), list(t, older, jobs.Query{})[0].ID); err != nil {
			t.Fatal(err)
		}
		start(t, older)
		if j := await(t, older, jobs.Dead); !strings.Contains(j.Error, "no handler is called greeter greet") {
			t.Errorf("%+v", j)
		}
	})
}

func TestLocalCronsRunAtTheirMinutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := jobs.NewLocal(quiet)
		var mu sync.Mutex
		var at []time.Time
		note := func(ctx context.Context) error {
			if who, _ := actor.From(ctx); who.ID != "system:cron collector sweep" {
				t.Errorf("ran as %s", who.ID)
			}
			mu.Lock()
			at = append(at, time.Now().UTC())
			n := len(at)
			mu.Unlock()
			switch n {
			case 1:
				return errors.New("no")
			case 2:
				panic("no")
			case 3: // longer than until the next tick, which is missed
				time.Sleep(20 * time.Minute)
			}
			return nil
		}
		if err := l.Cron("collector sweep", "*/15 * * * *", note); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error)
		began := time.Now().UTC() // midnight
		go func() { ended <- l.Run(ctx) }()
		time.Sleep(80 * time.Minute)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		want := []int{15, 30, 45, 75}
		if len(at) != len(want) {
			t.Fatalf("ran at %v", at)
		}
		for i, m := range want {
			if !at[i].Equal(began.Add(time.Duration(m) * time.Minute)) {
				t.Errorf("run %d was at %s, want minute %d", i, at[i], m)
			}
		}
	})
}

func TestSpecsHaveFiveFields(t *testing.T) {
	t.Parallel()
	nothing := func(context.Context) error { return nil }
	for spec, ok := range map[string]bool{
		"*/5 * * * *": true, "CRON_TZ=Asia/Tashkent 0 3 * * *": true,
		"": false, "@every 1s": false, "* * * * * *": false, "61 * * * *": false,
	} {
		if err := jobs.NewLocal(quiet).Cron("x", spec, nothing); (err == nil) != ok {
			t.Errorf("%q: %v", spec, err)
		}
	}
	r := newRunner(t, dbtest.SQLite(t), "dashboard")
	for i, ok := range []bool{true, false} {
		if err := r.Cron("greeter wave", "0 * * * *", nothing); (err == nil) != ok {
			t.Errorf("cron %d of one name: %v", i, err)
		}
	}
	if err := r.Cron("greeter bow", "daily", nothing); err == nil {
		t.Error("a spec in words is taken")
	}
}

package processing

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// A turn of large requests holds one of them at a time, and writes none of them again.
func TestRequestsAreReadOneAtATime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		mustSubmit(t, o, agent(1), window("a"), window("b"))
		rows, _, err := o.claim(agent(1))
		if err != nil || len(rows) != 2 || rows[0].Request != nil || rows[1].Request != nil {
			t.Fatalf("claimed %+v, %v", rows, err)
		}
		if n := requests(t, d); n != 2 {
			t.Errorf("%d requests are kept while the jobs are done, want 2", n)
		}
		if _, err := o.work(agent(1), rows); err != nil || len(o.sink.order) != 2 {
			t.Errorf("done %v, %v", o.sink.order, err)
		}
		if n := requests(t, d); n != 0 {
			t.Errorf("%d requests of completed jobs are kept", n)
		}
	})
}

func requests(t *testing.T, d *db.DB) (n int64) {
	t.Helper()
	err := d.Read(agent(1), func(ctx context.Context, tx db.Tx) (err error) {
		n, err = tx.Select((*jobRow)(nil)).Where("request IS NOT NULL").Count(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// die claims what a turn would do, and does not do it; later its jobs count as lost.
func (o office) die(t *testing.T) (claimed int) {
	t.Helper()
	rows, _, err := o.claim(agent(1))
	if err != nil {
		t.Fatal(err)
	}
	at := o.now().Add(lease + time.Second)
	o.service.now = func() time.Time { return at }
	return len(rows)
}

func TestAJobThatTheProcessDiesOfTakesNoOthersWithIt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.cfg.Attempts = 3
		mustSubmit(t, o, agent(1), window("deadly", `"priority":10`), window("b"), window("c"))
		var claimed []int
		for range 3 {
			claimed = append(claimed, o.die(t))
		}
		if fmt.Sprint(claimed) != "[3 1 1]" {
			t.Errorf("turns claimed %v, want all and then the lost one alone", claimed)
		}
		o.rounds(t)
		if got := states(t, o, agent(1)); got != "deadly FAILED, b COMPLETED, c COMPLETED" || len(o.sink.order) != 2 {
			t.Errorf("states %s, stored %v", got, o.sink.order)
		}
		if err := o.retry(agent(1), "deadly"); err != nil {
			t.Errorf("it cannot be tried again: %v", err)
		}
	})
}

// The jobs of a dead process keep nobody's new ones waiting.
func TestWhatComesAfterADeathHasATurn(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	mustSubmit(t, o, agent(1), window("a"))
	o.die(t)
	o.ordered.turns = nil // the turn died with it
	mustSubmit(t, o, agent(1), window("b"))
	o.rounds(t)
	if got := states(t, o, agent(1)); got != "a COMPLETED, b COMPLETED" {
		t.Errorf("states %s", got)
	}
}

// What comes while a turn is at work has one turn more, not two: else an organization would take more than its share.
func TestWhatComesMeanwhileHasOneTurn(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	mustSubmit(t, o, agent(1), window("a"))
	o.sink.before = func() {
		o.sink.before = nil
		mustSubmit(t, o, agent(1), window("b"))
		mustSubmit(t, o, agent(1), window("c"))
	}
	if n := o.rounds(t); n != 2 || len(o.sink.order) != 3 {
		t.Errorf("%d turns, want 2; stored %v", n, o.sink.order)
	}
}

func TestAnAgentsKeySeesItsOwnJobs(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		other := actor.With(context.Background(), actor.Actor{Role: actor.Agent, ID: "key:2", OrganizationID: 1})
		admin := actor.With(context.Background(), actor.Actor{Role: actor.Admin, ID: "key:3", OrganizationID: 1})
		mustSubmit(t, o, agent(1), window("a"))
		mustSubmit(t, o, other, window("b"))
		o.rounds(t)
		for name, c := range map[string]struct {
			ctx  context.Context
			want string
		}{
			"the key": {agent(1), "a COMPLETED"}, "another": {other, "b COMPLETED"}, "an administrator's": {admin, "a COMPLETED, b COMPLETED"},
		} {
			if got := states(t, o, c.ctx); got != c.want {
				t.Errorf("%s sees %s, want %s", name, got, c.want)
			}
		}
		if got := resultOfJob(t, o, other, "a"); got != "null" {
			t.Errorf("another key sees %s", got)
		}
		if err := o.retry(other, "a"); !errors.Is(err, errUnknown) {
			t.Errorf("another key tries it again: %v", err)
		}
		if n, err := o.cleanup(other); n != 1 || err != nil {
			t.Errorf("another key deletes %d, %v", n, err)
		}
		if n, err := o.cleanup(admin); n != 1 || err != nil {
			t.Errorf("an administrator deletes %d, %v", n, err)
		}
	})
}

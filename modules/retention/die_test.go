package retention

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// fillLittle gives two organizations one old day of each way to take something away.
func (o *office) fillLittle(t testing.TB) {
	t.Helper()
	o.mustRule(t, 1, "visited_site", 90, toArchive)
	o.mustRule(t, 1, "screenshot", 30, toArchive)
	o.mustRule(t, 1, "credential", 10, toArchive)
	o.mustRule(t, 1, "profile", 10, toDelete)
	for _, id := range []string{"old", "old too"} {
		o.world.add(1, activity.ActiveWindow, ago(91), id)
		o.world.add(1, activity.VisitedSite, ago(91), id)
		o.world.add(1, activity.Screenshot, ago(31), id)
		o.world.add(2, activity.Screenshot, ago(31), id)
		o.world.store(1, "profiles/"+id, file.Profile, ago(11), id)
	}
	o.world.add(1, activity.Screenshot, ago(30), "new")
	o.world.store(1, "credentials/old", file.Credential, ago(11), "c")
}

// Wherever a run dies, before a step or after it, nothing is lost that is to be archived, no row is left without its
// files, and the next run brings all to where an undisturbed one brings it.
func TestARunMayDieAnywhere(t *testing.T) {
	t.Parallel()
	whole := newOffice(t, dbtest.SQLite(t))
	whole.fillLittle(t)
	whole.world.steps = 0
	if err := whole.run(all()); err != nil {
		t.Fatal(err)
	}
	left, evidence, steps := whole.world.left(), whole.evidence(t), whole.world.steps
	if steps < 60 || len(evidence) != 6 {
		t.Fatalf("only %d steps: %v", steps, evidence)
	}
	for n := 1; n <= steps; n++ {
		for _, before := range []bool{true, false} {
			t.Run(fmt.Sprint(n, before), func(t *testing.T) {
				t.Parallel()
				o := newOffice(t, dbtest.SQLite(t))
				o.fillLittle(t)
				o.dieAt(t, n, before)
				o.checkNothingIsLost(t)
				next := officeOn(t, o.store.db, o.world)
				if err := next.run(all()); err != nil {
					t.Fatal(err)
				}
				sameLines(t, "left", next.world.left(), left)
				sameLines(t, "evidence", next.evidence(t), evidence)
				if n := counted(t, o.store.db, "SELECT count(*) FROM retention_files"); n != 0 {
					t.Errorf("%d files are noted still", n)
				}
			})
		}
	}
}

var errPower = errors.New("the power fails")

// dieAt runs until a step, at which the process dies: it writes nothing down any more.
func (o *office) dieAt(t testing.TB, n int, before bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(all())
	defer cancel()
	o.world.steps = 0
	o.world.fail = func(step int, _ string) error {
		if before && step == n {
			cancel()
		}
		if step > n || before && step == n {
			return errPower
		}
		return nil
	}
	o.world.after = func(step int, _ string) {
		if step == n {
			cancel()
		}
	}
	if err := o.run(ctx); err == nil {
		t.Fatal("it did not die")
	}
	o.world.fail, o.world.after = nil, nil
}

// checkNothingIsLost makes sure that what is gone of organization 1 and had to be archived is in an archive, and that each
// picture that has a row has its files.
func (o *office) checkNothingIsLost(t testing.TB) {
	t.Helper()
	parts := []string{".png", ".thumb.jpg", ".blur.jpg"}
	for organization, rows := range o.world.rows {
		for _, r := range rows {
			for _, ext := range parts {
				if _, has := o.world.files[organization][stem(r.path)+ext]; r.path != "" && !has {
					t.Errorf("%s of organization %d has no %s", r.path, organization, ext)
				}
			}
		}
	}
	there := map[string]fakeRow{}
	for p := range o.world.files[1] {
		k, _, isRows := parseArchivePath(p)
		if !isRows {
			continue
		}
		in, _, err := o.openPacked(as(actor.HR, 1), p)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := sheetRows(k.rows, in)
		if err != nil {
			t.Fatalf("%s: %v", p, err)
		}
		for _, r := range rows {
			there[string(k.rows)+r.id] = r
		}
	}
	for _, k := range []activity.Kind{activity.VisitedSite, activity.Screenshot} {
		for _, id := range []string{"old", "old too"} {
			if _, here := o.world.rows[1][string(k)+id]; here {
				continue
			}
			r, archived := there[string(k)+id]
			if !archived {
				t.Errorf("%s %s is neither here nor in an archive", k, id)
			}
			for _, ext := range parts {
				if _, has := o.world.files[1][archives+stem(r.path)+ext]; r.path != "" && !has {
					t.Errorf("%s%s is in no archive", stem(r.path), ext)
				}
			}
		}
	}
	_, here := o.world.files[1]["credentials/old"]
	if _, archived := o.world.files[1][archives+"credentials/old"]; !here && !archived {
		t.Error("the credential is neither here nor in the archive")
	}
}

// Of several processes one carries the rules out. One that says nothing any more is taken for dead.
func TestOneProcessRunsAtATime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.fill(t)
		entered, leave := make(chan struct{}), make(chan struct{})
		o.world.after = func(step int, _ string) {
			if step == 1 {
				close(entered)
				<-leave
			}
		}
		o.world.steps = 0
		done := make(chan error)
		go func() { done <- o.run(all()) }()
		<-entered
		second := officeOn(t, d, newWorld())
		if err := second.run(all()); !errors.Is(err, errRunning) {
			t.Errorf("a second run: %v", err)
		}
		if second.world.steps != 0 {
			t.Errorf("it did %d steps", second.world.steps)
		}
		if s, err := o.getStatus(as(actor.HR, 1), struct{}{}); err != nil || !s.Running || s.LastRunAt != nil {
			t.Errorf("status %+v: %v", s, err)
		}
		close(leave)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if s, err := o.getStatus(as(actor.HR, 1), struct{}{}); err != nil || s.Running || s.LastRunAt == nil || !s.LastRunAt.Equal(noon) ||
			!s.NextRunAt.Equal(time.Date(2026, 11, 24, 2, 30, 0, 0, time.UTC)) {
			t.Errorf("status %+v: %v", s, err)
		}
		write(t, d, "UPDATE retention_state SET holder = 'dead', held_until = ?", noon.Add(time.Second))
		if err := second.run(all()); !errors.Is(err, errRunning) {
			t.Errorf("a run beside one that may live: %v", err)
		}
		write(t, d, "UPDATE retention_state SET held_until = ?", noon.Add(-time.Second))
		if err := second.run(all()); err != nil {
			t.Errorf("a run after one that died: %v", err)
		}
	})
}

// A run that has lost its turn, because it was away for too long, ends.
func TestARunThatLostItsTurnEnds(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	o.fill(t)
	o.pulse = time.Millisecond
	o.now = time.Now
	err := o.alone(all(), func(ctx context.Context) error {
		write(t, o.store.db, "UPDATE retention_state SET holder = 'another'")
		<-ctx.Done()
		return context.Cause(ctx)
	})
	if !errors.Is(err, errLost) {
		t.Errorf("it ends with %v", err)
	}
	if s, err := o.store.state(all()); err != nil || s.Holder != "another" {
		t.Errorf("the other's turn was taken: %+v, %v", s, err)
	}
	// One that is there keeps it, for longer than a lease.
	write(t, o.store.db, "UPDATE retention_state SET holder = ''")
	err = o.alone(all(), func(ctx context.Context) error {
		began, err := o.store.state(all())
		for now := began; err == nil && now.HeldUntil.Before(began.HeldUntil.Add(2*beats*o.pulse)); {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			now, err = o.store.state(all())
		}
		return err
	})
	if err != nil {
		t.Errorf("it did not keep its turn: %v", err)
	}
}

func TestNextRun(t *testing.T) {
	t.Parallel()
	for now, want := range map[string]string{
		"2026-11-23T02:29:59Z": "2026-11-23T02:30:00Z", "2026-11-23T02:30:00Z": "2026-11-24T02:30:00Z", "2026-12-31T23:59:00Z": "2027-01-01T02:30:00Z",
	} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		if got := next(at).Format(time.RFC3339); got != want {
			t.Errorf("after %s comes %s, want %s", now, got, want)
		}
	}
}

package updater

import (
	"context"
	"errors"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/updater/update"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

// onTrial is a machine whose version 2.1.0, in slot a, was started for the first time. Agent-api is not asked.
func onTrial(t *testing.T) (*machine, *updater) {
	t.Helper()
	m := newMachine(t)
	m.save(t, state{Current: slotA, Previous: slotB, Trial: true, Starts: 1, Version: "2.1.0", PreviousVersion: "2.0.0"})
	u := m.process("2.1.0", slotA)
	if err := u.remember(installation{Order: "order", Version: "2.1.0", From: "2.0.0", Alert: id.New()}); err != nil {
		t.Fatal(err)
	}
	if trial, err := u.settle(t.Context()); err != nil || !trial {
		t.Fatalf("on trial: %t, %v", trial, err)
	}
	return m, u
}

func (m *machine) save(t testing.TB, st state) {
	t.Helper()
	if err := m.slots().save(st); err != nil {
		t.Fatal(err)
	}
}

func TestVersionStaysOnceItWasHealthyForLongEnough(t *testing.T) {
	t.Parallel()
	m, u := onTrial(t)
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		u.settled = make(chan struct{})
		u.ready = func(context.Context) error {
			if d := time.Since(start); d < 20*time.Second || d > 40*time.Second && d < 50*time.Second { // it begins slowly, and has a bad moment
				return errors.New("not yet")
			}
			if !m.state(t).Trial {
				t.Error("it stays already")
			}
			return nil
		}
		if err := u.try(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took < 110*time.Second || took > 120*time.Second {
			t.Errorf("it took %s", took)
		}
		if restarts, err := u.Install(t.Context(), "order", "2.1.0"); restarts || err != nil {
			t.Errorf("the order: %t, %v", restarts, err)
		}
	})
	if want := (state{Current: slotA, Previous: slotB, Version: "2.1.0", PreviousVersion: "2.0.0"}); m.state(t) != want {
		t.Errorf("state is %+v", m.state(t))
	}
	if i, err := u.last(); err != nil || i.Outcome != confirmed {
		t.Errorf("%+v, %v", i, err)
	}
}

func TestUnhealthyVersionMakesWay(t *testing.T) {
	t.Parallel()
	m, u := onTrial(t)
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		u.ready = func(context.Context) error {
			if int(time.Since(start)/(50*time.Second))%2 == 0 { // healthy again and again, never for a minute
				return errors.New("the buffer is away")
			}
			return nil
		}
		var restart kernel.Restart
		if err := u.try(t.Context()); !errors.As(err, &restart) {
			t.Errorf("it goes on: %v", err)
		}
		if took := time.Since(start); took < 3*time.Minute || took > 190*time.Second {
			t.Errorf("it took %s", took)
		}
	})
	if want := (state{Current: slotB, Previous: packaged, Version: "2.0.0", Failed: "2.1.0", Reason: reasonUnhealthy}); m.state(t) != want {
		t.Errorf("state is %+v", m.state(t))
	}

	old, trial := m.started(t, "2.0.0", slotB)
	if trial {
		t.Error("the old version is on trial")
	}
	m.alerts.failures = 2
	for range 2 { // whoever was cut off in between tells it again
		if err := old.tell(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	i, err := old.last()
	if err != nil || i.Outcome != failed || i.Reason != reasonUnhealthy {
		t.Errorf("%+v, %v", i, err)
	}
	if len(m.alerts.raised) != 1 {
		t.Fatalf("alerts %+v", m.alerts.raised)
	}
	a := m.alerts.raised[0]
	if a.ID != i.Alert || a.Kind != alert.UpdateRolledBack || a.Details["version"] != "2.1.0" || a.Details["reason"] != "health_check_failed" || a.Details["runs"] != "2.0.0" || a.Subject != "gateway:0192" {
		t.Errorf("alert %+v", a)
	}
	_, err = old.Install(t.Context(), "order", "2.1.0")
	wantFault(t, err, update.ErrRolledBack)
	if st := m.state(t); st.Failed != "" || st.Current != slotB {
		t.Errorf("state is %+v", st)
	}
	// Another order may try it again.
	m.shop.offer(m.by, "2.1.0", packageOf(t, "2.1.0"), comment("2.1.0"))
	if restarts, err := old.Install(t.Context(), "another", "2.1.0"); err != nil || !restarts {
		t.Errorf("another order: %t, %v", restarts, err)
	}
}

// A version that reached agent-api before has to reach it, and be known there.
func TestVersionHasToReachTheServerAsBefore(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	u := m.process("2.1.0", slotA)
	reached := installation{Version: "2.1.0", Reached: true}
	if err := u.healthy(t.Context(), reached); err != nil {
		t.Errorf("a server that offers nothing: %v", err)
	}
	for status, well := range map[int]bool{http.StatusUnauthorized: false, http.StatusForbidden: false, http.StatusBadGateway: true} {
		m.shop.change(func() { m.shop.status = status })
		if err := u.healthy(t.Context(), reached); (err == nil) != well {
			t.Errorf("status %d: %v", status, err)
		}
	}
	m.shop.Close()
	if err := u.healthy(t.Context(), reached); err == nil {
		t.Error("a server that is away is reached")
	}
	if err := u.healthy(t.Context(), installation{Version: "2.1.0"}); err != nil {
		t.Errorf("a server that was away before: %v", err)
	}
}

// A machine may believe that it is 1970, or any other year, and jump between them.
func TestNoClockTakesPart(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.shop.offer(m.by, "2.1.0", packageOf(t, "2.1.0"), comment("2.1.0"))
	old, _ := m.started(t, "2.0.0", packaged)
	old.now = func() time.Time { return time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC) }
	if restarts, err := old.Install(t.Context(), "order", ""); err != nil || !restarts {
		t.Fatalf("%t, %v", restarts, err)
	}
	fresh, trial := m.started(t, "2.1.0", slotA)
	fresh.now = func() time.Time { return time.Unix(0, 0) }
	fresh.cfg.ConfirmAfter = 0
	if err := fresh.try(t.Context()); err != nil || !trial || m.state(t).Trial {
		t.Errorf("on trial %t: %v, %+v", trial, err, m.state(t))
	}
}

func TestWhatCommandsInstallIsStarted(t *testing.T) {
	t.Parallel()
	for _, reachable := range []bool{true, false} {
		m := newMachine(t)
		u, _ := m.started(t, "2.0.0", packaged)
		if err := u.remember(installation{Version: "2.1.0", From: "2.0.0"}); err != nil {
			t.Fatal(err)
		}
		m.save(t, state{Current: slotA, Previous: packaged, Trial: true, Version: "2.1.0", PreviousVersion: "2.0.0"})
		if !reachable {
			m.shop.Close()
		}
		u.look = time.Millisecond
		var restart kernel.Restart
		if err := u.watch(t.Context()); !errors.As(err, &restart) || restart.Reason != "version 2.1.0 takes over" {
			t.Errorf("it goes on: %v", err)
		}
		if i, err := u.last(); err != nil || i.Reached != reachable {
			t.Errorf("reached: %+v, %v", i, err)
		}
	}
}

func TestProcessEndsAfterAFarewell(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	u, _ := m.started(t, "2.0.0", packaged)
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		u.replaced = make(chan string, 1)
		u.replaced <- "2.1.0"
		var restart kernel.Restart
		if err := u.watch(t.Context()); !errors.As(err, &restart) {
			t.Errorf("it goes on: %v", err)
		}
		if took := time.Since(start); took != farewell {
			t.Errorf("it took %s", took)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := u.watch(ctx); err != nil {
			t.Error(err)
		}
	})
}

// Somebody who stops a healthy process is not its fault; what was never healthy is counted.
func TestStopDuringATrialIsNotCounted(t *testing.T) {
	t.Parallel()
	for _, well := range []bool{true, false} {
		m, u := onTrial(t)
		ctx, cancel := context.WithCancel(t.Context())
		u.cfg.ConfirmAfter = time.Second
		checks := 0
		u.ready = func(context.Context) error {
			if checks++; checks == 2 {
				cancel()
			}
			if well {
				return nil
			}
			return errors.New("not healthy")
		}
		if err := u.try(ctx); err != nil {
			t.Error(err)
		}
		want := 1
		if well {
			want = 0
		}
		if st := m.state(t); st.Starts != want || !st.Trial {
			t.Errorf("well %t: %+v", well, st)
		}
	}
}

// What a process finds when it begins, and what it makes of it.
func TestOutcomeIsFoundOutAfterACut(t *testing.T) {
	t.Parallel()
	open := installation{Order: "order", Version: "2.1.0", From: "2.0.0", Alert: id.New()}
	tests := map[string]struct {
		st      state
		i       installation
		version string
		mine    slot
		trial   bool
		want    outcome
		reason  string
		forgets bool
	}{
		"nothing was ever installed":   {st: state{Current: packaged, Previous: packaged}, version: "2.0.0", mine: packaged, forgets: true},
		"cut before the state":         {st: state{Current: packaged, Previous: packaged}, i: open, version: "2.0.0", mine: packaged, forgets: true},
		"the trial begins":             {st: state{Current: slotA, Previous: packaged, Trial: true, Starts: 1, Version: "2.1.0"}, i: open, version: "2.1.0", mine: slotA, trial: true},
		"cut before it is remembered":  {st: state{Current: slotA, Previous: packaged, Version: "2.1.0"}, i: open, version: "v2.1.0", mine: slotA, want: confirmed},
		"the launcher came back":       {st: state{Current: slotB, Previous: packaged, Version: "2.0.0", Failed: "2.1.0", Reason: reasonCrashed}, i: open, version: "2.0.0", mine: slotB, want: failed, reason: reasonCrashed},
		"and nobody remembers":         {st: state{Current: slotB, Previous: packaged, Version: "2.0.0", Failed: "2.1.0", Reason: reasonCrashed}, version: "2.0.0", mine: slotB, want: failed, reason: reasonCrashed},
		"no launcher started us":       {st: state{Current: slotA, Previous: packaged, Trial: true, Version: "2.1.0", PreviousVersion: "2.0.0"}, i: open, version: "2.0.0", mine: packaged, want: failed, reason: reasonNotStarted},
		"what was confirmed was taken": {st: state{Current: packaged, Previous: packaged, Failed: "2.1.0", Reason: reasonUnusable}, i: installation{Version: "2.1.0", Outcome: confirmed}, version: "2.0.0", mine: packaged, want: failed, reason: reasonUnusable},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			u := m.process(test.version, test.mine)
			m.save(t, test.st)
			if err := u.remember(test.i); err != nil {
				t.Fatal(err)
			}
			trial, err := u.settle(t.Context())
			if err != nil || trial != test.trial {
				t.Fatalf("on trial: %t, %v", trial, err)
			}
			i, err := u.last()
			if err != nil || i.Outcome != test.want || i.Reason != test.reason || test.forgets != (i.Version == "") {
				t.Errorf("remembers %+v, %v", i, err)
			}
			if st := m.state(t); st.Trial && !test.trial {
				t.Errorf("state is %+v", st)
			}
		})
	}
}

// A version that cannot write down that it stays has not stayed, and the launcher will not have counted its start.
func TestVersionThatCannotWriteItDownMakesWay(t *testing.T) {
	t.Parallel()
	m, u := onTrial(t)
	u.cfg.ConfirmAfter, u.cfg.HealthTimeout = 0, 200*time.Millisecond
	if err := os.RemoveAll(m.slots().dir); err != nil {
		t.Fatal(err)
	}
	writeFile(t, m.slots().dir, "no directory any more")
	var restart kernel.Restart
	if err := u.try(t.Context()); !errors.As(err, &restart) {
		t.Errorf("it goes on: %v", err)
	}
}

// Where the slots cannot be read or written the gateway serves nevertheless, and does not restart again and again.
func TestTroubleWithTheSlotsIsNoReasonNotToServe(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	if err := os.Mkdir(m.slots().file(), 0o755); err != nil {
		t.Fatal(err)
	}
	kerneltest.Run(t, kernel.Gateway, kerneltest.Options{Data: m.dir, Set: []string{"updater.slots=" + m.slots().dir}},
		append(surroundings(m, func(update.Installer) {}), New())...)

	m = newMachine(t)
	u := m.process("2.0.0", packaged)
	stale := state{Current: slotA, Previous: packaged, Trial: true, Version: "2.1.0", PreviousVersion: "2.0.0"}
	m.save(t, stale)
	u.begun, u.look = stale, time.Millisecond
	ctx, cancel := context.WithTimeout(t.Context(), fewMoments)
	defer cancel()
	if err := u.watch(ctx); err != nil {
		t.Errorf("it restarts: %v", err)
	}
}

func TestChannelIsCheckedOnlyIfThatIsWanted(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.shop.offer(m.by, "2.1.0", packageOf(t, "2.1.0"), comment("2.1.0"))
	u, _ := m.started(t, "2.0.0", packaged)
	if err := u.check(t.Context()); err != nil || m.state(t).Trial {
		t.Errorf("not wanted: %v, %+v", err, m.state(t))
	}
	u.checkOnce(t.Context())
	if st := m.state(t); !st.Trial || st.Version != "2.1.0" {
		t.Errorf("state is %+v", st)
	}
	m.save(t, state{Current: packaged, Previous: packaged, Failed: "2.1.0", Reason: reasonCrashed})
	u, _ = m.started(t, "2.0.0", packaged)
	u.checkOnce(t.Context())
	if st := m.state(t); st.Trial {
		t.Errorf("what was given up is installed again: %+v", st)
	}
	m.shop.offer(m.by, "2.1.1", []byte("damaged"), comment("2.1.1"))
	u.checkOnce(t.Context())
	m.shop.Close()
	u.checkOnce(t.Context())
	if st := m.state(t); st.Trial {
		t.Errorf("state is %+v", st)
	}
}

func TestChannelIsCheckedWithinTheHours(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	u, _ := m.started(t, "2.0.0", packaged)
	u.cfg.Auto, u.cfg.Window = true, "02-04"
	u.slots.dir = "" // nothing is installed here
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 72*time.Hour)
		defer cancel()
		days := map[int]int{}
		u.cloud = asked{u.cloud, func() {
			if h := time.Now().Hour(); h != 2 && h != 3 {
				t.Errorf("asked at %s", time.Now())
			}
			days[time.Now().Day()]++
		}}
		if err := u.check(ctx); err != nil {
			t.Error(err)
		}
		if len(days) < 3 {
			t.Errorf("asked on %v", days)
		}
	})
}

package updater

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/kernel"
)

// The environment of the process that is to die: where its machine is, and at which step it is killed.
const (
	victimDir  = "UPDATER_TEST_DIR"
	victimSite = "UPDATER_TEST_SITE"
	victimKey  = "UPDATER_TEST_KEY"
	victimDoes = "UPDATER_TEST_DOES"
	victimDies = "UPDATER_TEST_DIES"
)

// TestVictim is no test: it is what the tests below start as a process of its own and kill.
func TestVictim(t *testing.T) {
	dir := os.Getenv(victimDir)
	if dir == "" {
		t.Skip("of use to other tests only")
	}
	cfg := defaults()
	cfg.Slots, cfg.Keys, cfg.ConfirmAfter = slots{dir + "/slots"}.dir, []string{os.Getenv(victimKey)}, 0
	version, from := "2.0.0", packaged
	if os.Getenv(victimDoes) != "install" {
		version, from = "2.1.0", slotA
	}
	u := newUpdater(cfg, dir, version, "")
	u.mine, u.arch, u.args = from, "amd64", nil
	u.cloud, u.alerts, u.log = site(os.Getenv(victimSite)), &alertLog{}, slog.New(slog.DiscardHandler)
	u.ready = func(context.Context) error { return nil }
	u.step = func(name string) {
		if name == os.Getenv(victimDies) {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
	}
	trial, err := u.settle(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	switch os.Getenv(victimDoes) {
	case "install":
		if trial {
			t.Fatal("on trial")
		}
		close(u.settled)
		if _, err := u.Install(t.Context(), "order", ""); err != nil {
			t.Fatal(err)
		}
	case "confirm":
		if err := u.try(t.Context()); err != nil {
			t.Fatal(err)
		}
	case "give up":
		u.cfg.HealthTimeout = 0
		u.ready = func(context.Context) error { return errors.New("not healthy") }
		if err := u.try(t.Context()); !errors.As(err, new(kernel.Restart)) {
			t.Fatal(err)
		}
	}
}

// kill starts a process that does the work and is killed: at the step, or after the time if the step is empty.
func (m *machine) kill(t *testing.T, does, step string, after time.Duration) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestVictim$", "-test.v=false")
	cmd.Env = append(os.Environ(), victimDir+"="+m.dir, victimSite+"="+m.shop.URL, victimKey+"="+m.by.public.String(), victimDoes+"="+does, victimDies+"="+step)
	if step == "" {
		timer := time.AfterFunc(after, cancel) // cancel kills it
		defer timer.Stop()
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if step != "" && (!errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL) {
		t.Fatalf("killed at %s: %v\n%s", step, err, out)
	}
}

// boots is the version that the launcher starts now.
func (m *machine) boots(t *testing.T) string {
	t.Helper()
	l := newLauncher(t, m, "sh")
	l.file(packaged, behaving("2.0.0"), 0o755)
	said, found := strings.CutPrefix(l.run(), "running ")
	if !found {
		t.Fatalf("nothing starts: %q, %s", said, &l.said)
	}
	return strings.TrimSpace(said)
}

// finish lets the update go on until it is through, as a gateway would that is started again each time.
func (m *machine) finish(t *testing.T) {
	t.Helper()
	for range 5 {
		version := m.boots(t)
		from := slot(packaged)
		if version != "2.0.0" {
			from = m.state(t).Current
		}
		u, trial := m.started(t, version, from)
		u.cfg.ConfirmAfter = 0
		if trial {
			if err := u.try(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		restarts, err := u.Install(t.Context(), "order", "")
		if err != nil {
			t.Fatal(err)
		}
		if !restarts {
			if st := m.state(t); version != "2.1.0" || st.Trial || st.Version != "2.1.0" {
				t.Errorf("version %s runs, state %+v", version, st)
			}
			return
		}
	}
	t.Error("it never comes to an end")
}

// Wherever the power is cut, the gateway starts, and the order that was cut off is carried out.
func TestUpdateSurvivesACutAtEachStep(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"unpack", "preflight", "slot", "key", "memory", "state", "restart"} {
		t.Run("install, "+step, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.shop.offer(m.by, "2.1.0", packageOf(t, "2.1.0"), comment("2.1.0")+" key="+newSigner(t).public.String())
			m.kill(t, "install", step, 0)
			if step != "restart" { // after which there is no second time
				m.kill(t, "install", step, 0)
			}
			m.finish(t)
		})
	}
	for _, step := range []string{"confirm", "confirmed"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			m := begun(t)
			m.kill(t, "confirm", step, 0)
			m.finish(t)
		})
	}
	t.Run("give up", func(t *testing.T) {
		t.Parallel()
		m := begun(t)
		for range 2 {
			m.kill(t, "give up", "back", 0)
			if version := m.boots(t); version != "2.1.0" {
				t.Errorf("version %s runs", version)
			}
		}
		if version := m.boots(t); version != "2.0.0" { // it was started three times
			t.Errorf("version %s runs", version)
		}
	})
}

// begun is a machine on which 2.1.0 was put in place and started once.
func begun(t *testing.T) *machine {
	t.Helper()
	m := newMachine(t)
	m.shop.offer(m.by, "2.1.0", packageOf(t, "2.1.0"), comment("2.1.0"))
	u, _ := m.started(t, "2.0.0", packaged)
	if _, err := u.Install(t.Context(), "order", ""); err != nil {
		t.Fatal(err)
	}
	if version := m.boots(t); version != "2.1.0" {
		t.Fatalf("version %s runs", version)
	}
	return m
}

// What a cut has left of a program does not stay on the disk for ever.
func TestWhatACutHasLeftIsRemoved(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.shop.offer(m.by, "2.1.0", packageOf(t, "2.1.0"), comment("2.1.0"))
	torn := filepath.Join(m.slots().path(slotA), ".staff-control.new-17")
	if err := os.MkdirAll(filepath.Dir(torn), 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, torn, "the first half")
	m.finish(t)
	if _, err := os.Stat(torn); err == nil {
		t.Error("it is still there")
	}
}

func TestUpdateSurvivesCutsAtAnyMoment(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano())))
	for range 4 {
		m := newMachine(t)
		m.shop.offer(m.by, "2.1.0", large(t, "2.1.0"), comment("2.1.0"))
		for range 4 {
			m.kill(t, "install", "", time.Duration(20+rng.IntN(80))*time.Millisecond)
			if m.boots(t) == "2.1.0" {
				break
			}
		}
		m.finish(t)
	}
}

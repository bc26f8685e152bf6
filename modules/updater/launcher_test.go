package updater

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const launcherPath = "../../configs/systemd/staff-gateway-launch"

// launcher is the product's own, on a machine of the test, with programs that only say who they are.
type launcher struct {
	t     testing.TB
	m     *machine
	shell string
	bin   string // of the package
	env   []string
	said  bytes.Buffer // by the launcher itself
}

func newLauncher(t testing.TB, m *machine, shell string) *launcher {
	t.Helper()
	l := &launcher{t: t, m: m, shell: shell, bin: filepath.Join(m.dir, "lib")}
	if err := os.MkdirAll(l.bin, 0o755); err != nil {
		t.Fatal(err)
	}
	l.env = []string{
		"PATH=" + os.Getenv("PATH"), "STAFF_UPDATER__SLOTS=" + m.slots().dir, "GATEWAY_PACKAGED=" + filepath.Join(l.bin, program),
		"GATEWAY_CONFIG=" + filepath.Join(m.dir, "gateway.yml"),
	}
	return l
}

// program puts a program into the slot. Like all of ours it can say its version, whatever it does else.
func (l *launcher) program(of slot, does string) {
	l.t.Helper()
	l.file(of, "#!/bin/sh\n[ \"${1-}\" != version ] || exit 0\n"+does+"\n", 0o755)
}

func (l *launcher) file(of slot, text string, mode os.FileMode) {
	l.t.Helper()
	path := l.m.slots().program(of)
	if of == packaged {
		path = filepath.Join(l.bin, program)
	}
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		os.Remove(path)
		err = os.WriteFile(path, []byte(text), mode)
	}
	if err != nil {
		l.t.Fatal(err)
	}
}

// run starts the launcher as systemd does and returns what the program that it chose says.
func (l *launcher) run(args ...string) string {
	l.t.Helper()
	path, err := filepath.Abs(launcherPath)
	if err != nil {
		l.t.Fatal(err)
	}
	cmd := exec.Command(l.shell, append([]string{path}, args...)...)
	var said bytes.Buffer
	l.said.Reset()
	cmd.Env, cmd.Stdout, cmd.Stderr = l.env, &said, &l.said
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		l.t.Fatal(err)
	}
	return said.String()
}

// shells runs the test with each POSIX shell that is here.
func shells(t *testing.T, fn func(t *testing.T, l *launcher)) {
	t.Helper()
	for _, shell := range []string{"sh", "dash", "bash"} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(shell); err != nil {
				t.Skip("not here")
			}
			l := newLauncher(t, newMachine(t), shell)
			for _, of := range []slot{packaged, slotA, slotB} {
				l.program(of, "echo "+string(of))
			}
			fn(t, l)
		})
	}
}

func (l *launcher) save(st state) {
	l.t.Helper()
	if err := l.m.slots().save(st); err != nil {
		l.t.Fatal(err)
	}
}

func (l *launcher) wants(want string) {
	l.t.Helper()
	if got := l.run(); got != want+"\n" {
		l.t.Errorf("it starts %q, not %s; it says %s", got, want, &l.said)
	}
}

func TestLauncherStartsThePackageWhereThereIsNothingElse(t *testing.T) {
	t.Parallel()
	shells(t, func(t *testing.T, l *launcher) {
		l.wants("packaged")
		if err := os.RemoveAll(l.m.slots().dir); err != nil {
			t.Fatal(err)
		}
		l.program(packaged, `echo "${STAFF_UPDATER__SLOTS-none}"`)
		l.wants("none")
	})
}

func TestLauncherCountsTheStartsOfATrial(t *testing.T) {
	t.Parallel()
	shells(t, func(t *testing.T, l *launcher) {
		on := state{Current: slotA, Previous: slotB, Trial: true, Version: "2.1.0", PreviousVersion: "2.0.0"}
		l.save(on)
		for n := range maxStarts {
			l.wants("a")
			if st := l.m.state(t); st.Starts != n+1 || !st.Trial {
				t.Errorf("after start %d: %+v", n+1, st)
			}
		}
		l.wants("b")
		want := state{Current: slotB, Previous: packaged, Version: "2.0.0", Failed: "2.1.0", Reason: reasonCrashed}
		if st := l.m.state(t); st != want || st != on.back(reasonCrashed) {
			t.Errorf("state is %+v", st)
		}
		if !strings.Contains(l.said.String(), "version 2.1.0 is given up (crashed): back to version 2.0.0") {
			t.Errorf("it says %s", &l.said)
		}
		for range 5 {
			l.wants("b")
		}
		if st := l.m.state(t); st != want {
			t.Errorf("state is %+v", st)
		}
	})
}

func TestLauncherLeavesAConfirmedVersionAlone(t *testing.T) {
	t.Parallel()
	shells(t, func(t *testing.T, l *launcher) {
		st := state{Current: slotA, Previous: slotB, Version: "2.1.0", PreviousVersion: "2.0.0"}
		l.save(st)
		for range maxStarts + 2 {
			l.wants("a")
		}
		if got := l.m.state(t); got != st {
			t.Errorf("state is %+v", got)
		}
	})
}

func TestLauncherPassesOverWhatDoesNotStart(t *testing.T) {
	t.Parallel()
	breaks := map[string]func(l *launcher, of slot){
		"missing":        func(l *launcher, of slot) { os.RemoveAll(l.m.slots().path(of)) },
		"not executable": func(l *launcher, of slot) { l.file(of, "#!/bin/sh\n", 0o644) },
		"a directory": func(l *launcher, of slot) {
			os.RemoveAll(l.m.slots().path(of))
			os.MkdirAll(l.m.slots().program(of), 0o755)
		},
		"damaged": func(l *launcher, of slot) { l.file(of, "\x7fELF\x00 and then a hole", 0o755) },
	}
	for name, breaks := range breaks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shells(t, func(t *testing.T, l *launcher) {
				for _, trial := range []bool{true, false} {
					l.save(state{Current: slotA, Previous: slotB, Trial: trial, Version: "2.1.0", PreviousVersion: "2.0.0"})
					breaks(l, slotA)
					l.wants("b")
					if st := l.m.state(t); st.Current != slotB || st.Failed != "2.1.0" || st.Reason != reasonUnusable {
						t.Errorf("trial %t: %+v", trial, st)
					}
				}
				breaks(l, slotB)
				l.wants("packaged")
				if st := l.m.state(t); st.Current != packaged || st.Failed != "2.0.0" {
					t.Errorf("state is %+v", st)
				}
			})
		})
	}
}

// A version whose starts cannot be counted would be started for ever.
func TestLauncherStartsThePreviousVersionWhereItCannotCount(t *testing.T) {
	t.Parallel()
	shells(t, func(t *testing.T, l *launcher) {
		on := state{Current: slotA, Previous: slotB, Trial: true, Version: "2.1.0", PreviousVersion: "2.0.0"}
		l.save(on)
		if err := os.Mkdir(filepath.Join(l.m.slots().dir, ".state.launch"), 0o755); err != nil { // in the way of its file
			t.Fatal(err)
		}
		l.wants("b")
		if st := l.m.state(t); st != on {
			t.Errorf("state is %+v", st)
		}
	})
}

// Commands that people type change nothing, and do not run what nobody has found healthy.
func TestLauncherCountsNoCommands(t *testing.T) {
	t.Parallel()
	shells(t, func(t *testing.T, l *launcher) {
		on := state{Current: slotA, Previous: slotB, Trial: true, Version: "2.1.0", PreviousVersion: "2.0.0"}
		l.save(on)
		for _, args := range [][]string{{"--test-connection"}, {"--config", "x.yml", "check-config"}, {"update", "--from-file", "x"}, {"--help"}, {"--set", "a=b", "config"}} {
			if got := l.run(args...); got != "b\n" {
				t.Errorf("%v: it starts %q", args, got)
			}
		}
		if st := l.m.state(t); st != on {
			t.Errorf("state is %+v", st)
		}
		on.Trial = false
		l.save(on)
		if got := l.run("--test-connection"); got != "a\n" {
			t.Errorf("it starts %q", got)
		}
		for _, args := range [][]string{{"--config", "x.yml", "--set=a=b"}, {"-config=x.yml", "--role", "gateway", "--data", "/x"}} {
			on.Trial = true
			l.save(on)
			if got := l.run(args...); got != "a\n" {
				t.Errorf("%v: it starts %q", args, got)
			}
		}
	})
}

// Nobody, and root least of all, runs what another user may have written.
func TestLauncherRunsNothingOutOfOtherPeoplesSlots(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can give files away")
	}
	shells(t, func(t *testing.T, l *launcher) {
		l.save(state{Current: slotA, Previous: slotB, Version: "2.1.0", PreviousVersion: "2.0.0"})
		for _, path := range []string{l.m.slots().program(slotA), l.m.slots().path(slotA), l.m.slots().dir} {
			if err := os.Chown(path, 65534, 65534); err != nil {
				t.Fatal(err)
			}
			if got := l.run(); got == "a\n" {
				t.Errorf("with %s of another: it starts %q", path, got)
			}
			if err := os.Chown(path, 0, 0); err != nil {
				t.Fatal(err)
			}
			l.save(state{Current: slotA, Previous: slotB, Version: "2.1.0", PreviousVersion: "2.0.0"})
			l.wants("a")
		}
	})
}

func TestLauncherKnowsTheSettingsFile(t *testing.T) {
	t.Parallel()
	shells(t, func(t *testing.T, l *launcher) {
		l.program(packaged, `echo "$@" / "$STAFF_UPDATER__SLOTS"`)
		config := filepath.Join(l.m.dir, "gateway.yml")
		if err := os.WriteFile(config, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		dir := " / " + l.m.slots().dir + "\n"
		for _, test := range []struct {
			args []string
			want string
		}{
			{nil, "--config " + config},
			{[]string{"--test-connection"}, "--config " + config + " --test-connection"},
			{[]string{"--config", "mine.yml"}, "--config mine.yml"},
			{[]string{"--config=mine.yml", "--set", "a=b c"}, "--config=mine.yml --set a=b c"},
		} {
			if got := l.run(test.args...); got != test.want+dir {
				t.Errorf("%v: %q", test.args, got)
			}
		}
	})
}

package updater

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestStateReadsAsItWasWritten(t *testing.T) {
	t.Parallel()
	for _, want := range []state{
		{Current: packaged, Previous: packaged},
		{Current: slotA, Previous: slotB, Trial: true, Starts: 2, Version: "2.1.0", PreviousVersion: "2.0.0-rc.1+x"},
		{Current: slotB, Previous: packaged, Version: "2.0.0", Failed: "2.1.0", Reason: reasonCrashed},
	} {
		if got, err := parseState(want.text()); err != nil || got != want {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
	}
}

// What is not a whole state is none, for the launcher as for the program.
func TestGarbageIsNoState(t *testing.T) {
	t.Parallel()
	whole := string(state{Current: slotA, Previous: slotB, Trial: true, Version: "2.1.0"}.text())
	for name, text := range map[string]string{
		"empty": "", "zeros": strings.Repeat("\x00", 80), "cut off": whole[:len(whole)/2], "without its last byte": whole[:len(whole)-1],
		"another slot":      strings.Replace(whole, "current=a", "current=../../c", 1),
		"no previous":       strings.Replace(whole, "previous=b", "previous=", 1),
		"neither trial":     strings.Replace(whole, "trial=yes", "trial=maybe", 1),
		"many starts":       strings.Replace(whole, "starts=0", "starts=100", 1),
		"no number":         strings.Replace(whole, "starts=0", "starts=x", 1),
		"words for a shell": strings.Replace(whole, "2.1.0", "$(reboot)", 1),
		"binary":            "\x7fELF\x00\x01=\n\n=\n",
	} {
		m := newMachine(t)
		if err := os.WriteFile(m.slots().file(), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if st, err := m.slots().load(); !errors.Is(err, errState) || st.Current != packaged {
			t.Errorf("%s: %+v, %v", name, st, err)
		}
		l := newLauncher(t, m, "sh")
		l.program(packaged, "echo packaged")
		l.program(slotA, "echo a")
		if said := l.run(); said != "packaged\n" {
			t.Errorf("%s: the launcher starts %q", name, said)
		}
		if kept, _ := os.ReadFile(m.slots().file()); string(kept) != text {
			t.Errorf("%s: the launcher writes %q", name, kept)
		}
	}
}

func TestGarbageIsReplacedByTheNextUpdate(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	if err := os.WriteFile(m.slots().file(), []byte("\x00\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	m.shop.offer(m.by, "2.1.0", packageOf(t, "2.1.0"), comment("2.1.0"))
	u, trial := m.started(t, "2.0.0", packaged)
	if trial {
		t.Error("on trial")
	}
	if restarts, err := u.Install(t.Context(), "order", ""); !restarts || err != nil {
		t.Fatalf("%t, %v", restarts, err)
	}
	if st := m.state(t); st.Current != slotA || st.PreviousVersion != "2.0.0" {
		t.Errorf("state is %+v", st)
	}
}

func TestMemoryThatCannotBeReadIsForgotten(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	if err := os.WriteFile(m.dir+"/"+memoryName, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	m.shop.offer(m.by, "2.1.0", packageOf(t, "2.1.0"), comment("2.1.0"))
	u, _ := m.started(t, "2.0.0", packaged)
	if restarts, err := u.Install(t.Context(), "order", ""); !restarts || err != nil {
		t.Errorf("%t, %v", restarts, err)
	}
}

// Whatever the file holds, reading it ends, and what is read can be written and read again.
func FuzzState(f *testing.F) {
	f.Add(state{Current: slotA, Previous: slotB, Trial: true, Version: "2.1.0"}.text())
	f.Add([]byte("current=a\nend=state\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		st, err := parseState(text)
		if err != nil {
			return
		}
		if again, err := parseState(st.text()); err != nil || again != st {
			t.Errorf("%q is read as %+v, which is read as %+v, %v", text, st, again, err)
		}
	})
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"version":"2.1.0","channel":"stable","downloadUrl":"/x","sha256":"` + strings.Repeat("ab", 32) + `","signature":"s","size":1}`))
	f.Add([]byte(`{"version":"v2","size":-1}`))
	u := (&machine{dir: "/", by: newSigner(f), shop: newShop(f)}).process("2.0.0", packaged)
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := parseManifest(text)
		if err != nil {
			return
		}
		if !word(m.Version) || len(m.SHA256) != 64 || m.SHA256 != strings.ToLower(m.SHA256) || m.Size < 0 || m.Size > maxPackage {
			t.Errorf("%q is read as %+v", text, m)
		}
		if address, err := u.source(m); err == nil && !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, u.cloud.URL()[:len("http://127.0.0.1:")]) {
			t.Errorf("%q leads to %s", text, address)
		}
	})
}

func FuzzSeal(f *testing.F) {
	s := newSigner(f)
	f.Add([]byte(s.sign([]byte("x"), comment("2.1.0"))))
	f.Fuzz(func(t *testing.T, text []byte) {
		if seal, err := readSeal(text); err == nil && seal.values["product"] != product {
			t.Errorf("%q is read", text)
		}
	})
}

func TestLauncherIsCleanShell(t *testing.T) {
	t.Parallel()
	check, err := exec.LookPath("shellcheck")
	if err != nil {
		t.Skip("no shellcheck here; make lint has it")
	}
	if out, err := exec.Command(check, launcherPath).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

package updater

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/modules/updater/update"
)

func TestUpdateIsPutInPlaceAndFoundHealthy(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.shop.offer(m.by, "2.1.0", packageOf(t, "2.1.0"), comment("2.1.0"))
	old, _ := m.started(t, "2.0.0", packaged)
	restarts, err := old.Install(t.Context(), "order-1", "2.1.0")
	if err != nil || !restarts {
		t.Fatalf("install: %t, %v", restarts, err)
	}
	if got := <-old.replaced; got != "2.1.0" {
		t.Errorf("replaced by %q", got)
	}
	if again, err := old.Install(t.Context(), "order-1", "2.1.0"); err != nil || !again {
		t.Errorf("the order a second time: %t, %v", again, err)
	}
	_, err = old.Install(t.Context(), "order-2", "2.1.0")
	wantFault(t, err, update.ErrBusy)
	if want := (state{Current: slotA, Previous: packaged, Trial: true, Version: "2.1.0", PreviousVersion: "2.0.0"}); m.state(t) != want {
		t.Errorf("state is %+v", m.state(t))
	}
	info, err := os.Stat(m.slots().program(slotA))
	if err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("the program: %v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(m.dir, downloadsName, "*")); len(left) > 0 {
		t.Errorf("left %v", left)
	}

	fresh, trial := m.started(t, "2.1.0", slotA)
	if !trial {
		t.Fatal("the new version is not on trial")
	}
	fresh.cfg.ConfirmAfter = 0
	answered := make(chan error, 1)
	go func() {
		restarts, err := fresh.Install(t.Context(), "order-1", "2.1.0")
		if restarts {
			err = errors.New("restarts again")
		}
		answered <- err
	}()
	if err := fresh.try(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-answered; err != nil {
		t.Errorf("the order after the restart: %v", err)
	}
	if st := m.state(t); st.Trial || st.Current != slotA {
		t.Errorf("state is %+v", st)
	}

	m.shop.offer(m.by, "2.2.0", packageOf(t, "2.2.0"), comment("2.2.0"))
	if _, err := fresh.Install(t.Context(), "order-3", ""); err != nil {
		t.Fatal(err)
	}
	if st := m.state(t); st.Current != slotB || st.Previous != slotA || st.PreviousVersion != "2.1.0" {
		t.Errorf("the next one: %+v", st)
	}
}

func TestVersionThatRunsAlreadyIsNotInstalled(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.shop.offer(m.by, "2.1.0", packageOf(t, "2.1.0"), comment("2.1.0"))
	u, _ := m.started(t, "v2.1.0", packaged)
	if restarts, err := u.Install(t.Context(), "o", ""); restarts || err != nil {
		t.Errorf("%t, %v", restarts, err)
	}
}

// Each of these packages is refused, and nothing of it is left that would be started.
func TestBadPackagesAreRefused(t *testing.T) {
	t.Parallel()
	type offer func(t *testing.T, m *machine)
	good := func(t *testing.T) []byte { return packageOf(t, "2.1.0") }
	with := func(entries ...entry) offer {
		return func(t *testing.T, m *machine) {
			m.shop.offer(m.by, "2.1.0", pack(t, append(entries, entry{name: program, text: behaving("2.1.0")})...), comment("2.1.0"))
		}
	}
	signedFor := func(comment string) offer {
		return func(t *testing.T, m *machine) { m.shop.offer(m.by, "2.1.0", good(t), comment) }
	}
	said := func(program string) offer {
		return func(t *testing.T, m *machine) {
			m.shop.offer(m.by, "2.1.0", pack(t, entry{name: "staff-control", text: program}), comment("2.1.0"))
		}
	}
	tests := map[string]struct {
		offer offer
		want  error
	}{
		"none": {func(*testing.T, *machine) {}, update.ErrNone},
		"altered after it was signed": {func(t *testing.T, m *machine) {
			m.shop.offer(m.by, "2.1.0", good(t), comment("2.1.0"))
			m.shop.archive = bytes.Replace(m.shop.archive, m.shop.archive[20:24], []byte("evil"), 1)
		}, update.ErrDigest},
		"altered with its digest": {func(t *testing.T, m *machine) {
			m.shop.offer(m.by, "2.1.0", good(t), comment("2.1.0"))
			signature := m.shop.offered.Signature
			m.shop.offer(m.by, "2.1.0", pack(t, entry{name: program, text: "#!/bin/sh\nrm -r /\n"}), comment("2.1.0"))
			m.shop.offered.Signature = signature
		}, update.ErrSignature},
		"signed by somebody else": {func(t *testing.T, m *machine) {
			m.shop.offer(newSigner(t), "2.1.0", good(t), comment("2.1.0"))
		}, update.ErrSignature},
		"with another comment than was signed": {func(t *testing.T, m *machine) {
			m.shop.offer(m.by, "2.1.0", good(t), comment("2.0.5"))
			m.shop.offered.Signature = strings.Replace(m.shop.offered.Signature, "2.0.5", "2.1.0", 1)
		}, update.ErrSignature},
		"an old one offered as a new one": {signedFor(comment("1.9.0")), update.ErrMismatch},
		"for another channel":             {signedFor("product=staff-control-gateway version=2.1.0 channel=beta arch=amd64"), update.ErrMismatch},
		"for another processor":           {signedFor("product=staff-control-gateway version=2.1.0 channel=stable arch=arm64"), update.ErrMismatch},
		"for another product":             {signedFor("product=tetris version=2.1.0 channel=stable arch=amd64"), update.ErrMismatch},
		"without a word of what it is":    {signedFor("timestamp:1700000000"), update.ErrMismatch},
		"with two versions":               {signedFor(comment("2.1.0") + " version=3.0.0"), update.ErrSignature},
		"without a signature": {func(t *testing.T, m *machine) {
			m.shop.offer(m.by, "2.1.0", good(t), comment("2.1.0"))
			m.shop.offered.Signature = ""
		}, update.ErrSignature},
		"with garbage for a signature": {func(t *testing.T, m *machine) {
			m.shop.offer(m.by, "2.1.0", good(t), comment("2.1.0"))
			m.shop.offered.Signature = "untrusted comment: x\nAAAA\n"
		}, update.ErrSignature},
		"older than what runs": {func(t *testing.T, m *machine) {
			m.shop.offer(m.by, "1.9.0", packageOf(t, "1.9.0"), comment("1.9.0"))
		}, update.ErrDowngrade},
		"a release candidate of what runs": {func(t *testing.T, m *machine) {
			m.shop.offer(m.by, "2.0.0-rc.1", packageOf(t, "2.0.0-rc.1"), comment("2.0.0-rc.1"))
		}, update.ErrDowngrade},
		"that needs a newer one first": {func(t *testing.T, m *machine) {
			m.shop.offer(m.by, "2.1.0", good(t), comment("2.1.0"))
			m.shop.offered.MinVersion = "2.0.1"
		}, update.ErrMinVersion},
		"that is signed to need a newer one first": {signedFor(comment("2.1.0") + " minVersion=2.0.1"), update.ErrMinVersion},
		"of another channel than was asked for": {func(t *testing.T, m *machine) {
			m.shop.offer(m.by, "2.1.0", good(t), comment("2.1.0"))
			m.shop.offered.Channel = "beta"
		}, update.ErrMismatch},
		"a link":           {with(entry{name: "staff-control.service", kind: tar.TypeSymlink, link: "/etc/passwd"}), update.ErrPackage},
		"a hard link":      {with(entry{name: "x", kind: tar.TypeLink, link: "../../data"}), update.ErrPackage},
		"a device":         {with(entry{name: "x", kind: tar.TypeChar}), update.ErrPackage},
		"a way out":        {with(entry{name: "../staff-control", text: "x"}), update.ErrPackage},
		"an absolute name": {with(entry{name: "/etc/cron.d/x", text: "x"}), update.ErrPackage},
		"a directory":      {with(entry{name: "bin/staff-control", text: "x"}), update.ErrPackage},
		"a backslash":      {with(entry{name: `..\x`, text: "x"}), update.ErrPackage},
		"two programs":     {with(entry{name: "./staff-control", text: "x"}), update.ErrPackage},
		"too many files":   {with(many(65)...), update.ErrPackage},
		"no program": {func(t *testing.T, m *machine) {
			m.shop.offer(m.by, "2.1.0", pack(t, entry{name: "x", text: "y"}), comment("2.1.0"))
		}, update.ErrPackage},
		"no archive": {func(t *testing.T, m *machine) { m.shop.offer(m.by, "2.1.0", []byte("hello"), comment("2.1.0")) }, update.ErrPackage},
		"cut off when made": {func(t *testing.T, m *machine) {
			a := good(t)
			m.shop.offer(m.by, "2.1.0", a[:len(a)-30], comment("2.1.0"))
		}, update.ErrPackage},
		"of another version":   {said(behaving("2.2.0")), update.ErrPreflight},
		"that does not start":  {said("\x7fELF for another processor"), update.ErrPreflight},
		"of another program":   {said("#!/bin/sh\necho something else\n"), update.ErrPreflight},
		"that ends with fault": {said("#!/bin/sh\nexit 3\n"), update.ErrPreflight},
		"that does not know the settings": {
			said("#!/bin/sh\nfor last; do :; done\n[ $last = version ] || { echo 'no such setting'; exit 2; }\necho staff-control 2.1.0\n"), update.ErrPreflight,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			test.offer(t, m)
			u, _ := m.started(t, "2.0.0", packaged)
			restarts, err := u.Install(t.Context(), "order", "")
			wantFault(t, err, test.want)
			if restarts || m.state(t).Current != packaged {
				t.Errorf("restarts: %t, state %+v", restarts, m.state(t))
			}
			if left, _ := filepath.Glob(filepath.Join(m.slots().dir, "*", "*")); len(left) > 0 {
				t.Errorf("left %v", left)
			}
			// A good one is taken after that.
			m.shop.offer(m.by, "2.1.0", good(t), comment("2.1.0"))
			if restarts, err := u.Install(t.Context(), "order", ""); !restarts || err != nil {
				t.Errorf("the next one: %t, %v", restarts, err)
			}
		})
	}
}

func many(n int) (entries []entry) {
	for range n {
		entries = append(entries, entry{name: "README"})
	}
	return entries
}

func TestOnlyTheOrderedVersionIsTaken(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.shop.offer(m.by, "2.1.0", packageOf(t, "2.1.0"), comment("2.1.0"))
	u, _ := m.started(t, "2.0.0", packaged)
	_, err := u.Install(t.Context(), "order", "2.2.0")
	wantFault(t, err, update.ErrMismatch)
}

func TestGatewayThatDoesNotUpdateItself(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	off, bare := m.process("2.0.0", packaged), m.process("2.0.0", packaged)
	off.cfg.Enabled, bare.slots.dir = false, ""
	for _, u := range []*updater{off, bare} {
		_, err := u.Install(t.Context(), "order", "")
		wantFault(t, err, update.ErrOff)
	}
}

func TestOneInstallationAtATime(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.shop.offer(m.by, "2.1.0", packageOf(t, "2.1.0"), comment("2.1.0"))
	u, _ := m.started(t, "2.0.0", packaged)
	u.installing.Lock()
	_, err := u.Install(t.Context(), "order", "")
	wantFault(t, err, update.ErrBusy)
	u.installing.Unlock()
	unlock, err := m.slots().lock() // as another process
	if err != nil {
		t.Fatal(err)
	}
	_, err = u.Install(t.Context(), "order", "")
	wantFault(t, err, update.ErrBusy)
	unlock()
	if restarts, err := u.Install(t.Context(), "order", ""); err != nil || !restarts {
		t.Errorf("once they are free: %t, %v", restarts, err)
	}
}

func TestFullDiskIsSaidBeforeItIsFilled(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.shop.offer(m.by, "2.1.0", packageOf(t, "2.1.0"), comment("2.1.0"))
	u, _ := m.started(t, "2.0.0", packaged)
	u.free = func(context.Context, string) (uint64, error) { return 60 << 20, nil }
	_, err := u.Install(t.Context(), "order", "")
	wantFault(t, err, update.ErrRoom)
	if len(m.shop.ranges) > 0 {
		t.Error("it was downloaded all the same")
	}
}

func TestServerInTroubleIsNoRefusal(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	u, _ := m.started(t, "2.0.0", packaged)
	m.shop.change(func() { m.shop.status = http.StatusBadGateway })
	_, err := u.Install(t.Context(), "order", "")
	wantFault(t, err, update.ErrDownload)
	m.shop.Close()
	_, err = u.Install(t.Context(), "order", "")
	wantFault(t, err, update.ErrDownload)
}

func TestAddressOfAPackage(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	u := m.process("2.0.0", packaged)
	base := m.shop.URL + "/api"
	for given, want := range map[string]string{
		"/v2/gateway/packages/2.1.0/x.tar.gz": base + "/v2/gateway/packages/2.1.0/x.tar.gz",
		"x.tar.gz":                            base + "/x.tar.gz",
		"https://releases.example.uz/x":       "https://releases.example.uz/x",
		base + "/x":                           base + "/x",
		"http://elsewhere.example.uz/x":       "",
		"//elsewhere.example.uz/x":            "",
		"https://user:pass@example.uz/x":      "",
		"file:///etc/passwd":                  "",
		"":                                    "",
		"https://%zz":                         "",
	} {
		got, err := u.source(update.Manifest{DownloadURL: given})
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q: %q, %v", given, got, err)
		}
	}
}

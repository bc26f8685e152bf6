package updater

import (
	"archive/tar"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/staff-control/staff-control/modules/updater/update"
)

// smallDisk is set in the process that has a mount table of its own: where it may mount a disk.
const smallDisk = "UPDATER_TEST_DISK"

// The tests of full disks need a disk that they may fill: they run in a process that mounts one of its own.
func TestFullDisks(t *testing.T) {
	t.Parallel()
	attr := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		attr.Cloneflags |= syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestOnAFullDisk$", "-test.v")
	cmd.Env, cmd.SysProcAttr = append(os.Environ(), smallDisk+"="+t.TempDir()), attr
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSYS) || strings.Contains(string(out), "--- SKIP") {
		t.Skipf("no disk of its own may be mounted here: full disks are NOT tested: %v\n%s", err, out)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// TestOnAFullDisk is what the process above runs.
func TestOnAFullDisk(t *testing.T) {
	root := os.Getenv(smallDisk)
	if root == "" {
		t.Skip("of use to another test only")
	}
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		t.Skip(err)
	}
	if err := syscall.Mount("tmpfs", root, "tmpfs", 0, "size=4m"); err != nil {
		t.Skip(err)
	}
	for _, test := range []struct {
		name string
		room int64        // that is left
		at   string       // the step at which it is taken; at once if empty
		do   func(*small) // what is tried
	}{
		{"while it is downloaded", 100_000, "", (*small).ordered},
		{"while it is unpacked", 600_000, "", (*small).ordered},
		{"when the slot is to be filled", 0, "unpack", (*small).ordered},
		{"when its key is to be kept", 0, "key", (*small).ordered},
		{"when it is to be remembered", 0, "memory", (*small).ordered},
		{"when the launcher is to be told", 0, "state", (*small).ordered},
		{"while a file is copied", 100_000, "", (*small).brought},
		{"while a file is unpacked", 600_000, "", (*small).brought},
		{"when the launcher is to be told of a file", 0, "state", (*small).brought},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDisk(t, root, test.room, test.at)
			test.do(d)
		})
	}
}

// small is a small disk with a gateway on it that runs 2.0.0 from its slot.
type small struct {
	*testing.T
	*machine
	room int64
	at   string
	full string // the file that fills it
}

func newDisk(t *testing.T, root string, room int64, at string) *small {
	t.Helper()
	m := newMachine(t)
	m.dir = filepath.Join(root, strings.ReplaceAll(t.Name(), "/", "-"))
	d := &small{t, m, room, at, filepath.Join(root, "full")}
	t.Cleanup(func() { os.RemoveAll(m.dir) })
	if err := errors.Join(os.MkdirAll(m.slots().path(slotA), 0o755), os.WriteFile(m.slots().program(slotA), []byte(behaving("2.0.0")), 0o755)); err != nil {
		t.Fatal(err)
	}
	m.save(t, state{Current: slotA, Previous: packaged, Version: "2.0.0"})
	// 200 kB of noise to download, and a program that is larger still once it is unpacked.
	next := behaving("2.1.0") + "exit\n" + strings.Repeat("#\n", 300_000)
	archive := pack(t, entry{name: "./", kind: tar.TypeDir}, entry{name: "README", text: noise(200_000)}, entry{name: program, text: next})
	m.shop.offer(m.by, "2.1.0", archive, comment("2.1.0")+" key="+newSigner(t).public.String())
	return d
}

// process runs 2.0.0. When it looks there is room enough; somebody else takes it then.
func (d *small) process() *updater {
	d.Helper()
	u, trial := d.started(d, "2.0.0", slotA)
	if trial {
		d.Fatal("on trial")
	}
	u.free = func(context.Context, string) (uint64, error) { return 1 << 40, nil }
	u.step = func(name string) {
		if d.at == name {
			d.fill()
		}
	}
	if d.at == "" {
		d.fill()
	}
	return u
}

// fill leaves so many bytes of the disk.
func (d *small) fill() {
	d.Helper()
	var of syscall.Statfs_t
	if err := syscall.Statfs(d.dir, &of); err != nil {
		d.Fatal(err)
	}
	if err := os.WriteFile(d.full, make([]byte, max(0, int64(of.Bavail)*of.Bsize-d.room)), 0o600); err != nil {
		d.Fatal(err)
	}
}

// ordered is an update by an order.
func (d *small) ordered() {
	u := d.process()
	restarts, err := u.Install(d.Context(), "order", "")
	d.refused(restarts, err)
	if restarts, err := u.Install(d.Context(), "order", ""); err != nil || !restarts {
		d.Errorf("with room: %t, %v", restarts, err)
	}
	d.inPlace()
}

// brought is one from a file, which lies elsewhere.
func (d *small) brought() {
	stick := d.stick(d, d.shop.archive, comment("2.1.0"))
	install := func(u *updater) error {
		archive, err := os.Open(stick)
		if err != nil {
			d.Fatal(err)
		}
		defer archive.Close()
		signature, err := os.ReadFile(stick + ".minisig")
		if err != nil {
			d.Fatal(err)
		}
		_, err = u.brought(d.Context(), archive, signature)
		return full(err)
	}
	u := d.process()
	d.refused(false, install(u))
	if err := install(u); err != nil {
		d.Errorf("with room: %v", err)
	}
	d.inPlace()
}

// refused wants everything as it was, and then makes room.
func (d *small) refused(restarts bool, err error) {
	d.Helper()
	wantFault(d, err, update.ErrRoom)
	if want := (state{Current: slotA, Previous: packaged, Version: "2.0.0"}); restarts || d.state(d) != want {
		d.Errorf("restarts: %t, state %+v", restarts, d.state(d))
	}
	if text, err := os.ReadFile(d.slots().program(slotA)); err != nil || string(text) != behaving("2.0.0") {
		d.Errorf("what runs became %q, %v", text, err)
	}
	l := newLauncher(d.T, d.machine, "sh")
	if said := l.run(); said != "running 2.0.0\n" {
		d.Errorf("the launcher starts %q: %s", said, &l.said)
	}
	// A whole program that nobody is told of does no harm; a part of one is not to be there.
	if text, err := os.ReadFile(d.slots().program(slotB)); err == nil && len(text) < 600_000 {
		d.Errorf("a part of the new program, %d bytes, is in its slot", len(text))
	}
	if left, _ := filepath.Glob(filepath.Join(d.slots().path(slotB), "*")); len(left) > 1 {
		d.Errorf("left %v", left)
	}
	d.nothingOnItsWay(d)
	d.at = "-"
	if err := os.Remove(d.full); err != nil {
		d.Fatal(err)
	}
}

// inPlace wants the new version to be what is started next.
func (d *small) inPlace() {
	d.Helper()
	if want := (state{Current: slotB, Previous: slotA, Trial: true, Version: "2.1.0", PreviousVersion: "2.0.0"}); d.state(d) != want {
		d.Errorf("state %+v", d.state(d))
	}
	l := newLauncher(d.T, d.machine, "sh")
	if said := l.run(); said != "running 2.1.0\n" {
		d.Errorf("the launcher starts %q: %s", said, &l.said)
	}
}

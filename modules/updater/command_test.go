package updater

import (
	"bytes"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/staff-control/staff-control/modules/updater/update"
	"github.com/staff-control/staff-control/platform/kernel"
)

// stick is a medium that somebody brings a release on.
func (m *machine) stick(t testing.TB, archive []byte, comment string) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "gateway-linux-x86_64.tar.gz")
	writeFile(t, file, string(archive))
	writeFile(t, file+".minisig", m.by.sign(archive, comment))
	return file
}

// order runs the command as on the machine.
func (m *machine) order(t testing.TB, args ...string) (said string, err error) {
	t.Helper()
	module := New()
	module.cfg.Slots, module.cfg.Keys = m.slots().dir, []string{m.by.public.String()}
	var out bytes.Buffer
	h := &kernel.CommandHost{Log: slog.New(slog.DiscardHandler), Version: "2.0.0", Data: m.dir, Out: &out}
	err = module.command(t.Context(), h, args)
	return out.String(), err
}

// here is the trusted comment of a version for this very machine.
func here(version string) string {
	return strings.Replace(comment(version), "arch=amd64", "arch="+newUpdater(defaults(), "", "", "").arch, 1)
}

func TestReleaseIsInstalledFromAFile(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	file := m.stick(t, packageOf(t, "2.1.0"), here("2.1.0"))
	said, err := m.order(t, "--from-file", file)
	if err != nil || !strings.Contains(said, "version 2.1.0 is in place") {
		t.Fatalf("%s%v", said, err)
	}
	if st := m.state(t); !st.Trial || st.Version != "2.1.0" || st.PreviousVersion != "2.0.0" {
		t.Errorf("state is %+v", st)
	}
	if said, again := m.order(t, "--from-file", file); again != nil || !strings.Contains(said, "runs already") {
		t.Errorf("again: %s%v, %v", said, again, err)
	}
	newer := m.stick(t, packageOf(t, "2.2.0"), here("2.2.0"))
	_, err = m.order(t, "--from-file", newer)
	wantFault(t, err, update.ErrBusy)
	// The package's own program speaks for the version that runs.
	m.save(t, state{Current: slotA, Previous: packaged, Version: "2.1.0", PreviousVersion: "2.0.0"})
	older := m.stick(t, packageOf(t, "2.0.5"), here("2.0.5"))
	_, err = m.order(t, "--from-file", older, "--signature", older+".minisig")
	wantFault(t, err, update.ErrDowngrade)
}

func TestBadFilesAreRefused(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	good := packageOf(t, "2.1.0")
	altered := m.stick(t, good, here("2.1.0"))
	writeFile(t, altered, string(packageOf(t, "6.6.6")))
	unsigned := m.stick(t, good, here("2.1.0"))
	writeFile(t, unsigned+".minisig", "x")
	for file, want := range map[string]error{
		altered: update.ErrSignature, unsigned: update.ErrSignature,
		m.stick(t, good, strings.Replace(here("2.1.0"), "arch=", "arch=mips", 1)):            update.ErrMismatch,
		m.stick(t, good, strings.Replace(here("2.1.0"), "stable", "beta", 1)):                update.ErrMismatch,
		m.stick(t, good, "product=staff-control-gateway"):                                    update.ErrMismatch,
		m.stick(t, good, here("2.1.0")+" minVersion=2.0.9"):                                  update.ErrMinVersion,
		m.stick(t, packageOf(t, "2.2.0"), here("2.1.0")):                                     update.ErrPreflight,
		m.stick(t, pack(t, entry{name: program, link: "/bin/sh", kind: '2'}), here("2.1.0")): update.ErrPackage,
	} {
		_, err := m.order(t, "--from-file", file)
		wantFault(t, err, want)
	}
	for _, args := range [][]string{
		{}, {"upgrade"}, {"--from-file", "/nowhere"}, {"--from-file", altered, "--signature", "/nowhere"},
		{"--from-file", altered, "more"}, {"--to", "2.1.0"},
	} {
		if _, err := m.order(t, args...); err == nil {
			t.Errorf("%v is done", args)
		}
	}
	if st := m.state(t); st.Current != packaged {
		t.Errorf("state is %+v", st)
	}
	err := New().command(t.Context(), &kernel.CommandHost{}, []string{"--from-file", altered})
	if err == nil || !strings.Contains(err.Error(), "updater.slots") {
		t.Errorf("without slots: %v", err)
	}
}

// TestRoot is no test: it is started as root, in a process of its own, by the test below.
func TestRoot(t *testing.T) {
	dir := os.Getenv("UPDATER_TEST_ROOT")
	if dir == "" {
		t.Skip("of use to another test only")
	}
	if err := become(dir, dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "written"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() != 65534 || syscall.Setuid(0) == nil {
		t.Errorf("it is %d, and may be root again", os.Getuid())
	}
}

// What root does with the slots it does as their owner.
func TestRootBecomesTheOwnerOfTheSlots(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can be somebody else")
	}
	dir, err := os.MkdirTemp("", "slots")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chown(dir, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestRoot$")
	cmd.Dir, cmd.Env = "/", append(os.Environ(), "UPDATER_TEST_ROOT="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	info, err := os.Stat(filepath.Join(dir, "written"))
	if err != nil || info.Sys().(*syscall.Stat_t).Uid != 65534 {
		t.Errorf("%+v, %v", info, err)
	}
	if err := become(t.TempDir(), t.TempDir()); err != nil || os.Getuid() != 0 {
		t.Errorf("root's own directory: %v", err)
	}
	// What that owner has put there so that root stays root.
	link := filepath.Join(t.TempDir(), "slots")
	if err := os.Symlink("/etc", link); err != nil {
		t.Fatal(err)
	}
	for _, slots := range []string{link, "/etc", filepath.Join(link, "hostname"), "/nowhere"} {
		if err := become(slots, dir); err == nil {
			t.Errorf("root goes on with slots in %s", slots)
		}
	}
	if err := become(dir, "/nowhere"); err == nil || os.Getuid() != 0 {
		t.Errorf("without data: %v", err)
	}
}

// A release that is another one once it was found good is not installed.
func TestWhatIsVerifiedIsWhatIsInstalled(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	file := m.stick(t, packageOf(t, "2.1.0"), comment("2.1.0"))
	archive, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	signature, err := os.ReadFile(file + ".minisig")
	if err != nil {
		t.Fatal(err)
	}
	evil := strings.Replace(behaving("2.1.0"), "running", "evil", 1)
	u := m.process("2.0.0", packaged)
	u.step = func(name string) {
		if name == "unpack" {
			writeFile(t, file, string(pack(t, entry{name: program, text: evil})))
		}
	}
	if version, err := u.brought(t.Context(), archive, signature); err != nil || version != "2.1.0" {
		t.Fatalf("%q, %v", version, err)
	}
	if text, err := os.ReadFile(m.slots().program(slotA)); err != nil || string(text) != behaving("2.1.0") {
		t.Errorf("installed is\n%s%v", text, err)
	}
	m.nothingOnItsWay(t)
}

// nothingOnItsWay fails if a package, or a part of one, still takes up room.
func (m *machine) nothingOnItsWay(t testing.TB) {
	t.Helper()
	if left, _ := filepath.Glob(filepath.Join(m.dir, downloadsName, "*")); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

func TestFileThatIsTooLargeIsNotCopied(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	file := m.stick(t, packageOf(t, "2.1.0"), here("2.1.0"))
	if err := os.Truncate(file, maxPackage+1); err != nil {
		t.Fatal(err)
	}
	_, err := m.order(t, "--from-file", file)
	wantFault(t, err, update.ErrPackage)
	m.nothingOnItsWay(t)
}

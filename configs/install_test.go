//go:build linux

package configs_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/modules"
	"github.com/staff-control/staff-control/platform/config"
)

const token = "spt_0123456789.test-Token"

// release is a release whose program is a shell script.
type release struct {
	dir     string // as a host of releases has it: gateway/<version>/…
	gpg     []string
	version string
}

// packageName is the package's for this machine.
func packageName() string {
	return "gateway-linux-" + map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH] + ".tar.gz"
}

func (r release) file(name string) string { return filepath.Join(r.dir, "gateway", r.version, name) }
func (r release) pkg() string             { return r.file(packageName()) }
func (r release) installer() string       { return r.file("install-gateway.sh") }

// newKey makes a key to sign with, in a home of its own.
func newKey(t *testing.T) (gpg []string) {
	t.Helper()
	if _, err := exec.LookPath("gpg"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("gpg is not installed")
		}
		t.Skip("gpg is not installed: install-gateway.sh is NOT tested")
	}
	home, err := os.MkdirTemp("", "gpg") // t.TempDir's is too long for the agent's socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		exec.Command("gpgconf", "--homedir", home, "--kill", "all").Run()
		os.RemoveAll(home)
	})
	gpg = []string{"gpg", "--homedir", home, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""}
	command(t, nil, append(gpg, "--quick-generate-key", "Test releases", "ed25519", "sign", "never")...)
	return gpg
}

func command(t *testing.T, stdin []byte, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Stdin = bytes.NewReader(stdin)
	var fault bytes.Buffer
	cmd.Stderr = &fault
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s%s", args, err, out, &fault)
	}
	return out
}

// newRelease makes one as .ci/release does.
func newRelease(t *testing.T, gpg []string, dir, version string) release {
	t.Helper()
	r := release{dir, gpg, version}
	if err := os.MkdirAll(filepath.Dir(r.pkg()), 0o755); err != nil {
		t.Fatal(err)
	}
	script := read(t, "install/install-gateway.sh")
	key := base64.StdEncoding.EncodeToString(command(t, nil, append(gpg, "--export")...))
	pinned := strings.Replace(script, "\nRELEASE_KEY=''\n", "\nRELEASE_KEY='"+key+"'\n", 1)
	if pinned == script {
		t.Fatal("the script has no place for the key")
	}
	write(t, r.installer(), 0o755, pinned)
	files := map[string]string{
		"install-gateway.sh": pinned, "gateway": fakeGateway, "staff-control": strings.ReplaceAll(fakeProgram, "VERSION", version),
		"gateway.yml": read(t, "gateway.yml"), "install.md": "# Installing", "network.md": "# Network", "troubleshooting.md": "# Trouble",
		"staff-gateway.logrotate": read(t, "install/staff-gateway.logrotate"),
	}
	for _, unit := range []string{"staff-gateway.service", "staff-gateway-enrolled.path", "staff-gateway-enrolled.service"} {
		files[unit] = read(t, "systemd/"+unit)
	}
	r.pack(t, files)
	return r
}

// pack writes and signs the package.
func (r release) pack(t *testing.T, files map[string]string) {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for name, text := range files {
		if err := w.WriteHeader(&tar.Header{Name: "./" + name, Mode: 0o755, Size: int64(len(text))}); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, text)
	}
	w.Close()
	z.Close()
	write(t, r.pkg(), 0o644, b.String())
	os.Remove(r.pkg() + ".sig")
	command(t, nil, append(r.gpg, "--output", r.pkg()+".sig", "--detach-sign", r.pkg())...)
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, file string, mode os.FileMode, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, mode); err != nil {
		t.Fatal(err)
	}
}

// fakeProgram finds settings wrong in which stands WRONG. It has no connection while there is a file "offline".
const fakeProgram = `#!/bin/sh
case "$*" in
  version) echo "staff-control VERSION (commit c, built b)" ;;
  *--check-config) ! grep WRONG "$3" || exit 2; echo "the settings are right" ;;
  *--test-connection)
    echo "program $*" >>"$FAKES/log"
    [ ! -e "$FAKES/offline" ] || { echo "TCP FAILED"; exit 1; }
    echo "TCP ok" ;;
  *) exit 9 ;;
esac
`

// fakeGateway is the launcher.
const fakeGateway = "#!/bin/sh\nexit 9\n"

// fakes stand in for what changes a machine. Each writes down how it was called.
var fakes = map[string]string{
	"systemctl": `case "$*" in
  "restart staff-gateway") [ -e "$FAKES/away" ] || echo '{"serial": "GW-1", "gatewayId": "g-1"}' >"$DESTDIR/var/lib/staff-gateway/gateway.json" ;;
  "is-active --quiet staff-gateway") [ ! -e "$FAKES/inactive" ] ;;
  "is-active staff-gateway") echo active ;;
esac`,
	"useradd":  `touch "$FAKES/passwd"`,
	"groupadd": `touch "$FAKES/group"`,
	"userdel":  `rm "$FAKES/passwd"`,
	"groupdel": `rm "$FAKES/group"`,
	"getent":   `[ -e "$FAKES/$1" ]`,
	"chown":    ``,
	"setpriv":  `while case $1 in -*) ;; *) false ;; esac; do shift; done; exec "$@"`,
	"sleep":    ``,
	"curl": `for arg; do case $prev in -o) to=$arg ;; esac; prev=$arg; done
cp "${prev#file://}" "$to" 2>/dev/null || { echo "curl: (22) not found" >&2; exit 22; }`,
}

// machine is where the script is tried: a root and commands of its own.
type machine struct {
	t                *testing.T
	root, fakes, log string
	env              []string
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	t.Parallel()
	m := &machine{t: t, root: t.TempDir(), fakes: t.TempDir()}
	m.log = filepath.Join(m.fakes, "log")
	write(t, m.log, 0o644, "")
	for name, text := range fakes {
		write(t, filepath.Join(m.fakes, name), 0o755, "#!/bin/sh\necho \""+name+" $*\" >>\"$FAKES/log\"\n"+text+"\n")
	}
	if err := os.MkdirAll(m.at("/run/systemd/system"), 0o755); err != nil {
		t.Fatal(err)
	}
	m.env = []string{"PATH=" + m.fakes + ":" + os.Getenv("PATH"), "DESTDIR=" + m.root, "FAKES=" + m.fakes, "HOME=" + t.TempDir(), "LANG=C", "TMPDIR=" + t.TempDir()}
	return m
}

func (m *machine) at(path string) string { return filepath.Join(m.root, path) }

func (m *machine) is(state string) { write(m.t, filepath.Join(m.fakes, state), 0o644, "") }

// run calls the script and wants this exit code.
func (m *machine) run(code int, script string, args ...string) (said string) {
	m.t.Helper()
	cmd := exec.CommandContext(m.t.Context(), script, args...)
	cmd.Env = m.env
	out, _ := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != code {
		m.t.Fatalf("%s %q: exit code %d, want %d\n%s", filepath.Base(script), args, got, code, out)
	}
	return string(out)
}

// untouched fails if anything was installed.
func (m *machine) untouched() {
	m.t.Helper()
	for _, path := range []string{"/etc", "/usr", "/var"} {
		if _, err := os.Stat(m.at(path)); err == nil {
			m.t.Errorf("%s was made", path)
		}
	}
	if calls := read(m.t, m.log); regexp.MustCompile(`(?m)^(user|group)(add|del)|^systemctl`).MatchString(calls) {
		m.t.Errorf("something was changed:\n%s", calls)
	}
}

// calls fails unless these calls stand in the log, in this order.
func (m *machine) calls(want ...string) {
	m.t.Helper()
	log := read(m.t, m.log)
	rest := log
	for _, call := range want {
		i := strings.Index(rest, call+"\n")
		if i < 0 {
			m.t.Fatalf("no %q, or not in its turn:\n%s", call, log)
		}
		rest = rest[i+len(call):]
	}
}

// settings are those that the program reads out of the file, secrets masked.
func (m *machine) settings() string {
	m.t.Helper()
	p, err := modules.Load(config.Input{File: m.at("/etc/staff-gateway/gateway.yml")}, modules.Build{}, io.Discard, false)
	if err != nil {
		m.t.Fatal(err)
	}
	var b strings.Builder
	p.PrintSettings(&b)
	return regexp.MustCompile(`["\s]+`).ReplaceAllString(b.String(), " ")
}

func (m *machine) file(path string) string { return read(m.t, m.at(path)) }

func (m *machine) mode(path string, want os.FileMode) {
	m.t.Helper()
	info, err := os.Stat(m.at(path))
	if err != nil || info.Mode().Perm() != want {
		m.t.Errorf("%s: %v, %v; want %v", path, info, err, want)
	}
}

func contains(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("no %q in:\n%s", w, text)
		}
	}
}

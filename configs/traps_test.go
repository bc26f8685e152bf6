//go:build linux

package configs_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// nobody stands in for the service's user.
const nobody = "65534"

// taken is a machine with a gateway, made by root, whose user is another one: who has taken the gateway over may do
// anything that this user may.
func taken(t *testing.T, r release) *machine {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can be led astray: this part of install-gateway.sh is NOT tested")
	}
	m := newMachine(t)
	m.root = filepath.Join(openDir(t), "root") // where that user comes in
	if err := os.MkdirAll(m.at("/run/systemd/system"), 0o755); err != nil {
		t.Fatal(err)
	}
	m.env[1] = "DESTDIR=" + m.root
	for tool, args := range map[string]string{
		"chown":   `"${1//staff-gateway/` + nobody + `}" "${@:2}"`,
		"setpriv": `"${1/%staff-gateway/` + nobody + `}" "${2/%staff-gateway/` + nobody + `}" "${@:3}"`,
	} {
		path, err := exec.LookPath(tool)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(m.fakes, tool), 0o755, "#!/bin/bash\nexec "+path+" "+args+"\n")
	}
	m.run(0, r.installer(), "--from-file", r.pkg(), "7", token)
	m.owner("/var/lib/staff-gateway", 65534)
	m.owner("/var/lib/staff-gateway/slots", 65534)
	return m
}

// openDir is a directory that everybody may enter.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "install")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// does has the gateway's user do something in its directory.
func (m *machine) does(script string) {
	m.t.Helper()
	cmd := exec.CommandContext(m.t.Context(), "sh", "-ec", script)
	cmd.Dir = m.at("/var/lib/staff-gateway")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := cmd.CombinedOutput(); err != nil {
		m.t.Fatalf("%s: %v\n%s", script, err, out)
	}
}

func (m *machine) owner(path string, want uint32) {
	m.t.Helper()
	info, err := os.Lstat(m.at(path))
	if err != nil || info.Sys().(*syscall.Stat_t).Uid != want {
		m.t.Errorf("%s: %+v, %v; want owner %d", path, info, err, want)
	}
}

// inTime is run for what may hang.
func (m *machine) inTime(code int, script string, args ...string) (said string) {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(m.t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, script, args...)
	cmd.Env, cmd.WaitDelay = m.env, time.Second
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil || cmd.ProcessState.ExitCode() != code {
		m.t.Fatalf("%q: %v, want exit code %d\n%s", args, err, code, out)
	}
	return string(out)
}

func traps(t *testing.T, r, newer release) {
	upgrade := []string{"--from-file", newer.pkg(), "--wait", "0"}
	t.Run("a link where the slots were", func(t *testing.T) {
		m := taken(t, r)
		for name, mode := range map[string]os.FileMode{"/etc/systemd/system": 0o755, "/root": 0o700} {
			if err := os.MkdirAll(m.at(name), mode); err != nil {
				t.Fatal(err)
			}
			write(t, m.at(name+"/state"), 0o600, "root's\n")
			m.does("rm -r slots; ln -s " + m.at(name) + " slots")
			m.run(0, newer.installer(), upgrade...)
			m.mode(name, mode)
			m.owner(name, 0)
			if text := m.file(name + "/state"); text != "root's\n" {
				t.Errorf("%s/state became %q", name, text)
			}
			m.owner("/var/lib/staff-gateway/slots", 65534)
			m.mode("/var/lib/staff-gateway/slots", 0o750)
		}
	})
	t.Run("links to what only root may read", func(t *testing.T) {
		m := taken(t, r)
		m.is("away")
		write(t, m.at("/etc/secret"), 0o600, "version=9.9.9\n\"gatewayId\": \"g-1\"\n")
		m.does("rm -f gateway.json; ln -s " + m.at("/etc/secret") + " gateway.json; ln -s " + m.at("/etc/secret") + " slots/state")
		contains(t, m.run(0, newer.installer(), upgrade...), "genuine: version 2.1.0", "Not enrolled yet")
		if text := m.file("/etc/secret"); !strings.HasPrefix(text, "version=9.9.9") {
			t.Errorf("the secret became %q", text)
		}
	})
	t.Run("pipes that nobody writes to", func(t *testing.T) {
		m := newMachine(t) // whoever runs it
		m.run(0, r.installer(), "--from-file", r.pkg(), "7", token)
		m.is("away")
		for _, file := range []string{gatewayFile, "/var/lib/staff-gateway/slots/state"} {
			os.Remove(m.at(file))
			if err := syscall.Mkfifo(m.at(file), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		contains(t, m.inTime(0, newer.installer(), upgrade...), "genuine: version 2.1.0", "Not enrolled yet")
		m.inTime(0, newer.installer(), "--forget-token")
	})
	t.Run("a version that is none", func(t *testing.T) {
		m := newMachine(t)
		m.run(0, r.installer(), "--from-file", r.pkg(), "7", token)
		m.fetched("9.9.9\x1b[2J")
		if said := m.run(0, newer.installer(), upgrade...); strings.Contains(said, "\x1b") {
			t.Errorf("it says %q", said)
		}
	})
	t.Run("removed as the user", func(t *testing.T) {
		m := taken(t, r)
		if err := os.MkdirAll(m.at("/srv/others"), 0o777); err != nil {
			t.Fatal(err)
		}
		write(t, m.at("/srv/others/file"), 0o600, "root's\n")
		m.does("mkdir -p a/b; echo x >a/b/c; ln -s " + m.at("/srv/others") + " others; rm -r slots; ln -s " + m.at("/srv/others") + " slots")
		m.run(0, r.installer(), "--uninstall", "--purge", "--yes")
		if left := m.left(); left != "/srv/others/file\n" {
			t.Errorf("what stayed:\n%s", left)
		}
		for _, dir := range []string{"/var/lib/staff-gateway", "/var/log/staff-gateway", "/etc/staff-gateway"} {
			if _, err := os.Stat(m.at(dir)); err == nil {
				t.Errorf("%s is still there", dir)
			}
		}
	})
	t.Run("what is not the user's stays, and is named", func(t *testing.T) {
		m := taken(t, r)
		if err := os.Mkdir(m.at("/var/lib/staff-gateway/kept"), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, m.at("/var/lib/staff-gateway/kept/by-root"), 0o600, "")
		contains(t, m.run(0, r.installer(), "--uninstall", "--purge", "--yes"), "rmdir: failed to remove '"+m.at("/var/lib/staff-gateway")+"'")
		m.mode("/var/lib/staff-gateway/kept/by-root", 0o600)
	})
}

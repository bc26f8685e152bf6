//go:build linux

package configs_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const gatewayFile = "/var/lib/staff-gateway/gateway.json"

func TestTheInstaller(t *testing.T) {
	t.Parallel()
	gpg := newKey(t)
	host := t.TempDir()
	r := newRelease(t, gpg, host, "2.0.0")
	newer := newRelease(t, gpg, host, "2.1.0")
	if err := os.Symlink("2.0.0", filepath.Join(host, "gateway", "latest")); err != nil {
		t.Fatal(err)
	}
	from := []string{"--releases", "file://" + host}
	with := func(args ...string) []string { return append(from[:2:2], args...) }

	t.Run("both call forms", func(t *testing.T) {
		for _, args := range [][]string{{"7", token}, {"latest", "7", token}, {"v2.0.0", "7", token}, {"2.0.0", "7", token}} {
			t.Run(strings.Join(args, " "), func(t *testing.T) {
				m := newMachine(t)
				contains(t, m.run(0, r.installer(), with(args...)...), "Status: active", "TCP ok", "The gateway is installed")
				contains(t, m.settings(), "uplink.organization_id 7 ")
			})
		}
	})
	t.Run("what is installed", func(t *testing.T) { installs(t, r, with) })
	t.Run("wrong calls", func(t *testing.T) {
		for name, args := range map[string][]string{
			"nothing, and no terminal": {}, "an organization alone": {"7"}, "a version and an organization": {"v2.0.0", "7"},
			"too much": {"2.0.0", "7", token, "more"}, "an option without value": {"--server"}, "no such option": {"--color", "7", token},
			"purge alone": {"--purge", "7", token}, "no number": {"seven", token}, "no token": {"7", "a b"}, "zero": {"0", token},
			"no address": {"--server", "agent-api", "7", token}, "a name of two lines": {"--name", "a\nb", "7", token},
			"no proxy": {"--proxy", "proxy:3128", "7", token}, "no authority": {"--ca-file", "/dev/null", "7", token}, "no seconds": {"--wait", "long", "7", token},
		} {
			t.Run(name, func(t *testing.T) {
				m := newMachine(t)
				said := m.run(1, r.installer(), with(args...)...)
				if !strings.Contains(said, "Usage:") && !strings.Contains(said, " must be ") && !strings.Contains(said, "Cannot read") {
					t.Errorf("it says %q", said)
				}
				m.untouched()
			})
		}
	})
	t.Run("tampered and unsigned packages", func(t *testing.T) { tampered(t, gpg, r, with) })
	t.Run("what is missing", func(t *testing.T) { missing(t, r, with) })
	t.Run("failures after the files are there", func(t *testing.T) { failures(t, r, with) })
	t.Run("upgrade", func(t *testing.T) { upgrade(t, r, newer, with) })
	t.Run("the token", func(t *testing.T) { tokens(t, r, with) })
	t.Run("uninstall", func(t *testing.T) { uninstall(t, r, with) })
	t.Run("guided", func(t *testing.T) { guided(t, r) })
	t.Run("traps of the gateway's user", func(t *testing.T) { traps(t, r, newer) })
}

func installs(t *testing.T, r release, with func(...string) []string) {
	m := newMachine(t)
	authority := filepath.Join(t.TempDir(), "ca.pem")
	write(t, authority, 0o600, "-----BEGIN CERTIFICATE-----\n")
	said := m.run(0, r.installer(), with("--server", "https://agent-api.example.uz/", "--name", "Bosh ofis: Anvar's", "--proxy=http://proxy:3128", "--ca-file", authority, "7", token)...)
	contains(t, m.settings(),
		"role gateway ", "data /var/lib/staff-gateway ", "uplink.url https://agent-api.example.uz ", "uplink.organization_id 7 ",
		"uplink.name Bosh ofis: Anvar's ", "uplink.proxy http://proxy:3128 ", "uplink.ca_file /etc/staff-gateway/ca.pem ",
		"buffer.path /var/lib/staff-gateway/buffer.sqlite ", "buffer.max_size 1GB ", "buffer.retention_days 7 ", "log.level info ", "log.file /var/log/staff-gateway/gateway.log ")
	contains(t, m.file("/etc/staff-gateway/gateway.yml"),
		"control_url: wss://agent-api.example.uz/v2/gateway/socket\n", "hikvision:\n    enabled: true\n", "zkteco:\n    enabled: true\n", "provisioning_token: \"\"\n")
	if text := m.file("/etc/staff-gateway/gateway.yml"); strings.Contains(text, token) || strings.Contains(text, "\n\n\n") {
		t.Errorf("the settings are\n%s", text)
	}
	if strings.Contains(said, token) || strings.Contains(read(t, m.log), token) {
		t.Errorf("the token was shown:\n%s%s", said, read(t, m.log))
	}
	m.mode("/etc/staff-gateway/gateway.yml", 0o640)
	m.mode("/etc/staff-gateway", 0o750)
	m.mode("/var/lib/staff-gateway", 0o750)
	m.mode("/var/log/staff-gateway", 0o750)
	m.mode("/usr/local/bin/gateway", 0o755)
	m.mode("/usr/local/lib/staff-gateway/staff-control", 0o755)
	m.mode("/etc/systemd/system/staff-gateway.service", 0o644)
	m.mode("/etc/logrotate.d/staff-gateway", 0o644)
	m.mode("/usr/local/share/doc/staff-gateway/network.md", 0o644)
	m.calls("groupadd --system staff-gateway",
		"useradd --system --gid staff-gateway --home-dir /var/lib/staff-gateway --no-create-home --shell /bin/false staff-gateway",
		"chown root:staff-gateway "+m.at("/etc/staff-gateway"),
		"chown root:staff-gateway "+m.at("/etc/staff-gateway/gateway.yml.new"),
		"systemctl daemon-reload", "systemctl enable staff-gateway", "systemctl restart staff-gateway", "systemctl is-active --quiet staff-gateway",
		"program --config "+m.at("/etc/staff-gateway/gateway.yml")+" --test-connection")
	contains(t, said, "https://dashboard.staff-control.com/gateways", "https://docs.staff-control.com/gateway/adapters", "https://docs.staff-control.com/gateway/monitoring", "support@staff-control.com")
}

func tampered(t *testing.T, gpg []string, good release, with func(...string) []string) {
	pkg := read(t, good.pkg())
	stranger := newRelease(t, newKey(t), t.TempDir(), "2.0.0")
	for name, spoil := range map[string]func(dir string){
		"a byte":             func(dir string) { write(t, filepath.Join(dir, packageName()), 0o644, pkg[:100]+"x"+pkg[101:]) },
		"cut short":          func(dir string) { write(t, filepath.Join(dir, packageName()), 0o644, pkg[:len(pkg)/2]) },
		"empty":              func(dir string) { write(t, filepath.Join(dir, packageName()), 0o644, "") },
		"no signature":       func(dir string) { os.Remove(filepath.Join(dir, packageName()+".sig")) },
		"an empty signature": func(dir string) { write(t, filepath.Join(dir, packageName()+".sig"), 0o644, "") },
		"a stranger's": func(dir string) {
			write(t, filepath.Join(dir, packageName()+".sig"), 0o644, read(t, stranger.pkg()+".sig"))
		},
		"all of it a stranger's": func(dir string) {
			write(t, filepath.Join(dir, packageName()), 0o644, read(t, stranger.pkg()))
			write(t, filepath.Join(dir, packageName()+".sig"), 0o644, read(t, stranger.pkg()+".sig"))
		},
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, packageName()), 0o644, pkg)
		write(t, filepath.Join(dir, packageName()+".sig"), 0o644, read(t, good.pkg()+".sig"))
		spoil(dir)
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			// The user's own keyring believes the stranger; the script must not.
			command(t, command(t, nil, append(stranger.gpg, "--export")...), "gpg", "--homedir", m.env[3][len("HOME="):], "--batch", "--quiet", "--no-autostart", "--import")
			said := m.run(4, good.installer(), "--from-file", filepath.Join(dir, packageName()), "7", token)
			contains(t, said, "NOT good. Nothing was installed")
			m.untouched()
		})
	}
	t.Run("a script without key", func(t *testing.T) {
		m := newMachine(t)
		contains(t, m.run(4, "install/install-gateway.sh", with("7", token)...), "no release key")
		m.untouched()
	})
	t.Run("a genuine package of something else", func(t *testing.T) {
		r := newRelease(t, gpg, t.TempDir(), "2.0.0")
		r.pack(t, map[string]string{"gateway": fakeGateway})
		m := newMachine(t)
		contains(t, m.run(4, r.installer(), "--from-file", r.pkg(), "7", token), "not complete")
		m.untouched()
	})
	t.Run("a genuine package of another version", func(t *testing.T) {
		m := newMachine(t)
		contains(t, m.run(4, good.installer(), "--from-file", good.pkg(), "2.0.1", "7", token), "holds version 2.0.0, not 2.0.1")
		m.untouched()
	})
}

func missing(t *testing.T, r release, with func(...string) []string) {
	t.Run("systemd", func(t *testing.T) {
		m := newMachine(t)
		os.RemoveAll(m.at("/run"))
		contains(t, m.run(2, r.installer(), with("7", token)...), "systemd does not run", "/gateway/docker-setup")
		m.untouched()
	})
	t.Run("a tool", func(t *testing.T) {
		m := newMachine(t)
		dir := t.TempDir()
		for _, tool := range []string{"bash", "id", "uname", "tar", "gzip", "env"} {
			path, err := exec.LookPath(tool)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(path, filepath.Join(dir, tool)); err != nil {
				t.Fatal(err)
			}
		}
		m.env[0] = "PATH=" + dir
		contains(t, m.run(2, r.installer(), with("7", token)...), "gpg is required but not installed")
		m.untouched()
	})
	t.Run("a processor", func(t *testing.T) {
		m := newMachine(t)
		write(t, filepath.Join(m.fakes, "uname"), 0o755, "#!/bin/sh\necho armv7l\n")
		contains(t, m.run(2, r.installer(), with("7", token)...), "no package for armv7l")
		m.untouched()
	})
	t.Run("the release", func(t *testing.T) {
		m := newMachine(t)
		contains(t, m.run(3, r.installer(), with("9.9.9", "7", token)...), "Cannot download", "9.9.9/"+packageName())
		m.untouched()
	})
	t.Run("the file", func(t *testing.T) {
		m := newMachine(t)
		contains(t, m.run(3, r.installer(), "--from-file", "/nowhere/x.tar.gz", "7", token), "Cannot read /nowhere/x.tar.gz")
		m.untouched()
	})
	t.Run("curl is not needed with a file", func(t *testing.T) {
		m := newMachine(t)
		write(t, filepath.Join(m.fakes, "curl"), 0o755, "#!/bin/sh\necho called >&2; exit 1\n")
		said := m.run(0, r.installer(), "--from-file", r.pkg(), "7", token)
		contains(t, said, "/usr/local/share/doc/staff-gateway/troubleshooting.md", "support@staff-control.com")
	})
}

func failures(t *testing.T, r release, with func(...string) []string) {
	t.Run("settings", func(t *testing.T) {
		m := newMachine(t)
		contains(t, m.run(5, r.installer(), with("--name", "WRONG", "7", token)...), "The settings are not right")
		if _, err := os.Stat(m.at("/etc/staff-gateway/gateway.yml")); err == nil {
			t.Error("they were put in place all the same")
		}
		if strings.Contains(read(t, m.log), "systemctl restart") {
			t.Error("the service was started")
		}
	})
	t.Run("service", func(t *testing.T) {
		m := newMachine(t)
		m.is("inactive")
		contains(t, m.run(6, r.installer(), with("7", token)...), "journalctl -u staff-gateway", "/gateway/troubleshooting")
	})
	t.Run("connection", func(t *testing.T) {
		m := newMachine(t)
		m.is("offline")
		m.is("away")
		contains(t, m.run(7, r.installer(), with("--wait", "3", "7", token)...), "Not enrolled yet", "TCP FAILED", "/gateway/network")
		m.calls("sleep 1", "sleep 1", "sleep 1", "systemctl enable --now --quiet staff-gateway-enrolled.path")
		contains(t, m.file("/etc/staff-gateway/gateway.yml"), "provisioning_token: "+token)
		m.mode("/etc/staff-gateway/gateway.yml", 0o640)
	})
}

func upgrade(t *testing.T, r, newer release, with func(...string) []string) {
	m := newMachine(t)
	m.run(0, r.installer(), with("7", token)...)
	settings := m.file("/etc/staff-gateway/gateway.yml") + "\n# ours\n"
	write(t, m.at("/etc/staff-gateway/gateway.yml"), 0o640, settings)
	m.fetched("2.0.5")
	contains(t, m.run(5, r.installer(), with()...), "Version 2.0.5 is installed, the package is older: 2.0.0")
	m.fetched("2.1.0-rc.1")
	program := "/usr/local/lib/staff-gateway/staff-control"

	contains(t, m.run(0, newer.installer(), "--from-file", newer.pkg()), "Upgrading", "genuine: version 2.1.0")
	contains(t, m.file(program), "2.1.0")
	if got := m.file("/etc/staff-gateway/gateway.yml"); got != settings {
		t.Errorf("the settings became\n%s", got)
	}
	if _, err := os.Stat(m.at("/var/lib/staff-gateway/slots/state")); err == nil {
		t.Error("an older version that the gateway fetched would go on")
	}
	contains(t, m.run(5, r.installer(), with()...), "Version 2.1.0 is installed, the package is older: 2.0.0")
	contains(t, m.file(program), "2.1.0")
	m.run(0, r.installer(), with("2.0.0")...)
	contains(t, m.file(program), "2.0.0")
	m.run(0, r.installer(), with("7", "another-token")...)
	if got := m.file("/etc/staff-gateway/gateway.yml"); got != settings {
		t.Errorf("an enrolled gateway needs no token:\n%s", got)
	}
	contains(t, m.run(5, r.installer(), with("8", token)...), "installed for organization 7")
	if n := strings.Count(read(t, m.log), "useradd"); n != 1 {
		t.Errorf("the user was made %d times", n)
	}
}

func tokens(t *testing.T, r release, with func(...string) []string) {
	m := newMachine(t)
	m.is("away")
	m.run(0, r.installer(), with("--wait", "0", "7", "expired")...)
	contains(t, m.file("/etc/staff-gateway/gateway.yml"), "  provisioning_token: expired\n")
	cmd := exec.CommandContext(t.Context(), r.installer(), with("--wait", "0", "7", "-")...)
	cmd.Env, cmd.Stdin = m.env, strings.NewReader(token+"\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	contains(t, m.file("/etc/staff-gateway/gateway.yml"), "  provisioning_token: "+token+"\n")

	installed := m.at("/usr/local/lib/staff-gateway/install-gateway.sh")
	write(t, m.at(gatewayFile), 0o600, `{"serial": "GW-1"}`)
	m.run(0, installed, "--forget-token")
	contains(t, m.file("/etc/staff-gateway/gateway.yml"), token)
	write(t, m.at(gatewayFile), 0o600, `{"serial": "GW-1", "gatewayId": "g-1"}`)
	m.run(0, installed, "--forget-token")
	contains(t, m.file("/etc/staff-gateway/gateway.yml"), "  provisioning_token: \"\"\n")
	m.mode("/etc/staff-gateway/gateway.yml", 0o640)
	m.calls("chown root:staff-gateway "+m.at("/etc/staff-gateway/gateway.yml.new"), "systemctl disable --now --quiet staff-gateway-enrolled.path")
}

func uninstall(t *testing.T, r release, with func(...string) []string) {
	m := newMachine(t)
	m.run(0, r.installer(), with("7", token)...)
	contains(t, m.run(1, r.installer(), "--uninstall", "--purge"), "Nothing was changed")
	m.mode("/usr/local/bin/gateway", 0o755)
	contains(t, m.run(0, m.at("/usr/local/lib/staff-gateway/install-gateway.sh"), "--uninstall"), "stay in /etc/staff-gateway, /var/lib/staff-gateway, /var/log/staff-gateway")
	m.calls("systemctl disable --now --quiet staff-gateway-enrolled.path staff-gateway", "systemctl daemon-reload")
	left := m.left()
	contains(t, left, "/etc/staff-gateway/gateway.yml", gatewayFile)
	if strings.Contains(left, "/usr/local") || strings.Contains(left, "/etc/systemd") || strings.Contains(left, "/etc/logrotate.d") {
		t.Errorf("what stayed:\n%s", left)
	}
	m.run(0, r.installer(), with()...) // it finds its settings
	contains(t, m.run(0, r.installer(), "--uninstall", "--purge", "--yes"), "Revoke it in the dashboard")
	if left := m.left(); left != "" {
		t.Errorf("what stayed:\n%s", left)
	}
	m.calls("userdel staff-gateway", "groupdel staff-gateway")
	m.run(0, r.installer(), "--uninstall", "--purge", "--yes") // nothing is there any more
}

// fetched has the gateway run a version that it fetched itself.
func (m *machine) fetched(version string) {
	m.t.Helper()
	write(m.t, m.at("/var/lib/staff-gateway/slots/state"), 0o600, "current=a\nversion="+version+"\nend=state\n")
}

// left lists the files below the root.
func (m *machine) left() (all string) {
	m.t.Helper()
	err := filepath.WalkDir(m.root, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			all += strings.TrimPrefix(path, m.root) + "\n"
		}
		return err
	})
	if err != nil {
		m.t.Fatal(err)
	}
	return all
}

// guided answers the questions, in each language, on a terminal of its own.
func guided(t *testing.T, r release) {
	for lang, ask := range map[string][]string{
		"en_US.UTF-8": {"Organization ID: ", "Organization ID: ", "Provisioning token (not shown): ", "Gateway location (e.g. Main Office): ", "Server [https://agent-api.staff-control.com]: ", "Server ["},
		"ru_RU.UTF-8": {"ID организации: ", "ID организации: ", "Токен подключения (не отображается): ", "Расположение шлюза (например, Главный офис): ", "Сервер [", "Сервер ["},
		"uz_UZ.UTF-8": {"Tashkilot ID raqami: ", "Tashkilot ID raqami: ", "Ulash tokeni (koʻrsatilmaydi): ", "Shlyuz joylashuvi (masalan, Bosh ofis): ", "Server [", "Server ["},
	} {
		t.Run(lang, func(t *testing.T) {
			m := newMachine(t)
			m.env = append(m.env, "LC_ALL="+lang)
			said := m.answer(0, r.installer()+" --from-file "+r.pkg(), ask, "seven", "7", token, "Bosh ofis", "agent-api", "https://agent-api.example.uz")
			if strings.Contains(said, token) {
				t.Errorf("the token was shown:\n%s", said)
			}
			contains(t, m.settings(), "uplink.organization_id 7 ", "uplink.name Bosh ofis ", "uplink.url https://agent-api.example.uz ")
		})
	}
	t.Run("no answer", func(t *testing.T) {
		m := newMachine(t)
		m.answer(1, r.installer()+" --from-file "+r.pkg(), []string{"Organization ID: ", "Provisioning token"}, "7", "\x04")
		m.untouched()
	})
}

// answer runs the script on a terminal and types each answer when it is asked for.
func (m *machine) answer(code int, script string, questions []string, answers ...string) (said string) {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(m.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "script", "-qec", script, "/dev/null")
	cmd.Env = m.env
	in, err := cmd.StdinPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	var all bytes.Buffer
	r := bufio.NewReader(io.TeeReader(out, &all))
	for i, question := range questions {
		for asked := []byte(nil); !bytes.HasSuffix(asked, []byte(question)); {
			b, err := r.ReadByte()
			if err != nil {
				m.t.Fatalf("it does not ask %q: %v\n%s", question, err, &all)
			}
			asked = append(asked, b)
		}
		io.WriteString(in, answers[i]+"\n")
	}
	io.Copy(io.Discard, r)
	cmd.Wait()
	if got := cmd.ProcessState.ExitCode(); got != code {
		m.t.Errorf("exit code %d, want %d\n%s", got, code, &all)
	}
	return all.String()
}

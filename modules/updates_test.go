package modules_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"aead.dev/minisign"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
)

// machine is a gateway as install-gateway.sh leaves it: a launcher, the package's program, and two slots; and somebody
// who starts it again whenever it ends, as systemd does.
type machine struct {
	site     *site
	dir      string
	releases string
	public   minisign.PublicKey
	private  minisign.PrivateKey

	mu      sync.Mutex
	running *exec.Cmd
}

// built returns the program as a release has it.
func built(t *testing.T, dir, version string, key minisign.PublicKey) string {
	t.Helper()
	path := filepath.Join(dir, "staff-control-"+version)
	flags := "-s -w -X main.version=" + version + " -X github.com/staff-control/staff-control/modules/updater.releaseKeys=" + key.String()
	if out, err := exec.Command("go", "build", "-ldflags", flags, "-o", path, "..").CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", version, err, out)
	}
	return path
}

func newMachine(t *testing.T, s *site) *machine {
	t.Helper()
	public, private, err := minisign.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{site: s, dir: t.TempDir(), public: public, private: private}
	m.releases = filepath.Join(m.dir, "releases")
	for _, dir := range []string{m.releases, filepath.Join(m.dir, "slots")} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// release puts a program up as a version, as make release does.
func (m *machine) release(t *testing.T, version string, program []byte) (archive string) {
	t.Helper()
	var packed bytes.Buffer
	zipped, _ := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	w := tar.NewWriter(zipped)
	header := &tar.Header{Name: "./staff-control", Mode: 0o755, Size: int64(len(program)), Typeflag: tar.TypeReg}
	err := w.WriteHeader(header)
	if err == nil {
		_, err = w.Write(program)
	}
	dir, file := filepath.Join(m.releases, version), "gateway-linux-"+runtime.GOARCH+".tar.gz"
	if err := errors.Join(err, w.Close(), zipped.Close(), os.MkdirAll(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	signed := minisign.NewReader(bytes.NewReader(packed.Bytes()))
	if _, err := new(bytes.Buffer).ReadFrom(signed); err != nil {
		t.Fatal(err)
	}
	comment := "product=staff-control-gateway version=" + version + " channel=stable arch=" + runtime.GOARCH
	sum := sha256.Sum256(packed.Bytes())
	manifest := fmt.Sprintf(`{"version":%q,"channel":"stable","packages":{%q:{"file":%q,"sha256":"%s","size":%d}}}`,
		version, runtime.GOARCH, file, hex.EncodeToString(sum[:]), packed.Len())
	for name, content := range map[string][]byte{
		file: packed.Bytes(), file + ".minisig": signed.SignWithComments(m.private, comment, "test"), "manifest.json": []byte(manifest),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, file)
}

// launcher is the command that starts the gateway, or the words instead.
func (m *machine) launcher(t testing.TB, words ...string) *exec.Cmd {
	t.Helper()
	path, err := filepath.Abs("../configs/systemd/staff-gateway-launch")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", append([]string{
		path, "--role=gateway", "--set", "uplink.url=" + m.site.agentAPI, "--set", "uplink.token=spt_a-token-of-the-operator",
		"--set", "updater.confirm_after=1s", "--set", "updater.health_timeout=5s", "--set", "control.max_delay=1s",
	}, words...)...)
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "STAFF_UPDATER__SLOTS=" + filepath.Join(m.dir, "slots"), "GATEWAY_PACKAGED=" + filepath.Join(m.dir, "packaged"),
		"GATEWAY_CONFIG=/nowhere",
	}, m.site.env...)
	cmd.Stdout, cmd.Stderr = m.site.log, m.site.log
	return cmd
}

// supervise runs the gateway again and again until the test ends.
func (m *machine) supervise(t *testing.T) {
	t.Helper()
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			cmd := m.launcher(t)
			m.mu.Lock()
			err := cmd.Start()
			m.running = cmd
			m.mu.Unlock()
			if err == nil {
				err = cmd.Wait()
			}
			fmt.Fprintf(m.site.log, "the gateway ended: %v\n", err)
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		m.kill()
		<-ended
	})
}

// kill ends the gateway as a fault of its own does, or a power cut.
func (m *machine) kill() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.running.Process.Kill()
}

// runs is the version that answers; empty if none does.
func (m *machine) runs() string {
	var alive struct{ Version string }
	status, body, err := send(http.MethodGet, m.site.gateway+"/health", nil, nil)
	if err != nil || status != http.StatusOK || json.Unmarshal(body, &alive) != nil {
		return ""
	}
	return alive.Version
}

// state is what the file says that the launcher goes by.
func (m *machine) state() string {
	text, _ := os.ReadFile(filepath.Join(m.dir, "slots", "state"))
	return string(text)
}

func (m *machine) settles(t *testing.T, version string) {
	t.Helper()
	until(t, "version "+version+" runs and stays", func() bool {
		return m.runs() == version && strings.Contains(m.state(), "\ntrial=no\n") && strings.Contains(m.state(), "\nversion="+version+"\n")
	})
}

// rollbacks are the versions that the audit has been given up.
func (s *site) rollbacks(t *testing.T) (versions []string) {
	t.Helper()
	for _, line := range s.audited(t, "auto_rollback") {
		if line.Reason != "health_check_failed" || !strings.HasPrefix(line.Actor, "gateway:") || line.Object != line.Actor {
			t.Errorf("audited %+v", line)
		}
		versions = append(versions, fmt.Sprint(line.After["version"], " ", line.After["cause"]))
	}
	return versions
}

// Two programs as they are released, one real gateway: it takes a version from a file that ends at once, one by order that
// crashes before it has proved itself, the same when agent-api is away, and at last for good.
func TestGatewayIsUpdatedAndComesBack(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := newMachine(t, s)
	old := built(t, m.dir, "2.0.0", m.public)
	if err := os.Rename(old, filepath.Join(m.dir, "packaged")); err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(built(t, m.dir, "2.1.0", m.public))
	if err != nil {
		t.Fatal(err)
	}
	broken := m.release(t, "2.0.5", []byte("#!/bin/sh\nfor last; do :; done\ncase $last in\nversion) echo staff-control 2.0.5 ;;\ncheck-config) ;;\n*) exit 1 ;;\nesac\n"))
	server := s.spawn(t, "--role=agent-api", "--set", "gateways.bootstrap_token=spt_a-token-of-the-operator", "--set", "updates.path="+m.releases)
	s.spawn(t, "--role=dashboard", "--set", "updates.path="+m.releases)
	ready(t, s.agentAPI, s.dashboard)
	s.signIn(t)
	m.supervise(t)
	until(t, "the package's version runs", func() bool { return m.runs() == "2.0.0" })

	if err := m.launcher(t, "update", "--from-file", broken).Run(); err != nil {
		t.Fatalf("update from a file: %v", err)
	}
	m.settles(t, "2.0.0")
	wantRollbacks(t, s, "2.0.5 crashed")

	m.release(t, "2.1.0", program)
	order := s.order(t, "update", `{"version":"2.1.0"}`)
	for n := range 3 { // it begins well each time, and crashes
		until(t, "the new version runs", func() bool { return m.runs() == "2.1.0" })
		if n == 0 {
			s.migrateBuffer(t)
		}
		m.kill()
		until(t, "it has crashed", func() bool { return m.runs() == "" })
	}
	m.settles(t, "2.0.0")
	order.ends(t, "failed", "health_check_failed")
	wantRollbacks(t, s, "2.0.5 crashed", "2.1.0 crashed")

	order = s.order(t, "update", `{"version":"2.1.0"}`)
	until(t, "the new version is on trial", func() bool { return strings.Contains(m.state(), "\ntrial=yes\n") })
	server.kill(t)
	m.settles(t, "2.0.0")
	server.start(t)
	ready(t, s.agentAPI)
	order.ends(t, "failed", "health_check_failed")
	wantRollbacks(t, s, "2.0.5 crashed", "2.1.0 crashed", "2.1.0 unhealthy")

	order = s.order(t, "update", `{}`)
	order.ends(t, "completed", "")
	m.settles(t, "2.1.0")
	s.order(t, "update", `{}`).ends(t, "completed", "") // it runs already
	if !strings.Contains(s.log.String(), "the gateway ended: exit status 75") {
		t.Error("it does not say to whoever starts it that it wants to be")
	}
	if err := m.launcher(t, "update", "--from-file", broken).Run(); err == nil {
		t.Error("an older version was taken from a file")
	}
}

func wantRollbacks(t *testing.T, s *site, want ...string) {
	t.Helper()
	var got []string
	until(t, fmt.Sprint("the audit has ", want), func() bool {
		got = s.rollbacks(t)
		return len(got) >= len(want)
	})
	for _, w := range want {
		if !strings.Contains(strings.Join(got, ", "), w) || len(got) != len(want) {
			t.Errorf("the audit has %q, not %q", got, want)
		}
	}
}

// ordered is a command that somebody has ordered.
type ordered struct {
	site *site
	id   string
}

// order has the only gateway do something.
func (s *site) order(t *testing.T, kind, payload string) ordered {
	t.Helper()
	var gateways struct{ Items []struct{ ID string } }
	s.get(t, "/api/v2/gateways", &gateways)
	if len(gateways.Items) != 1 {
		t.Fatalf("gateways: %+v", gateways)
	}
	body := map[string]any{"gatewayId": gateways.Items[0].ID, "type": kind, "payload": json.RawMessage(payload)}
	status, answer := call(t, http.MethodPost, s.dashboard+"/api/v2/commands", map[string]string{"Authorization": "Bearer " + s.token}, body)
	var made struct{ ID string }
	if err := json.Unmarshal(answer, &made); err != nil || status != http.StatusCreated {
		t.Fatalf("order: %d %s", status, answer)
	}
	return ordered{s, made.ID}
}

func (o ordered) ends(t *testing.T, want, code string) {
	t.Helper()
	var c struct{ Status, Code, Error string }
	until(t, "the order ends", func() bool {
		o.site.get(t, "/api/v2/commands/"+o.id, &c)
		return c.Status != "pending" && c.Status != "sent"
	})
	if c.Status != want || c.Code != code {
		t.Errorf("the order ends %+v, not %s %s", c, want, code)
	}
}

// migrateBuffer makes the gateway's buffer one of a newer version, which the previous one finds when it comes back.
func (s *site) migrateBuffer(t *testing.T) {
	t.Helper()
	ctx := actor.With(t.Context(), actor.System("test"))
	d, err := db.OpenFile(ctx, filepath.Join(s.data, "buffer.db"), db.FileOptions{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	err = d.Write(ctx, func(ctx context.Context, tx db.Tx) error { // unscoped: the schema is nobody's
		_, err := tx.Raw("INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)").Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// audited is what the server has written down of an action.
type audited struct {
	Actor, Object, Reason string
	After                 map[string]any
}

func (s *site) audited(t *testing.T, action string) (lines []audited) {
	t.Helper()
	ctx := actor.With(t.Context(), actor.System("test"))
	d, err := db.OpenFile(ctx, filepath.Join(s.data, "staff-control.db"), db.FileOptions{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var rows []struct{ Actor, Object, Reason, After string }
	err = d.Read(ctx, func(ctx context.Context, tx db.Tx) error { // unscoped: a test that looks at all of it
		return tx.Raw("SELECT actor, object, reason, after FROM audit_log WHERE action = ? ORDER BY at", action).Scan(ctx, &rows)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		line := audited{Actor: r.Actor, Object: r.Object, Reason: r.Reason}
		if err := json.Unmarshal([]byte(r.After), &line.After); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return lines
}

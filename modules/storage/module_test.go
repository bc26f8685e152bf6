package storage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/config"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

// read loads the settings and asks whether they can be.
func read(t *testing.T, set ...string) (*Config, error) {
	t.Helper()
	c := defaults()
	tree, err := config.Load(config.Input{Set: set}, []config.Section{{Name: "storage", Config: &c}})
	if err != nil {
		t.Fatal(err)
	}
	if err := tree.Into("storage", &c); err != nil {
		t.Fatal(err)
	}
	return &c, c.Validate()
}

func TestSettings(t *testing.T) {
	t.Parallel()
	if _, err := read(t); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	bucket := []string{"storage.bucket=b", "storage.access_key=a", "storage.secret_key=s"}
	for _, good := range [][]string{
		append(bucket, "storage.driver=s3"), append(bucket, "storage.driver=minio", "storage.endpoint=http://minio:9000", "storage.public_endpoint=https://files.example.uz"),
	} {
		if _, err := read(t, good...); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for want, set := range map[string][]string{
		"driver: must be local, s3 or minio, is ftp":    {"storage.driver=ftp"},
		"bucket: must be set for driver s3":             {"storage.driver=s3"},
		"access_key: must be set for driver minio":      {"storage.driver=minio"},
		"secret_key: must be set for driver s3":         {"storage.driver=s3"},
		"endpoint: must be set for driver minio":        append(bucket, "storage.driver=minio"),
		"endpoint: must be an address":                  append(bucket, "storage.driver=s3", "storage.endpoint=minio:9000"),
		"public_endpoint: must be an address":           append(bucket, "storage.driver=s3", "storage.public_endpoint=ftp://x"),
		"signing_key: must have at least 32 characters": {"storage.signing_key=short"},
		"timeout: must be at least 1s":                  {"storage.timeout=1ms"},
		"max_upload: must be more than nothing":         {"storage.max_upload=0"},
		"link_expiry: must be from 1s to 168h":          {"storage.link_expiry=169h"},
		"link_expiry: must be from 1s to 168h, is 0s":   {"storage.link_expiry=0s"},
	} {
		if _, err := read(t, set...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error is %v, want %q", set, err, want)
		}
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	c, err := read(t, "storage.access_key=PLAIN-a", "storage.secret_key=PLAIN-b", "storage.signing_key=PLAIN-"+strings.Repeat("c", 32))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(c)
	if err != nil || bytes.Contains(text, []byte("PLAIN")) {
		t.Errorf("%s, %v", text, err)
	}
}

// Files stay where they are when the process ends, and addresses work on with a key of the settings.
func TestFilesOutliveTheProcess(t *testing.T) {
	t.Parallel()
	d, data := dbtest.SQLite(t), t.TempDir()
	addOrganizations(t, d)
	key := "storage.signing_key=" + strings.Repeat("k", 32)
	var said bytes.Buffer
	start := func(set ...string) (s file.Store, k *kernel.Kernel) {
		t.Helper()
		user := kerneltest.Module{
			Is: kernel.Manifest{Name: "user", Roles: []kernel.Role{kernel.Dashboard}, Needs: []kernel.Port{kernel.PortOf[file.Store]()}},
			InitFn: func(_ context.Context, h *kernel.Host) error {
				s = kernel.Get[file.Store](h)
				return nil
			},
		}
		k, o := kerneltest.New(t, kernel.Dashboard, kerneltest.Options{DB: d, Data: data, Set: set, Log: slog.New(slog.NewTextHandler(&said, nil))}, New(), user,
			kerneltest.Provide[organization.Tree](kernel.Dashboard, tree{}), kerneltest.Provide[alert.Log](kernel.Dashboard, alarms{}))
		t.Cleanup(func() { o.Listener.Close() })
		if err := k.Build(t.Context()); err != nil {
			t.Fatal(err)
		}
		return s, k
	}
	s, k := start(key)
	if _, err := s.Put(hr(1), photo("a.jpg"), strings.NewReader("picture")); err != nil {
		t.Fatal(err)
	}
	if err := k.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(said.String(), "signing_key") {
		t.Errorf("it says %s", &said)
	}
	s, k = start()
	if got := content(t, &office{service: s.(*service), db: d}, hr(1), "a.jpg"); got != "picture" {
		t.Errorf("the file is %q", got)
	}
	if !strings.Contains(said.String(), "storage.signing_key is not set") {
		t.Errorf("it says %s", &said)
	}
	if err := k.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// A store that is away takes files out of service, and nothing else.
func TestAStoreThatIsAwayDegradesTheServer(t *testing.T) {
	t.Parallel()
	for set, want := range map[string]string{
		"storage.driver=local": `"name":"storage","state":"up"`,
		"storage.driver=minio": `"name":"storage","state":"degraded"`,
	} {
		address := kerneltest.Run(t, kernel.Dashboard, kerneltest.Options{DB: dbtest.SQLite(t), Set: []string{
			set, "storage.endpoint=http://127.0.0.1:1", "storage.bucket=b", "storage.access_key=a", "storage.secret_key=s",
		}}, New(), kerneltest.Provide[organization.Tree](kernel.Dashboard, tree{}), kerneltest.Provide[alert.Log](kernel.Dashboard, alarms{}))
		var said string
		for ready := false; !ready; { // until the test's own time is over
			answer, err := http.Get(address + "/health/ready")
			if err != nil {
				continue // not listening yet
			}
			body, err := io.ReadAll(answer.Body)
			if err = errors.Join(err, answer.Body.Close()); err != nil {
				t.Fatal(err)
			}
			said, ready = string(body), answer.StatusCode == http.StatusOK
			if strings.Contains(said, `"state":"down"`) {
				t.Fatalf("it says %s", said)
			}
		}
		if !strings.Contains(said, want) {
			t.Errorf("%s: it says %s, want %s", set, said, want)
		}
	}
}

// The dashboard's processes order no scans: agent-api's do. A tick, which has a minute, does no more than that.
func TestAgentAPIOrdersScans(t *testing.T) {
	t.Parallel()
	d, data := dbtest.SQLite(t), t.TempDir()
	stray := filepath.Join(data, "files", "org-1", "stray")
	for _, role := range []kernel.Role{kernel.AgentAPI, kernel.Dashboard} {
		m := New()
		k, o := kerneltest.New(t, role, kerneltest.Options{DB: d, Data: data}, m, kerneltest.Provide[organization.Tree](role, tree{}), kerneltest.Provide[alert.Log](role, alarms{}))
		t.Cleanup(func() { o.Listener.Close() })
		if err := k.Build(t.Context()); err != nil {
			t.Fatal(err)
		}
		layAt(t, stray)
		tick := o.Schedule.(*kerneltest.Schedule).Runs["storage scan"]
		if (tick != nil) != (role == kernel.AgentAPI) {
			t.Errorf("%s orders scans: %t", role, tick != nil)
		}
		if tick != nil && (tick(system) != nil || !exists(stray)) {
			t.Error("the tick itself scans")
		}
		if err := m.scan(system, scanOrder{sunday}); err != nil || exists(stray) {
			t.Errorf("%s does not scan: %v", role, err)
		}
		if err := k.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func layAt(t *testing.T, stray string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(stray), 0o700), os.WriteFile(stray, nil, 0o600), os.Chtimes(stray, time.Time{}, time.Now().Add(-25*time.Hour))); err != nil {
		t.Fatal(err)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestADirectoryThatCannotBeIsSaidAtTheStart(t *testing.T) {
	t.Parallel()
	m := New()
	m.cfg.BasePath = "/proc/nothing"
	if _, _, err := m.open(t.TempDir()); err == nil {
		t.Error("it was opened")
	}
}

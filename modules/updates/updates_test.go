package updates

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/updater/update"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

var (
	station = &actor.Actor{Role: actor.Gateway, ID: "gateway:0192", OrganizationID: 1}
	boss    = &actor.Actor{Role: actor.Admin, ID: "user:1", UserID: 1}
	guard   = &actor.Actor{Role: actor.Guard, ID: "user:3", UserID: 3, OrganizationID: 1}
)

// shelf is a directory of releases.
type shelf string

func (s shelf) write(t testing.TB, name, text string) {
	t.Helper()
	path := filepath.Join(string(s), name)
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

const archive = "an archive of gateway "

// release puts a version on the shelf, as make release does.
func (s shelf) release(t testing.TB, version, channel, minVersion string) {
	t.Helper()
	packages := map[string]pkg{}
	for arch, machine := range map[string]string{"amd64": "x86_64", "arm64": "aarch64"} {
		file, content := "gateway-linux-"+machine+".tar.gz", archive+version+" "+arch
		s.write(t, version+"/"+file, content)
		s.write(t, version+"/"+file+".minisig", "signature of "+version)
		sum := sha256.Sum256([]byte(content))
		packages[arch] = pkg{file, hex.EncodeToString(sum[:]), int64(len(content))}
	}
	at := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	text, err := json.Marshal(release{version, channel, minVersion, at, packages})
	if err != nil {
		t.Fatal(err)
	}
	s.write(t, version+"/"+manifestName, string(text))
}

// full is a shelf with releases, and with what is none.
func full(t testing.TB) shelf {
	t.Helper()
	s := shelf(t.TempDir())
	for _, version := range []string{"2.9.0", "2.10.0", "2.10.0-rc.1"} {
		s.release(t, version, "stable", "")
	}
	s.release(t, "3.0.0", "stable", "2.10.0")
	s.release(t, "3.1.0", "beta", "")
	s.write(t, "9.0.0/gateway-linux-x86_64.tar.gz", "on its way")
	s.write(t, "9.1.0/manifest.json", `{"version":"9.1.0","chan`)
	s.write(t, "9.2.0/manifest.json", `{"version":"9.3.0","channel":"stable"}`)
	s.write(t, "9.4.0/manifest.json", `{"version":"9.4.0","channel":"stable","packages":{"amd64":{"file":"../2.9.0/x","sha256":"`+strings.Repeat("ab", 32)+`","size":5}}}`)
	s.write(t, "9.5.0/manifest.json", `{"version":"9.5.0","channel":"stable","packages":{"amd64":{"file":"x","sha256":"ab","size":5}}}`)
	s.write(t, "9.6.0/manifest.json", strings.Repeat(" ", maxManifest+1))
	s.write(t, "9.7.0/manifest.json", `{"version":"9.7.0"}`)
	s.write(t, "latest/manifest.json", `{"version":"latest","channel":"stable"}`)
	s.write(t, "index.html", "hello")
	return s
}

func build(t testing.TB, role kernel.Role, set ...string) (h http.Handler, run func(*testing.T, ...httptestx.Scenario)) {
	t.Helper()
	server := kerneltest.Build(t, role, kerneltest.Options{DB: dbtest.SQLite(t), Set: set}, New(), texts())
	return server, func(t *testing.T, s ...httptestx.Scenario) { t.Helper(); httptestx.Run(t, server, s...) }
}

// texts has the text of the one refusal that belongs to the gateway's module.
func texts() kernel.Module {
	return kerneltest.Module{Is: kernel.Manifest{Name: "updater", Roles: []kernel.Role{kernel.Gateway}, Messages: []byte(`{"updater.none":{"uz":"yoʻq","ru":"нет","en":"none"}}`)}}
}

func TestGatewaysAreOfferedTheNewestOfTheirChannel(t *testing.T) {
	t.Parallel()
	_, run := build(t, kernel.AgentAPI, "updates.path="+string(full(t)))
	at := func(query, version string) httptestx.Scenario {
		sc := httptestx.Scenario{Name: query, As: station, Path: manifestPath + "?" + query, Status: http.StatusOK, Contains: []string{`"version":"` + version + `"`}}
		if version == "" {
			sc.Status, sc.Contains = http.StatusNotFound, []string{"updater.none"}
		}
		return sc
	}
	run(t,
		at("", "3.0.0"), at("channel=stable&arch=amd64", "3.0.0"), at("arch=arm64&serial=5", "3.0.0"), at("channel=beta", "3.1.0"),
		at("from=2.9.0", "2.10.0"), at("from=2.10.0", "3.0.0"), at("from=dev", "3.0.0"),
		at("version=2.9.0", "2.9.0"), at("version=3.0.0&from=2.9.0", "3.0.0"),
		at("channel=nightly", ""), at("arch=riscv64", ""), at("version=9.0.0", ""), at("version=3.1.0", ""), at("version=../2.9.0", ""),
		httptestx.Scenario{Name: "nobody", Path: manifestPath, Status: http.StatusUnauthorized},
		httptestx.Scenario{Name: "people", As: boss, Path: manifestPath, Status: http.StatusForbidden},
	)
}

func TestManifestSaysAllOfAPackage(t *testing.T) {
	t.Parallel()
	for set, base := range map[string]string{"": packagesPath, "https://releases.example.uz/gateway": "https://releases.example.uz/gateway"} {
		_, run := build(t, kernel.AgentAPI, "updates.path="+string(full(t)), "updates.url="+set)
		sum := sha256.Sum256([]byte(archive + "3.0.0 arm64"))
		want, err := json.Marshal(update.Manifest{
			Version: "3.0.0", Channel: "stable", MinVersion: "2.10.0", DownloadURL: base + "/3.0.0/gateway-linux-aarch64.tar.gz",
			SHA256: hex.EncodeToString(sum[:]), Signature: "signature of 3.0.0", Size: int64(len(archive + "3.0.0 arm64")),
		})
		if err != nil {
			t.Fatal(err)
		}
		run(t, httptestx.Scenario{Name: "manifest", As: station, Path: manifestPath + "?arch=arm64", Status: http.StatusOK, Contains: []string{string(want)}})
	}
}

func TestPackagesAreSentWholeAndInPart(t *testing.T) {
	t.Parallel()
	_, run := build(t, kernel.AgentAPI, "updates.path="+string(full(t)))
	content := archive + "2.10.0 amd64"
	sum := sha256.Sum256([]byte(content))
	etag := `"` + hex.EncodeToString(sum[:]) + `"`
	get := func(name, path string, status int, header map[string]string, contains ...string) httptestx.Scenario {
		return httptestx.Scenario{Name: name, As: station, Path: packagesPath + path, Header: header, Status: status, Contains: contains}
	}
	const file = "/2.10.0/gateway-linux-x86_64.tar.gz"
	part := httptestx.Scenario{
		Name: "in part", As: station, Path: packagesPath + file, Header: map[string]string{"Range": "bytes=11-", "If-Range": etag},
		Status: http.StatusPartialContent, Contains: []string{content[11:]}, Excludes: []string{archive},
	}
	run(t, get("whole", file, http.StatusOK, nil, content), part,
		get("of another file", file, http.StatusOK, map[string]string{"Range": "bytes=11-", "If-Range": `"before"`}, content),
		get("beyond its end", file, http.StatusRequestedRangeNotSatisfiable, map[string]string{"Range": "bytes=1000-", "If-Range": etag}),
		get("its signature", file+".minisig", http.StatusNotFound, nil),
		get("a description", "/2.10.0/manifest.json", http.StatusNotFound, nil),
		get("a release on its way", "/9.0.0/gateway-linux-x86_64.tar.gz", http.StatusNotFound, nil),
		get("no version", "/latest/gateway-linux-x86_64.tar.gz", http.StatusNotFound, nil),
		get("a way out", "/2.10.0/..%2f..%2f..%2fetc%2fpasswd", http.StatusNotFound, nil),
		get("a way out of the release", "/..%2f2.10.0/gateway-linux-x86_64.tar.gz", http.StatusNotFound, nil),
		httptestx.Scenario{Name: "nobody", Path: packagesPath + file, Status: http.StatusUnauthorized},
		httptestx.Scenario{Name: "people", As: boss, Path: packagesPath + file, Status: http.StatusForbidden},
	)
}

// A link in a release leads nowhere, whatever it points at.
func TestLinksOutOfTheReleasesAreNotFollowed(t *testing.T) {
	t.Parallel()
	s := full(t)
	const file = "2.9.0/gateway-linux-x86_64.tar.gz"
	path := filepath.Join(string(s), file)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("of somebody else"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, path); err != nil {
		t.Fatal(err)
	}
	_, run := build(t, kernel.AgentAPI, "updates.path="+string(s))
	run(t, httptestx.Scenario{Name: "link", As: station, Path: packagesPath + "/" + file, Status: http.StatusInternalServerError, Excludes: []string{"somebody"}})
}

func TestReleaseWithoutItsSignatureIsNotOffered(t *testing.T) {
	t.Parallel()
	s := shelf(t.TempDir())
	s.release(t, "2.0.0", "stable", "")
	if err := os.Remove(filepath.Join(string(s), "2.0.0/gateway-linux-x86_64.tar.gz.minisig")); err != nil {
		t.Fatal(err)
	}
	_, run := build(t, kernel.AgentAPI, "updates.path="+string(s))
	run(t, httptestx.Scenario{Name: "unsigned", As: station, Path: manifestPath, Status: http.StatusNotFound, Contains: []string{"updater.none"}})
}

func TestPeopleSeeTheReleases(t *testing.T) {
	t.Parallel()
	_, run := build(t, kernel.Dashboard, "updates.path="+string(full(t)))
	run(t,
		httptestx.Scenario{Name: "releases", As: boss, Path: releasesPath, Status: http.StatusOK, Golden: "releases"},
		httptestx.Scenario{Name: "guard", As: guard, Path: releasesPath, Status: http.StatusForbidden},
	)
	for _, path := range []string{"", filepath.Join(t.TempDir(), "away")} {
		_, run := build(t, kernel.Dashboard, "updates.path="+path)
		run(t, httptestx.Scenario{Name: "none", As: boss, Path: releasesPath, Status: http.StatusOK, Contains: []string{`{"items":[]}`}})
	}
	_, run = build(t, kernel.Dashboard, "updates.path="+filepath.Join(string(full(t)), "index.html"))
	run(t, httptestx.Scenario{Name: "no directory", As: boss, Path: releasesPath, Status: http.StatusInternalServerError})
}

func TestSettingsOfUpdates(t *testing.T) {
	t.Parallel()
	for url, good := range map[string]bool{
		"": true, "https://x.uz": true, "https://x.uz/a": true, "https://x.uz/a/": false, "http://x.uz": false, "x": false, "https://x.uz/?a=b": false, "https://%zz": false,
	} {
		c := Config{URL: url}
		if err := c.Validate(); (err == nil) != good {
			t.Errorf("%q: %v", url, err)
		}
	}
}

// What a gateway tells is written down once, in its name and its organization; what people tell is not.
func TestRollbackIsWrittenDownOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		m := New()
		m.service = &service{db: d, audit: audit.New(audit.Options{DB: d, Log: slog.New(slog.DiscardHandler)})}
		told := alert.Raised{OrganizationID: 1, At: time.Now().Add(-time.Minute), Alert: alert.Alert{
			ID: id.New(), Kind: alert.UpdateRolledBack, Details: map[string]any{"version": "2.1.0", "runs": "2.0.0"},
		}}
		makeOrganizations(t, d)
		other := told
		other.Alert.Kind = alert.DataGap
		for _, e := range []alert.Raised{told, told, other} {
			if err := m.rolledBack(actor.With(t.Context(), *station), e); err != nil {
				t.Fatal(err)
			}
		}
		if err := m.rolledBack(actor.With(t.Context(), *boss), told); err != nil {
			t.Fatal(err)
		}
		var lines []string
		err := d.Read(actor.With(t.Context(), *station), func(ctx context.Context, tx db.Tx) error {
			var rows []struct{ Actor, Action, Object, Reason, After string }
			err := tx.Raw(`SELECT actor, action, object, reason, after FROM audit_log WHERE organization_id = 1`).Scan(ctx, &rows)
			for _, r := range rows {
				lines = append(lines, r.Actor+" "+r.Action+" "+r.Object+" "+r.Reason+" "+strings.ReplaceAll(r.After, " ", ""))
			}
			return err
		})
		const want = `gateway:0192 auto_rollback gateway:0192 health_check_failed {"runs":"2.0.0","version":"2.1.0"}`
		if err != nil || len(lines) != 1 || lines[0] != want {
			t.Errorf("written down: %q, %v", lines, err)
		}
	})
}

func makeOrganizations(t testing.TB, d *db.DB) {
	t.Helper()
	err := d.Write(actor.With(t.Context(), actor.System("test")), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Raw(`INSERT INTO organizations (id, full_name, short_name, created_at, updated_at) VALUES (1, 'A', 'A', ?0, ?0)`, time.Now().UTC()).Exec(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

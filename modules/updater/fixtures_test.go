package updater

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
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"aead.dev/minisign"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/updater/update"
)

// signer releases the product.
type signer struct {
	public  minisign.PublicKey
	private minisign.PrivateKey
}

func newSigner(t testing.TB) signer {
	t.Helper()
	public, private, err := minisign.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return signer{public, private}
}

func (s signer) sign(archive []byte, comment string) string {
	r := minisign.NewReader(bytes.NewReader(archive))
	var all bytes.Buffer
	if _, err := all.ReadFrom(r); err != nil {
		panic(err)
	}
	return string(r.SignWithComments(s.private, comment, "signature of a test"))
}

// comment is the trusted comment of a version for the machine of the tests.
func comment(version string) string {
	return "product=staff-control-gateway version=" + version + " channel=stable arch=amd64"
}

// behaving is a program that says it is the version and finds the settings right.
func behaving(version string) string {
	return fmt.Sprintf("#!/bin/sh\nfor last; do :; done\ncase $last in\nversion) echo 'staff-control %s (commit x, built y)' ;;\ncheck-config) exit 0 ;;\n*) echo running %s ;;\nesac\n", version, version)
}

// entry is a file of an archive.
type entry struct {
	name, text string
	kind       byte // regular if 0
	link       string
}

func pack(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	w := tar.NewWriter(zipped)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: 0o755, Size: int64(len(e.text)), Typeflag: e.kind, Linkname: e.link, Format: tar.FormatPAX}
		if e.kind == 0 {
			h.Typeflag = tar.TypeReg
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// packageOf is an archive as a release has it.
func packageOf(t testing.TB, version string) []byte {
	t.Helper()
	return pack(t, entry{name: "./", kind: tar.TypeDir}, entry{name: "gateway", text: "#!/bin/sh\n"}, entry{name: "./staff-control", text: behaving(version)}, entry{name: "README", text: "read me"})
}

// shop is agent-api: it offers one package.
type shop struct {
	*httptest.Server
	mu      sync.Mutex
	offered update.Manifest
	archive []byte
	etag    string
	status  int // of the manifest; 0 is all right
	serve   func(w http.ResponseWriter, r *http.Request) bool
	ranges  []string // that were asked for
}

func newShop(t testing.TB) *shop {
	t.Helper()
	s := &shop{}
	mux := http.NewServeMux()
	mux.HandleFunc("/api/v2/gateway/update-manifest", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		switch {
		case s.status != 0:
			w.WriteHeader(s.status)
		case r.FormValue("channel") != "stable" || r.FormValue("arch") != "amd64" || s.offered.Version == "":
			w.WriteHeader(http.StatusNotFound)
		default:
			json.NewEncoder(w).Encode(s.offered)
		}
	})
	mux.HandleFunc("/api/package", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		serve, archive, etag := s.serve, s.archive, s.etag
		s.ranges = append(s.ranges, r.Header.Get("Range"))
		s.mu.Unlock()
		w.Header().Set("ETag", etag)
		if serve == nil || !serve(w, r) {
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(archive))
		}
	})
	s.Server = httptest.NewServer(rewriting{mux})
	t.Cleanup(s.Close)
	return s
}

// rewriting lets the manifest be at the path below that of the server's own.
type rewriting struct{ http.Handler }

func (h rewriting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/api/v2/gateway/update-manifest" || r.URL.Path == "/api/package" {
		h.Handler.ServeHTTP(w, r)
		return
	}
	http.NotFound(w, r)
}

// offer puts a package up for those who ask, signed for the comment.
func (s *shop) offer(by signer, version string, archive []byte, comment string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := sha256.Sum256(archive)
	s.archive, s.etag = archive, `"`+hex.EncodeToString(sum[:])+`"`
	s.offered = update.Manifest{
		Version: version, Channel: "stable", DownloadURL: "/package", SHA256: hex.EncodeToString(sum[:]),
		Signature: by.sign(archive, comment), Size: int64(len(archive)),
	}
}

func (s *shop) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// site is agent-api at an address, as the gateway's Cloud.
type site string

func (s site) Client() *http.Client {
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}
func (s site) URL() string                     { return string(s) + "/api" }
func (s site) GatewayID() string               { return "0192" }
func (s site) Enrolled(context.Context) bool   { return true }
func (s site) RotateKey(context.Context) error { return nil }

// alertLog keeps what is raised; the first so many times it cannot.
type alertLog struct {
	mu       sync.Mutex
	raised   []alert.Alert
	failures int
	told     func()
}

func (l *alertLog) Raise(_ context.Context, a alert.Alert) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failures > 0 {
		l.failures--
		return errors.New("no room")
	}
	l.raised = append(l.raised, a)
	if l.told != nil {
		l.told()
	}
	return nil
}

// machine is one gateway: its directories, and the processes that run on it one after another.
type machine struct {
	dir    string
	by     signer
	shop   *shop
	alerts *alertLog
}

func newMachine(t testing.TB) *machine {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "slots"), 0o755); err != nil {
		t.Fatal(err)
	}
	return &machine{dir: dir, by: newSigner(t), shop: newShop(t), alerts: &alertLog{}}
}

func (m *machine) slots() slots { return slots{filepath.Join(m.dir, "slots")} }

// process is a process of the version that was started from the slot.
func (m *machine) process(version string, from slot) *updater {
	cfg := defaults()
	cfg.Slots, cfg.Keys, cfg.Timeout = m.slots().dir, []string{m.by.public.String()}, 10*time.Second
	u := newUpdater(cfg, m.dir, version, m.slots().program(from))
	u.mine, u.arch, u.args = from, "amd64", nil
	u.cloud, u.alerts, u.log = site(m.shop.URL), m.alerts, slog.New(slog.DiscardHandler)
	u.ready = func(context.Context) error { return nil }
	u.stall, u.wait = 2*time.Second, time.Millisecond
	return u
}

// started is such a process after its Init. It reports whether it is on trial.
func (m *machine) started(t testing.TB, version string, from slot) (u *updater, trial bool) {
	t.Helper()
	u = m.process(version, from)
	trial, err := u.settle(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !trial {
		close(u.settled)
	}
	return u, trial
}

func (m *machine) state(t testing.TB) state {
	t.Helper()
	st, err := m.slots().load()
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func wantFault(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

// noTime is of files whose age does not matter; fewMoments is patience in a test.
var noTime time.Time

const fewMoments = 150 * time.Millisecond

func afterMoment() <-chan time.Time { return time.After(fewMoments / 20) }

func writeFile(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func quoted(s string) string {
	text, _ := json.Marshal(s)
	return string(text)
}

// asked is a Cloud that cannot be reached and tells of who tries.
type asked struct {
	gateway.Cloud
	tell func()
}

func (a asked) Client() *http.Client {
	return &http.Client{Transport: tripper(func(*http.Request) (*http.Response, error) {
		a.tell()
		return nil, errors.New("away")
	})}
}

type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

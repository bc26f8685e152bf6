// Package httptestx asks a server in process and compares its answers with what a test expects.
package httptestx

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx"
)

var update = flag.Bool("update", false, "write testdata/*.golden instead of comparing with them")

// Update reports whether golden files are to be written.
func Update() bool { return *update }

// Scenario is one request and what must come of it.
type Scenario struct {
	Name   string
	As     *actor.Actor // on whose behalf; nil: nobody, unless Header holds a credential
	Method string       // GET if empty, POST if there is a body
	Path   string
	Body   any // a string or []byte as it is, an io.Reader, anything else as JSON
	Header map[string]string
	Status int
	// Golden names a file testdata/<Golden>.golden that holds the whole answer.
	Golden string
	// Mask names JSON members whose values differ each time. timestamp and traceId are masked always.
	Mask     []string
	Contains []string
	Excludes []string
}

type asKey struct{}

// Run asks the server for each scenario in order: they may build on each other.
func Run(t *testing.T, s *httpx.Server, scenarios ...Scenario) {
	t.Helper()
	s.Authenticate(func(_ context.Context, r *http.Request) (actor.Actor, bool, error) {
		a, ok := r.Context().Value(asKey{}).(*actor.Actor)
		if !ok {
			return actor.Actor{}, false, nil
		}
		return *a, true, nil
	})
	for _, sc := range scenarios {
		t.Run(sc.Name, func(t *testing.T) { sc.check(t, sc.do(t, s)) })
	}
}

func (sc Scenario) do(t testing.TB, h http.Handler) *httptest.ResponseRecorder {
	t.Helper()
	method := sc.Method
	if method == "" {
		method = http.MethodGet
		if sc.Body != nil {
			method = http.MethodPost
		}
	}
	r := httptest.NewRequest(method, sc.Path, body(t, sc.Body))
	if sc.Body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, value := range sc.Header {
		r.Header.Set(name, value)
	}
	if sc.As != nil {
		r = r.WithContext(context.WithValue(r.Context(), asKey{}, sc.As))
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func body(t testing.TB, v any) io.Reader {
	t.Helper()
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		return strings.NewReader(v)
	case []byte:
		return bytes.NewReader(v)
	case io.Reader:
		return v
	}
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("body: %v", err)
	}
	return bytes.NewReader(raw)
}

func (sc Scenario) check(t testing.TB, w *httptest.ResponseRecorder) {
	t.Helper()
	got := w.Body.String()
	if want := sc.Status; want != 0 && w.Code != want {
		t.Errorf("status is %d, want %d; body: %s", w.Code, want, got)
	}
	for _, want := range sc.Contains {
		if !strings.Contains(got, want) {
			t.Errorf("answer lacks %q: %s", want, got)
		}
	}
	for _, never := range sc.Excludes {
		if strings.Contains(got, never) {
			t.Errorf("answer has %q: %s", never, got)
		}
	}
	if sc.Golden != "" {
		Golden(t, sc.Golden, sc.render(w))
	}
}

// render is the answer as a golden file holds it: status, type, indented body with masked values.
func (sc Scenario) render(w *httptest.ResponseRecorder) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "%d %s\n", w.Code, w.Header().Get("Content-Type"))
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, bytes.TrimSpace(w.Body.Bytes()), "", "  "); err != nil {
		out.Write(w.Body.Bytes())
		return out.Bytes()
	}
	text := pretty.String()
	for _, name := range append(slices.Clone(sc.Mask), "timestamp", "traceId") {
		member := regexp.MustCompile(`("` + regexp.QuoteMeta(name) + `": )("(?:[^"\\]|\\.)*"|[-0-9.eE+]+)`)
		text = member.ReplaceAllString(text, `$1"…"`)
	}
	out.WriteString(text)
	out.WriteByte('\n')
	return out.Bytes()
}

// Golden compares got with testdata/<name>.golden, or writes it there if the test runs with -update.
func Golden(t testing.TB, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", filepath.FromSlash(name)+".golden")
	if Update() {
		if err := write(path, got); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (write it with -update)", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (accept with -update)\n--- want\n%s\n--- got\n%s", path, want, got)
	}
}

func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}

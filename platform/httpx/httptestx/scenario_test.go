package httptestx

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx"
)

// failed notes what a test would have said.
type failed struct {
	testing.TB
	said []string
}

func (f *failed) Helper() {}
func (f *failed) Errorf(format string, args ...any) {
	f.said = append(f.said, fmt.Sprintf(format, args...))
}
func (f *failed) Fatalf(format string, args ...any) { f.Errorf(format, args...) }
func (f *failed) Fatal(args ...any)                 { f.said = append(f.said, fmt.Sprint(args...)) }

type note struct {
	ID   int    `json:"id"`
	Text string `json:"text"`
}

func server(t *testing.T) *httpx.Server {
	t.Helper()
	s := New(t, httpx.Options{})
	r := s.Router("notes", []string{"/notes"})
	r.POST("/notes", actor.SignedIn, httpx.Handle(201, func(ctx context.Context, in note) (note, error) {
		a, _ := actor.From(ctx)
		in.ID = int(a.UserID)
		return in, nil
	}))
	return s
}

func TestScenariosPassAndMask(t *testing.T) {
	t.Parallel()
	hr := &actor.Actor{Role: actor.HR, UserID: 9}
	Run(t, server(t),
		Scenario{Name: "value", As: hr, Path: "/notes", Body: note{Text: "a"}, Status: 201, Golden: "note", Mask: []string{"text"}},
		Scenario{Name: "bytes", As: hr, Path: "/notes", Body: []byte(`{"text":"b"}`), Status: 201, Contains: []string{`"b"`}},
		Scenario{Name: "reader", As: hr, Path: "/notes", Body: strings.NewReader(`{}`), Status: 201, Excludes: []string{"b"}},
		Scenario{Name: "nobody", Method: "POST", Path: "/notes", Header: map[string]string{"Accept-Language": "en"}, Status: 401, Golden: "nobody"},
	)
}

func TestScenariosFail(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	w.WriteString("plain text")
	for want, sc := range map[string]Scenario{
		"status is 200, want 404":   {Status: 404},
		`answer lacks "more"`:       {Contains: []string{"more"}},
		`answer has "plain"`:        {Excludes: []string{"plain"}},
		"no such file or directory": {Golden: "missing"},
		"note.golden differs":       {Golden: "note"},
	} {
		if Update() && sc.Golden != "" {
			continue
		}
		f := &failed{TB: t}
		sc.check(f, w)
		if !strings.Contains(strings.Join(f.said, "\n"), want) {
			t.Errorf("said %q, want %q", f.said, want)
		}
	}
	f := &failed{TB: t}
	body(f, func() {})
	if len(f.said) != 1 {
		t.Errorf("a body that is no JSON: said %q", f.said)
	}
}

func TestGoldenFilesAreWrittenWithTheirFolders(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a", "b.golden")
	if err := write(path, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); string(got) != "x" || err != nil {
		t.Errorf("file holds %q, %v", got, err)
	}
	if err := write(filepath.Join(path, "c"), nil); err == nil {
		t.Error("a file became a folder")
	}
}

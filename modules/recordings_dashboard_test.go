package modules_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/platform/httpx/v1test"
)

// otherwise is where the dashboard answers otherwise than v1, on purpose.
type otherwise struct {
	// name is the end of the recordings' names, path the beginning of their paths, and role, method and was, v1's status,
	// are theirs; body is within theirs. What is empty fits any.
	name, path, role, method, body string
	was                            int
	status                         int      // ours; 0: v1's
	fields                         []string // how the answers differ where the status is v1's
	lines                          []string // of docs/v1-differences.md, where the reason stands
}

func (o otherwise) fits(r v1test.Recording) bool {
	return strings.HasSuffix(r.Name, o.name) && strings.HasPrefix(r.Path, o.path) && (o.role == "" || o.role == r.Role) &&
		(o.method == "" || o.method == r.Method) && bytes.Contains(r.Body, []byte(o.body)) && (o.was == 0 || o.was == r.Status)
}

// replayed is a part of v1's recordings of its dashboard.
type replayed struct {
	groups []string // what follows /api/v1/ in the paths
	more   map[string][]v1test.Row
	after  int                      // the recording after which more is there
	before map[int]v1test.Recording // what was sent before a recording, by its number, and was not recorded
	differ []otherwise
}

// unrecorded is a request of a v1 client of which there is no recording.
func unrecorded(role, method, path, body string) v1test.Recording {
	return v1test.Recording{Role: role, Method: method, Path: path, Body: json.RawMessage(body), Headers: map[string]string{
		"content-type": "application/json", "content-length": strconv.Itoa(len(body)),
	}}
}

// usernames are those of v1's dump whom the recordings call by their roles.
var usernames = map[string]string{
	"ADMIN": "admin", "HR": "hr1", "DEPARTMENT_LEAD": "lead1", "GUARD": "guard1",
	"HR2": "hr2", "DEPARTMENT_LEAD2": "lead2", "GUARD2": "guard2", "ADMIN_ORG1": "adm1",
}

// groupOf is the part of v1 that a path belongs to.
func groupOf(path string) string {
	path, _, _ = strings.Cut(strings.TrimPrefix(path, "/api/v1/"), "?")
	group, _, _ := strings.Cut(path, "/")
	return group
}

// run sends the recordings of the groups, in their order, to a dashboard whose data came from v1's dump. Each is answered
// with v1's status, names and types, or the difference and its reason are written down.
func (p replayed) run(t *testing.T) {
	all := v1test.Read(t, func(r v1test.Recording) bool {
		return strings.HasPrefix(r.App, "dashboard-api") && strings.HasPrefix(r.Path, "/api/v1/") && slices.Contains(p.groups, groupOf(r.Path))
	})
	for name, open := range map[string]func(t *testing.T) *site{
		"sqlite":   func(t *testing.T) *site { return newSite(t) },
		"postgres": func(t *testing.T) *site { return onPostgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			s.serve(t, "role=dashboard")
			ready(t, s.dashboard)
			loadV1(t, s, v1test.Tables(t))
			h := &heard{site: s, replayed: p, tokens: map[string]string{}, used: map[int]bool{}, counts: map[string]*[3]int{}}
			for _, r := range all {
				if r.Seq > p.after && !h.more {
					h.more = true
					loadV1(t, s, p.more)
				}
				if more, ok := p.before[r.Seq]; ok {
					if status, answer := h.send(t, more); status >= 300 {
						t.Errorf("before %d: %d %s", r.Seq, status, answer)
					}
				}
				h.play(t, r)
			}
			for i, d := range p.differ {
				if !h.used[i] {
					t.Errorf("no recording differs by %+v", d)
				}
			}
			for _, group := range slices.Sorted(maps.Keys(h.counts)) {
				c := h.counts[group]
				t.Logf("%-16s %3d recordings: %3d as by v1, %3d otherwise on purpose, %d wrong", group, c[0]+c[1]+c[2], c[0], c[1], c[2])
			}
		})
	}
}

// written checks that each difference stands in the document, with its reason.
func (p replayed) written(t *testing.T) {
	t.Helper()
	document, err := os.ReadFile("../docs/v1-differences.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range p.differ {
		if len(d.lines) == 0 {
			t.Errorf("%+v has no reason", d)
		}
		for _, line := range d.lines {
			if !bytes.Contains(document, []byte("\n| "+line+" | ")) {
				t.Errorf("docs/v1-differences.md has no line %q", line)
			}
		}
	}
}

// heard is what the recordings met.
type heard struct {
	*site
	replayed replayed
	tokens   map[string]string // by role
	used     map[int]bool
	more     bool
	counts   map[string]*[3]int // by group: as by v1, otherwise on purpose, wrong
}

const (
	asByV1 = iota
	onPurpose
	wrong
)

func (h *heard) play(t *testing.T, r v1test.Recording) {
	t.Helper()
	group := groupOf(r.Path)
	if h.counts[group] == nil {
		h.counts[group] = &[3]int{}
	}
	h.counts[group][h.compare(t, r)]++
}

// compare returns how the answer is.
func (h *heard) compare(t *testing.T, r v1test.Recording) int {
	t.Helper()
	status, answer := h.send(t, r)
	want, allowed, result := r.Status, []string(nil), asByV1
	i := slices.IndexFunc(h.replayed.differ, func(d otherwise) bool { return d.fits(r) })
	if i >= 0 {
		h.used[i], allowed, result = true, h.replayed.differ[i].fields, onPurpose
		if s := h.replayed.differ[i].status; s != 0 {
			want = s
		}
	}
	if status != want {
		t.Errorf("%d %s as %s: %s %s %s: %d, want %d, v1 said %d: %.300s", r.Seq, r.Name, r.Role, r.Method, r.Path, r.Body, status, want, r.Status, answer)
		return wrong
	}
	if status != r.Status || status == http.StatusNoContent {
		return result
	}
	found := differ(answer, alike(t, answer, r.Response))
	if i >= 0 && len(found) == 0 && len(allowed) == 0 {
		t.Errorf("%d %s as %s: %s %s is answered as by v1; the difference is none", r.Seq, r.Name, r.Role, r.Method, r.Path)
		return wrong
	}
	for _, d := range found {
		if !slices.Contains(allowed, d) {
			t.Errorf("%d %s as %s: %s %s: %s: %.300s", r.Seq, r.Name, r.Role, r.Method, r.Path, d, answer)
			result = wrong
		}
	}
	return result
}

// alike puts into v1's lists those rows first that are ours first, so that rows are compared with themselves.
func alike(t *testing.T, ours, theirs []byte) []byte {
	t.Helper()
	var a, b any
	if json.Unmarshal(ours, &a) != nil || json.Unmarshal(theirs, &b) != nil {
		return theirs
	}
	sorted, err := json.Marshal(arranged(a, b))
	if err != nil {
		t.Fatal(err)
	}
	return sorted
}

func arranged(ours, theirs any) any {
	switch theirs := theirs.(type) {
	case map[string]any:
		ours, _ := ours.(map[string]any)
		for name := range theirs {
			theirs[name] = arranged(ours[name], theirs[name])
		}
	case []any:
		ours, _ := ours.([]any)
		if len(ours) == 0 || len(theirs) == 0 {
			return theirs
		}
		if i := slices.IndexFunc(theirs, func(row any) bool { return idIn(row) != nil && idIn(row) == idIn(ours[0]) }); i > 0 {
			theirs[0], theirs[i] = theirs[i], theirs[0]
		}
		theirs[0] = arranged(ours[0], theirs[0])
	}
	return theirs
}

func idIn(row any) any {
	r, _ := row.(map[string]any)
	return r["id"]
}

// send sends the recorded request as the person of v1's dump that had the role. Tokens of v1 that were no good stay.
func (h *heard) send(t *testing.T, r v1test.Recording) (int, []byte) {
	t.Helper()
	for again := false; ; again = true {
		req, err := http.NewRequest(r.Method, h.dashboard+r.Path, bytes.NewReader(r.Sent()))
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range r.Headers {
			if name != "content-length" {
				req.Header.Set(name, value)
			}
		}
		if usernames[r.Role] != "" {
			req.Header.Set("Authorization", "Bearer "+h.tokenOf(t, r.Role))
		}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(res.Body)
		if res.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != http.StatusUnauthorized || usernames[r.Role] == "" || again {
			return res.StatusCode, answer
		}
		delete(h.tokens, r.Role) // what was changed ended the sign-in
	}
}

// tokenOf signs in the person of v1's dump that had the role.
func (h *heard) tokenOf(t *testing.T, role string) string {
	t.Helper()
	if h.tokens[role] == "" {
		password := "Password123!"
		if role == "ADMIN" {
			password = "admin"
		}
		h.tokens[role] = h.signInAs(t, usernames[role], password)
	}
	return h.tokens[role]
}

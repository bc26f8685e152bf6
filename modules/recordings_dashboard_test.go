package modules_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
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
	seqs                           []int    // if there are any, only the recordings with these numbers
	status                         int      // ours; 0: v1's
	fields                         []string // how the answers differ where the status is v1's
	other                          bool     // the status is v1's, and the whole answer another: that of the mounted route
	again                          string   // a body that is answered as by v1, sent afterwards
	lines                          []string // of docs/v1-differences.md, where the reason stands
}

func (o otherwise) fits(r v1test.Recording) bool {
	return strings.HasSuffix(r.Name, o.name) && strings.HasPrefix(r.Path, o.path) && (o.role == "" || o.role == r.Role) &&
		(o.method == "" || o.method == r.Method) && bytes.Contains(r.Body, []byte(o.body)) && (o.was == 0 || o.was == r.Status) &&
		(o.seqs == nil || slices.Contains(o.seqs, r.Seq))
}

// differing are all differences. Of those that fit a recording the first counts.
var differing = slices.Concat(accessDiffer, peopleDiffer, policiesDiffer, doorsDiffer)

// later are the routes that come with attendance and reports, by what their paths end in or begin with.
var later = regexp.MustCompile(`^/api/v1/(reports(/|$)|entry-logs/(report|employee)|employees/[^/]*/activity-report)`)

// unrecorded is a request of a v1 client of which there is no recording.
func unrecorded(role, method, path, body string) v1test.Recording {
	return v1test.Recording{Role: role, Method: method, Path: path, Body: json.RawMessage(body), Headers: map[string]string{
		"content-type": "application/json", "content-length": strconv.Itoa(len(body)), "authorization": "",
	}}
}

// usernames are those of v1's dump whom the recordings call by their roles.
var usernames = map[string]string{
	"ADMIN": "admin", "HR": "hr1", "DEPARTMENT_LEAD": "lead1", "GUARD": "guard1",
	"HR2": "hr2", "DEPARTMENT_LEAD2": "lead2", "GUARD2": "guard2", "ADMIN_ORG1": "adm1",
}

// groupOf is the part of v1 that a path belongs to.
func groupOf(path string) string {
	path, _, _ = strings.Cut(path, "?")
	path = strings.TrimPrefix(strings.TrimPrefix(path, "/api"), "/v1")
	group, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return cmp.Or(group, "root")
}

// Every recording of v1's dashboard, in their order, is answered by a dashboard whose data came from v1's dump with v1's
// status, names and types, or the difference and its reason are written down.
func TestEveryRecordingOfTheDashboard(t *testing.T) {
	t.Parallel()
	all := v1test.Read(t, func(r v1test.Recording) bool { return strings.HasPrefix(r.App, "dashboard-api") })
	for name, open := range map[string]func(t *testing.T) *site{
		"sqlite":   func(t *testing.T) *site { return newSite(t) },
		"postgres": func(t *testing.T) *site { return onPostgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			used, counts := map[int]bool{}, map[string]*[kinds]int{"all": {}}
			// What v1 never mounted was recorded with a database of its own, from the same dump.
			for _, app := range []string{"dashboard-api", "dashboard-api-unwired"} {
				s := open(t)
				s.serve(t, "role=dashboard")
				ready(t, s.dashboard)
				loadV1(t, s, v1test.Tables(t))
				h := &heard{site: s, tokens: map[string]string{}, ours: map[string]string{}, used: used, counts: counts}
				h.hear(t, slices.DeleteFunc(slices.Clone(all), func(r v1test.Recording) bool { return r.App != app }))
			}
			for i, d := range differing {
				if !used[i] {
					t.Errorf("no recording differs by %+v", d)
				}
			}
			for _, group := range slices.Sorted(maps.Keys(counts)) {
				c := counts[group]
				t.Logf("%-16s %3d recordings: %3d as by v1, %3d otherwise on purpose, %3d later, %d wrong",
					group, c[asByV1]+c[onPurpose]+c[notYet]+c[wrong], c[asByV1], c[onPurpose], c[notYet], c[wrong])
			}
			if c := counts["all"]; c[asByV1]+c[onPurpose]+c[notYet]+c[wrong] != len(all) {
				t.Errorf("%v of %d recordings", c, len(all))
			}
		})
	}
}

// Each difference stands in the document, with its reason.
func TestEveryDifferenceOfTheDashboardIsWrittenDown(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../docs/v1-differences.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range differing {
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
	tokens map[string]string // by role
	ours   map[string]string // tokens, for those that v1 gave
	used   map[int]bool
	counts map[string]*[kinds]int // by group
}

// How an answer may be.
const (
	asByV1 = iota
	onPurpose
	notYet
	wrong
	kinds
)

// hear sends recordings in their order, with what lay between them.
func (h *heard) hear(t *testing.T, all []v1test.Recording) {
	t.Helper()
	for _, r := range all {
		if rows := rowsBefore[r.Seq]; rows != nil {
			loadV1(t, h.site, rows)
		}
		for _, more := range sentBefore[r.Seq] {
			if status, answer := h.send(t, more); status >= 300 {
				t.Errorf("before %d: %d %s", r.Seq, status, answer)
			}
		}
		group := groupOf(r.Path)
		if h.counts[group] == nil {
			h.counts[group] = &[kinds]int{}
		}
		is := h.compare(t, r)
		h.counts[group][is]++
		h.counts["all"][is]++
	}
}

// compare returns how the answer is.
func (h *heard) compare(t *testing.T, r v1test.Recording) int {
	t.Helper()
	status, answer := h.send(t, r)
	if later.MatchString(r.Path) {
		if status != http.StatusNotFound {
			t.Errorf("%d %s as %s: %s %s is served: %d", r.Seq, r.Name, r.Role, r.Method, r.Path, status)
			return wrong
		}
		return notYet
	}
	want, allowed, result := r.Status, []string(nil), asByV1
	i := slices.IndexFunc(differing, func(d otherwise) bool { return d.fits(r) })
	if i >= 0 {
		d := differing[i]
		h.used[i], allowed, result, want = true, d.fields, onPurpose, cmp.Or(d.status, want)
		if status == want && d.again != "" {
			want, i = r.Status, -1
			r.Body = json.RawMessage(d.again)
			status, answer = h.send(t, r)
		}
	}
	if status != want {
		t.Errorf("%d %s as %s: %s %s %s: %d, want %d, v1 said %d: %.300s", r.Seq, r.Name, r.Role, r.Method, r.Path, r.Body, status, want, r.Status, answer)
		return wrong
	}
	if status != r.Status || len(answer) == 0 && string(r.Response) == "null" {
		return result
	}
	h.remember(answer, r.Response)
	found := differ(answer, alike(t, answer, r.Response))
	if i >= 0 && differing[i].other && len(found) > 0 {
		return result
	}
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

// remember takes the tokens that v1 gave for those that we have given.
func (h *heard) remember(ours, theirs []byte) {
	var a, b struct{ AccessToken, RefreshToken string }
	if json.Unmarshal(ours, &a) == nil && json.Unmarshal(theirs, &b) == nil && b.AccessToken != "" {
		h.ours[b.AccessToken], h.ours[b.RefreshToken] = a.AccessToken, a.RefreshToken
	}
}

// known puts our tokens in place of v1's.
func (h *heard) known(text string) string {
	for theirs, ours := range h.ours {
		text = strings.ReplaceAll(text, theirs, ours)
	}
	return text
}

// send sends the recorded request as the person of v1's dump that had the role. Tokens of v1 that were no good stay.
func (h *heard) send(t *testing.T, r v1test.Recording) (int, []byte) {
	t.Helper()
	for again := false; ; again = true {
		req, err := http.NewRequest(r.Method, h.dashboard+r.Path, strings.NewReader(h.known(string(r.Sent()))))
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range r.Headers {
			if name != "content-length" {
				req.Header.Set(name, h.known(value))
			}
		}
		_, signed := r.Headers["authorization"]
		if signed = signed && usernames[r.Role] != ""; signed {
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
		if res.StatusCode != http.StatusUnauthorized || !signed || again {
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

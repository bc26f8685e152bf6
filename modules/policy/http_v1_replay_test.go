package policy

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fold"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/v1test"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

// differenceV1 is where a recording is answered otherwise than by v1, on purpose.
type differenceV1 struct {
	seqs   []int
	status int    // ours
	line   string // of docs/v1-differences.md, where the reason stands
	again  string // a body that is answered as by v1, sent afterwards
}

var differencesV1 = []differenceV1{
	{[]int{219, 220, 229, 239}, 200, "`GET groups`, `GET resources` and `GET options` 500", ""},
	{[]int{475, 499, 505, 511, 517, 519, 520}, 400, "an id that is no whole number: 500, or the number that JavaScript makes of it", ""},
	{[]int{686, 687, 910}, 400, "`resources/bulk` with what is no list, or a type that is none: 500", ""},
	{[]int{868}, 400, "two policies of one title, two groups of one name and type", strings.Replace(policyOfHR, "Yangi siyosat", "Yangi siyosat 2", 1)},
	{[]int{871}, 400, "any number in `screenshotInterval`, of an unknown unit", ""},
	{[]int{872}, 404, "a policy of an organization that is not there: 500", ""},
	{[]int{878}, 404, "HR reads, changes and makes everybody's policies, groups and resources", ""},
	{[]int{893}, 400, "a site in a group of applications, an application in one of sites: 201", ""},
	{[]int{903}, 400, "groups and resources are of no organization", `{"type":"WEBSITE","value":"olx.uz","organizationId":1}`},
	{[]int{907}, 400, "groups and resources are of no organization",
		`[{"type":"WEBSITE","value":"b1","organizationId":1},{"type":"WEBSITE","value":"b2"},{"type":"WEBSITE","value":"b1"},{"type":"WEBSITE","value":"olx.uz"}]`},
}

const policyOfHR = `{"title":"Yangi siyosat","isActiveWindowEnabled":true,"isScreenshotEnabled":true,"isVisitedSitesEnabled":false,"organizationId":2,
	"screenshotInterval":5,"screenshotIsGrayscale":false,"screenshotCaptureAll":true}`

// dumped is the organization and the departments of v1's dump.
type dumped struct {
	organization.Tree
	d *db.DB
}

func (d dumped) All(context.Context) ([]organization.Organization, error) {
	return []organization.Organization{{ID: 1}, {ID: 2}}, nil
}

func (d dumped) ByID(ctx context.Context, organizationID int64) (organization.Organization, error) {
	return tree{}.ByID(ctx, organizationID)
}

func (d dumped) Department(_ context.Context, departmentID int64) (found organization.Department, err error) {
	err = d.d.Read(everybody(), func(ctx context.Context, tx db.Tx) error {
		return tx.Raw("SELECT id, organization_id, full_name FROM departments WHERE id = ?", departmentID). // the test's own rows
															Scan(ctx, &found.ID, &found.OrganizationID, &found.Name)
	})
	return found, err
}

// fill copies columns of v1's table into ours. Ids are counted anew: v1's are without gaps, so they are the same.
func fill(t *testing.T, d *db.DB, table string, columns string, more map[string]func(v1test.Row) any) {
	t.Helper()
	for _, row := range v1test.Tables(t)[table] {
		names, marks, values := strings.Split(columns, " "), []string{}, []any{}
		for _, n := range names {
			marks, values = append(marks, "?"), append(values, row.Value(n))
		}
		for name, value := range more {
			names, marks, values = append(names, name), append(marks, "?"), append(values, value(row))
		}
		write(t, d, "INSERT INTO "+table+" ("+strings.Join(names, ", ")+") VALUES ("+strings.Join(marks, ", ")+")", values...)
	}
}

// fillV1 takes over what v1's dump has of policies and of whom they are for. v1's groups were everybody's: here they are the
// first organization's, and the second has one of its own of the one that it used.
func fillV1(t *testing.T, d *db.DB) {
	t.Helper()
	folded := func(column string) func(v1test.Row) any {
		return func(r v1test.Row) any { return fold.Name(r[column]) }
	}
	first := func(v1test.Row) any { return 1 }
	fill(t, d, "organizations", "full_name short_name created_at updated_at", nil)
	fill(t, d, "departments", "organization_id parent_id full_name short_name created_at updated_at", nil)
	fill(t, d, "policies", "organization_id title active_window screenshot visited_sites is_default screenshot_interval screenshot_is_grayscale screenshot_capture_all is_active created_at updated_at",
		map[string]func(v1test.Row) any{"title_search": folded("title")})
	fill(t, d, "employees", "organization_id department_id policy_id name is_active created_at updated_at", map[string]func(v1test.Row) any{"name_search": folded("name")})
	fill(t, d, "groups", "name type is_active created_at updated_at", map[string]func(v1test.Row) any{"organization_id": first, "name_search": folded("name")})
	fill(t, d, "resources", "value type created_at", map[string]func(v1test.Row) any{"organization_id": first})
	fill(t, d, "resource_groups", "resource_id group_id created_at", map[string]func(v1test.Row) any{"organization_id": first})
	write(t, d, `INSERT INTO groups (organization_id, name, name_search, type, is_active, created_at, updated_at)
		SELECT 2, name, name_search, type, is_active, created_at, updated_at FROM groups WHERE id = 1`)
	second := func(r v1test.Row) bool { return r["policy_id"] == "3" }
	fill(t, d, "policy_group_rules", "policy_id type is_active created_at updated_at", map[string]func(v1test.Row) any{
		"organization_id": func(r v1test.Row) any {
			if second(r) {
				return 2
			}
			return 1
		},
		"group_id": func(r v1test.Row) any {
			if second(r) {
				return 5
			}
			return r.Value("group_id")
		},
	})
}

// actorsV1 are those who sent the recordings.
func actorV1(role string) *actor.Actor {
	switch role {
	case "ADMIN":
		return &actor.Actor{Role: actor.Admin, ID: "user:1", UserID: 1}
	case "ADMIN_ORG1":
		return &actor.Actor{Role: actor.Admin, ID: "user:9", UserID: 9, OrganizationID: 1}
	}
	name, organization := strings.TrimRight(role, "12"), int64(1)
	if strings.HasSuffix(role, "2") {
		organization = 2
	}
	known, is := actor.ParseRole(name)
	if !is {
		return nil
	}
	return &actor.Actor{Role: known, ID: "user:2", UserID: 2, OrganizationID: organization}
}

func serveV1(t *testing.T, d *db.DB) *httpx.Server {
	t.Helper()
	fillV1(t, d)
	w, role, places := newWorld(d), kernel.Dashboard, dumped{d: d}
	m := New()
	m.now = w.now
	server := kerneltest.Build(t, role, kerneltest.Options{DB: d},
		kerneltest.Provide[gateway.Fleet](role, w), kerneltest.Provide[command.Outbox](role, w), kerneltest.Provide[alert.Log](role, w),
		kerneltest.Provide[employee.Policies](role, staff{w}), kerneltest.Provide[employee.Directory](role, people{w: w}),
		kerneltest.Provide[computer.Seats](role, seating{w}), kerneltest.Provide[organization.Tree](role, places),
		kerneltest.Provide[organization.Index](role, places), m)
	server.Authenticate(func(_ context.Context, r *http.Request) (actor.Actor, bool, error) {
		a, known := r.Context().Value(whoKey{}).(actor.Actor)
		return a, known, nil
	})
	return server
}

// unrecorded is what v1's clients did before a recording, and what was not recorded.
var unrecorded = map[int]struct{ role, method, path, body string }{
	884: {"HR", "POST", "/api/v1/policies/groups", `{"name":"G1","type":"WEBSITE"}`},
	888: {"ADMIN", "PUT", "/api/v1/policies/groups/5", `{"name":"G1b"}`},
	893: {"ADMIN", "POST", "/api/v1/policies/groups/5/resources", `{"resourceIds":[1,10,3]}`},
}

type whoKey struct{}

// replay sends recordings to a server, with what lay between them.
type replay struct {
	*httpx.Server
	ids map[string]string // ours, for what v1 counted otherwise
}

func (p replay) send(t *testing.T, role, method, path string, body []byte, header map[string]string) (int, []byte) {
	t.Helper()
	for theirs, ours := range p.ids {
		if rest, is := strings.CutPrefix(path, theirs); is && (rest == "" || rest[0] == '/') {
			path = ours + rest
			break
		}
	}
	q := httptest.NewRequest(method, path, bytes.NewReader(body))
	q.Header.Set("Content-Type", "application/json")
	for name, value := range header {
		if name != "content-length" && name != "authorization" {
			q.Header.Set(name, value)
		}
	}
	if a := actorV1(role); a != nil {
		q = q.WithContext(context.WithValue(q.Context(), whoKey{}, *a))
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, q)
	return w.Code, w.Body.Bytes()
}

// play compares one answer with v1's.
func (p replay) play(t *testing.T, r v1test.Recording) {
	t.Helper()
	if before, is := unrecorded[r.Seq]; is {
		if status, answer := p.send(t, before.role, before.method, before.path, []byte(before.body), nil); status >= 300 {
			t.Fatalf("before %d: %d %s", r.Seq, status, answer)
		}
	}
	status, answer := p.send(t, r.Role, r.Method, r.Path, r.Sent(), r.Headers)
	want := r.Status
	i := slices.IndexFunc(differencesV1, func(d differenceV1) bool { return slices.Contains(d.seqs, r.Seq) })
	if i >= 0 {
		want = differencesV1[i].status
	}
	if i >= 0 && status == want && differencesV1[i].again != "" {
		want = r.Status
		status, answer = p.send(t, r.Role, r.Method, r.Path, []byte(differencesV1[i].again), nil)
	}
	if status != want {
		t.Errorf("%d %s %s %s %s: %d, want %d, v1 said %d: %.300s", r.Seq, r.Role, r.Name, r.Method, r.Path, status, want, r.Status, answer)
		return
	}
	if status != r.Status || len(answer) == 0 && string(r.Response) == "null" {
		return
	}
	var ours, theirs any
	if json.Unmarshal(answer, &ours) != nil || json.Unmarshal(r.Response, &theirs) != nil {
		t.Fatalf("%d: %s", r.Seq, answer)
	}
	found := slices.DeleteFunc(v1test.Differences(ours, theirs), func(d string) bool { return strings.Contains(d, "null") })
	if len(found) > 0 {
		t.Errorf("%d %s %s %s: %v: %.300s", r.Seq, r.Role, r.Method, r.Path, found, answer)
	}
}

// All that was asked of v1's policies is answered with the same status, and the same names and types, but for the
// differences that are written down.
func TestRecordingsOfPoliciesAreAnsweredAlike(t *testing.T) {
	t.Parallel()
	all := v1test.Read(t, func(r v1test.Recording) bool {
		return r.App == "dashboard-api" && strings.HasPrefix(r.Path, "/api/v1/policies")
	})
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := replay{serveV1(t, d), map[string]string{
			"/api/v1/policies/groups/5": "/api/v1/policies/groups/6", "/api/v1/policies/groups/6": "/api/v1/policies/groups/7",
		}}
		for _, r := range all {
			p.play(t, r)
		}
	})
	document, err := os.ReadFile("../../docs/v1-differences.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range differencesV1 {
		if !bytes.Contains(document, []byte("\n| "+d.line+" | ")) {
			t.Errorf("docs/v1-differences.md has no line %q", d.line)
		}
		for _, seq := range d.seqs {
			if !slices.ContainsFunc(all, func(r v1test.Recording) bool { return r.Seq == seq && r.Status != d.status }) {
				t.Errorf("no recording %d differs", seq)
			}
		}
	}
}

package computers

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/grid/gridtest"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

const path = "/api/v2/computers"

func TestRoutes(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	populate(t, d)
	o := newOffice(d)
	for uid, sid := range map[string]string{"PC-1": "S-1", "PC-2": "S-1", "PC-3": ""} {
		see(t, o.service, 1, uid, sid)
	}
	if _, err := o.Register(agent(1), computer.Details{UID: "PC-1", Name: "Kassa", OS: "Windows 11", IPAddress: "10.0.0.7", MACAddress: "00:11", AgentVersion: "2.0"}); err != nil {
		t.Fatal(err)
	}
	if _, err := o.RegisterUser(agent(1), computer.UserDetails{SID: "S-2", Name: "Bobur", Domain: "CORP", Username: "bobur", InDomain: true}); err != nil {
		t.Fatal(err)
	}
	server := kerneltest.Build(t, kernel.Dashboard, kerneltest.Options{DB: d}, New(),
		kerneltest.Provide[employee.Directory](kernel.Dashboard, people), kerneltest.Provide[organization.Tree](kernel.Dashboard, tree{}), kerneltest.Provide[gateway.Directory](kernel.Dashboard, o.sites))
	mine := &actor.Actor{Role: actor.HR, ID: "user:7", UserID: 7, OrganizationID: 1}
	theirs := &actor.Actor{Role: actor.HR, ID: "user:8", UserID: 8, OrganizationID: 2}
	lead := &actor.Actor{Role: actor.DepartmentLead, ID: "user:9", UserID: 9, OrganizationID: 1, DepartmentIDs: []int64{1}}
	guard := &actor.Actor{Role: actor.Guard, ID: "user:10", UserID: 10, OrganizationID: 1}
	user := fmt.Sprint(path, "/users/", userID(t, o.service, 1, "S-1"))
	masks := []string{"createdAt", "lastSeenAt", "stateSince", "id"}
	httptestx.Run(t, server,
		httptestx.Scenario{Name: "list", As: mine, Path: path, Status: 200, Golden: "computers", Mask: masks},
		httptestx.Scenario{Name: "search", As: mine, Path: path + "?search=KASSA", Status: 200, Contains: []string{"PC-1"}, Excludes: []string{"PC-2"}},
		httptestx.Scenario{Name: "another organization's", As: theirs, Path: path, Status: 200, Contains: []string{`"items":[]`}},
		httptestx.Scenario{Name: "bad cursor", As: mine, Path: path + "?after=x", Status: 400, Contains: []string{"bad_cursor"}},
		httptestx.Scenario{Name: "bad cursor of users", As: mine, Path: path + "/users?after=x", Status: 400, Contains: []string{"bad_cursor"}},
		httptestx.Scenario{Name: "made-up cursor", As: mine, Path: path + "?after=" + db.Cursor("a\x00", 1), Status: 400, Contains: []string{"bad_cursor"}},
		httptestx.Scenario{Name: "unlinked users", As: mine, Path: path + "/users?linked=false", Status: 200, Golden: "users_unlinked", Mask: masks},
		httptestx.Scenario{Name: "link", As: mine, Path: user + "/link", Body: `{"employeeId":11}`, Status: 204},
		httptestx.Scenario{Name: "linked users", As: mine, Path: path + "/users?linked=true", Status: 200, Golden: "users_linked", Mask: masks},
		httptestx.Scenario{Name: "unlinked no more", As: mine, Path: path + "/users?linked=false", Status: 200, Contains: []string{"S-2"}, Excludes: []string{"S-1"}},
		httptestx.Scenario{Name: "a lead's users", As: lead, Path: path + "/users", Status: 200, Contains: []string{"S-1", "Aziza"}, Excludes: []string{"S-2"}},
		httptestx.Scenario{Name: "a lead's computers", As: lead, Path: path, Status: 200, Contains: []string{"PC-1", "PC-2"}, Excludes: []string{"PC-3"}},
		httptestx.Scenario{Name: "by the name of who works there", As: mine, Path: path + "?users=азиза&state=online&sort=-users,lastSeenAt", Status: 200, Contains: []string{`"total":2`, "PC-1", "PC-2"}},
		httptestx.Scenario{Name: "of a department and those below", As: mine, Path: path + "?departmentId=1", Status: 200, Contains: []string{`"total":2`, "PC-1", "PC-2"}},
		httptestx.Scenario{Name: "of another department", As: mine, Path: path + "?departmentId=2", Status: 200, Contains: []string{`"total":0`}},
		httptestx.Scenario{Name: "of a department as a file", As: mine, Path: path + "/export?departmentId=1", Header: map[string]string{"Accept-Language": "en"}, Status: 200, Contains: []string{"Department 1", "PC-1"}, Excludes: []string{"PC-3"}},
		httptestx.Scenario{Name: "of a department that a lead leads", As: lead, Path: path + "/export?departmentId=1", Header: map[string]string{"Accept-Language": "en"}, Status: 200, Contains: []string{"Department 1", "PC-1"}},
		httptestx.Scenario{Name: "of a department that a lead does not lead", As: lead, Path: path + "/export?departmentId=2", Status: 404, Excludes: []string{"Department 2"}},
		httptestx.Scenario{Name: "of no department", As: mine, Path: path + "?departmentId=99", Status: 404},
		httptestx.Scenario{Name: "of another organization's department", As: theirs, Path: path + "?departmentId=1", Status: 404},
		httptestx.Scenario{Name: "by the name of a Windows user", As: mine, Path: path + "/users?q=бобур", Status: 200, Contains: []string{`"total":1`, "S-2"}},
		httptestx.Scenario{Name: "by the name of an employee", As: mine, Path: path + "/users?employeeName=азиза&computers=pc-1&sort=employeeName,-name", Status: 200, Contains: []string{`"total":1`, "S-1"}},
		httptestx.Scenario{Name: "a lead searches for others' users", As: lead, Path: path + "?q=bobur", Status: 200, Contains: []string{`"total":0`}},
		httptestx.Scenario{Name: "a lead searches for its own", As: lead, Path: path + "?q=aziza", Status: 200, Contains: []string{`"total":2`}},
		httptestx.Scenario{Name: "of no gateway", As: mine, Path: path + "?gatewayId=x&state=gone&stateReason=no_contact,shutdown", Status: 400, Contains: []string{`"field":"gatewayId","code":"not_an_id"`, `"field":"state","code":"not_one_of"`}},
		httptestx.Scenario{Name: "export", As: mine, Path: path + "/export?sort=gatewayName,agentVersion", Header: map[string]string{"Accept-Language": "en"}, Status: 200, Contains: []string{"Computers", "PC-1", "Users,Agent version", "Aziza Karimova"}},
		httptestx.Scenario{Name: "a lead's export", As: lead, Path: path + "/users/export?linked=true", Status: 200, Contains: []string{"S-1", "Aziza"}, Excludes: []string{"S-2"}},
		httptestx.Scenario{Name: "a lead links nobody", As: lead, Path: user + "/link", Body: `{"employeeId":11}`, Status: 403},
		httptestx.Scenario{Name: "a guard sees none", As: guard, Path: path, Status: 403},
		httptestx.Scenario{Name: "nobody", Path: path, Status: 401},
		httptestx.Scenario{Name: "link to nobody", As: mine, Path: user + "/link", Body: `{}`, Status: 400, Contains: []string{`"field":"employeeId","code":"required"`}},
		httptestx.Scenario{Name: "link to a stranger", As: mine, Path: user + "/link", Body: `{"employeeId":21}`, Status: 404, Contains: []string{"employees.unknown"}},
		httptestx.Scenario{Name: "link into the past", As: mine, Path: user + "/link", Body: `{"employeeId":12,"from":"2026-01-02T08:00:00+05:00"}`, Status: 204},
		httptestx.Scenario{Name: "overlap", As: mine, Path: user + "/link", Body: `{"employeeId":11,"from":"2025-01-02T08:00:00Z"}`, Status: 409, Contains: []string{"computers.link_overlaps"}},
		httptestx.Scenario{Name: "another organization's user", As: theirs, Path: user + "/link", Body: `{"employeeId":21}`, Status: 404, Contains: []string{"computers.user_unknown"}},
		httptestx.Scenario{Name: "unlink another organization's user", As: theirs, Path: user + "/unlink", Method: "POST", Status: 404, Contains: []string{"computers.user_unknown"}},
		httptestx.Scenario{Name: "unlink", As: mine, Path: user + "/unlink", Method: "POST", Status: 204},
		httptestx.Scenario{Name: "unlink twice", As: mine, Path: user + "/unlink", Method: "POST", Status: 409, Contains: []string{"computers.not_linked"}},
	)
}

func TestRoutesOfStatesAndMerges(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	populate(t, d)
	o := newOffice(d)
	register(t, o, 1, "PC-1", "Kassa", "00:11:22:33:44:55")
	register(t, o, 1, "PC-2", "Kassa", "00:11:22:33:44:55")
	register(t, o, 2, "PC-9", "Ombor", "")
	see(t, o.service, 1, "PC-1", "S-1")
	see(t, o.service, 1, "PC-2", "S-2")
	if err := o.Report(through(), []computer.Told{
		{UID: "PC-1", Since: noon.Add(-3 * time.Hour), At: noon.Add(-2 * time.Hour), Version: "2.0"},
		{UID: "PC-1", At: noon.Add(-2 * time.Hour), Stopped: true, Reason: "update", Detail: "to 2.1"},
		{UID: "PC-1", Since: noon.Add(-time.Hour), At: noon, Version: "2.1", Address: "10.0.0.7"},
	}); err != nil {
		t.Fatal(err)
	}
	linkAt(t, o.service, userID(t, o.service, 1, "S-1"), 11, nil)
	server := kerneltest.Build(t, kernel.Dashboard, kerneltest.Options{DB: d}, New(),
		kerneltest.Provide[employee.Directory](kernel.Dashboard, people), kerneltest.Provide[organization.Tree](kernel.Dashboard, tree{}), kerneltest.Provide[gateway.Directory](kernel.Dashboard, o.sites))
	mine := &actor.Actor{Role: actor.HR, ID: "user:7", UserID: 7, OrganizationID: 1}
	theirs := &actor.Actor{Role: actor.HR, ID: "user:8", UserID: 8, OrganizationID: 2}
	lead := &actor.Actor{Role: actor.DepartmentLead, ID: "user:9", UserID: 9, OrganizationID: 1, DepartmentIDs: []int64{1}}
	first, second, foreign := computerID(t, o, 1, "PC-1"), computerID(t, o, 1, "PC-2"), computerID(t, o, 2, "PC-9")
	of := func(id int64, what string) string { return fmt.Sprint(path, "/", id, what) }
	into := func(id int64) string { return fmt.Sprintf(`{"into":%d}`, id) }
	page := db.Cursor(2)
	httptestx.Run(t, server,
		httptestx.Scenario{Name: "one", As: mine, Path: of(first, ""), Status: 200, Golden: "computer", Mask: []string{"createdAt", "lastSeenAt"}},
		httptestx.Scenario{Name: "history", As: mine, Path: of(first, "/states"), Status: 200, Golden: "states"},
		httptestx.Scenario{Name: "a page of it", As: mine, Path: of(first, "/states?limit=1"), Status: 200, Contains: []string{`"reporting"`, `"next":"`, "2.1"}, Excludes: []string{"update"}},
		httptestx.Scenario{Name: "the next page", As: mine, Path: of(first, "/states?limit=1&after="+page), Status: 200, Contains: []string{`"reason":"update","detail":"to 2.1"`}, Excludes: []string{"reporting"}},
		httptestx.Scenario{Name: "a bad cursor", As: mine, Path: of(first, "/states?after=x"), Status: 400, Contains: []string{"bad_cursor"}},
		httptestx.Scenario{Name: "a made-up cursor", As: mine, Path: of(first, "/states?after="+db.Cursor(-1)), Status: 200, Contains: []string{`"items":[]`}},
		httptestx.Scenario{Name: "alike", As: mine, Path: path + "/duplicates", Status: 200, Contains: []string{`"reason":"mac"`, "PC-1", "PC-2"}, Excludes: []string{`"reason":"name"`, "PC-9"}},
		httptestx.Scenario{Name: "alike to a lead", As: lead, Path: path + "/duplicates", Status: 200, Contains: []string{`"items":[]`}},
		httptestx.Scenario{Name: "one of the lead's", As: lead, Path: of(first, ""), Status: 200, Contains: []string{"Aziza Karimova"}},
		httptestx.Scenario{Name: "one of nobody's", As: lead, Path: of(second, ""), Status: 404, Contains: []string{"computers.unknown"}},
		httptestx.Scenario{Name: "its history", As: lead, Path: of(second, "/states"), Status: 404, Contains: []string{"computers.unknown"}},
		httptestx.Scenario{Name: "another organization's", As: theirs, Path: of(first, ""), Status: 404, Contains: []string{"computers.unknown"}},
		httptestx.Scenario{Name: "its history", As: theirs, Path: of(first, "/states"), Status: 404, Contains: []string{"computers.unknown"}},
		httptestx.Scenario{Name: "a lead merges nothing", As: lead, Path: of(first, "/merge"), Body: into(second), Status: 403},
		httptestx.Scenario{Name: "merge into nothing", As: mine, Path: of(first, "/merge"), Body: `{}`, Status: 400, Contains: []string{`"field":"into","code":"required"`}},
		httptestx.Scenario{Name: "merge into another organization's", As: mine, Path: of(first, "/merge"), Body: into(foreign), Status: 404},
		httptestx.Scenario{Name: "merge another organization's", As: theirs, Path: of(first, "/merge"), Body: into(foreign), Status: 404},
		httptestx.Scenario{Name: "merge", As: mine, Path: of(first, "/merge"), Body: into(second), Status: 204},
		httptestx.Scenario{Name: "merge again", As: mine, Path: of(first, "/merge"), Body: into(second), Status: 409, Contains: []string{"computers.same"}},
		httptestx.Scenario{Name: "the target", As: mine, Path: of(second, ""), Status: 200, Contains: []string{`"sid":"S-1"`, `"sid":"S-2"`, `"agentVersion":"2.1"`}, Excludes: []string{"mergedInto"}},
		httptestx.Scenario{Name: "the merged one", As: mine, Path: of(first, ""), Status: 200, Contains: []string{fmt.Sprintf(`"mergedInto":%d`, second)}},
		httptestx.Scenario{Name: "only the target is listed", As: mine, Path: path, Status: 200, Contains: []string{"PC-2"}, Excludes: []string{"PC-1"}},
		httptestx.Scenario{Name: "split another organization's", As: theirs, Path: of(first, "/split"), Method: "POST", Status: 404},
		httptestx.Scenario{Name: "split", As: mine, Path: of(first, "/split"), Method: "POST", Status: 204},
		httptestx.Scenario{Name: "split again", As: mine, Path: of(first, "/split"), Method: "POST", Status: 409, Contains: []string{"computers.not_merged"}},
	)
}

// Whatever the page's size, paging shows each row once, in the order of the text, also over organizations.
func TestPagingIsCompleteWithoutRepeats(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		var want []string
		for i := range 23 {
			name := fmt.Sprintf("PC%02d", i)
			want = append(want, name)
			see(t, o.service, 1, name, name)
			see(t, o.service, 2, name, name) // the operator sees both under one name
		}
		m := &Module{service: o.service}
		operator := actor.With(context.Background(), actor.Actor{Role: actor.Admin, ID: "user:1", UserID: 1})
		for limit := 1; limit < 30; limit += 3 {
			for who, ctx := range map[string]context.Context{"HR": hr(1), "operator": operator} {
				var computers, users []string
				for _, c := range gridtest.All(t, ctx, m.computers(), fmt.Sprint("limit=", limit)) {
					computers = append(computers, c.ComputerUID)
				}
				for _, u := range gridtest.All(t, ctx, m.users(), fmt.Sprint("limit=", limit)) {
					users = append(users, u.SID)
				}
				want := want
				if who == "operator" {
					want = slices.Sorted(slices.Values(append(slices.Clone(want), want...)))
				}
				if !slices.Equal(computers, want) || !slices.Equal(users, want) {
					t.Errorf("%s, %d a page:\ncomputers %v\nusers %v\nwant %v", who, limit, computers, users, want)
				}
			}
		}
	})
}

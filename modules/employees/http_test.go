package employees

import (
	"fmt"
	"testing"

	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

func newServer(t *testing.T, role kernel.Role) *httpx.Server {
	t.Helper()
	d := dbtest.SQLite(t)
	fill(t, d)
	return serverAs(t, role, d)
}

// serverOn serves the dashboard's routes on a database that is filled already.
func serverOn(t *testing.T, d *db.DB) *httpx.Server {
	t.Helper()
	return serverAs(t, kernel.Dashboard, d)
}

func serverAs(t *testing.T, role kernel.Role, d *db.DB) *httpx.Server {
	t.Helper()
	return serverWith(t, role, d, newCabinet())
}

func serverWith(t *testing.T, role kernel.Role, d *db.DB, files file.Store) *httpx.Server {
	t.Helper()
	tree := kerneltest.Provide[organization.Tree](role, fakeTree{})
	return kerneltest.Build(t, role, kerneltest.Options{DB: d}, tree, kerneltest.Provide(role, files), New())
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	const path = "/api/v2/employees"
	hr := &actor.Actor{Role: actor.HR, ID: "user:2", UserID: 2, OrganizationID: 1}
	guard := &actor.Actor{Role: actor.Guard, ID: "user:3", UserID: 3, OrganizationID: 1}
	lead := &actor.Actor{Role: actor.DepartmentLead, ID: "user:5", UserID: 5, OrganizationID: 1, DepartmentIDs: []int64{2}}
	other := &actor.Actor{Role: actor.HR, ID: "user:4", UserID: 4, OrganizationID: 2}
	httptestx.Run(t, newServer(t, kernel.Dashboard),
		httptestx.Scenario{Name: "add", As: hr, Path: path, Body: `{"departmentId":2,"name":"Ўктам Ғаниев","phone":"+998901234567","photo":"a.jpg"}`, Status: 201, Contains: []string{`"id":1`, `"organizationId":1`, `"departmentName":"Brigada"`}},
		httptestx.Scenario{Name: "found", As: hr, Path: path + "?search=o%CA%BBktam&departmentId=1&isActive=true", Status: 200, Golden: "employees", Mask: []string{"createdAt", "updatedAt"}},
		httptestx.Scenario{Name: "guard's view", As: guard, Path: path + "/1", Status: 200, Golden: "guard"},
		httptestx.Scenario{Name: "guard's list", As: guard, Path: path, Status: 200, Contains: []string{"Brigada", "a.jpg"}, Excludes: []string{"998", "isActive", "organizationId"}},
		httptestx.Scenario{Name: "change", As: hr, Method: "PATCH", Path: path + "/1", Body: `{"phone":""}`, Status: 200, Excludes: []string{"998"}},
		httptestx.Scenario{Name: "organization cannot be said", As: hr, Method: "PATCH", Path: path + "/1", Body: `{"organizationId":2}`, Status: 400},
		httptestx.Scenario{Name: "another tenant's", As: other, Path: path + "/1", Status: 404, Contains: []string{"employees.unknown"}},
		httptestx.Scenario{Name: "unknown department", As: hr, Path: path + "?departmentId=4", Status: 404, Contains: []string{"organizations.department_unknown"}},
		httptestx.Scenario{Name: "another department, of a lead", As: lead, Path: path + "/export?departmentId=1", Status: 404, Contains: []string{"organizations.department_unknown"}, Excludes: []string{"Sex"}},
		httptestx.Scenario{Name: "bad cursor", As: hr, Path: path + "?after=x", Status: 400},
		httptestx.Scenario{Name: "export", As: hr, Path: path + "/export?sort=-createdAt&departmentId=1&name=uktam", Header: map[string]string{"Accept-Language": "ru"}, Status: 200, Contains: []string{"\ufeffСотрудники\r\n", "Отбор: Отдел = Sex; Ф. И. О.: uktam", "ID,Ф. И. О.,Отдел,Активен,Телефон,"}},
		httptestx.Scenario{Name: "export of all", As: hr, Path: path + "/export?format=csv", Status: 200, Contains: []string{"Filtrsiz", "1,Ўктам Ғаниев,Brigada,ha,"}},
		httptestx.Scenario{Name: "guard's export", As: guard, Path: path + "/export?isActive=true", Status: 200, Contains: []string{"ID,F.I.Sh.,Boʻlim\r\n1,Ўктам Ғаниев,Brigada\r\n"}, Excludes: []string{"998", "Tashkilot"}},
		httptestx.Scenario{Name: "export as a workbook", As: hr, Path: path + "/export?format=xlsx", Status: 200, Contains: []string{"xl/worksheets/sheet1.xml"}},
		httptestx.Scenario{Name: "export in no format", As: hr, Path: path + "/export?format=pdf", Status: 400, Contains: []string{`"field":"format"`, "csv, xlsx"}},
		httptestx.Scenario{Name: "export of a page", As: hr, Path: path + "/export?after=x", Status: 400, Contains: []string{`"field":"after"`, "unknown_field"}},
		httptestx.Scenario{Name: "export of another tenant", As: other, Path: path + "/export", Status: 200, Excludes: []string{"Brigada"}},
		httptestx.Scenario{Name: "export of no department", As: hr, Path: path + "/export?departmentId=4", Status: 404},
		httptestx.Scenario{Name: "unknown parameters", As: hr, Path: path + "?salary=1&sort=salary&isActive=maybe&createdAt=2026&name.from=a", Status: 400, Golden: "refused"},
		httptestx.Scenario{Name: "guard filters by what it does not see", As: guard, Path: path + "?phone=998&q=998&sort=phone", Status: 400, Contains: []string{`"field":"phone"`, `"field":"sort"`}},
		httptestx.Scenario{Name: "guard searches what it does not see", As: guard, Path: path + "?q=998", Status: 200, Contains: []string{`"total":0`}},
		httptestx.Scenario{Name: "guard's list of those who work", As: guard, Path: path + "?isActive=true", Status: 200, Contains: []string{`"total":1`}},
		httptestx.Scenario{Name: "cursor of another order", As: hr, Path: path + "?sort=id&after=WyJuYW1lLCIsImEiLDFd", Status: 400, Contains: []string{"bad_cursor"}},
		httptestx.Scenario{Name: "delete", As: hr, Method: "DELETE", Path: path + "/1", Status: 200, Contains: []string{"deleted"}},
	)
}

func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	const read, write = actor.People, actor.Admin | actor.HR
	var scenarios []httptestx.Scenario
	for _, route := range []struct {
		method, path string
		allowed      actor.Role
	}{
		{"GET", "/api/v2/employees", read}, {"GET", "/api/v2/employees/9", read},
		{"POST", "/api/v2/employees", write}, {"PATCH", "/api/v2/employees/9", write}, {"DELETE", "/api/v2/employees/9", write},
		{"GET", "/api/v2/employees/groups", actor.Admin | actor.HR | actor.DepartmentLead}, {"GET", "/api/v2/employees/groups/9", actor.Admin | actor.HR | actor.DepartmentLead},
		{"POST", "/api/v2/employees/groups", write}, {"PATCH", "/api/v2/employees/groups/9", write}, {"DELETE", "/api/v2/employees/groups/9", write},
		{"POST", "/api/v2/employees/groups/9/members", write}, {"PUT", "/api/v2/employees/9/groups", write},
		{"GET", "/api/v2/employees/9/history", write},
		{"GET", "/api/v2/employees/9/photo", read}, {"GET", "/uploads/photos/employee_9.jpg", read}, {"PUT", "/api/v2/employees/9/photo", write}, {"DELETE", "/api/v2/employees/9/photo", write},
	} {
		for _, role := range []actor.Role{actor.Admin, actor.HR, actor.DepartmentLead, actor.Guard, actor.Gateway, actor.Agent, actor.Hikvision} {
			as := &actor.Actor{Role: role, ID: "test", OrganizationID: 1}
			sc := httptestx.Scenario{Name: fmt.Sprint(route.method, route.path, role), As: as, Method: route.method, Path: route.path, Status: 403}
			if role&route.allowed != 0 {
				sc.Status, sc.Excludes = 0, []string{"ACCESS_DENIED", "INTERNAL"}
			}
			scenarios = append(scenarios, sc)
		}
	}
	httptestx.Run(t, newServer(t, kernel.Dashboard), scenarios...)
}

func TestAgentAPIHasTheDirectoryAndNoRoutes(t *testing.T) {
	t.Parallel()
	for _, r := range newServer(t, kernel.AgentAPI).Routes() {
		if r.Owner == "employees" {
			t.Errorf("agent-api has %s %s", r.Method, r.Path)
		}
	}
}

package employees

import (
	"fmt"
	"testing"

	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
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
	tree := kerneltest.Provide[organization.Tree](role, fakeTree{})
	return kerneltest.Build(t, role, kerneltest.Options{DB: d}, tree, New())
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	const path = "/api/v2/employees"
	hr := &actor.Actor{Role: actor.HR, ID: "user:2", UserID: 2, OrganizationID: 1}
	guard := &actor.Actor{Role: actor.Guard, ID: "user:3", UserID: 3, OrganizationID: 1}
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
		httptestx.Scenario{Name: "bad cursor", As: hr, Path: path + "?after=x", Status: 400},
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

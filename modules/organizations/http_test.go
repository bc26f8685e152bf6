package organizations

import (
	"context"
	"fmt"
	"testing"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

func TestRoutes(t *testing.T) {
	t.Parallel()
	server := kerneltest.Build(t, kernel.Dashboard, kerneltest.Options{DB: dbtest.SQLite(t)}, New())
	operator := &actor.Actor{Role: actor.Admin, ID: "user:1", UserID: 1}
	hr := &actor.Actor{Role: actor.HR, ID: "user:2", UserID: 2, OrganizationID: 1}
	other := &actor.Actor{Role: actor.HR, ID: "user:3", UserID: 3, OrganizationID: 2}
	httptestx.Run(t, server,
		httptestx.Scenario{Name: "first organization", As: hr, Path: "/api/v2/organizations", Status: 200, Golden: "organizations", Mask: []string{"createdAt", "updatedAt"}},
		httptestx.Scenario{Name: "make another", As: operator, Path: "/api/v2/organizations", Body: `{"fullName":"Ikkinchi","shortName":"2","zone":"Asia/Samarkand"}`, Status: 201, Contains: []string{`"id":2`, "Asia/Samarkand"}},
		httptestx.Scenario{Name: "paged", As: operator, Path: "/api/v2/organizations?limit=1&sort=id", Status: 200, Contains: []string{`"total":2`, `"next":"WyJpZCIsMV0"`}, Excludes: []string{"Ikkinchi"}},
		httptestx.Scenario{Name: "next page", As: operator, Path: "/api/v2/organizations?limit=1&sort=id&after=WyJpZCIsMV0", Status: 200, Contains: []string{"Ikkinchi", `"next":""`}},
		httptestx.Scenario{Name: "bad cursor", As: operator, Path: "/api/v2/organizations?after=x", Status: 400},
		httptestx.Scenario{Name: "bad cursor of departments", As: operator, Path: "/api/v2/departments?after=x", Status: 400},
		httptestx.Scenario{Name: "rename", As: operator, Method: "PATCH", Path: "/api/v2/organizations/2", Body: `{"fullName":"Yangi"}`, Status: 200, Contains: []string{"Yangi", `"shortName":"2"`}},
		httptestx.Scenario{Name: "department", As: hr, Path: "/api/v2/departments", Body: `{"fullName":"Sex","shortName":"S"}`, Status: 201, Contains: []string{`"organizationId":1`}},
		httptestx.Scenario{Name: "below it", As: hr, Path: "/api/v2/departments", Body: `{"fullName":"Brigada","shortName":"B","parentId":1}`, Status: 201, Contains: []string{`"parentId":1`}},
		httptestx.Scenario{Name: "tree", As: hr, Path: "/api/v2/departments/tree", Status: 200, Golden: "tree"},
		httptestx.Scenario{Name: "list", As: hr, Path: "/api/v2/departments?limit=1&sort=-fullName", Status: 200, Contains: []string{"Sex", `"total":2`}},
		httptestx.Scenario{Name: "circle", As: hr, Method: "PATCH", Path: "/api/v2/departments/1", Body: `{"parentId":2}`, Status: 409, Contains: []string{"organizations.department_cycle"}},
		httptestx.Scenario{Name: "another tenant's", As: other, Path: "/api/v2/departments/1", Status: 404, Contains: []string{"organizations.department_unknown"}},
		httptestx.Scenario{Name: "another tenant", As: other, Path: "/api/v2/organizations/1", Status: 404, Contains: []string{"organizations.unknown"}},
		httptestx.Scenario{Name: "history", As: operator, Path: "/api/v2/organizations/2/history", Status: 200, Contains: []string{
			`"actor":"user:1","actorName":"","action":"organization.updated","reason":"","fields":[{"name":"fullName","from":"Ikkinchi","to":"Yangi"}]}`, "organization.created"}},
		httptestx.Scenario{Name: "history of its own", As: other, Path: "/api/v2/organizations/2/history?limit=1", Status: 200, Excludes: []string{"organization.created", `"next":""`}},
		httptestx.Scenario{Name: "history of another tenant", As: other, Path: "/api/v2/organizations/1/history", Status: 404},
		httptestx.Scenario{Name: "renamed", As: hr, Method: "PATCH", Path: "/api/v2/departments/2", Body: `{"phone":"+998"}`, Status: 200},
		httptestx.Scenario{Name: "history of a department", As: hr, Path: "/api/v2/departments/2/history", Status: 200, Contains: []string{`"fields":[{"name":"phone","from":null,"to":"+998"}]`}},
		httptestx.Scenario{Name: "of another tenant's", As: other, Path: "/api/v2/departments/2/history", Status: 404},
		httptestx.Scenario{Name: "not for a lead", As: &actor.Actor{Role: actor.DepartmentLead, ID: "user:4", UserID: 4, OrganizationID: 1, DepartmentIDs: []int64{2}}, Path: "/api/v2/departments/2/history", Status: 403},
		httptestx.Scenario{Name: "in use", As: hr, Method: "DELETE", Path: "/api/v2/departments/1", Status: 200, Contains: []string{"deactivated"}},
		httptestx.Scenario{Name: "not in use", As: hr, Method: "DELETE", Path: "/api/v2/departments/2", Status: 200, Contains: []string{"deleted"}},
		httptestx.Scenario{Name: "organization not in use", As: operator, Method: "DELETE", Path: "/api/v2/organizations/2", Status: 200, Contains: []string{"deleted"}},
	)
}

// The matrix of the specification: who may do what.
func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	server := kerneltest.Build(t, kernel.Dashboard, kerneltest.Options{DB: dbtest.SQLite(t)}, New())
	const admin, hr, lead, guard = actor.Admin, actor.HR, actor.DepartmentLead, actor.Guard
	var scenarios []httptestx.Scenario
	for _, route := range []struct {
		method, path string
		allowed      actor.Role
	}{
		{"GET", "/api/v2/organizations", admin | hr | lead},
		{"GET", "/api/v2/organizations/9", admin | hr | lead},
		{"POST", "/api/v2/organizations", admin},
		{"PATCH", "/api/v2/organizations/9", admin},
		{"DELETE", "/api/v2/organizations/9", admin},
		{"GET", "/api/v2/departments", admin | hr | lead},
		{"GET", "/api/v2/departments/tree", admin | hr | lead},
		{"GET", "/api/v2/departments/9", admin | hr | lead},
		{"POST", "/api/v2/departments", admin | hr},
		{"PATCH", "/api/v2/departments/9", admin | hr},
		{"DELETE", "/api/v2/departments/9", admin | hr},
	} {
		for _, role := range []actor.Role{admin, hr, lead, guard, actor.Gateway, actor.Agent, actor.Hikvision} {
			as := &actor.Actor{Role: role, ID: "test", OrganizationID: 1}
			sc := httptestx.Scenario{Name: fmt.Sprint(route.method, route.path, role), As: as, Method: route.method, Path: route.path, Status: 403, Contains: []string{"ACCESS_DENIED"}}
			if role&route.allowed != 0 {
				sc.Status, sc.Contains, sc.Excludes = 0, nil, []string{"ACCESS_DENIED", "INTERNAL"}
			}
			scenarios = append(scenarios, sc)
		}
		scenarios = append(scenarios, httptestx.Scenario{Name: fmt.Sprint(route.method, route.path, "nobody"), Method: route.method, Path: route.path, Status: 401})
	}
	httptestx.Run(t, server, scenarios...)
}

func TestOnlyTheDashboardHasRoutes(t *testing.T) {
	t.Parallel()
	server := kerneltest.Build(t, kernel.AgentAPI, kerneltest.Options{DB: dbtest.SQLite(t)}, New())
	for _, r := range server.Routes() {
		if r.Owner == "organizations" {
			t.Errorf("agent-api has %s %s", r.Method, r.Path)
		}
	}
}

func TestInitSaysWhatFails(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	k, o := kerneltest.New(t, kernel.Dashboard, kerneltest.Options{DB: d}, New())
	defer o.Listener.Close()
	if err := k.Build(context.Background()); err == nil {
		t.Error("built on a closed database")
	}
}

func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	for name, ok := range map[string]bool{"Zavod": true, " ": false, string(make([]byte, 101)): false} {
		if err := (&Config{FirstName: name}).Validate(); (err == nil) != ok {
			t.Errorf("first_name %q: %v", name, err)
		}
	}
}

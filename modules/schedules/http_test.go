package schedules

import (
	"fmt"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

func TestRoutes(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	newService(t, d)
	server := kerneltest.Build(t, kernel.Dashboard, kerneltest.Options{DB: d}, New(), kerneltest.Provide[organization.Tree](kernel.Dashboard, tree{}), kerneltest.Provide[employee.Directory](kernel.Dashboard, people{}))
	operator := &actor.Actor{Role: actor.Admin, ID: "user:1", UserID: 1}
	hr := &actor.Actor{Role: actor.HR, ID: "user:2", UserID: 2, OrganizationID: 1}
	lead := &actor.Actor{Role: actor.DepartmentLead, ID: "user:3", UserID: 3, OrganizationID: 1, DepartmentIDs: []int64{4}}
	other := &actor.Actor{Role: actor.HR, ID: "user:4", UserID: 4, OrganizationID: 2}
	const path = "/api/v2/schedules"
	httptestx.Run(t, server,
		httptestx.Scenario{Name: "none yet", As: hr, Path: path, Status: 200, Contains: []string{`"items":[]`}},
		httptestx.Scenario{Name: "make", As: hr, Path: path, Status: 201, Golden: "schedule", Mask: []string{"createdAt", "updatedAt"},
			Body: `{"name":"Kunduzgi","days":[1,2,3,4,5],"start":"09:00","end":"18:00","breakStart":"13:00","breakEnd":"14:00","graceMinutes":10,"isDefault":true}`},
		httptestx.Scenario{Name: "make another", As: operator, Path: path, Body: `{"organizationId":1,"name":"Tungi","days":[7],"start":"20:00","end":"08:00"}`, Status: 201, Contains: []string{`"id":2`, `"graceMinutes":0`}, Excludes: []string{"break"}},
		httptestx.Scenario{Name: "operator names none", As: operator, Path: path, Body: `{"name":"x","days":[7],"start":"20:00","end":"08:00"}`, Status: 400, Contains: []string{"organizationId"}},
		httptestx.Scenario{Name: "empty", As: hr, Path: path, Body: `{}`, Status: 400, Contains: []string{"name", "days", "start", "end"}},
		httptestx.Scenario{Name: "paged", As: lead, Path: path + "?limit=1", Status: 200, Contains: []string{"Kunduzgi", `"next":"WzFd"`}, Excludes: []string{"Tungi"}},
		httptestx.Scenario{Name: "next page", As: lead, Path: path + "?limit=1&after=WzFd", Status: 200, Contains: []string{"Tungi", `"next":""`}},
		httptestx.Scenario{Name: "of an organization", As: operator, Path: path + "?organizationId=2", Status: 200, Contains: []string{`"items":[]`}},
		httptestx.Scenario{Name: "bad cursor", As: hr, Path: path + "?after=x", Status: 400},
		httptestx.Scenario{Name: "bad cursor of assignments", As: hr, Path: path + "/assignments?after=x", Status: 400},
		httptestx.Scenario{Name: "change", As: hr, Method: "PATCH", Path: path + "/2", Body: `{"graceMinutes":15}`, Status: 200, Contains: []string{`"graceMinutes":15`, `"start":"20:00"`}},
		httptestx.Scenario{Name: "assign", As: hr, Method: "PUT", Path: path + "/assignments", Body: `{"departmentId":1,"scheduleId":2}`, Status: 200, Contains: []string{`{"departmentId":1,"scheduleId":2}`}},
		httptestx.Scenario{Name: "assigned", As: hr, Path: path + "/assignments?organizationId=1", Status: 200, Contains: []string{`"items":[{"departmentId":1,"scheduleId":2}]`}},
		httptestx.Scenario{Name: "not the lead's", As: lead, Path: path + "/assignments", Status: 200, Contains: []string{`"items":[]`}},
		httptestx.Scenario{Name: "delete one in use", As: hr, Method: "DELETE", Path: path + "/2", Status: 409, Contains: []string{"schedules.in_use"}},
		httptestx.Scenario{Name: "release", As: hr, Method: "PUT", Path: path + "/assignments", Body: `{"departmentId":1,"scheduleId":null}`, Status: 200, Contains: []string{`"scheduleId":null`}},
		httptestx.Scenario{Name: "delete", As: hr, Method: "DELETE", Path: path + "/2", Status: 204},
		httptestx.Scenario{Name: "deleted", As: hr, Path: path + "/2", Status: 404, Contains: []string{"schedules.unknown"}},
		httptestx.Scenario{Name: "a year", As: lead, Path: path + "/calendar?year=2026", Status: 200, Contains: []string{
			`{"date":"2026-03-21","kind":"holiday","names":{"uz":"Navroʻz bayrami","ru":"Праздник Навруз","en":"Navruz"},"source":"`,
			`{"date":"2026-03-20","kind":"holiday","names":{"uz":"Ramazon hayiti","ru":"Рамазан хайит","en":"Ramazon hayit (Eid al-Fitr)"},"own":false,"expected":true}`,
			`{"date":"2026-12-12","kind":"work"`,
		}, Excludes: []string{"2026-01-14", `"date":"2025-`}},
		httptestx.Scenario{Name: "no year", As: hr, Path: path + "/calendar", Status: 400, Contains: []string{`"field":"year"`}},
		httptestx.Scenario{Name: "of no organization", As: operator, Path: path + "/calendar?year=2026", Status: 400, Contains: []string{`"field":"organizationId"`}},
		httptestx.Scenario{Name: "announced", As: hr, Path: path + "/calendar", Body: `{"date":"2026-03-20","kind":"holiday","name":" Ramazon hayiti "}`, Status: 201, Contains: []string{`{"id":1,"date":"2026-03-20","kind":"holiday","name":"Ramazon hayiti","own":true,"expected":false}`}},
		httptestx.Scenario{Name: "again", As: hr, Path: path + "/calendar", Body: `{"date":"2026-03-20","kind":"off"}`, Status: 409, Contains: []string{"schedules.day_taken"}},
		httptestx.Scenario{Name: "no date", As: hr, Path: path + "/calendar", Body: `{"date":"2026-02-30","kind":"maybe"}`, Status: 400, Contains: []string{`"field":"date"`, `"field":"kind"`}},
		httptestx.Scenario{Name: "in its place", As: operator, Path: path + "/calendar?year=2026&organizationId=1", Status: 200, Contains: []string{`{"id":1,"date":"2026-03-20","kind":"holiday","name":"Ramazon hayiti","names":{`}},
		httptestx.Scenario{Name: "not for others", As: other, Path: path + "/calendar?year=2026", Status: 200, Excludes: []string{`"own":true`}},
		httptestx.Scenario{Name: "not theirs", As: other, Path: path + "/calendar?year=2026&organizationId=1", Status: 404},
		httptestx.Scenario{Name: "not by others", As: other, Method: "DELETE", Path: path + "/calendar/1", Status: 404, Contains: []string{"schedules.day_unknown"}},
		httptestx.Scenario{Name: "removed", As: hr, Method: "DELETE", Path: path + "/calendar/1", Status: 204},
		httptestx.Scenario{Name: "work that goes on", As: hr, Method: "PATCH", Path: path + "/1", Body: `{"keepsHolidays":false}`, Status: 200, Contains: []string{`"keepsHolidays":false`}},
		httptestx.Scenario{Name: "another tenant's", As: other, Path: path + "/1", Status: 404, Contains: []string{"schedules.unknown"}},
	)
}

func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	server := kerneltest.Build(t, kernel.Dashboard, kerneltest.Options{DB: dbtest.SQLite(t)}, New(), kerneltest.Provide[organization.Tree](kernel.Dashboard, tree{}), kerneltest.Provide[employee.Directory](kernel.Dashboard, people{}))
	const admin, hr, lead, guard = actor.Admin, actor.HR, actor.DepartmentLead, actor.Guard
	var scenarios []httptestx.Scenario
	for _, route := range []struct {
		method, path string
		allowed      actor.Role
	}{
		{"GET", "", admin | hr | lead}, {"GET", "/9", admin | hr | lead}, {"GET", "/assignments", admin | hr | lead},
		{"POST", "", admin | hr}, {"PATCH", "/9", admin | hr}, {"DELETE", "/9", admin | hr}, {"PUT", "/assignments", admin | hr},
		{"GET", "/calendar?year=2026", admin | hr | lead}, {"POST", "/calendar", admin | hr}, {"DELETE", "/calendar/9", admin | hr},
		{"GET", "/absences", admin | hr | lead}, {"GET", "/absences/export", admin | hr | lead}, {"POST", "/absences", admin | hr}, {"PATCH", "/absences/9", admin | hr}, {"DELETE", "/absences/9", admin | hr},
	} {
		path := prefix + route.path
		if strings.HasPrefix(route.path, "/absences") {
			path = "/api/v2" + route.path
		}
		for _, role := range []actor.Role{admin, hr, lead, guard, actor.Gateway, actor.Agent} {
			as := &actor.Actor{Role: role, ID: "test", OrganizationID: 1}
			sc := httptestx.Scenario{Name: fmt.Sprint(route.method, route.path, role), As: as, Method: route.method, Path: path, Status: 403, Contains: []string{"ACCESS_DENIED"}}
			if role&route.allowed != 0 {
				sc.Status, sc.Contains, sc.Excludes = 0, nil, []string{"ACCESS_DENIED", "INTERNAL"}
			}
			scenarios = append(scenarios, sc)
		}
		scenarios = append(scenarios, httptestx.Scenario{Name: fmt.Sprint(route.method, route.path, "nobody"), Method: route.method, Path: path, Status: 401})
	}
	httptestx.Run(t, server, scenarios...)
}

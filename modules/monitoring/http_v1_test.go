package monitoring

import (
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/i18n"
)

func employeeNamed(e employee.Employee, name string) employee.Employee {
	e.Name = name
	return e
}

// What v1's specification promised of monitoring is as its other lists are, and shows no more than the product's own.
func TestMonitoringAsInV1sSpecification(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.users = users{ID: 7, OrganizationID: 1, EmployeeID: 1, SID: "S-1", Name: "Aziza", Username: "aziza"}
		o.staff.(directory)[1] = employeeNamed(o.staff.(directory)[1], "Aziza Karimova")
		end := noon.Add(-time.Millisecond)
		mustPut(t, o.service, agent(1), activity.Batch{Events: []activity.Event{
			{Kind: activity.UserSession, Key: "s", ComputerUID: "PC-1", UserSID: "S-1", At: noon.Add(-4 * time.Hour), End: end, Session: activity.Login, Source: "api"},
			{Kind: activity.VisitedSite, Key: "v", ComputerUID: "PC-1", UserSID: "S-1", At: noon.Add(-3 * time.Hour), Duration: 30, URL: "https://example.uz/", Title: "Example", Source: "api"},
		}})
		catalog, err := i18n.New("uz", httpx.Messages, messages)
		if err != nil {
			t.Fatal(err)
		}
		server := httptestx.New(t, httpx.Options{Catalog: catalog})
		o.routesV1(server.RouterV1("monitoring", prefixesV1, httpx.RAW))
		as := func(role actor.Role, organization int64, departments ...int64) *actor.Actor {
			return &actor.Actor{Role: role, ID: "user:9", UserID: 9, OrganizationID: organization, DepartmentIDs: departments}
		}
		hr, theirs, lead, operator := as(actor.HR, 1), as(actor.HR, 2), as(actor.DepartmentLead, 1, 10), as(actor.Admin, 0)
		for _, path := range prefixesV1 {
			windows, person, user := path+"/active-windows", path+"/employee/1/activity", path+"/computer-user/7/activity"
			httptestx.Run(t, server,
				httptestx.Scenario{Name: "windows", As: hr, Path: windows + "?limit=2", Status: 200, Contains: []string{
					`{"success":true,"data":{"active_windows":[{"id":`, `"type":"active_window","datetime":"2026-11-02T11:30:00.000Z"`, `"page":1,"total":8,"limit":2}`, `"active_time":60`,
				}, Excludes: []string{`"title":"2 `}},
				httptestx.Scenario{Name: "the next page", As: hr, Path: windows + "?limit=3&page=3", Status: 200, Contains: []string{`"title":"1 PC-2 8"`, `"title":"1 PC-1 8"`, `"page":3,"total":8,"limit":3}`}, Excludes: []string{"9\""}},
				httptestx.Scenario{Name: "after the last", As: hr, Path: windows + "?page=9", Status: 200, Contains: []string{`"active_windows":[],"page":9,"total":8`}},
				httptestx.Scenario{Name: "another tenant's", As: theirs, Path: windows, Status: 200, Contains: []string{`"total":8,`}, Excludes: []string{`"title":"1 `}},
				httptestx.Scenario{Name: "another tenant's by name", As: theirs, Path: windows + "?organization_id=1", Status: 404},
				httptestx.Scenario{Name: "another tenant's department", As: theirs, Path: windows + "?department_id=10", Status: 404},
				httptestx.Scenario{Name: "another tenant's employee", As: theirs, Path: windows + "?employee_id=1", Status: 404},
				httptestx.Scenario{Name: "the operator's", As: operator, Path: windows, Status: 200, Contains: []string{`"total":16,`}},
				httptestx.Scenario{Name: "of one organization", As: operator, Path: windows + "?organization_id=2", Status: 200, Contains: []string{`"total":8,`}, Excludes: []string{`"title":"1 `}},
				httptestx.Scenario{Name: "of an employee", As: operator, Path: windows + "?employee_id=1", Status: 200, Contains: []string{`"total":4,`, `"employee":{"id":1,"name":"Aziza Karimova"}`, `"title":"1 PC-2 11"`}, Excludes: []string{"1 PC-1 10"}},
				httptestx.Scenario{Name: "of a department and those below", As: operator, Path: windows + "?department_id=10", Status: 200, Contains: []string{`"total":4,`}, Excludes: []string{"1 PC-1 10"}},
				httptestx.Scenario{Name: "of a department below", As: hr, Path: windows + "?department_id=20&sub_department_id=11", Status: 200, Contains: []string{`"total":4,`}},
				httptestx.Scenario{Name: "of nobody", As: hr, Path: windows + "?department_id=20&employee_id=1", Status: 200, Contains: []string{`"active_windows":[],"page":1,"total":0`}},
				httptestx.Scenario{Name: "a lead's", As: lead, Path: windows, Status: 200, Contains: []string{`"total":4,`}, Excludes: []string{"1 PC-1 10"}},
				httptestx.Scenario{Name: "a lead's of another department", As: lead, Path: windows + "?department_id=20", Status: 200, Contains: []string{`"total":0,`}},
				httptestx.Scenario{Name: "of a time", As: hr, Path: windows + "?start_date=2026-11-02T09:00:00Z&end_date=2026-11-02T10:00:00Z", Status: 200, Contains: []string{`"total":2,`, "1 PC-1 9", "1 PC-2 9"}},
				httptestx.Scenario{Name: "of a day where the organization is", As: hr, Path: windows + "?start_date=2026-11-02&end_date=2026-11-02", Status: 200, Contains: []string{`"total":8,`}},
				httptestx.Scenario{Name: "of the day before", As: hr, Path: windows + "?end_date=2026-11-01", Status: 200, Contains: []string{`"total":0,`}},
				httptestx.Scenario{Name: "not of a year", As: hr, Path: windows + "?start_date=2025-11-02", Status: 400, Contains: []string{"end_date: "}},
				httptestx.Scenario{Name: "not backwards", As: hr, Path: windows + "?start_date=2026-11-03&end_date=2026-11-01", Status: 400, Contains: []string{"end_date: "}},
				httptestx.Scenario{Name: "not of no time", As: hr, Path: windows + "?start_date=x&limit=101", Status: 400, Contains: []string{"start_date: ", "limit: "}},
				httptestx.Scenario{Name: "not so deep", As: hr, Path: windows + "?page=201", Status: 400, Contains: []string{"page: "}},
				httptestx.Scenario{Name: "of no such name", As: hr, Path: windows + "?employee=1", Status: 400},
				httptestx.Scenario{Name: "sites", As: hr, Path: path + "/visited-sites", Status: 200, Contains: []string{`"visited_sites":[{`, `"url":"https://example.uz/","active_time":30`, `"total":1,`}},
				httptestx.Scenario{Name: "screenshots", As: hr, Path: path + "/screenshots", Status: 200, Contains: []string{`"screenshots":[],"page":1,"total":0,"limit":50`}},
				httptestx.Scenario{Name: "sessions", As: hr, Path: path + "/user-sessions", Status: 200, Contains: []string{`"session_type":"LOGIN","end_time":"2026-11-02T11:59:59.999Z"`}},
				httptestx.Scenario{Name: "not for a guard", As: as(actor.Guard, 1), Path: windows, Status: 403},

				httptestx.Scenario{Name: "an employee", As: lead, Path: person + "?limit=3", Status: 200, Contains: []string{
					`"employee":{"id":1,"name":"Aziza Karimova"},"period":{"start_date":"2026-10-26T12:00:00.000Z","end_date":"2026-11-02T12:00:00.000Z"}`,
					`"summary":{"total_active_time":240,"active_windows":4,"visited_sites":1,"screenshots":0,"user_sessions":1}`,
					`"page":1,"total":6,"limit":3}`, "1 PC-2 11", "1 PC-2 10", "1 PC-1 9",
				}, Excludes: []string{"example.uz"}},
				httptestx.Scenario{Name: "an employee's next page", As: hr, Path: person + "?limit=3&page=2", Status: 200, Contains: []string{`"type":"visited_site"`, `"type":"user_session"`, "1 PC-1 8"}},
				httptestx.Scenario{Name: "another tenant's employee's", As: theirs, Path: person, Status: 404},
				httptestx.Scenario{Name: "an employee of another department", As: as(actor.DepartmentLead, 1, 20), Path: person, Status: 404},
				httptestx.Scenario{Name: "a Windows user", As: operator, Path: user, Status: 200, Contains: []string{
					`"computer_user":{"id":7,"sid":"S-1","name":"Aziza","domain":null,"username":"aziza","employee":{"id":1,"name":"Aziza Karimova"}}`, `"active_windows":4,`,
				}, Excludes: []string{`"title":"2 `}},
				httptestx.Scenario{Name: "a Windows user, as far as the lead's", As: lead, Path: user, Status: 200, Contains: []string{`"active_windows":2,`}, Excludes: []string{"1 PC-1 10"}},
				httptestx.Scenario{Name: "another tenant's Windows user", As: theirs, Path: user, Status: 404},
			)
		}
	})
}

package employees

import (
	"testing"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
)

func TestPeopleAreInGroups(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		for i, name := range []string{"Nodira", "Aziza", "Botir", "Boshqa"} { // of departments 1, 2, 3 and another organization's 4
			newEmployee(t, s, int64(i+1), name)
		}
		server := serverOn(t, d)
		operator := &actor.Actor{Role: actor.Admin, ID: "user:1", UserID: 1}
		hr := &actor.Actor{Role: actor.HR, ID: "user:2", UserID: 2, OrganizationID: 1}
		other := &actor.Actor{Role: actor.HR, ID: "user:5", UserID: 5, OrganizationID: 2}
		lead := &actor.Actor{Role: actor.DepartmentLead, ID: "user:3", UserID: 3, OrganizationID: 1, DepartmentIDs: []int64{2}}
		guard := &actor.Actor{Role: actor.Guard, ID: "user:4", UserID: 4, OrganizationID: 1}
		const path, groups = "/api/v2/employees", "/api/v2/employees/groups"
		httptestx.Run(t, server,
			httptestx.Scenario{Name: "none", As: hr, Path: groups, Status: 200, Contains: []string{`"items":[]`}},
			httptestx.Scenario{Name: "made", As: hr, Path: groups, Body: `{"name":" Oʻt oʻchiruvchilar ","description":"Navbatchilar"}`, Status: 201, Contains: []string{`"id":1`, `"organizationId":1`, `"name":"Oʻt oʻchiruvchilar"`, `"members":0`}},
			httptestx.Scenario{Name: "name taken elsewhere", As: other, Path: groups, Body: `{"name":"Oʻt oʻchiruvchilar"}`, Status: 201, Contains: []string{`"id":2`}},
			httptestx.Scenario{Name: "without a name", As: hr, Path: groups, Body: `{"description":"x"}`, Status: 400, Contains: []string{`"field":"name"`}},
			httptestx.Scenario{Name: "of no organization", As: operator, Path: groups, Body: `{"name":"X"}`, Status: 400, Contains: []string{`"field":"organizationId"`}},
			httptestx.Scenario{Name: "of one", As: operator, Path: groups, Body: `{"name":"Haydovchilar","organizationId":1}`, Status: 201, Contains: []string{`"id":3`, `"organizationId":1`}},
			httptestx.Scenario{Name: "of another's", As: hr, Path: groups, Body: `{"name":"X","organizationId":2}`, Status: 404},
			httptestx.Scenario{Name: "name taken", As: hr, Path: groups, Body: `{"name":"Oʻt oʻchiruvchilar"}`, Status: 409, Contains: []string{"employees.group_name_taken"}},
			httptestx.Scenario{Name: "joined", As: hr, Path: groups + "/1/members", Body: `{"add":[1,2,2]}`, Status: 200, Contains: []string{`"members":2`}},
			httptestx.Scenario{Name: "joined again", As: hr, Path: groups + "/1/members", Body: `{"add":[1]}`, Status: 200, Contains: []string{`"members":2`}},
			httptestx.Scenario{Name: "nobody", As: hr, Path: groups + "/1/members", Body: `{}`, Status: 400, Contains: []string{`"field":"add"`}},
			httptestx.Scenario{Name: "a foreign employee", As: hr, Path: groups + "/1/members", Body: `{"add":[4]}`, Status: 400, Contains: []string{`"field":"add"`}},
			httptestx.Scenario{Name: "an operator mixes organizations", As: operator, Path: groups + "/1/members", Body: `{"add":[3,4]}`, Status: 400, Contains: []string{`"field":"add"`}},
			httptestx.Scenario{Name: "a foreign group", As: other, Path: groups + "/1/members", Body: `{"add":[4]}`, Status: 404, Contains: []string{"employees.group_unknown"}},
			httptestx.Scenario{Name: "shown with a person", As: hr, Path: path + "/1", Status: 200, Contains: []string{`"groups":[{"id":1,"name":"Oʻt oʻchiruvchilar"}]`}},
			httptestx.Scenario{Name: "in none", As: hr, Path: path + "/3", Status: 200, Contains: []string{`"groups":[]`}},
			httptestx.Scenario{Name: "not to a guard", As: guard, Path: path + "/1", Status: 200, Excludes: []string{"groups"}},
			httptestx.Scenario{Name: "chosen", As: hr, Method: "PUT", Path: path + "/1/groups", Body: `{"groupIds":[3]}`, Status: 200, Contains: []string{`"groups":[{"id":3,"name":"Haydovchilar"}]`}},
			httptestx.Scenario{Name: "both", As: hr, Method: "PUT", Path: path + "/1/groups", Body: `{"groupIds":[3,1]}`, Status: 200, Contains: []string{`"groups":[{"id":3,"name":"Haydovchilar"},{"id":1,`}},
			httptestx.Scenario{Name: "a foreign one", As: hr, Method: "PUT", Path: path + "/1/groups", Body: `{"groupIds":[2]}`, Status: 400, Contains: []string{`"field":"groupIds"`}},
			httptestx.Scenario{Name: "an operator's foreign one", As: operator, Method: "PUT", Path: path + "/1/groups", Body: `{"groupIds":[2]}`, Status: 400, Contains: []string{`"field":"groupIds"`}},
			httptestx.Scenario{Name: "of a foreign person", As: other, Method: "PUT", Path: path + "/1/groups", Body: `{"groupIds":[2]}`, Status: 404},
			httptestx.Scenario{Name: "found by it", As: hr, Path: path + "?group=1", Status: 200, Contains: []string{`"total":2`, "Nodira", "Aziza"}, Excludes: []string{"Botir"}},
			httptestx.Scenario{Name: "by several", As: hr, Path: path + "?group=1,3&sort=-name", Status: 200, Contains: []string{`"total":2`}},
			httptestx.Scenario{Name: "by a foreign one", As: other, Path: path + "?group=1", Status: 404},
			httptestx.Scenario{Name: "by a lead", As: lead, Path: path + "?group=1", Status: 200, Contains: []string{`"total":1`, "Aziza"}},
			httptestx.Scenario{Name: "not by a guard", As: guard, Path: path + "?group=1", Status: 400},
			httptestx.Scenario{Name: "in a file", As: hr, Path: path + "/export?group=1", Status: 200, Contains: []string{"Guruhlar = Oʻt oʻchiruvchilar", `"Haydovchilar, Oʻt oʻchiruvchilar"`}},
			httptestx.Scenario{Name: "a lead's groups", As: lead, Path: groups, Status: 200, Contains: []string{"Haydovchilar"}, Excludes: []string{"members"}},
			httptestx.Scenario{Name: "the groups of others", As: other, Path: groups, Status: 200, Contains: []string{`"total":1`}},
			httptestx.Scenario{Name: "by size", As: hr, Path: groups + "?sort=-members&q=chiruvchilar", Status: 200, Contains: []string{`"members":2`, `"total":1`}},
			httptestx.Scenario{Name: "changed", As: hr, Method: "PATCH", Path: groups + "/1", Body: `{"description":""}`, Status: 200, Contains: []string{`"description":""`, `"members":2`}},
			httptestx.Scenario{Name: "changed by others", As: other, Method: "PATCH", Path: groups + "/1", Body: `{"name":"X"}`, Status: 404},
			httptestx.Scenario{Name: "read by others", As: other, Path: groups + "/1", Status: 404},
			httptestx.Scenario{Name: "deleted by others", As: other, Method: "DELETE", Path: groups + "/1", Status: 404},
			httptestx.Scenario{Name: "left", As: hr, Path: groups + "/1/members", Body: `{"remove":[2,3]}`, Status: 200, Contains: []string{`"members":1`}},
			httptestx.Scenario{Name: "deleted", As: hr, Method: "DELETE", Path: groups + "/1", Status: 204},
			httptestx.Scenario{Name: "gone", As: hr, Path: groups + "/1", Status: 404},
			httptestx.Scenario{Name: "the person stays", As: hr, Path: path + "/1", Status: 200, Contains: []string{`"groups":[{"id":3,"name":"Haydovchilar"}]`}},
			httptestx.Scenario{Name: "a group keeps nobody from being deleted", As: hr, Method: "DELETE", Path: path + "/1", Status: 200, Contains: []string{`"deleted"`}},
			httptestx.Scenario{Name: "and has nobody then", As: hr, Path: groups + "/3", Status: 200, Contains: []string{`"members":0`}},
		)
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE object = 'employee:1' AND action LIKE 'employee.group_%'"); n != 5 {
			t.Errorf("%d entries of the groups of employee 1", n)
		}
	})
}

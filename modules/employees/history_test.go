package employees

import (
	"encoding/json"
	"testing"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
)

func TestEachFieldOfAnEmployeeHasAHistory(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		newEmployee(t, s, 1, "Nodira")
		write(t, d, `INSERT INTO users (id, organization_id, name, username, password, role, created_at, updated_at) VALUES
			(2, 1, 'Kadrlar', 'hr', 'x', 'HR', ?0, ?0), (1, NULL, 'Boshqaruvchi', 'admin', 'x', 'ADMIN', ?0, ?0)`, noon)
		server := serverOn(t, d)
		operator := &actor.Actor{Role: actor.Admin, ID: "user:1", UserID: 1}
		hr := &actor.Actor{Role: actor.HR, ID: "user:2", UserID: 2, OrganizationID: 1}
		other := &actor.Actor{Role: actor.HR, ID: "user:5", UserID: 5, OrganizationID: 2}
		lead := &actor.Actor{Role: actor.DepartmentLead, ID: "user:3", UserID: 3, OrganizationID: 1, DepartmentIDs: []int64{1}}
		const path = "/api/v2/employees/1"
		httptestx.Run(t, server,
			httptestx.Scenario{Name: "moved", As: hr, Method: "PATCH", Path: path, Body: `{"departmentId":2,"position":"Usta"}`, Status: 200},
			httptestx.Scenario{Name: "group made", As: hr, Path: "/api/v2/employees/groups", Body: `{"name":"Klub"}`, Status: 201},
			httptestx.Scenario{Name: "joined", As: hr, Method: "PUT", Path: path + "/groups", Body: `{"groupIds":[1]}`, Status: 200},
			httptestx.Scenario{Name: "card", As: hr, Path: path + "/credentials", Body: `{"type":"CARD","code":"77"}`, Status: 201},
			httptestx.Scenario{Name: "not for a lead", As: lead, Path: path + "/history", Status: 403},
			httptestx.Scenario{Name: "not for others", As: other, Path: path + "/history", Status: 404},
			httptestx.Scenario{Name: "bad cursor", As: hr, Path: path + "/history?after=x", Status: 400},
		)
		read := func(who *actor.Actor) (told []string) {
			w := got(server, who, path+"/history", "")
			var page httpx.Page[audit.Change]
			if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || w.Code != 200 {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			for _, c := range page.Items {
				fields, _ := json.Marshal(c.Fields)
				told = append(told, c.Action+" by "+c.Name+" "+string(fields))
			}
			return told
		}
		told := read(hr)
		want := map[int]string{
			1: `employee.group_joined by Kadrlar [{"name":"group","from":null,"to":"Klub"}]`,
			2: `employee.updated by Kadrlar [{"name":"departmentId","from":1,"to":2},{"name":"position","from":null,"to":"Usta"}]`,
			3: `employee.created by  [{"name":"departmentId","from":null,"to":1},{"name":"isActive","from":null,"to":true},{"name":"name","from":null,"to":"Nodira"},{"name":"organizationId","from":null,"to":1}]`,
		}
		if len(told) != 4 {
			t.Fatalf("told is %v", told)
		}
		for i, line := range want {
			if told[i] != line {
				t.Errorf("told\n%s, want\n%s", told[i], line)
			}
		}
		if told := read(operator); told[3][:32] != "employee.created by Boshqaruvchi" {
			t.Errorf("the operator is told %s", told[3])
		}
	})
}

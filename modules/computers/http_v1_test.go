package computers

import (
	"fmt"
	"testing"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

func TestWindowsUsersAreServedAsByV1(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		see(t, o.service, 1, "PC-1", "S-1")
		for _, sid := range []string{"S-1", "S-2"} { // the second was seen nowhere
			if _, err := o.RegisterUser(agent(1), computer.UserDetails{SID: sid, Name: "User " + sid, Username: "user_" + sid}); err != nil {
				t.Fatal(err)
			}
		}
		server := kerneltest.Build(t, kernel.Dashboard, kerneltest.Options{DB: d}, New(),
			kerneltest.Provide[employee.Directory](kernel.Dashboard, people), kerneltest.Provide[organization.Tree](kernel.Dashboard, tree{}), kerneltest.Provide[gateway.Directory](kernel.Dashboard, o.sites))
		hr := &actor.Actor{Role: actor.HR, ID: "user:7", UserID: 7, OrganizationID: 1}
		theirs := &actor.Actor{Role: actor.HR, ID: "user:8", UserID: 8, OrganizationID: 2}
		lead := &actor.Actor{Role: actor.DepartmentLead, ID: "user:9", UserID: 9, OrganizationID: 1, DepartmentIDs: []int64{1}}
		guard := &actor.Actor{Role: actor.Guard, ID: "user:10", UserID: 10, OrganizationID: 1}
		seen, unseen := userID(t, o.service, 1, "S-1"), userID(t, o.service, 1, "S-2")
		const path = "/api/v1/computer-users"
		one := func(id int64, more string) string { return fmt.Sprint(path, "/", id, more) }
		httptestx.Run(t, server,
			httptestx.Scenario{Name: "listed", As: hr, Path: path, Status: 200, Contains: []string{`"employeeId":null,"sid":"S-2"`, `"employee":null`, `"total":2,"page":1,"limit":10}`}},
			httptestx.Scenario{Name: "found", As: hr, Path: path + "?search=USER_S-1&sort=name&order=asc", Status: 200, Contains: []string{`"total":1`}},
			httptestx.Scenario{Name: "no such order", As: hr, Path: path + "?sort=nope", Status: 400},
			httptestx.Scenario{Name: "no such filter", As: hr, Path: path + "?linked=false", Status: 400},
			httptestx.Scenario{Name: "not for leads", As: lead, Path: path, Status: 403},
			httptestx.Scenario{Name: "unlinked", As: hr, Path: path + "/unlinked", Status: 200, Contains: []string{`"usersOnComputers":[{"id":1,`, `"computer":{"id":1,"computerUid":"PC-1",`, `"usersOnComputers":[]`}},
			httptestx.Scenario{Name: "linked", As: hr, Path: one(seen, "/link-employee"), Body: `{"employee_id":11}`, Status: 201, Contains: []string{`"employeeId":11`}},
			httptestx.Scenario{Name: "linked already", As: hr, Path: one(seen, "/link-employee"), Body: `{"employee_id":12}`, Status: 400, Contains: []string{`"code":"Bad Request"`}},
			httptestx.Scenario{Name: "linked to nobody", As: hr, Path: one(unseen, "/link-employee"), Body: `{}`, Status: 400, Contains: []string{"employee_id: "}},
			httptestx.Scenario{Name: "linked to a stranger", As: hr, Path: one(unseen, "/link-employee"), Body: `{"employee_id":21}`, Status: 404},
			httptestx.Scenario{Name: "linked by strangers", As: theirs, Path: one(unseen, "/link-employee"), Body: `{"employee_id":21}`, Status: 404},
			httptestx.Scenario{Name: "whole", As: hr, Path: one(seen, ""), Status: 200, Contains: []string{
				`"employee":{"id":11,"name":"Aziza Karimova","department":{"id":1,"fullName":"D","shortName":"D"}}`, `"computer":{"id":1,"computerUid":"PC-1","os":null,"ipAddress":null,"macAddress":null,"isActive":true,`,
			}},
			httptestx.Scenario{Name: "not theirs", As: theirs, Path: one(seen, ""), Status: 404},
			httptestx.Scenario{Name: "of an employee", As: lead, Path: "/api/v1/employees/11/computer-users", Status: 200, Contains: []string{`{"employeeId":11,"data":[{`, `"computer":{"id":1,"computerUid":"PC-1","os":null,"ipAddress":null}`}},
			httptestx.Scenario{Name: "of a lead's stranger", As: lead, Path: "/api/v1/employees/12/computer-users", Status: 404},
			httptestx.Scenario{Name: "of nobody", As: hr, Path: "/api/v1/employees/12/computer-users", Status: 200, Contains: []string{`"data":[]`}},
			httptestx.Scenario{Name: "not for guards", As: guard, Path: "/api/v1/employees/11/computer-users", Status: 403},
			httptestx.Scenario{Name: "changed", As: hr, Method: "PUT", Path: one(seen, ""), Body: `{"name":"Yangi","domain":"SECTOR","is_admin":true,"computer_id":1}`, Status: 200, Contains: []string{`"name":"Yangi","domain":"SECTOR"`, `"isAdmin":true`, `"sid":"S-1"`}},
			httptestx.Scenario{Name: "domain taken away", As: hr, Method: "PUT", Path: one(seen, ""), Body: `{"domain":null}`, Status: 200, Contains: []string{`"domain":null`}},
			httptestx.Scenario{Name: "where it was not seen", As: hr, Method: "PUT", Path: one(unseen, ""), Body: `{"computer_id":1}`, Status: 400, Contains: []string{"computer_id: "}},
			httptestx.Scenario{Name: "another's SID", As: hr, Method: "PUT", Path: one(seen, ""), Body: `{"sid":"S-2"}`, Status: 409},
			httptestx.Scenario{Name: "no SID", As: hr, Method: "PUT", Path: one(seen, ""), Body: `{"sid":" "}`, Status: 400},
			httptestx.Scenario{Name: "by its v2 name", As: hr, Method: "PUT", Path: one(seen, ""), Body: `{"isAdmin":true}`, Status: 400},
			httptestx.Scenario{Name: "changed by strangers", As: theirs, Method: "PUT", Path: one(seen, ""), Body: `{"name":"theirs"}`, Status: 404},
			httptestx.Scenario{Name: "not that employee's", As: hr, Method: "DELETE", Path: fmt.Sprint("/api/v1/employees/12/unlink-computer-user/", seen), Status: 404},
			httptestx.Scenario{Name: "unlinked from the employee", As: hr, Method: "DELETE", Path: fmt.Sprint("/api/v1/employees/11/unlink-computer-user/", seen), Status: 200, Contains: []string{`"message":"`}},
			httptestx.Scenario{Name: "no number", As: hr, Path: "/api/v1/employees/11/link-computer-user", Body: `{"computerUserId":"abc"}`, Status: 400, Contains: []string{"computerUserId: "}},
			httptestx.Scenario{Name: "not a text", As: hr, Path: "/api/v1/employees/11/link-computer-user", Body: fmt.Sprintf(`{"computerUserId":%d}`, seen), Status: 400},
			httptestx.Scenario{Name: "linked by the employee", As: hr, Path: "/api/v1/employees/11/link-computer-user", Body: fmt.Sprintf(`{"computerUserId":"%d"}`, unseen), Status: 201, Contains: []string{`{"employeeId":11,"computerUser":{`, `"employeeId":11,"sid":"S-2"`}},
			httptestx.Scenario{Name: "unlinked again", As: hr, Method: "DELETE", Path: one(unseen, "/unlink-employee"), Status: 200, Contains: []string{"null"}},
			httptestx.Scenario{Name: "unlinked once more", As: hr, Method: "DELETE", Path: one(unseen, "/unlink-employee"), Status: 200},
			httptestx.Scenario{Name: "computers", As: hr, Path: "/api/computers?search=pc", Status: 200, Contains: []string{`{"data":[{"id":1,"computerUid":"PC-1","os":null,`, `"total":1,"page":1,"limit":10}`}},
			httptestx.Scenario{Name: "their computers", As: theirs, Path: "/api/computers", Status: 200, Contains: []string{`"data":[],"total":0`}},
			httptestx.Scenario{Name: "users of a computer", As: hr, Path: "/api/computers/1/users", Status: 200, Contains: []string{`"sid":"S-1"`}, Excludes: []string{"S-2"}},
			httptestx.Scenario{Name: "users of their computer", As: theirs, Path: "/api/computers/1/users", Status: 404},
			httptestx.Scenario{Name: "seen, and so kept", As: hr, Method: "DELETE", Path: one(seen, ""), Status: 200},
			httptestx.Scenario{Name: "inactive", As: hr, Path: path + "?isActive=false", Status: 200, Contains: []string{`"sid":"S-1"`, `"total":1`}},
			httptestx.Scenario{Name: "deleted by strangers", As: theirs, Method: "DELETE", Path: one(seen, ""), Status: 404},
		)
	})
}

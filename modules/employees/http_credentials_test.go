package employees

import (
	"testing"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
)

func TestEmployeesAreChangedAsByV1(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		server := newServerV1(t, d)
		write(t, d, "INSERT INTO policies (organization_id, title, created_at, updated_at) VALUES (1, 'Developers', ?0, ?0), (2, 'Zavod', ?0, ?0)", noon)
		hr := &actor.Actor{Role: actor.HR, ID: "user:2", UserID: 2, OrganizationID: 1}
		other := &actor.Actor{Role: actor.HR, ID: "user:5", UserID: 5, OrganizationID: 2}
		lead := &actor.Actor{Role: actor.DepartmentLead, ID: "user:3", UserID: 3, OrganizationID: 1, DepartmentIDs: []int64{2}}
		guard := &actor.Actor{Role: actor.Guard, ID: "user:4", UserID: 4, OrganizationID: 1}
		const path = "/api/v1/employees"
		httptestx.Run(t, server,
			httptestx.Scenario{Name: "made", As: hr, Path: path, Body: `{"departmentId":1,"name":"Yangi Xodim","policyId":1,"phone":"+998901112233","email":"yx@sector.uz"}`, Status: 201, Contains: []string{
				`{"id":13,"departmentId":1,"organizationId":1,"policyId":1,"name":"Yangi Xodim","address":null,`,
				`"department":{"id":1,"fullName":"Sex","shortName":"d","organizationId":1},"policy":{"id":1,"title":"Developers"}}`,
			}},
			httptestx.Scenario{Name: "in no department", As: hr, Path: path, Body: `{"departmentId":999,"name":"X"}`, Status: 404},
			httptestx.Scenario{Name: "in a foreign department", As: hr, Path: path, Body: `{"departmentId":4,"name":"X"}`, Status: 404},
			httptestx.Scenario{Name: "with a foreign policy", As: hr, Path: path, Body: `{"departmentId":1,"name":"X","policyId":2}`, Status: 400, Contains: []string{"policyId: "}},
			httptestx.Scenario{Name: "without anything", As: hr, Path: path, Body: `{}`, Status: 400, Contains: []string{"departmentId: ", "name: "}},
			httptestx.Scenario{Name: "not to be sent", As: hr, Path: path, Body: `{"departmentId":1,"name":"X","organizationId":1}`, Status: 400, Contains: []string{"organizationId: "}},
			httptestx.Scenario{Name: "by a lead", As: lead, Path: path, Body: `{"departmentId":2,"name":"X"}`, Status: 403},
			httptestx.Scenario{Name: "one", As: lead, Path: path + "/2", Status: 200, Contains: []string{`"policy":null`}},
			httptestx.Scenario{Name: "for a guard", As: guard, Path: path + "/13", Status: 200, Contains: []string{`"phone":null`, `"policyId":null`, `"policy":null`, `"fullName":"Sex"`}, Excludes: []string{"998", "Developers"}},
			httptestx.Scenario{Name: "not for a lead of others", As: lead, Path: path + "/13", Status: 404},
			httptestx.Scenario{Name: "not for others", As: other, Path: path + "/13", Status: 404},
			httptestx.Scenario{Name: "no number", As: hr, Path: path + "/abc", Status: 400},
			httptestx.Scenario{Name: "changed", As: hr, Method: "PUT", Path: path + "/13", Body: `{"name":"Boshqa Ism","email":null,"policyId":0,"departmentId":2}`, Status: 200, Contains: []string{`"email":null`, `"phone":"+998901112233"`, `"policyId":null`, `"policy":null`, `"departmentId":2`}},
			httptestx.Scenario{Name: "moved to others", As: hr, Method: "PUT", Path: path + "/13", Body: `{"departmentId":4}`, Status: 400},
			httptestx.Scenario{Name: "changed by others", As: other, Method: "PUT", Path: path + "/13", Body: `{"name":"HR2 was here"}`, Status: 404},
			httptestx.Scenario{Name: "card", As: hr, Path: path + "/13/assign-card", Body: `{"cardId":"CARD900001"}`, Status: 201, Contains: []string{
				`{"employeeId":13,"credential":{"id":1,"employeeId":13,"code":"CARD900001","type":"CARD","additionalDetails":null,"isActive":true,"createdAt":"`, `"message":"Card assigned successfully"`,
			}},
			httptestx.Scenario{Name: "somebody's card", As: hr, Path: path + "/2/assign-card", Body: `{"cardId":"CARD900001"}`, Status: 409},
			httptestx.Scenario{Name: "no card", As: hr, Path: path + "/13/assign-card", Body: `{}`, Status: 400, Contains: []string{"cardId: "}},
			httptestx.Scenario{Name: "a number", As: hr, Path: path + "/13/assign-card", Body: `{"cardId":5}`, Status: 400, Contains: []string{"cardId: "}},
			httptestx.Scenario{Name: "nobody's card", As: hr, Path: path + "/999/assign-card", Body: `{"cardId":"C"}`, Status: 404},
			httptestx.Scenario{Name: "a foreign card", As: other, Path: path + "/13/assign-card", Body: `{"cardId":"C"}`, Status: 404},
			httptestx.Scenario{Name: "car", As: hr, Path: path + "/13/assign-car", Body: `{"carId":"01A777AA"}`, Status: 201, Contains: []string{`"type":"CAR"`, "Car assigned successfully"}},
			httptestx.Scenario{Name: "used", As: hr, Method: "DELETE", Path: path + "/13", Status: 200, Contains: []string{"deactivated"}},
			httptestx.Scenario{Name: "deleted", As: hr, Method: "DELETE", Path: path + "/2", Status: 200, Contains: []string{`{"message":"Employee deleted successfully."}`}},
			httptestx.Scenario{Name: "deleted again", As: hr, Method: "DELETE", Path: path + "/2", Status: 404},
		)
	})
}

func TestCardsAndCarsAreGivenAndTakenAway(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		server := newServerV1(t, d)
		hr := &actor.Actor{Role: actor.HR, ID: "user:2", UserID: 2, OrganizationID: 1}
		other := &actor.Actor{Role: actor.HR, ID: "user:5", UserID: 5, OrganizationID: 2}
		const path = "/api/v2/employees/1/credentials"
		httptestx.Run(t, server,
			httptestx.Scenario{Name: "none", As: hr, Path: path, Status: 200, Contains: []string{`"items":[]`}},
			httptestx.Scenario{Name: "car", As: hr, Path: path, Body: `{"type":"CAR","code":" 01A777AA ","model":"Cobalt"}`, Status: 201, Contains: []string{`"code":"01A777AA"`, `"model":"Cobalt"`}},
			httptestx.Scenario{Name: "no such kind", As: hr, Path: path, Body: `{"type":"BIKE","code":"1"}`, Status: 400},
			httptestx.Scenario{Name: "the same number as a card", As: hr, Path: path, Body: `{"type":"CARD","code":"01A777AA"}`, Status: 201},
			httptestx.Scenario{Name: "of another organization, too", As: other, Path: "/api/v2/employees/4/credentials", Body: `{"type":"CAR","code":"01A777AA"}`, Status: 201},
			httptestx.Scenario{Name: "both", As: hr, Path: path, Status: 200, Contains: []string{`"type":"CAR"`, `"type":"CARD"`}},
			httptestx.Scenario{Name: "not for others", As: other, Path: path, Status: 404},
			httptestx.Scenario{Name: "not theirs to take", As: other, Method: "DELETE", Path: path + "/1", Status: 404},
			httptestx.Scenario{Name: "not that employee's", As: hr, Method: "DELETE", Path: "/api/v2/employees/2/credentials/1", Status: 404},
			httptestx.Scenario{Name: "taken away", As: hr, Method: "DELETE", Path: path + "/1", Status: 204},
			httptestx.Scenario{Name: "given to somebody else", As: hr, Path: "/api/v2/employees/2/credentials", Body: `{"type":"CAR","code":"01A777AA"}`, Status: 201},
			httptestx.Scenario{Name: "personal number", As: hr, Method: "PATCH", Path: "/api/v2/employees/1", Body: `{"personalId":"30101901234567","position":"Muhandis"}`, Status: 200, Contains: []string{`"personalId":"30101901234567"`, `"position":"Muhandis"`}},
			httptestx.Scenario{Name: "too short", As: hr, Method: "PATCH", Path: "/api/v2/employees/1", Body: `{"personalId":"3010190123456"}`, Status: 400},
			httptestx.Scenario{Name: "somebody's", As: hr, Method: "PATCH", Path: "/api/v2/employees/2", Body: `{"personalId":"30101901234567"}`, Status: 409},
			httptestx.Scenario{Name: "of another organization", As: other, Method: "PATCH", Path: "/api/v2/employees/4", Body: `{"personalId":"30101901234567"}`, Status: 200},
		)
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action LIKE 'employee.credential_%'"); n != 5 {
			t.Errorf("%d entries in the audit", n)
		}
	})
}

func TestCardsAreFoundAsReadersTellThem(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		give := func(organization, department int64, name, number string) {
			t.Helper()
			ctx := as(actor.HR, organization)
			if _, err := s.equip(ctx, newEmployee(t, s, department, name), credentialInput{Type: card, Code: number}); err != nil {
				t.Fatal(err)
			}
		}
		give(1, 1, "Aziza", "0004567890")
		give(1, 1, "Bobur", "12345678")
		give(1, 1, "Davron", "0012345678")
		give(1, 1, "Xol", "A-77")
		give(2, 4, "Begona", "99")
		got, err := s.ByCards(as(actor.Hikvision, 1), []string{"4567890", "04567890", "12345678", "0012345678", "00012345678", "A-77", "a-77", "0A-77", "99", "000", "", "4567890"})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"4567890": "Aziza", "04567890": "Aziza", "12345678": "Bobur", "0012345678": "Davron", "00012345678": "Bobur", "A-77": "Xol"}
		for number, name := range want {
			if got[number].Name != name {
				t.Errorf("card %s is %q's, want %s's", number, got[number].Name, name)
			}
		}
		if len(got) != len(want) {
			t.Errorf("found %v", got)
		}
	})
}

package visitors

import (
	"fmt"
	"testing"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
)

func TestRoutes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		fill(t, d)
		hr, lead, guard, other, admin := who(hr()), who(lead()), who(guard()), who(other()), who(admin())
		strange := who(as(actor.DepartmentLead, 3, 1, 2))
		const valid = `{"codeType":"MULTIPLE","startDate":"2020-01-01T00:00:00Z","endDate":"2099-01-01T00:00:00Z","maxUses":3}`
		httptestx.Run(t, newServer(t, d),
			httptestx.Scenario{Name: "register", As: guard, Path: path, Body: `{"firstName":" Ўктам ","lastName":"Ғаниев","phone":"+998901234567","passportNumber":"AB7654321","pinfl":"30101901234567","birthday":"1990-01-01","workPlace":"OOO Hamkor","hostId":1}`, Status: 201, Contains: []string{`"id":1`, `"name":"Ғаниев Ўктам"`, `"hostName":"Алиева Нодира"`, `"creatorId":4`}, Excludes: []string{"AB7654321", "30101901234567", "1990"}},
			httptestx.Scenario{Name: "refused", As: hr, Path: path, Body: `{"firstName":"","pinfl":"1","birthday":"yesterday","phone":"111111111111111111111"}`, Status: 400, Contains: []string{`"field":"birthday"`, `"field":"pinfl"`, "14 ta raqam"}},
			httptestx.Scenario{Name: "nothing said", As: hr, Path: path, Body: `{}`, Status: 400, Contains: []string{`"field":"firstName"`, `"field":"lastName"`}},
			httptestx.Scenario{Name: "papers for HR", As: hr, Path: path + "/1", Status: 200, Contains: []string{"AB7654321", `"inside":false`}},
			httptestx.Scenario{Name: "for the host's lead", As: lead, Path: path + "/1", Status: 200},
			httptestx.Scenario{Name: "for another lead", As: strange, Path: path + "/1", Status: 404, Contains: []string{"visitors.unknown"}},
			httptestx.Scenario{Name: "for another tenant", As: other, Path: path + "/1", Status: 404},
			httptestx.Scenario{Name: "found in the other script", As: guard, Path: path + "?q=o%CA%BBktam", Status: 200, Contains: []string{`"total":1`}, Excludes: []string{"AB7654321"}},
			httptestx.Scenario{Name: "found by the host", As: hr, Path: path + "?hostName=nodira&sort=-hostName,name", Status: 200, Contains: []string{`"total":1`}},
			httptestx.Scenario{Name: "a guard asks for papers", As: guard, Path: path + "?passportNumber=AB", Status: 400},
			httptestx.Scenario{Name: "a guard searches papers", As: guard, Path: path + "?q=AB7654321", Status: 200, Contains: []string{`"total":0`}},
			httptestx.Scenario{Name: "another lead's list", As: strange, Path: path, Status: 200, Contains: []string{`"items":[]`}},
			httptestx.Scenario{Name: "change", As: hr, Method: "PATCH", Path: path + "/1", Body: `{"workPlace":"","hostId":2}`, Status: 200, Contains: []string{`"hostName":"Karimov Olim"`}, Excludes: []string{"Hamkor"}},
			httptestx.Scenario{Name: "an unknown host", As: hr, Method: "PATCH", Path: path + "/1", Body: `{"hostId":3}`, Status: 400, Contains: []string{"hostId"}},
			httptestx.Scenario{Name: "a host of another organization", As: admin, Method: "PATCH", Path: path + "/1", Body: `{"hostId":3}`, Status: 409},
			httptestx.Scenario{Name: "another organization", As: admin, Method: "PATCH", Path: path + "/1", Body: `{"organizationId":2}`, Status: 400},
			httptestx.Scenario{Name: "no such birthday", As: hr, Method: "PATCH", Path: path + "/1", Body: `{"birthday":"1990-02-30"}`, Status: 400},
			httptestx.Scenario{Name: "give a code", As: hr, Path: path + "/1/codes", Body: valid, Status: 201, Contains: []string{`"usable":true`, `"maxUses":3`, `"uses":0`}},
			httptestx.Scenario{Name: "a code without sense", As: hr, Path: path + "/1/codes", Body: `{"codeType":"ONETIME","startDate":"2099-01-01T00:00:00Z","endDate":"2020-01-01T00:00:00Z","maxUses":2}`, Status: 400, Contains: []string{`"field":"endDate"`, `"field":"maxUses"`}},
			httptestx.Scenario{Name: "a code of no kind", As: hr, Path: path + "/1/codes", Body: `{}`, Status: 400, Contains: []string{`"field":"codeType"`, `"field":"startDate"`, `"field":"endDate"`}},
			httptestx.Scenario{Name: "a code for nobody", As: hr, Path: path + "/9/codes", Body: valid, Status: 404},
			httptestx.Scenario{Name: "codes", As: guard, Path: path + "/codes?usable=true&visitorName=o%CA%BBktam&codeType=MULTIPLE", Status: 200, Contains: []string{`"total":1`}},
			httptestx.Scenario{Name: "codes that do not let in", As: guard, Path: path + "/codes?usable=false", Status: 200, Contains: []string{`"items":[]`}},
			httptestx.Scenario{Name: "another tenant's codes", As: other, Path: path + "/codes", Status: 200, Contains: []string{`"items":[]`}},
			httptestx.Scenario{Name: "one code", As: guard, Path: path + "/codes/1", Status: 200, Contains: []string{`"visitorName":"Ғаниев Ўктам"`}},
			httptestx.Scenario{Name: "its picture", As: guard, Path: path + "/codes/1/qr", Status: 200, Contains: []string{"\x89PNG"}},
			httptestx.Scenario{Name: "another tenant's picture", As: other, Path: path + "/codes/1/qr", Status: 404},
			httptestx.Scenario{Name: "a picture of nothing", As: guard, Path: path + "/codes/x/qr", Status: 404},
			httptestx.Scenario{Name: "change the code", As: hr, Method: "PATCH", Path: path + "/codes/1", Body: `{"additionalDetails":"VIP"}`, Status: 200, Contains: []string{"VIP"}},
			httptestx.Scenario{Name: "no such code", As: guard, Path: path + "/codes/check", Body: `{"code":"nope"}`, Status: 404, Contains: []string{"visitors.code_unknown"}},
			httptestx.Scenario{Name: "nobody comes in", As: guard, Path: path + "/visits", Body: `{}`, Status: 400, Contains: []string{`"field":"code"`}},
			httptestx.Scenario{Name: "in until yesterday", As: guard, Path: path + "/visits", Body: `{"visitorId":1,"until":"2020-01-01T00:00:00Z"}`, Status: 400, Contains: []string{`"field":"until"`}},
			httptestx.Scenario{Name: "to a host of another tenant", As: guard, Path: path + "/visits", Body: `{"visitorId":1,"hostId":3}`, Status: 400, Contains: []string{`"field":"hostId"`}},
			httptestx.Scenario{Name: "by no code", As: guard, Path: path + "/visits", Body: `{"code":"nope"}`, Status: 404},
			httptestx.Scenario{Name: "nobody known", As: guard, Path: path + "/visits", Body: `{"visitorId":99}`, Status: 404},
			httptestx.Scenario{Name: "another tenant's visitor", As: other, Path: path + "/visits", Body: `{"visitorId":1}`, Status: 404},
			httptestx.Scenario{Name: "in", As: guard, Path: path + "/visits", Body: `{"visitorId":1,"badge":"12","hostId":1,"note":"hujjat","until":"2099-01-01T00:00:00Z"}`, Status: 201, Contains: []string{`"id":1`, `"badge":"12"`, `"codeId":1`, `"inside":true`, `"overstay":false`, `"hostName":"Алиева Нодира"`}},
			httptestx.Scenario{Name: "today", As: lead, Path: path + "/today", Status: 200, Contains: []string{`"inside":1`, `"arrived":1`, `"zone":"Asia/Tashkent"`}},
			httptestx.Scenario{Name: "today for all", As: admin, Path: path + "/today", Status: 200, Contains: []string{`"inside":1`}},
			httptestx.Scenario{Name: "visits", As: guard, Path: path + "/visits?inside=true&badge=12", Status: 200, Contains: []string{`"total":1`}},
			httptestx.Scenario{Name: "inside", As: guard, Path: path + "?inside=true", Status: 200, Contains: []string{`"total":1`, `"inside":true`}},
			httptestx.Scenario{Name: "another tenant checks out", As: other, Path: path + "/visits/1/checkout", Body: `{}`, Status: 404, Contains: []string{"visitors.visit_unknown"}},
			httptestx.Scenario{Name: "out", As: guard, Method: "POST", Path: path + "/visits/1/checkout", Status: 200, Contains: []string{`"inside":false`, `"checkedOutBy":4`, `"checkedOutByName":"u4"`}},
			httptestx.Scenario{Name: "out again", As: guard, Method: "POST", Path: path + "/visits/1/checkout", Status: 409, Contains: []string{"visitors.left"}},
			httptestx.Scenario{Name: "export", As: hr, Path: path + "/export", Header: map[string]string{"Accept-Language": "ru"}, Status: 200, Contains: []string{"\ufeffПосетители\r\n", "Ғаниев Ўктам", "AB7654321"}},
			httptestx.Scenario{Name: "a guard's export", As: guard, Path: path + "/export", Status: 200, Contains: []string{"Ғаниев Ўктам"}, Excludes: []string{"AB7654321"}},
			httptestx.Scenario{Name: "export of visits", As: guard, Path: path + "/visits/export", Status: 200, Contains: []string{"Tashriflar", "Ғаниев Ўктам", "hujjat", ",u4,"}},
			httptestx.Scenario{Name: "export of codes", As: hr, Path: path + "/codes/export?format=xlsx", Status: 200},
			httptestx.Scenario{Name: "a used code is kept", As: hr, Method: "DELETE", Path: path + "/codes/1", Status: 409, Contains: []string{"visitors.code_kept"}},
			httptestx.Scenario{Name: "another code", As: hr, Path: path + "/1/codes", Body: valid, Status: 201},
			httptestx.Scenario{Name: "is deleted", As: hr, Method: "DELETE", Path: path + "/codes/2", Status: 204},
			httptestx.Scenario{Name: "no code is deleted", As: hr, Method: "DELETE", Path: path + "/codes/2", Status: 404},
			httptestx.Scenario{Name: "who has been here stays", As: hr, Method: "DELETE", Path: path + "/1", Status: 200, Contains: []string{"deactivated"}},
			httptestx.Scenario{Name: "register another", As: hr, Path: path, Body: `{"firstName":"A","lastName":"B"}`, Status: 201},
			httptestx.Scenario{Name: "who has not goes", As: hr, Method: "DELETE", Path: path + "/2", Status: 200, Contains: []string{`"deleted"`}},
		)
	})
}

// The specification's matrix: all in the own organization for HR, the own department's read for leads, read and create
// and the desk for guards.
func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	const read, write, desk = actor.People, actor.Admin | actor.HR, actor.Admin | actor.HR | actor.Guard
	d := dbtest.SQLite(t)
	fill(t, d)
	var scenarios []httptestx.Scenario
	for _, route := range []struct {
		method, path string
		allowed      actor.Role
	}{
		{"GET", path, read}, {"GET", path + "/export", read}, {"GET", path + "/9", read}, {"GET", path + "/today", read}, {"POST", path, desk},
		{"PATCH", path + "/9", write}, {"DELETE", path + "/9", write}, {"POST", path + "/9/codes", write},
		{"GET", path + "/codes", desk}, {"GET", path + "/codes/9", desk}, {"GET", path + "/codes/9/qr", desk}, {"POST", path + "/codes/check", desk},
		{"PATCH", path + "/codes/9", write}, {"DELETE", path + "/codes/9", write},
		{"GET", path + "/visits", read}, {"POST", path + "/visits", desk}, {"POST", path + "/visits/9/checkout", desk},
		{"GET", "/api/v1/visitors", read}, {"GET", "/api/v1/visitors/9", read}, {"POST", "/api/v1/visitors", write}, {"PUT", "/api/v1/visitors/9", write},
		{"DELETE", "/api/v1/visitors/9", write}, {"POST", "/api/v1/visitors/9/generate-code", write}, {"GET", "/api/v1/visitors/9/entry-logs", read},
		{"GET", "/api/v1/visitors/validate-code/x", read}, {"PUT", "/api/v1/visitors/codes/9/deactivate", write},
		{"GET", "/api/v1/visitors/today", read}, {"GET", "/api/v1/visitors/active-codes", read}, {"GET", "/api/v1/visitors/9/actions", read},
		{"GET", "/api/v1/onetime-codes", desk}, {"GET", "/api/v1/onetime-codes/active", desk}, {"GET", "/api/v1/onetime-codes/9", desk},
		{"POST", "/api/v1/onetime-codes", write}, {"PUT", "/api/v1/onetime-codes/9", write}, {"DELETE", "/api/v1/onetime-codes/9", write},
		{"POST", "/api/v1/onetime-codes/9/activate", write},
	} {
		for _, role := range []actor.Role{actor.Admin, actor.HR, actor.DepartmentLead, actor.Guard, actor.Gateway, actor.Agent, actor.Hikvision} {
			as := &actor.Actor{Role: role, ID: "test", OrganizationID: 1}
			sc := httptestx.Scenario{Name: fmt.Sprint(route.method, route.path, role), As: as, Method: route.method, Path: route.path, Status: 403}
			if role&route.allowed != 0 {
				sc.Status, sc.Excludes = 0, []string{"ACCESS_DENIED", "Forbidden resource", "INTERNAL", "APPLICATION_ERROR"}
			}
			scenarios = append(scenarios, sc)
		}
	}
	httptestx.Run(t, newServer(t, d), scenarios...)
}

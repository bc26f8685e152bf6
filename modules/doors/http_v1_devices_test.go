package doors

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"testing"

	"github.com/staff-control/staff-control/modules/auth/identity/identitytest"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
	"github.com/staff-control/staff-control/platform/secret"
)

func TestDevicesAreKeptAsByV1(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		mustTake(t, o, terminal(1), action(1, "08:00:00", true, named(11)), action(1, "09:00:00", false, named(12)))
		server := kerneltest.Build(t, kernel.Dashboard, kerneltest.Options{DB: d}, provided(kernel.Dashboard)...)
		one, operator, guard := someone(actor.Admin, 1), someone(actor.Admin, 0), someone(actor.Guard, 1)
		body := func(address, more string) string {
			return fmt.Sprintf(`{"name":"Янги","type":"FACE","ip_address":"%s","username":"admin","password":"hik12345","entry_type":"BOTH"%s}`, address, more)
		}
		for i, path := range []string{"/api/v1/devices", "/api/devices"} {
			id, address := 6+2*i, fmt.Sprintf("10.0.1.%d", i)
			its := fmt.Sprintf("%s/%d", path, id)
			httptestx.Run(t, server,
				httptestx.Scenario{Name: "list", As: guard, Path: path + "?limit=3&sort=id&order=asc", Status: 200, Contains: []string{`"data":[{"id":1,`, `"_count":{"actions":2}`, `"page":1,"limit":3}`}, Excludes: []string{"Theirs", "password", "hik12345"}},
				httptestx.Scenario{Name: "a search", As: one, Path: path + "?search=TURN&isActive=true", Status: 200, Contains: []string{`"total":1,`, "Turnstile"}},
				httptestx.Scenario{Name: "an address", As: one, Path: path + "?search=0.0.3", Status: 200, Contains: []string{`"total":1,`, "Turnstile"}},
				httptestx.Scenario{Name: "sorted by a secret", As: one, Path: path + "?sort=password", Status: 400},
				httptestx.Scenario{Name: "not for HR", As: someone(actor.HR, 1), Path: path, Status: 403},
				httptestx.Scenario{Name: "one", As: one, Path: path + "/1", Status: 200, Contains: []string{
					`"id":1,"gateId":null,"name":"In","entryType":"ENTER"`, `"actions":[{"id":2,"deviceId":1,`, `"employee":{"id":12,"name":"Шухрат Ўктамов"}`, `"createdAt":"2026-11-02T12:00:00.000Z"`,
				}, Excludes: []string{"password"}},
				httptestx.Scenario{Name: "another tenant's", As: one, Path: path + "/4", Status: 404, Contains: []string{`"code":"Not Found"`}},
				httptestx.Scenario{Name: "add", As: one, Path: path, Body: body(address, ""), Status: 201, Contains: []string{fmt.Sprintf(`"id":%d,`, id), `"login":"admin"`}, Excludes: []string{"hik12345", "password"}},
				httptestx.Scenario{Name: "a guard sees no login", As: guard, Path: its, Status: 200, Contains: []string{`"login":null`}},
				httptestx.Scenario{Name: "taken", As: one, Path: path, Body: body(address, ""), Status: 400, Contains: []string{`"code":"Bad Request","message":"Device with this IP address already exists"`}},
				httptestx.Scenario{Name: "in one of two", As: operator, Path: path, Body: body("10.0.2.1", ""), Status: 400, Contains: []string{"organizationId: "}},
				httptestx.Scenario{Name: "in the other", As: operator, Path: path, Body: body(address, `,"organizationId":2`), Status: 201},
				httptestx.Scenario{Name: "nothing", As: one, Path: path, Body: `{}`, Status: 400, Contains: []string{"name: ", "type: ", "ip_address: ", "username: ", "password: ", "entry_type: "}},
				httptestx.Scenario{Name: "wrong", As: one, Path: path, Body: body("10.0.0", `,"port":0`), Status: 400, Contains: []string{"ip_address: ", "port: "}},
				httptestx.Scenario{Name: "a guard adds", As: guard, Path: path, Body: body("10.0.3.1", ""), Status: 403},
				httptestx.Scenario{Name: "change", As: one, Method: "PUT", Path: its, Body: `{"name":"Gate","additional_details":"x"}`, Status: 200, Contains: []string{`"name":"Gate","entryType":"BOTH","type":"FACE"`, `"isActive":true`}},
				httptestx.Scenario{Name: "change another tenant's", As: one, Method: "PUT", Path: path + "/4", Body: `{"name":"x"}`, Status: 404},
				httptestx.Scenario{Name: "try", As: one, Method: "POST", Path: path + "/1/test-connection", Body: `{"timeout":1}`, Status: 201, Contains: []string{`"success":false`, `"response_time":null`, "last reported at 2026-11-02T12:00:00Z"}},
				httptestx.Scenario{Name: "try one that never reported", As: one, Method: "POST", Path: its + "/test-connection", Status: 201, Contains: []string{`"success":false`, "never reported"}},
				httptestx.Scenario{Name: "try another tenant's", As: one, Method: "POST", Path: path + "/4/test-connection", Status: 404},
				httptestx.Scenario{Name: "delete one that reported", As: one, Method: "DELETE", Path: path + "/1", Status: 200},
				httptestx.Scenario{Name: "it is inactive", As: one, Path: path + "/1", Status: 200, Contains: []string{`"isActive":false`}},
				httptestx.Scenario{Name: "delete another tenant's", As: one, Method: "DELETE", Path: path + "/4", Status: 404},
			)
			sealed(t, d, int64(id))
			httptestx.Run(t, server,
				httptestx.Scenario{Name: "delete", As: one, Method: "DELETE", Path: its, Status: 200},
				httptestx.Scenario{Name: "it is gone", As: one, Path: its, Status: 404},
			)
		}
	})
}

// sealed looks at how the password of a device lies in the database.
func sealed(t *testing.T, d *db.DB, id int64) {
	t.Helper()
	var row deviceRow
	inside(t, d, system(), func(ctx context.Context, tx db.Tx) error { return tx.Select(&row).Where("id = ?", id).Scan(ctx) })
	box, err := base64.StdEncoding.DecodeString(row.Sealed)
	key, also := identitytest.Secret("the server's secret").Derive(sealPurpose)
	if err := errors.Join(err, also); err != nil {
		t.Fatal(err)
	}
	if plain, err := secret.Open(key, box, fmt.Sprintf("device %d", id)); err != nil || string(plain) != "hik12345" || row.Port != portV1 {
		t.Errorf("the password is %q, at port %d: %v", plain, row.Port, err)
	}
	if _, err := secret.Open(key, box, "device 1"); err == nil {
		t.Error("another device's row would open it")
	}
}

func TestDevicesHangAtGates(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		server := kerneltest.Build(t, kernel.Dashboard, kerneltest.Options{DB: d}, provided(kernel.Dashboard)...)
		one, hr, guard, theirs, operator := someone(actor.Admin, 1), someone(actor.HR, 1), someone(actor.Guard, 1), someone(actor.Admin, 2), someone(actor.Admin, 0)
		const path, device = "/api/v2/gates", "/api/v2/devices/3"
		httptestx.Run(t, server,
			httptestx.Scenario{Name: "add", As: one, Path: path, Body: `{"name":" North "}`, Status: 201, Contains: []string{`{"id":1,"organizationId":1,"name":"North",`}},
			httptestx.Scenario{Name: "add theirs", As: operator, Path: path, Body: `{"name":"South","organizationId":2}`, Status: 201, Contains: []string{`"id":2,`}},
			httptestx.Scenario{Name: "add nowhere", As: operator, Path: path, Body: `{"name":"x"}`, Status: 400, Contains: []string{`"field":"organizationId","code":"required"`}},
			httptestx.Scenario{Name: "add to nothing", As: operator, Path: path, Body: `{"name":"x","organizationId":99}`, Status: 400, Contains: []string{"unknown_reference"}},
			httptestx.Scenario{Name: "without a name", As: one, Path: path, Body: `{"name":" "}`, Status: 400, Contains: []string{`"field":"name"`}},
			httptestx.Scenario{Name: "HR adds", As: hr, Path: path, Body: `{"name":"x"}`, Status: 403},
			httptestx.Scenario{Name: "HR lists", As: hr, Path: path, Status: 403},
			httptestx.Scenario{Name: "a lead lists", As: someone(actor.DepartmentLead, 1, 2), Path: path, Status: 403},
			httptestx.Scenario{Name: "a guard adds", As: guard, Path: path, Body: `{"name":"x"}`, Status: 403},
			httptestx.Scenario{Name: "list", As: guard, Path: path, Status: 200, Contains: []string{"North"}, Excludes: []string{"South"}},
			httptestx.Scenario{Name: "a page", As: operator, Path: path + "?limit=1&organization=1", Status: 200, Contains: []string{"North"}, Excludes: []string{"South"}},
			httptestx.Scenario{Name: "after", As: operator, Path: path + "?after=" + db.Cursor(1), Status: 200, Contains: []string{"South"}, Excludes: []string{"North"}},
			httptestx.Scenario{Name: "after nothing", As: one, Path: path + "?after=x", Status: 400},
			httptestx.Scenario{Name: "hang", As: one, Method: "PATCH", Path: device, Body: `{"gateId":1}`, Status: 200, Contains: []string{`"gateId":1`}},
			httptestx.Scenario{Name: "hang at another tenant's", As: one, Method: "PATCH", Path: device, Body: `{"gateId":2}`, Status: 400, Contains: []string{`"field":"gateId","code":"unknown_reference"`}},
			httptestx.Scenario{Name: "hang at another tenant's, by an operator", As: operator, Method: "PATCH", Path: device, Body: `{"gateId":2}`, Status: 400},
			httptestx.Scenario{Name: "name", As: one, Method: "PATCH", Path: path + "/1", Body: `{"name":"East"}`, Status: 200, Contains: []string{"East"}},
			httptestx.Scenario{Name: "name another tenant's", As: theirs, Method: "PATCH", Path: path + "/1", Body: `{"name":"x"}`, Status: 404, Contains: []string{"doors.gate_unknown"}},
			httptestx.Scenario{Name: "delete another tenant's", As: theirs, Method: "DELETE", Path: path + "/1", Status: 404},
		)
		mustTake(t, o, terminal(1), action(3, "08:00:00", true, named(11)), action(1, "09:00:00", true, named(11)))
		log := "/api/v1/employees/11/entry-logs"
		httptestx.Run(t, server,
			httptestx.Scenario{Name: "a pass has its gate", As: hr, Path: log + "?page=2&limit=1", Status: 200, Contains: []string{`"gateId":1`, `"gate":{"id":1,"name":"East"}`}},
			httptestx.Scenario{Name: "one without", As: hr, Path: log + "?limit=1", Status: 200, Contains: []string{`"gateId":null`, `"gate":null`}},
			httptestx.Scenario{Name: "delete", As: one, Method: "DELETE", Path: path + "/1", Status: 204},
			httptestx.Scenario{Name: "hangs nowhere", As: one, Path: "/api/v1/devices/3", Status: 200, Contains: []string{`"id":3,"gateId":null`}},
			httptestx.Scenario{Name: "passes stay", As: hr, Path: log + "?page=2&limit=1", Status: 200, Contains: []string{`"gateId":1`, `"gate":null`}},
		)
	})
}

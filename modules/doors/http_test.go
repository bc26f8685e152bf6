package doors

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/auth/identity/identitytest"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/visitors/visitor"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

func provided(role kernel.Role) []kernel.Module { return append(others(role), New()) }

// others are the modules that this one needs.
func others(role kernel.Role) []kernel.Module {
	return []kernel.Module{
		kerneltest.Provide[employee.Directory](role, people), kerneltest.Provide[employee.Roster](role, people), kerneltest.Provide[organization.Tree](role, tree{}),
		kerneltest.Provide[employee.Cards](role, people), kerneltest.Provide[visitor.Gate](role, guests{new(bool), new(bool)}),
		kerneltest.Provide[visitor.Directory](role, guests{}), kerneltest.Provide[alert.Log](role, &bell{}),
		kerneltest.Provide[organization.Index](role, tree{}), kerneltest.Provide[identity.Secret](role, identitytest.Secret("the server's secret")),
	}
}

func someone(role actor.Role, organization int64, departments ...int64) *actor.Actor {
	return &actor.Actor{Role: role, ID: "user:7", UserID: 7, OrganizationID: organization, DepartmentIDs: departments}
}

// v1's answers, as the recordings have them.
func TestRoutesOfTerminals(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	populate(t, d)
	server := kerneltest.Build(t, kernel.AgentAPI, kerneltest.Options{DB: d}, provided(kernel.AgentAPI)...)
	key := &actor.Actor{Role: actor.Hikvision, ID: "key:1", OrganizationID: 1}
	path := "/api/hikvision"
	action := `{"deviceIp":"10.0.0.1","deviceSerial":"SN","actionType":"FACE_RECOGNITION","timestamp":"2025-10-01T10:00:00Z","accessGranted":true,"personInfo":{"employeeId":"11","name":"Aziza"}}`
	stranger := `{"deviceIp":"1.1.1.1","timestamp":"2025-10-01T10:00:00Z"}`
	mask := []string{"id"}
	httptestx.Run(t, server,
		httptestx.Scenario{Name: "no key", Path: path + "/actions", Body: action, Status: 401, Contains: []string{`"code":"Unauthorized","message":"API key is required"`}},
		httptestx.Scenario{Name: "agent's key", As: &actor.Actor{Role: actor.Agent, OrganizationID: 1}, Path: path + "/actions", Body: action, Status: 403, Contains: []string{"API key type AGENT is not allowed for this endpoint"}},
		httptestx.Scenario{Name: "action", As: key, Path: path + "/actions", Body: action, Status: 200, Golden: "v1_action", Mask: mask},
		httptestx.Scenario{Name: "admin's key", As: &actor.Actor{Role: actor.Admin, OrganizationID: 1}, Path: path + "/actions", Body: action, Status: 200},
		httptestx.Scenario{Name: "actions", As: key, Path: path + "/actions/batch", Body: `{"actions":[` + action + `,` + stranger + `,null]}`, Status: 200, Golden: "v1_actions", Mask: mask},
		httptestx.Scenario{Name: "empty action", As: key, Path: path + "/actions", Body: `{}`, Status: 200, Contains: []string{`"processed":false,"deviceMatched":false,"personMatched":false,"actionRecorded":false,"errors":["Device not found for IP: "]`}},
		httptestx.Scenario{Name: "no list", As: key, Path: path + "/actions/batch", Body: `{}`, Status: 400, Contains: []string{`"code":"Bad Request","message":"Validation failed: actions: `}},
		httptestx.Scenario{Name: "no body", As: key, Method: "POST", Path: path + "/actions/batch", Status: 400},
		httptestx.Scenario{Name: "not a list", As: key, Path: path + "/actions/batch", Body: `{"actions":{}}`, Status: 400},
		httptestx.Scenario{Name: "empty list", As: key, Path: path + "/actions/batch", Body: `{"actions":[]}`, Status: 200, Contains: []string{`"data":[]`}},
		httptestx.Scenario{Name: "too many", As: key, Path: path + "/actions/batch", Body: `{"actions":[` + strings.Repeat("{},", 1000) + `{}]}`, Status: 413},
		httptestx.Scenario{Name: "too large", As: key, Path: path + "/actions/batch", Body: `{"actions":["` + strings.Repeat("x", maxPayload) + `"]}`, Status: 413},
		httptestx.Scenario{Name: "a list for one", As: key, Path: path + "/actions", Body: `[]`, Status: 400},
		httptestx.Scenario{Name: "nothing for one", As: key, Method: "POST", Path: path + "/actions", Status: 400},
		httptestx.Scenario{Name: "no JSON", As: key, Path: path + "/actions", Body: `{`, Status: 400},
		httptestx.Scenario{Name: "events", As: key, Path: path + "/events/batch", Status: 200, Golden: "v1_events", Mask: mask,
			Body: `{"events":[{"deviceIp":"10.0.0.1","eventType":"ALARM_TRIGGERED","timestamp":"2025-10-01T10:00:00Z"},` + stranger + `]}`},
		httptestx.Scenario{Name: "event", As: key, Path: path + "/events", Body: `{"deviceIp":"10.0.0.1","eventType":"DOOR_OPENED","timestamp":"2025-10-01T10:00:00Z"}`, Status: 200,
			Contains: []string{`"processed":true,"alertGenerated":false,"notificationSent":false,"errors":[]`}},
		httptestx.Scenario{Name: "event of nothing", As: key, Method: "POST", Path: path + "/events", Status: 400},
		httptestx.Scenario{Name: "events of nothing", As: key, Body: `{}`, Path: path + "/events/batch", Status: 400},
		httptestx.Scenario{Name: "statuses", As: key, Path: path + "/device-status/batch", Status: 200, Golden: "v1_statuses",
			Body: `{"devices":[{"deviceIp":"10.0.0.1","status":"ONLINE","timestamp":"2025-10-01T10:00:00Z"},{"deviceIp":"1.1.1.1","status":"OFFLINE","timestamp":"2025-10-01T10:00:00Z"},{}]}`},
		httptestx.Scenario{Name: "status", As: key, Path: path + "/device-status", Body: `{"deviceIp":"10.0.0.1","status":"ERROR","timestamp":"2025-10-01T10:00:00Z"}`, Status: 200,
			Contains: []string{`"data":{"deviceIp":"10.0.0.1","statusUpdated":true,"alertsGenerated":1,"errors":[]}`}},
		httptestx.Scenario{Name: "status of nothing", As: key, Method: "POST", Path: path + "/device-status", Status: 400},
		httptestx.Scenario{Name: "statuses of nothing", As: key, Body: `{}`, Path: path + "/device-status/batch", Status: 400},
		httptestx.Scenario{Name: "heartbeat", As: key, Path: path + "/heartbeat", Body: `{"deviceIp":"10.0.0.1","deviceSerial":"SN","timestamp":"2025-10-01T10:00:00Z"}`, Status: 200, Golden: "v1_heartbeat"},
		httptestx.Scenario{Name: "heartbeat of nothing", As: key, Method: "POST", Path: path + "/heartbeat", Status: 400},
	)
}

// A report sent again has v1's form of an id, and the same.
func TestNamesAreAsInV1(t *testing.T) {
	t.Parallel()
	a := nameV1("action", noon, "key")
	if want := "action_1793620800000_"; !strings.HasPrefix(a, want) || len(a) != len(want)+9 || a != nameV1("action", noon, "key") || a == nameV1("action", noon, "other") {
		t.Errorf("the name is %s", a)
	}
}

func TestRoutesOfPassesAndDevices(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		mustTake(t, o, terminal(1), action(1, "08:00:00", true, named(11)), action(3, "09:00:00", true, named(12)), action(2, "10:00:00", false, named(11)),
			json.RawMessage(`{"deviceIp":"1.1.1.1","timestamp":"2026-11-02T11:00:00Z"}`))
		mustTake(t, o, terminal(2), action(1, "08:00:00", true, named(21)))
		if _, err := o.takeStatuses(terminal(1), reports(t, status("10.0.0.1", "ONLINE", "09:00:00"), status("10.0.0.1", "ERROR", "09:30:00"))); err != nil {
			t.Fatal(err)
		}
		server := kerneltest.Build(t, kernel.Dashboard, kerneltest.Options{DB: d}, provided(kernel.Dashboard)...)
		hr, guard, lead, theirs := someone(actor.HR, 1), someone(actor.Guard, 1), someone(actor.DepartmentLead, 1, 2), someone(actor.HR, 2)
		operator, admin, other := someone(actor.Admin, 0), someone(actor.Admin, 1), someone(actor.Admin, 2)
		newDevice := func(change string) string {
			return strings.Replace(`{"name":"New","ipAddress":"10.0.0.9","entryType":"BOTH","serialNumber":"N"}`, "{", "{"+change, 1)
		}
		path := "/api/v2/passes"
		httptestx.Run(t, server,
			httptestx.Scenario{Name: "passes", As: hr, Path: path, Status: 200, Golden: "passes"},
			httptestx.Scenario{Name: "a guard's", As: guard, Path: path, Status: 200, Golden: "passes"},
			httptestx.Scenario{Name: "a lead's", As: lead, Path: path, Status: 200, Contains: []string{`"employeeId":12`}, Excludes: []string{`"employeeId":11`, "device_unknown"}},
			httptestx.Scenario{Name: "another tenant's", As: theirs, Path: path, Status: 200, Contains: []string{`"employeeId":21`}, Excludes: []string{`"employeeId":11`, `"organizationId":1`}},
			httptestx.Scenario{Name: "the operator's", As: operator, Path: path, Status: 200, Contains: []string{`"organizationId":1`, `"organizationId":2`}},
			httptestx.Scenario{Name: "of an organization", As: operator, Path: path + "?organization=2", Status: 200, Excludes: []string{`"organizationId":1`}},
			httptestx.Scenario{Name: "of an employee", As: hr, Path: path + "?employee=11&granted=true", Status: 200, Contains: []string{`"id":1,`}, Excludes: []string{`"id":2,`, `"id":3,`}},
			httptestx.Scenario{Name: "of a device", As: hr, Path: path + "?device=3", Status: 200, Contains: []string{`"deviceName":"Turnstile"`}, Excludes: []string{`"deviceName":"In"`}},
			httptestx.Scenario{Name: "of a time", As: hr, Path: path + "?from=2026-11-02T09:00:00Z&to=2026-11-02T10:00:00Z", Status: 200, Contains: []string{`"id":2,`}, Excludes: []string{`"id":1,`, `"id":3,`}},
			httptestx.Scenario{Name: "first page", As: hr, Path: path + "?limit=1", Status: 200, Contains: []string{`"id":4,`}, Excludes: []string{`"next":""`}},
			httptestx.Scenario{Name: "next page", As: hr, Path: path + "?limit=2&after=" + db.Cursor("2026-11-02T11:00:00Z", 4), Status: 200, Contains: []string{`"id":3,`, `"id":2,`}, Excludes: []string{`"id":4,`}},
			httptestx.Scenario{Name: "bad cursor", As: hr, Path: path + "?after=x", Status: 400, Contains: []string{"bad_cursor"}},
			httptestx.Scenario{Name: "nobody's", Path: path, Status: 401},
		)
		path = "/api/v2/devices"
		httptestx.Run(t, server,
			httptestx.Scenario{Name: "devices", As: guard, Path: path, Status: 200, Golden: "devices"},
			httptestx.Scenario{Name: "devices of another tenant", As: other, Path: path, Status: 200, Contains: []string{`"name":"Theirs"`}, Excludes: []string{`"name":"In"`}},
			httptestx.Scenario{Name: "devices of an organization", As: operator, Path: path + "?organization=1&limit=1", Status: 200, Contains: []string{`"name":"In"`}, Excludes: []string{`"next":""`}},
			httptestx.Scenario{Name: "devices from the end", As: admin, Path: path + "?sort=-name&limit=1", Status: 200, Contains: []string{`"name":"Turnstile"`, `"total":4`}, Excludes: []string{`"name":"In"`}},
			httptestx.Scenario{Name: "devices by what they said", As: admin, Path: path + "?status=ERROR&sort=-statusSince", Status: 200, Contains: []string{`"name":"In"`, `"total":1`}},
			httptestx.Scenario{Name: "devices found", As: admin, Path: path + "?q=sn3&entryType=BOTH&isActive=true", Status: 200, Contains: []string{`"name":"Turnstile"`, `"total":1`}},
			httptestx.Scenario{Name: "devices as a file", As: guard, Path: path + "/export?isActive=false", Status: 200, Contains: []string{"Retired", "10.0.0.5"}, Excludes: []string{"Turnstile", "Theirs"}},
			httptestx.Scenario{Name: "devices of another tenant by id", As: other, Path: path + "?id=1", Status: 200, Contains: []string{`"items":[]`}},
			httptestx.Scenario{Name: "devices after nothing", As: admin, Path: path + "?after=x", Status: 400},
			httptestx.Scenario{Name: "add", As: admin, Path: path, Body: newDevice(""), Status: 201, Contains: []string{`"organizationId":1,"name":"New","ipAddress":"10.0.0.9","entryType":"BOTH"`}},
			httptestx.Scenario{Name: "add again", As: admin, Path: path, Body: newDevice(""), Status: 400, Contains: []string{`"field":"ipAddress","code":"taken"`}},
			httptestx.Scenario{Name: "add in another tenant", As: other, Path: path, Body: newDevice(""), Status: 201},
			httptestx.Scenario{Name: "add to another tenant", As: other, Path: path, Body: newDevice(`"organizationId":1,`), Status: 400, Contains: []string{"unknown_reference"}},
			httptestx.Scenario{Name: "add nowhere", As: operator, Path: path, Body: newDevice(""), Status: 400, Contains: []string{`"field":"organizationId","code":"required"`}},
			httptestx.Scenario{Name: "add to nothing", As: operator, Path: path, Body: newDevice(`"organizationId":99,`), Status: 400, Contains: []string{"unknown_reference"}},
			httptestx.Scenario{Name: "devices for HR", As: hr, Path: path, Status: 403},
			httptestx.Scenario{Name: "devices for a lead", As: lead, Path: path, Status: 403},
			httptestx.Scenario{Name: "a file for HR", As: hr, Path: path + "/export", Status: 403},
			httptestx.Scenario{Name: "names of doors for HR", As: hr, Path: "/api/v2/passes/today", Status: 200, Contains: []string{`"name":"Turnstile"`}},
			httptestx.Scenario{Name: "names of doors for a lead", As: lead, Path: "/api/v2/passes/today", Status: 200, Contains: []string{`"name":"Turnstile"`}},
			httptestx.Scenario{Name: "add as HR", As: hr, Path: path, Body: newDevice(""), Status: 403},
			httptestx.Scenario{Name: "change as HR", As: hr, Method: "PATCH", Path: path + "/1", Body: `{"name":"x"}`, Status: 403},
			httptestx.Scenario{Name: "add as a guard", As: guard, Path: path, Body: newDevice(""), Status: 403},
			httptestx.Scenario{Name: "a password", As: admin, Method: "PATCH", Path: path + "/2", Body: `{"login":"admin","password":"hik12345","port":80}`, Status: 200, Contains: []string{`"port":80,"login":"admin","hasPassword":true`}, Excludes: []string{"hik12345"}},
			httptestx.Scenario{Name: "its login", As: admin, Path: path + "?id=2", Status: 200, Contains: []string{`"login":"admin","hasPassword":true`}, Excludes: []string{"hik12345"}},
			httptestx.Scenario{Name: "no login for a guard", As: guard, Path: path + "?id=2", Status: 200, Contains: []string{`"hasPassword":true`}, Excludes: []string{`"login"`}},
			httptestx.Scenario{Name: "port taken away", As: admin, Method: "PATCH", Path: path + "/2", Body: `{"port":0,"login":""}`, Status: 200, Excludes: []string{`"port"`, `"login"`}},
			httptestx.Scenario{Name: "no password", As: admin, Method: "PATCH", Path: path + "/2", Body: `{"password":""}`, Status: 200, Contains: []string{`"hasPassword":false`}},
			httptestx.Scenario{Name: "no port", As: admin, Method: "PATCH", Path: path + "/2", Body: `{"port":65536}`, Status: 400, Contains: []string{`"field":"port"`}},
			httptestx.Scenario{Name: "nothing", As: admin, Path: path, Body: `{}`, Status: 400, Contains: []string{`"name"`, `"ipAddress"`, `"entryType"`}},
			httptestx.Scenario{Name: "wrong", As: admin, Path: path, Body: `{"name":"x","ipAddress":"10.0.0","entryType":"UP","type":"X"}`, Status: 400,
				Contains: []string{"doors.not_an_address", `"field":"entryType","code":"not_one_of"`, `"field":"type","code":"not_one_of"`}},
			httptestx.Scenario{Name: "change", As: admin, Method: "PATCH", Path: path + "/1", Body: `{"name":"Gate","ipAddress":"::ffff:10.0.0.1","isActive":false,"type":"FACE"}`, Status: 200,
				Contains: []string{`"name":"Gate","ipAddress":"10.0.0.1","entryType":"ENTER","type":"FACE"`, `"isActive":false`}},
			httptestx.Scenario{Name: "take an address", As: admin, Method: "PATCH", Path: path + "/1", Body: `{"ipAddress":"10.0.0.2"}`, Status: 400, Contains: []string{"taken"}},
			httptestx.Scenario{Name: "spoil", As: admin, Method: "PATCH", Path: path + "/1", Body: `{"name":""}`, Status: 400},
			httptestx.Scenario{Name: "delete as HR", As: hr, Method: "DELETE", Path: path + "/1", Status: 403},
			httptestx.Scenario{Name: "delete as a guard", As: guard, Method: "DELETE", Path: path + "/1", Status: 403},
			httptestx.Scenario{Name: "delete another tenant's", As: other, Method: "DELETE", Path: path + "/1", Status: 404, Contains: []string{"doors.device_unknown"}},
			httptestx.Scenario{Name: "delete one that reported", As: admin, Method: "DELETE", Path: path + "/3", Status: 200, Contains: []string{`{"outcome":"deactivated"}`}},
			httptestx.Scenario{Name: "it is inactive", As: admin, Path: path + "?id=3", Status: 200, Contains: []string{`"isActive":false`}},
			httptestx.Scenario{Name: "delete one that did not", As: admin, Method: "DELETE", Path: path + "/5", Status: 200, Contains: []string{`{"outcome":"deleted"}`}},
			httptestx.Scenario{Name: "it is gone", As: admin, Path: path + "?id=5", Status: 200, Contains: []string{`"items":[]`}},
			httptestx.Scenario{Name: "delete it again", As: admin, Method: "DELETE", Path: path + "/5", Status: 404},
			httptestx.Scenario{Name: "change another tenant's", As: other, Method: "PATCH", Path: path + "/1", Body: `{"name":"x"}`, Status: 404, Contains: []string{"doors.device_unknown"}},
		)
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action IN ('device.created', 'device.updated', 'device.deleted')"); n != 8 {
			t.Errorf("%d entries of the audit, want 8", n)
		}
		if got := fmt.Sprint(counted(t, d, "SELECT count(*) FROM devices WHERE last_seen_at IS NOT NULL")); got != "4" {
			t.Errorf("a change of a device lost when it was seen: %s", got)
		}
	})
}

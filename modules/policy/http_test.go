package policy

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

func around(role kernel.Role, o *office) []kernel.Module {
	w := o.world
	return []kernel.Module{
		kerneltest.Provide[gateway.Fleet](role, w), kerneltest.Provide[command.Outbox](role, w), kerneltest.Provide[alert.Log](role, w),
		kerneltest.Provide[employee.Policies](role, staff{w}), kerneltest.Provide[employee.Directory](role, people{w: w}),
		kerneltest.Provide[computer.Seats](role, seating{w}), kerneltest.Provide[organization.Tree](role, tree{w: w}),
		kerneltest.Provide[organization.Index](role, tree{w: w}),
	}
}

func serve(t *testing.T, role kernel.Role, o *office) *httpx.Server {
	t.Helper()
	m := New()
	m.now = o.now
	return kerneltest.Build(t, role, kerneltest.Options{DB: o.world.d}, append(around(role, o), m)...)
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	o.gateways(t, 1, 3)
	server := serve(t, kernel.Dashboard, o)
	operator := &actor.Actor{Role: actor.Admin, ID: "user:1", UserID: 1}
	person := &actor.Actor{Role: actor.HR, ID: "user:2", UserID: 2, OrganizationID: 1}
	lead := &actor.Actor{Role: actor.DepartmentLead, ID: "user:3", UserID: 3, OrganizationID: 1}
	other := &actor.Actor{Role: actor.HR, ID: "user:4", UserID: 4, OrganizationID: 2}
	n := 0
	of := func(as *actor.Actor, method, path string, status int, body any, contains ...string) httptestx.Scenario {
		n++
		return httptestx.Scenario{Name: fmt.Sprint(n, " ", as.ID, " ", method, " ", path), As: as, Method: method, Path: prefix + path, Body: body, Status: status, Contains: contains}
	}
	const whole = `"activeWindows":true,"visitedSites":true,"screenshots":true`
	mask := []string{"id", "createdAt", "updatedAt", "startedAt", "endedAt", "releasedAt", "at"}
	httptestx.Run(t, server,
		of(person, "POST", "/groups", 201, `{"name":"Chat","type":"WEBSITE","values":["T.me","t.me"]}`, `"id":1`, `"values":["t.me"]`),
		of(person, "POST", "/groups", 400, `{"name":"Chat","type":"WEBSITE","values":["a b"]}`, "Sayt manzili emas", `"values[0]"`),
		of(lead, "POST", "", 403, `{}`),
		of(lead, "GET", "", 403, nil),
		of(person, "POST", "", 400, `{"title":"Ofis"}`, `"activeWindows"`, "required"),
		of(operator, "POST", "", 400, `{"title":"Ofis",`+whole+`}`, "organizationId"),
		of(operator, "POST", "", 201, `{"organizationId":2,"title":"Ofis",`+whole+`}`, `"organizationId":2`, `"version":1`),
		of(person, "POST", "", 201, `{"title":"Ofis",`+whole+`,"screenshotSeconds":60,"percent":10,"groups":[{"id":1,"category":"unproductive"}]}`, `"id":2`, `"releasedVersion":1`, `"values":["t.me"]`),
		of(person, "PUT", "/2", 409, `{"revision":7,"title":"Ofis",`+whole+`}`, "policy.stale"),
		of(person, "PUT", "/2", 200, `{"revision":1,"title":"Ofis",`+whole+`,"screenshotSeconds":30,"hours":{"zone":"Asia/Tashkent","days":[1,2,3],"from":"09:00","to":"18:00"},"percent":40}`, `"version":2`, `"releasedVersion":1`, `"inForce":{`, `"state":"running"`, `"percent":40`),
		of(other, "PUT", "/2", 404, `{"revision":2,"title":"Ofis",`+whole+`}`),
		httptestx.Scenario{Name: "policy", As: person, Path: prefix + "/2", Status: 200, Golden: "policy", Mask: append(mask, "reached", "waiting")},
		of(person, "POST", "/2/rollout/advance", 400, `{"percent":101}`, "percent"),
		of(person, "POST", "/2/rollout/advance", 200, `{"percent":100}`, `"releasedVersion":2`),
		of(person, "POST", "/2/rollout/stop", 200, `{}`, `"version":3`),
		of(person, "POST", "/2/rollback", 400, `{"revision":3,"version":"x"}`, "version"),
		of(person, "POST", "/2/rollback", 400, `{"revision":3,"version":"9"}`),
		of(person, "GET", "/2/versions?limit=2", 200, nil, `"version":"3"`, `"next":"`),
		of(person, "GET", "/2/versions?after=x", 400, nil),
		of(person, "GET", "/2/changes?after=x", 400, nil),
		httptestx.Scenario{Name: "diff", As: person, Path: prefix + "/2/diff?from=1&to=2", Status: 200, Golden: "diff"},
		of(person, "GET", "/2/diff", 400, nil, "from"),
		of(person, "GET", "/2/content?version=1", 200, nil, `"version":"1"`, `"screenshotSeconds":60`),
		of(person, "GET", "/2/content?version=8", 404, nil, "policy.version_unknown"),
		httptestx.Scenario{Name: "changes", As: person, Path: prefix + "/2/changes", Status: 200, Golden: "changes", Mask: mask},
		httptestx.Scenario{Name: "rollouts", As: person, Path: prefix + "/2/rollouts", Status: 200, Golden: "rollouts", Mask: append(mask, "gateways")},
		of(person, "POST", "/2/assignments", 400, `{}`, "employeeIds"),
		of(person, "POST", "/2/assignments", 400, `{"employeeIds":[5]}`, "employeeIds"),
		of(person, "POST", "/2/assignments", 204, `{"employeeIds":[1],"departmentIds":[11]}`),
		of(other, "POST", "/2/assignments", 404, `{"employeeIds":[5]}`),
		of(person, "POST", "/2/default", 204, nil),
		of(person, "DELETE", "/2", 409, nil, "policy.is_default"),
		of(person, "GET", "/2/assignments", 200, nil, `{"isDefault":true,"employees":[{"id":1,"name":"Aziza"}],"employeesTotal":1,"departments":[{"id":11,"name":"Savdo"}]}`),
		httptestx.Scenario{Name: "effective", As: person, Path: prefix + "/effective?employeeId=3", Status: 200, Golden: "effective"},
		of(person, "GET", "/effective", 400, nil, "employeeId"),
		of(other, "GET", "/effective?employeeId=3", 404, nil),
		of(operator, "DELETE", "/default", 400, nil, "organizationId"),
		of(person, "DELETE", "/default", 204, nil),
		of(person, "DELETE", "/2", 409, nil, "policy.in_use", "Aziza, Savdo"),
		of(operator, "POST", "/unassign", 400, `{"employeeIds":[1]}`, "organizationId"),
		of(person, "POST", "/unassign", 204, `{"employeeIds":[1],"departmentIds":[11]}`),
		of(person, "GET", "?q=ofis&sort=-employees", 200, nil, `"total":1`, `"employees":0`, `"screenshotSeconds":60`),
		of(operator, "GET", "?sort=title,-departments", 200, nil, `"total":2`),
		of(person, "GET", "/export", 200, nil, "Ofis"),
		of(person, "GET", "/groups?type=WEBSITE", 200, nil, `"total":1`, `"policies":1`, `"values":1`),
		of(person, "POST", "/groups/1/values", 400, `{}`, "add"),
		of(person, "POST", "/groups/1/values", 200, `{"add":["vk.com"]}`, `"values":["t.me","vk.com"]`),
		of(person, "PUT", "/groups/1", 200, `{"name":"Suhbat","type":"WEBSITE","values":["t.me"]}`, `"name":"Suhbat"`),
		of(other, "GET", "/groups/1", 404, nil, "policy.group_unknown"),
		of(person, "DELETE", "/groups/1", 409, nil, "Ofis"),
		of(person, "DELETE", "/2", 204, nil),
		of(person, "GET", "/2", 404, nil),
		of(person, "DELETE", "/groups/1", 204, nil),
		of(person, "GET", "", 200, nil, `"items":[]`),
	)
	write(t, o.world.d, `INSERT INTO policies (organization_id, title, created_at, updated_at) VALUES (1, 'import', ?0, ?0)`, noon)
	httptestx.Run(t, server, of(person, "GET", "/3", 200, nil, `"version":0`, `"activeWindows":true`))
}

func TestAGatewayFetchesItsOwnBundle(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		mine, theirs := o.gateways(t, 1, 2), o.gateways(t, 2, 1)
		p := o.mustCreate(t, wanted("Ofis"))
		server := serve(t, kernel.AgentAPI, o)
		me := &actor.Actor{Role: actor.Gateway, ID: "gateway:" + mine[0].ID.String(), OrganizationID: 1}
		path := "/v2/gateway/policies/"
		snap, err := o.fetch(as(actor.Gateway, 1))
		if err != nil {
			t.Fatal(err)
		}
		made, err := snap.of(mine[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		of := func(who *actor.Actor, gatewayID string, status int, tag string, contains ...string) httptestx.Scenario {
			return httptestx.Scenario{Name: fmt.Sprint(gatewayID, tag), As: who, Path: path + gatewayID, Status: status, Header: map[string]string{"If-None-Match": tag}, Contains: contains}
		}
		own := mine[0].ID.String()
		httptestx.Run(t, server,
			of(me, own, 200, "", fmt.Sprintf(`"policies":[{"id":%d,"version":"1"`, p.ID), `"organizationId":1`, `"users":{}`),
			of(me, own, 304, made.etag),
			of(me, own, 304, `"x", W/`+made.etag),
			of(me, own, 200, `"x"`),
			of(me, mine[1].ID.String(), 404, "", "policy.bundle_unknown"),
			of(me, theirs[0].ID.String(), 404, ""),
			of(me, "no-id", 404, ""),
			of(&actor.Actor{Role: actor.HR, ID: "user:2", UserID: 2, OrganizationID: 1}, own, 403, ""),
		)
		violations := texts(t, d, "SELECT action || ' ' || object FROM audit_log WHERE reason = 'RLS_POLICY_VIOLATION'")
		if fmt.Sprint(violations) != "[policy.bundle policy]" {
			t.Errorf("violations %v", violations)
		}
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, path+own, nil)
		server.ServeHTTP(w, r)
		if w.Code != http.StatusUnauthorized {
			t.Errorf("nobody gets %d", w.Code)
		}
	})
}

func TestTheModuleReleasesWhatWasThereBefore(t *testing.T) {
	t.Parallel()
	for _, role := range []kernel.Role{kernel.AgentAPI, kernel.Dashboard} {
		o := newOffice(t, dbtest.SQLite(t))
		write(t, o.world.d, `INSERT INTO policies (organization_id, title, screenshot, is_default, created_at, updated_at) VALUES (1, 'Eski', false, true, ?0, ?0)`, noon)
		var rules rule.Set
		m := New()
		kerneltest.Build(t, role, kerneltest.Options{DB: o.world.d}, append(around(role, o), m, kerneltest.Module{
			Is: kernel.Manifest{Name: "reader", Roles: []kernel.Role{role}, Needs: []kernel.Port{kernel.PortOf[rule.Set]()}},
			InitFn: func(_ context.Context, h *kernel.Host) error {
				rules = kernel.Get[rule.Set](h)
				return nil
			},
		})...)
		if r, err := rules.Of(as(actor.Agent, 1), "PC-1", "S-1"); err != nil || r.Released().Version != "1" || r.Pictures(noon).Enabled {
			t.Errorf("%s: %+v, %v", role, r, err)
		}
		if err := m.ended(as(actor.Gateway, 1), command.Ended{Type: command.Update}); err != nil {
			t.Error(err)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	c := defaults()
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	c = Config{FailurePercent: 101, LeastAnswers: 0}
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "failure_percent") || !strings.Contains(err.Error(), "least_answers") {
		t.Errorf("%v", err)
	}
}

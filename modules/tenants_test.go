package modules_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/kernel"
)

// tenant is an organization with one of everything, each marked with a word that nobody else has.
type tenant struct {
	mark         string
	organization int64
	tokens       map[actor.Role]string // sign-ins of its people
	agentKey     string
	gatewayKey   string
	terminalKey  string
	adminKey     string
	ids          map[string]string // path prefix → id of this tenant's row
}

// Two tenants try to read and change each other through every route there is: whoever asks, a row of the other
// tenant is not found and its mark is in no answer, and nothing of it has changed afterwards.
func TestTenantsDoNotMeetThroughAnyRoute(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		tenantsDoNotMeet(t, newSite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		tenantsDoNotMeet(t, onPostgres(t))
	})
}

func tenantsDoNotMeet(t *testing.T, s *site) {
	s.serve(t, "role=agent-api,dashboard")
	ready(t, s.agentAPI, s.dashboard)
	s.signIn(t)
	alpha, beta := newTenant(t, s, "ALPHA"), newTenant(t, s, "BETA")
	before := everythingOf(t, s, alpha)
	asked := 0
	for _, role := range []kernel.Role{kernel.Dashboard, kernel.AgentAPI} {
		host := map[kernel.Role]string{kernel.Dashboard: s.dashboard, kernel.AgentAPI: s.agentAPI}[role]
		for _, route := range routesOf(t, role) {
			for who, header := range beta.callers(role) {
				asked += trespass(t, host, route, who, header, alpha)
			}
		}
	}
	if asked < 200 {
		t.Errorf("only %d requests were tried", asked)
	}
	if after := everythingOf(t, s, alpha); after != before {
		t.Errorf("what the first tenant has was changed:\n%s\nwas\n%s", after, before)
	}
	t.Logf("%d requests", asked)
}

func routesOf(t *testing.T, role kernel.Role) (routes []httpx.Route) {
	t.Helper()
	err := modules.Scratch(context.Background(), role, func(s *httpx.Server) error {
		routes = s.Routes()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return routes
}

// callers are those of the tenant who can ask a role something.
func (n tenant) callers(role kernel.Role) map[string]map[string]string {
	if role == kernel.AgentAPI {
		return map[string]map[string]string{"agent": agent(n.agentKey), "gateway": {"Authorization": "Bearer " + n.gatewayKey}, "terminal": agent(n.terminalKey), "administrator": agent(n.adminKey)}
	}
	all := map[string]map[string]string{}
	for r, token := range n.tokens {
		all[r.String()] = map[string]string{"Authorization": "Bearer " + token}
	}
	return all
}

// trespass asks one route for the victim's rows.
func trespass(t *testing.T, host string, route httpx.Route, who string, header map[string]string, victim tenant) (asked int) {
	t.Helper()
	path := route.Path
	if strings.HasPrefix(path, "/docs/") || strings.HasPrefix(path, "/v2/gateway/packages/") { // they are everybody's
		return 0
	}
	foreign := strings.Contains(path, ":")
	if foreign {
		prefix, rest := beforeParameter(path)
		id, known := victim.ids[ownPath(strings.TrimSuffix(prefix, "/"))]
		if before, parameter, second := strings.Cut(rest, ":"); second {
			rest = before + victim.ids[parameter]
			known = known && victim.ids[parameter] != ""
		}
		if !known {
			t.Errorf("route %s: the test knows no foreign id for it; add one to newTenant", path)
			return 0
		}
		path = prefix + id + rest
	}
	if strings.HasSuffix(path, "*") || strings.HasSuffix(path, "/logout") { // the pages; and our own sign-out
		return 0
	}
	for _, query := range queriesFor(route, victim) {
		var body any
		if route.Method != http.MethodGet && route.Method != http.MethodDelete {
			body = bodyFor(route, victim)
		}
		status, answer := call(t, route.Method, host+path+query, header, body)
		asked++
		if strings.Contains(string(answer), victim.mark) {
			t.Errorf("%s %s %s%s shows the other tenant: %d %.300s", who, route.Method, path, query, status, answer)
		}
		if foreign && status < 300 && !saysNo(route, answer) {
			t.Errorf("%s %s %s%s took the other tenant's id: %d %.300s", who, route.Method, path, query, status, answer)
		}
		if status >= 500 {
			t.Errorf("%s %s %s%s: %d %.300s", who, route.Method, path, query, status, answer)
		}
	}
	return asked
}

// beforeParameter cuts a path at its first parameter, whatever its name.
func beforeParameter(path string) (prefix, rest string) {
	prefix, rest, _ = strings.Cut(path, ":")
	if _, after, more := strings.Cut(rest, "/"); more {
		return prefix, "/" + after
	}
	return prefix, ""
}

// ownPath is the product's own path of what v1's clients call by this one.
func ownPath(path string) string {
	for _, prefix := range []string{"/api/v1/", "/api/"} {
		if noun, of := strings.CutPrefix(path, prefix); of && slices.Contains([]string{"users", "organizations", "departments", "employees", "computers"}, noun) {
			return "/api/v2/" + noun
		} else if of && noun == "computer-users" {
			return "/api/v2/computers/users"
		}
	}
	return path
}

// queriesFor are the ways to ask a list for the victim's rows.
func queriesFor(route httpx.Route, victim tenant) []string {
	if route.Method != http.MethodGet {
		return []string{""}
	}
	employee, organization := victim.ids["/api/v2/employees"], fmt.Sprint(victim.organization)
	list := strings.TrimSuffix(route.Path, "/export")
	switch {
	case route.Path == "/api/v2/monitoring/day":
		return []string{"?date=2026-01-01&computer=PC-" + victim.mark, "?date=2026-01-01&employee=" + employee, "?date=2026-01-01&organization=" + organization + "&computer=PC-" + victim.mark}
	case route.Path == "/api/v2/monitoring/week":
		return []string{"?from=2026-01-01&computer=PC-" + victim.mark, "?from=2026-01-01&employee=" + employee, "?from=2026-01-01&organization=" + organization + "&computer=PC-" + victim.mark}
	case route.Path == "/api/v2/screenshots":
		return []string{"", "?computer=PC-" + victim.mark, "?employee=" + employee, "?organization=" + organization, "?organization=" + organization + "&date=2026-01-01"}
	case strings.HasPrefix(route.Path, "/api/v2/activity/"):
		days := "?of=departments&from=2026-01-01&to=2026-12-31"
		if !strings.HasSuffix(route.Path, "/comparison") {
			days = days[:1] + days[len("?of=departments&"):]
		}
		return []string{
			days, days + "&computer=PC-" + victim.mark, days + "&employee=" + employee, days + "&organization=" + organization,
			days + "&department=" + victim.ids["/api/v2/departments"],
		}
	case route.Path == "/api/v2/presence/today":
		return []string{"", "?organization=" + organization, "?departmentId=" + victim.ids["/api/v2/departments"]}
	case route.Path == "/api/v2/schedules", route.Path == "/api/v2/schedules/assignments", route.Path == "/api/v2/retention/rules":
		return []string{"", "?organizationId=" + organization}
	case strings.HasPrefix(route.Path, "/api/v2/monitoring/") && !strings.HasSuffix(route.Path, "quarantine"):
		return []string{"", "?computer=PC-" + victim.mark, "?employee=" + employee, "?organization=" + organization}
	case list == "/api/v2/departments", route.Path == "/api/v2/departments/tree", list == "/api/v2/users":
		return []string{"", "?organizationId=" + organization}
	case route.Path == "/api/v2/employees":
		return []string{"", "?departmentId=" + victim.ids["/api/v2/departments"], "?search=" + victim.mark, "?departmentName=" + victim.mark + "&sort=-departmentName"}
	case list == "/api/v2/employees": // an export names its filters, so they must not name the victim
		return []string{"", "?departmentId=" + victim.ids["/api/v2/departments"], "?id=" + employee}
	case route.Path == "/api/v2/devices", route.Path == "/api/v2/storage/files", route.Path == "/api/v2/storage/usage":
		return []string{"", "?organization=" + organization}
	case route.Path == "/api/v2/passes":
		return []string{"", "?organization=" + organization, "?employee=" + employee, "?device=" + victim.ids["/api/v2/devices"]}
	case route.Path == "/api/v2/policies/effective":
		return []string{"?employeeId=" + employee}
	case route.Path == "/api/v2/policies/:id/diff":
		return []string{"?from=1"}
	case strings.HasPrefix(route.Path, "/api/v1/policies") || strings.HasPrefix(route.Path, "/api/policies"):
		return []string{"", "?search=" + victim.mark}
	case route.Path == "/api/v2/policies", route.Path == "/api/v2/policies/groups":
		return []string{"", "?q=" + victim.mark}
	case route.Path == "/api/v2/computers", route.Path == "/api/v2/computers/users":
		return []string{"", "?search=" + victim.mark}
	}
	return []string{""}
}

// bodyFor names the victim's rows wherever a body can name a row.
func bodyFor(route httpx.Route, victim tenant) map[string]any {
	department, employee := number(victim.ids["/api/v2/departments"]), number(victim.ids["/api/v2/employees"])
	for _, prefix := range []string{"/api/v1/policies", "/api/policies"} {
		if rest, is := strings.CutPrefix(route.Path, prefix); is {
			return bodyOfPolicies(route.Method, rest, victim)
		}
	}
	if body := bodyForV1(route.Method+" "+strings.Replace(route.Path, "/api/v1/", "/api/", 1), victim); body != nil {
		return body
	}
	switch route.Method + " " + route.Path {
	case "POST /api/v2/employees":
		return map[string]any{"name": "thief", "departmentId": department}
	case "PATCH /api/v2/employees/:id":
		return map[string]any{"name": "thief"}
	case "POST /api/v2/departments":
		return map[string]any{"fullName": "thief", "shortName": "thief", "organizationId": victim.organization, "parentId": department}
	case "PATCH /api/v2/departments/:id", "PATCH /api/v2/organizations/:id":
		return map[string]any{"fullName": "thief"}
	case "POST /api/v2/schedules":
		return map[string]any{"name": "thief", "days": []int{1}, "start": "09:00", "end": "18:00", "organizationId": victim.organization}
	case "PATCH /api/v2/schedules/:id":
		return map[string]any{"name": "thief"}
	case "PUT /api/v2/schedules/assignments":
		return map[string]any{"departmentId": department, "scheduleId": number(victim.ids["/api/v2/schedules"])}
	case "POST /api/v2/computers/:id/merge":
		return map[string]any{"into": number(victim.ids["/api/v2/computers"])}
	case "POST /api/v2/computers/users/:id/link":
		return map[string]any{"employeeId": employee}
	case "POST /api/v2/screenshots/:id/open":
		return map[string]any{"reason": "curiosity"}
	case "PUT /api/v2/retention/rules":
		return map[string]any{"organizationId": victim.organization, "resourceType": "screenshot", "days": 1, "action": "delete", "active": true}
	case "POST /api/v2/retention/preview":
		return map[string]any{"organizationId": victim.organization}
	case "POST /api/v2/retention/holds":
		return map[string]any{"organizationId": victim.organization, "resourceType": "all", "reason": "thief"}
	case "POST /api/v2/policies":
		return policyNamed("thief", victim.organization)
	case "PUT /api/v2/policies/:id":
		body := policyNamed("thief", 0)
		body["revision"] = 1
		return body
	case "POST /api/v2/policies/:id/rollback":
		return map[string]any{"revision": 1, "version": "1"}
	case "POST /api/v2/policies/:id/rollout/advance":
		return map[string]any{"percent": 100}
	case "POST /api/v2/policies/:id/assignments", "POST /api/v2/policies/unassign":
		return map[string]any{"employeeIds": []int64{employee}, "departmentIds": []int64{department}}
	case "POST /api/v2/policies/groups":
		return map[string]any{"name": "thief", "type": "WEBSITE", "organizationId": victim.organization}
	case "PUT /api/v2/policies/groups/:id":
		return map[string]any{"name": "thief", "type": "WEBSITE"}
	case "POST /api/v2/policies/groups/:id/values":
		return map[string]any{"add": []string{"thief.uz"}}
	case "POST /api/v2/devices":
		return map[string]any{"name": "thief", "ipAddress": "10.9.9.9", "entryType": "BOTH", "organizationId": victim.organization}
	case "PATCH /api/v2/devices/:id":
		return map[string]any{"name": "thief"}
	case "POST /api/hikvision/actions", "POST /api/hikvision/events", "POST /api/hikvision/device-status", "POST /api/hikvision/heartbeat":
		return terminalReport(victim, "thief")
	case "POST /api/data-processing/jobs":
		return orderedWindow("thief", "thief")
	case "POST /v2/ingest/logs":
		return map[string]any{"gatewayId": victim.ids["/api/v2/gateways"], "data": []any{map[string]any{
			"type": "active_window", "computerUid": "PC-" + victim.mark, "userSid": "S", "payload": map[string]any{}, "timestamp": time.Now()}}}
	case "POST /api/v2/visitors":
		return map[string]any{"firstName": "thief", "lastName": "thief", "hostId": employee, "organizationId": victim.organization}
	case "PATCH /api/v2/visitors/:id":
		return map[string]any{"firstName": "thief"}
	case "POST /api/v2/visitors/codes/check":
		return map[string]any{"code": victim.ids["/api/v1/visitors/validate-code"]}
	case "POST /api/v2/visitors/visits":
		return map[string]any{"code": victim.ids["/api/v1/visitors/validate-code"], "visitorId": number(victim.ids["/api/v2/visitors"]), "badge": "thief"}
	case "POST /api/v2/visitors/:id/codes", "POST /api/v1/visitors/:id/generate-code", "POST /api/visitors/:id/generate-code":
		return codeOfVisitor()
	case "PUT /api/v1/visitors/:id", "PUT /api/visitors/:id":
		return map[string]any{"firstName": "thief"}
	case "PUT /api/v1/onetime-codes/:id", "PUT /api/onetime-codes/:id":
		return map[string]any{"code": "thief"}
	case "POST /api/v1/onetime-codes", "POST /api/onetime-codes":
		body := codeOfVisitor()
		body["visitorId"], body["code"] = number(victim.ids["/api/v2/visitors"]), "thief"
		return body
	case "POST /v2/gateway/agent-keys/check":
		return map[string]any{"hash": strings.Repeat("0", 64)}
	}
	return map[string]any{}
}

// bodyForV1 is the same for routes of v1, nil for others.
func bodyForV1(route string, victim tenant) map[string]any {
	department, employee := number(victim.ids["/api/v2/departments"]), number(victim.ids["/api/v2/employees"])
	switch route {
	case "POST /api/employees", "PUT /api/employees/:id":
		return map[string]any{"name": "thief", "departmentId": department, "policyId": number(victim.ids["/api/v2/policies"])}
	case "POST /api/departments":
		return map[string]any{"fullName": "thief", "shortName": "thief", "organizationId": victim.organization, "parentId": department}
	case "PUT /api/departments/:id", "PUT /api/organizations/:id":
		return map[string]any{"fullName": "thief"}
	case "POST /api/employees/:id/assign-card":
		return map[string]any{"cardId": "thief"}
	case "POST /api/employees/:id/assign-car":
		return map[string]any{"carId": "thief"}
	case "POST /api/employees/:id/link-computer-user":
		return map[string]any{"computerUserId": victim.ids["/api/v2/computers/users"]}
	case "POST /api/computer-users/:id/link-employee":
		return map[string]any{"employee_id": employee}
	case "PUT /api/computer-users/:id":
		return map[string]any{"name": "thief", "computer_id": number(victim.ids["/api/v2/computers"])}
	case "POST /api/v2/employees/:id/credentials":
		return map[string]any{"type": "CARD", "code": "thief"}
	}
	return nil
}

func policyNamed(title string, organization int64) map[string]any {
	body := map[string]any{"title": title, "activeWindows": true, "visitedSites": true, "screenshots": true}
	if organization != 0 {
		body["organizationId"] = organization
	}
	return body
}

func codeOfVisitor() map[string]any {
	return map[string]any{"codeType": "MULTIPLE", "startDate": "2020-01-01T00:00:00Z", "endDate": "2099-01-01T00:00:00Z"}
}

// orderedWindow is a job of v1 that stores a window.
func orderedWindow(job, title string) map[string]any {
	return map[string]any{
		"jobId": job, "dataType": "ACTIVE_WINDOW", "timestamp": time.Now(), "rawData": map[string]any{"processName": "p", "windowTitle": title, "activeTime": 1},
		"computerUserLink": map[string]any{"computerIdentifier": "PC-" + title, "username": title},
	}
}

// terminalReport is what the tenant's door terminal would say of its employee.
func terminalReport(n tenant, name string) map[string]any {
	return map[string]any{
		"deviceIp": n.deviceAddress(), "deviceSerial": "SN-" + n.mark, "actionType": "CARD_SWIPE", "eventType": "ALARM_TRIGGERED", "status": "OFFLINE",
		"timestamp": time.Now().UTC().Add(-time.Hour).Truncate(time.Hour), "accessGranted": true,
		"personInfo": map[string]any{"employeeId": n.ids["/api/v2/employees"], "cardNumber": name},
	}
}

func (n tenant) deviceAddress() string {
	return fmt.Sprintf("10.7.%d.1", n.organization)
}

func number(text string) (n int64) {
	fmt.Sscan(text, &n)
	return n
}

// newTenant makes an organization with one of everything.
func newTenant(t *testing.T, s *site, mark string) tenant {
	t.Helper()
	admin := map[string]string{"Authorization": "Bearer " + s.token}
	post := func(path string, body map[string]any) map[string]any {
		t.Helper()
		status, answer := call(t, http.MethodPost, s.dashboard+path, admin, body)
		var out map[string]any
		if status >= 300 || json.Unmarshal(answer, &out) != nil && len(answer) > 0 {
			t.Fatalf("POST %s: %d %s", path, status, answer)
		}
		return out
	}
	text := func(v any) string { return strings.TrimSuffix(fmt.Sprintf("%v", v), ".0") }
	id := func(m map[string]any) string {
		if f, isNumber := m["id"].(float64); isNumber {
			return fmt.Sprintf("%.0f", f)
		}
		return text(m["id"])
	}
	n := tenant{mark: mark, tokens: map[actor.Role]string{}, ids: map[string]string{}}
	organization := id(post("/api/v2/organizations", map[string]any{"fullName": mark + " full", "shortName": mark}))
	n.organization = number(organization)
	department := id(post("/api/v2/departments", map[string]any{"fullName": mark + " department", "shortName": mark + "-d", "organizationId": n.organization}))
	employee := id(post("/api/v2/employees", map[string]any{"name": mark + " employee", "departmentId": number(department)}))
	n.ids["/api/v2/organizations"], n.ids["/api/v2/departments"], n.ids["/api/v2/employees"] = organization, department, employee
	n.ids["/api/v2/schedules"] = id(post("/api/v2/schedules", map[string]any{
		"name": mark + " schedule", "days": []int{1, 2, 3}, "start": "09:00", "end": "18:00", "isDefault": true, "organizationId": n.organization,
	}))
	for _, role := range []actor.Role{actor.HR, actor.DepartmentLead, actor.Guard} {
		name := strings.ToLower(mark + "-" + role.String())
		user := id(post("/api/v2/users", map[string]any{
			"name": mark + " " + role.String(), "username": name, "password": adminPassword, "role": role.String(), "organizationId": n.organization,
		}))
		n.ids["/api/v2/users"] = user
		if role == actor.DepartmentLead {
			status, answer := call(t, http.MethodPut, s.dashboard+"/api/v2/users/"+user+"/departments", admin, map[string]any{"departmentIds": []int64{number(department)}})
			if status >= 300 {
				t.Fatalf("departments of a lead: %d %s", status, answer)
			}
		}
		n.tokens[role] = s.signInAs(t, name, adminPassword)
	}
	n.ids["/api/v2/auth/sessions"] = n.session(t, s)
	n.ids["/api/v2/users/sessions"] = n.ids["/api/v2/auth/sessions"]
	n.ids["/api/v2/auth/tokens"] = n.program(t, s)
	n.ids["/api/v2/users/tokens"] = n.ids["/api/v2/auth/tokens"]
	n.agentKey = s.command(t, "apikey", "create", "--type", "AGENT", "--organization", organization)
	var keys struct{ Items []struct{ ID int64 } }
	s.get(t, "/api/v2/api-keys?organizationId="+organization, &keys)
	n.ids["/api/v2/api-keys"] = fmt.Sprint(keys.Items[0].ID)
	n.terminalKey = s.command(t, "apikey", "create", "--type", "HIKVISION", "--organization", organization)
	n.adminKey = s.command(t, "apikey", "create", "--type", "ADMIN", "--organization", organization, "--description", mark+" administrator")
	n.secure(t, s)
	n.ids["/api/v2/devices"] = id(post("/api/v2/devices", map[string]any{
		"name": mark + " device", "ipAddress": n.deviceAddress(), "entryType": "ENTER", "organizationId": n.organization,
	}))
	made := post("/api/v2/gateways", map[string]any{"serial": "GW-" + mark, "organizationId": n.organization})
	n.gatewayKey, n.ids["/api/v2/gateways"] = text(made["apiKey"]), text(made["gatewayId"])
	n.ids["/api/v2/gateways/tokens"] = id(post("/api/v2/gateways/tokens", map[string]any{"organizationId": n.organization, "expiresInHours": 1, "maxUses": 1, "note": mark}))
	n.ids["/api/v2/certificates"] = n.certificate(t, s)
	n.keep(t, s, id)
	n.ids["/api/v2/policies"] = id(post("/api/v2/policies", policyNamed(mark+" policy", n.organization)))
	n.ids["/api/v2/policies/groups"] = id(post("/api/v2/policies/groups", map[string]any{
		"name": mark + " group", "type": "WEBSITE", "values": []string{strings.ToLower(mark) + ".uz"}, "organizationId": n.organization,
	}))
	n.policiesV1(post, id)
	n.ids["/v2/gateway/policies"] = n.ids["/api/v2/gateways"]
	command := id(post("/api/v2/commands", map[string]any{"gatewayId": n.ids["/api/v2/gateways"], "type": "restart_agent", "payload": map[string]any{"reason": mark}}))
	n.ids["/api/v2/commands"], n.ids["/v2/gateway/diagnostics"] = command, command
	post("/api/v2/policies/"+n.ids["/api/v2/policies"]+"/assignments", map[string]any{"employeeIds": []int64{number(employee)}})
	n.report(t, s)
	n.ids["/api/v2/screenshots"] = n.picture(t, s)
	n.pass(t, s)
	n.ids["/api/data-processing/jobs"], n.ids["/api/data-processing/batches"] = "job-of-"+organization, "batch-of-"+organization
	n.job(t, s)
	n.ids["/api/v2/computers"], n.ids["/api/v2/computers/users"] = n.found(t, s, "computers?search=PC-"), n.found(t, s, "computers/users?search=S-")
	post("/api/v2/computers/users/"+n.ids["/api/v2/computers/users"]+"/link", map[string]any{"employeeId": number(employee)})
	n.ids["computer_user_id"] = n.ids["/api/v2/computers/users"]
	n.ids["credential_id"] = id(post("/api/v2/employees/"+employee+"/credentials", map[string]any{"type": "CARD", "code": mark + " card"}))
	n.ids["/api/v2/alerts"] = n.alert(t, s)
	n.ids["/api/v2/storage/files"] = id(post("/api/v2/storage/files?kind=profile&path=profiles/"+mark+".jpg&organization="+organization, map[string]any{"content": mark}))
	n.guest(post, id)
	return n
}

// guest registers a visitor, who comes in, and gives a code.
func (n tenant) guest(post func(path string, body map[string]any) map[string]any, id func(map[string]any) string) {
	const visitors = "/api/v2/visitors"
	guest := id(post(visitors, map[string]any{"firstName": n.mark, "lastName": n.mark + " visitor", "hostId": number(n.ids["/api/v2/employees"])}))
	visit := id(post(visitors+"/visits", map[string]any{"visitorId": number(guest), "badge": n.mark}))
	code := post(visitors+"/"+guest+"/codes", codeOfVisitor())
	n.ids[visitors], n.ids[visitors+"/visits"], n.ids[visitors+"/codes"] = guest, visit, id(code)
	for _, prefix := range []string{"/api/v1", "/api"} {
		n.ids[prefix+"/visitors"], n.ids[prefix+"/onetime-codes/visitor"] = guest, guest
		n.ids[prefix+"/visitors/codes"], n.ids[prefix+"/onetime-codes"] = id(code), id(code)
		n.ids[prefix+"/visitors/validate-code"], n.ids[prefix+"/onetime-codes/validate"] = fmt.Sprint(code["code"]), fmt.Sprint(code["code"])
	}
}

// policiesV1 makes of the tenant's policy and group what v1's routes name: a resource in the group, and an option.
func (n tenant) policiesV1(post func(string, map[string]any) map[string]any, id func(map[string]any) string) {
	const prefix = "/api/v1/policies"
	policy, group := n.ids["/api/v2/policies"], n.ids["/api/v2/policies/groups"]
	resource := id(post(prefix+"/resources", map[string]any{"type": "WEBSITE", "value": strings.ToLower(n.mark) + ".com", "organizationId": n.organization}))
	post(prefix+"/groups/"+group+"/resources", map[string]any{"resourceIds": []int64{number(resource)}})
	option := id(post(prefix+"/options", map[string]any{"policyId": number(policy), "groupId": number(group), "type": "WEBSITE", "isActive": false}))
	n.ids["resourceId"] = resource
	for _, p := range []string{prefix, "/api/policies"} {
		n.ids[p], n.ids[p+"/groups"], n.ids[p+"/resources"], n.ids[p+"/options"] = policy, group, resource, option
		n.ids[p+"/options/policy"], n.ids[p+"/options/group"] = policy, group
	}
}

// bodyOfPolicies names the victim's rows where v1's routes of policies can name a row.
func bodyOfPolicies(method, path string, victim tenant) map[string]any {
	policy, group := number(victim.ids["/api/v1/policies"]), number(victim.ids["/api/v1/policies/groups"])
	switch method + " " + path {
	case "POST ":
		return map[string]any{
			"title": "thief", "isActiveWindowEnabled": true, "isScreenshotEnabled": false, "isVisitedSitesEnabled": true, "organizationId": victim.organization,
		}
	case "PUT /:id":
		return map[string]any{"title": "thief"}
	case "POST /groups":
		return map[string]any{"name": "thief", "type": "WEBSITE", "organizationId": victim.organization}
	case "PUT /groups/:id":
		return map[string]any{"name": "thief"}
	case "POST /groups/:id/resources":
		return map[string]any{"resourceIds": []int64{number(victim.ids["/api/v1/policies/resources"])}}
	case "POST /resources":
		return map[string]any{"type": "WEBSITE", "value": "thief.uz", "organizationId": victim.organization}
	case "PUT /resources/:id":
		return map[string]any{"value": "thief.uz"}
	case "POST /options":
		return map[string]any{"policyId": policy, "groupId": group, "type": "WEBSITE"}
	case "PUT /options/:id":
		return map[string]any{"isActive": false}
	case "POST /options/bulk":
		return map[string]any{"policyId": policy, "groupIds": []int64{group}, "type": "WEBSITE"}
	case "POST /website":
		return map[string]any{"policyId": policy, "name": "thief", "websites": []string{"thief.uz"}}
	}
	return map[string]any{}
}

// session is a sign-in of the tenant's HR.
func (n tenant) session(t *testing.T, s *site) string {
	t.Helper()
	var list struct{ Items []struct{ ID string } }
	status, answer := call(t, http.MethodGet, s.dashboard+"/api/v2/auth/sessions", map[string]string{"Authorization": "Bearer " + n.tokens[actor.HR]}, nil)
	if status != http.StatusOK || json.Unmarshal(answer, &list) != nil || len(list.Items) != 1 {
		t.Fatalf("sign-ins: %d %s", status, answer)
	}
	return list.Items[0].ID
}

// program is a token of the tenant's HR.
func (n tenant) program(t *testing.T, s *site) string {
	t.Helper()
	status, answer := call(t, http.MethodPost, s.dashboard+"/api/v2/auth/tokens", map[string]string{"Authorization": "Bearer " + n.tokens[actor.HR]}, map[string]any{
		"name": n.mark + " payroll", "scopes": []string{"employee.read"}, "expiresAt": time.Now().Add(time.Hour), "password": adminPassword,
	})
	var made struct{ ID int64 }
	if status != http.StatusCreated || json.Unmarshal(answer, &made) != nil {
		t.Fatalf("token: %d %s", status, answer)
	}
	return fmt.Sprint(made.ID)
}

// keep makes a rule and a hold of the tenant's own.
func (n tenant) keep(t *testing.T, s *site, id func(map[string]any) string) {
	t.Helper()
	for prefix, ask := range map[string]struct {
		method string
		body   map[string]any
	}{
		"/api/v2/retention/rules": {http.MethodPut, map[string]any{"resourceType": "screenshot", "days": 77, "action": "archive", "active": true}},
		"/api/v2/retention/holds": {http.MethodPost, map[string]any{"resourceType": "all", "reason": n.mark + " hold"}},
	} {
		ask.body["organizationId"] = n.organization
		status, answer := call(t, ask.method, s.dashboard+prefix, map[string]string{"Authorization": "Bearer " + s.token}, ask.body)
		var made map[string]any
		if status >= 300 || json.Unmarshal(answer, &made) != nil {
			t.Fatalf("%s %s: %d %s", ask.method, prefix, status, answer)
		}
		n.ids[prefix] = id(made)
	}
}

// report sends one event of each kind, and one that is impossible, marked.
func (n tenant) report(t *testing.T, s *site) {
	t.Helper()
	at := time.Now().UTC().Add(-time.Hour)
	marked := func(kind string, more map[string]any) map[string]any {
		e := map[string]any{"type": kind, "at": at, "title": n.mark + " title", "processName": n.mark + ".exe", "durationSeconds": 1}
		for k, v := range more {
			e[k] = v
		}
		return e
	}
	status, answer := call(t, http.MethodPost, s.agentAPI+"/v2/agent/events", agent(n.agentKey), report("PC-"+n.mark, "S-"+n.mark,
		marked("active_window", nil), marked("visited_site", map[string]any{"url": "https://" + n.mark + ".uz/"}),
		marked("screenshot", map[string]any{"filePath": n.mark + ".png"}), marked("user_session", map[string]any{"sessionType": "login"}),
		marked("idle_period", nil), marked("active_window", map[string]any{"durationSeconds": -1})))
	if status != http.StatusOK {
		t.Fatalf("report: %d %s", status, answer)
	}
}

// pass sends one pass through the tenant's door.
func (n tenant) pass(t *testing.T, s *site) {
	t.Helper()
	status, answer := call(t, http.MethodPost, s.agentAPI+"/api/hikvision/actions", agent(n.terminalKey), terminalReport(n, n.mark))
	if status != http.StatusOK || !strings.Contains(string(answer), `"personMatched":true`) {
		t.Fatalf("pass: %d %s", status, answer)
	}
}

// found is the id of the one row of a list that has the tenant's mark.
func (n tenant) found(t *testing.T, s *site, list string) string {
	t.Helper()
	var page struct{ Items []struct{ ID int64 } }
	s.get(t, "/api/v2/"+list+n.mark, &page)
	if len(page.Items) != 1 {
		t.Fatalf("%d of %s%s", len(page.Items), list, n.mark)
	}
	return fmt.Sprint(page.Items[0].ID)
}

// job orders a job, and waits for what it stores: the tenant's rows must not change by themselves.
func (n tenant) job(t *testing.T, s *site) {
	t.Helper()
	status, answer := call(t, http.MethodPost, s.agentAPI+"/api/data-processing/jobs/batch", agent(n.agentKey), map[string]any{
		"batchId": n.ids["/api/data-processing/batches"], "jobs": []any{orderedWindow(n.ids["/api/data-processing/jobs"], n.mark)},
	})
	if status != http.StatusAccepted {
		t.Fatalf("job: %d %s", status, answer)
	}
	until(t, "the job is done", func() bool {
		_, answer = call(t, http.MethodGet, s.agentAPI+"/api/data-processing/jobs/"+n.ids["/api/data-processing/jobs"], agent(n.agentKey), nil)
		return strings.Contains(string(answer), `"status":"COMPLETED"`)
	})
	if !strings.Contains(string(answer), `"recordsCreated":1`) {
		t.Errorf("its job: %s", answer)
	}
}

// alert raises an alert by the tenant's gateway and returns its id.
func (n tenant) alert(t *testing.T, s *site) string {
	t.Helper()
	id := map[string]string{"ALPHA": "0192f0aa-0000-7000-8000-00000000000a", "BETA": "0192f0aa-0000-7000-8000-00000000000b"}[n.mark]
	status, answer := call(t, http.MethodPost, s.agentAPI+"/v2/gateway/heartbeat", map[string]string{"Authorization": "Bearer " + n.gatewayKey}, map[string]any{
		"status": "online", "alerts": []any{map[string]any{"id": id, "kind": "buffer_overflow", "severity": "warning", "at": time.Now(), "subject": n.mark}},
	})
	if status != http.StatusOK {
		t.Fatalf("heartbeat: %d %s", status, answer)
	}
	return id
}

// everythingOf is what the tenant's HR sees, as text.
func everythingOf(t *testing.T, s *site, n tenant) string {
	t.Helper()
	var b strings.Builder
	header := map[string]string{"Authorization": "Bearer " + n.tokens[actor.HR]}
	for _, path := range []string{
		"organizations", "departments", "employees", "schedules", "computers", "computers/users", "devices", "passes", "alerts", "monitoring/active-windows", "monitoring/visited-sites",
		"monitoring/screenshots", "monitoring/user-sessions", "monitoring/idle-periods", "monitoring/quarantine", "screenshots", "storage/files", "retention/holds", "policies", "policies/groups", "commands",
	} {
		status, answer := call(t, http.MethodGet, s.dashboard+"/api/v2/"+path, header, nil)
		if status != http.StatusOK || !strings.Contains(string(answer), n.mark) && !strings.Contains(path, "alerts") && !strings.Contains(path, "idle") {
			t.Errorf("its own HR asks %s: %d %.200s", path, status, answer)
		}
		fmt.Fprintf(&b, "%s %d %s\n", path, status, answer)
	}
	n.seesItsSecurity(t, s)
	return b.String()
}

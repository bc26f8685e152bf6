package modules_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/picture/picturetest"
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
	renews       bool              // new rows may be made
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

// ownPath is the product's own path of what v1's clients call by this one.
func ownPath(path string) string {
	for _, prefix := range []string{"/api/v1/", "/api/"} {
		if noun, of := strings.CutPrefix(path, prefix); of && slices.Contains([]string{"users", "organizations", "departments", "employees", "computers", "visitors", "devices"}, noun) {
			return "/api/v2/" + noun
		} else if of && (noun == "computer-users" || noun == "monitoring/computer-user") {
			return "/api/v2/computers/users"
		} else if of && noun == "monitoring/employee" {
			return "/api/v2/employees"
		}
	}
	return path
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

// asAdmin posts as the administrator and returns what was made.
func (s *site) asAdmin(t *testing.T, path string, body map[string]any) map[string]any {
	t.Helper()
	status, answer := call(t, http.MethodPost, s.dashboard+path, signed(s.token), body)
	var out map[string]any
	if status >= 300 || json.Unmarshal(answer, &out) != nil && len(answer) > 0 {
		t.Fatalf("POST %s: %d %s", path, status, answer)
	}
	return out
}

// idOf is the id of what was made.
func idOf(made map[string]any) string {
	if f, isNumber := made["id"].(float64); isNumber {
		return fmt.Sprintf("%.0f", f)
	}
	return fmt.Sprint(made["id"])
}

// private stands in what is not for everybody who may see an employee.
const private = "PRIVATE"

// hire makes a department with an employee, who was on leave.
func (n tenant) hire(t *testing.T, s *site) {
	t.Helper()
	department := idOf(s.asAdmin(t, "/api/v2/departments", map[string]any{"fullName": n.mark + " department", "shortName": n.mark + "-d", "organizationId": n.organization}))
	employee := idOf(s.asAdmin(t, "/api/v2/employees", map[string]any{"name": n.mark + " employee", "departmentId": number(department), "address": private, "additionalDetails": private}))
	n.ids["/api/v2/departments"], n.ids["/api/v2/employees"] = department, employee
	n.photo(t, s)
	n.ids["/api/v2/absences"] = idOf(s.asAdmin(t, "/api/v2/absences", map[string]any{
		"employeeId": number(employee), "kind": "vacation", "firstDay": "2026-11-02", "lastDay": "2026-11-06", "reason": n.mark + " rests",
	}))
}

// work has the employee's computer report, and the employee pass the door, take a card and receive a guest.
func (n tenant) work(t *testing.T, s *site) {
	t.Helper()
	employee := n.ids["/api/v2/employees"]
	n.report(t, s)
	n.ids["/api/v2/screenshots"] = n.picture(t, s)
	n.pass(t, s)
	n.ids["/api/v2/computers"], n.ids["/api/v2/computers/users"] = n.found(t, s, "computers?search=PC-"), n.found(t, s, "computers/users?search=S-")
	s.asAdmin(t, "/api/v2/computers/users/"+n.ids["/api/v2/computers/users"]+"/link", map[string]any{"employeeId": number(employee)})
	n.ids["computer_user_id"] = n.ids["/api/v2/computers/users"]
	n.ids["credential_id"] = idOf(s.asAdmin(t, "/api/v2/employees/"+employee+"/credentials", map[string]any{"type": "CARD", "code": n.mark + " card"}))
	n.guest(t, s)
}

// department makes a second one in the organization, with an employee of its own. What else there is, both share.
func (n tenant) department(t *testing.T, s *site, mark string) tenant {
	t.Helper()
	n.mark, n.ids = mark, maps.Clone(n.ids)
	n.hire(t, s)
	n.work(t, s)
	return n
}

// newTenant makes an organization with one of everything.
func newTenant(t *testing.T, s *site, mark string) tenant {
	t.Helper()
	post := func(path string, body map[string]any) map[string]any { t.Helper(); return s.asAdmin(t, path, body) }
	n := tenant{mark: mark, tokens: map[actor.Role]string{}, ids: map[string]string{}}
	organization := idOf(post("/api/v2/organizations", map[string]any{"fullName": mark + " full", "shortName": mark}))
	n.organization = number(organization)
	n.ids["/api/v2/organizations"] = organization
	n.hire(t, s)
	department, employee := n.ids["/api/v2/departments"], n.ids["/api/v2/employees"]
	n.ids["/api/v2/schedules"] = idOf(post("/api/v2/schedules", map[string]any{
		"name": mark + " schedule", "days": []int{1, 2, 3}, "start": "09:00", "end": "18:00", "isDefault": true, "organizationId": n.organization,
	}))
	n.ids["/api/v2/employees/groups"] = idOf(post("/api/v2/employees/groups", map[string]any{"name": mark + " people", "organizationId": n.organization}))
	post("/api/v2/employees/groups/"+n.ids["/api/v2/employees/groups"]+"/members", map[string]any{"add": []int64{number(employee)}})
	n.ids["/api/v2/schedules/calendar"] = idOf(post("/api/v2/schedules/calendar", map[string]any{"date": "2026-11-27", "kind": "off", "name": mark + " day", "organizationId": n.organization}))

	for _, role := range []actor.Role{actor.HR, actor.DepartmentLead, actor.Guard} {
		name := strings.ToLower(mark + "-" + role.String())
		user := idOf(post("/api/v2/users", map[string]any{
			"name": mark + " " + role.String(), "username": name, "password": adminPassword, "role": role.String(), "organizationId": n.organization,
		}))
		n.ids["/api/v2/users"] = user
		if role == actor.DepartmentLead {
			status, answer := call(t, http.MethodPut, s.dashboard+"/api/v2/users/"+user+"/departments", signed(s.token), map[string]any{"departmentIds": []int64{number(department)}})
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
	n.ids["/api/v2/devices"] = idOf(post("/api/v2/devices", map[string]any{
		"name": mark + " device", "ipAddress": n.deviceAddress(), "entryType": "ENTER", "organizationId": n.organization,
	}))
	n.ids["/api/v2/gates"] = idOf(post("/api/v2/gates", map[string]any{"name": mark + " gate", "organizationId": n.organization}))
	made := post("/api/v2/gateways", map[string]any{"serial": "GW-" + mark, "organizationId": n.organization})
	n.gatewayKey, n.ids["/api/v2/gateways"] = fmt.Sprint(made["apiKey"]), fmt.Sprint(made["gatewayId"])
	n.ids["/api/v2/gateways/tokens"] = idOf(post("/api/v2/gateways/tokens", map[string]any{"organizationId": n.organization, "expiresInHours": 1, "maxUses": 1, "note": mark}))
	n.ids["/api/v2/certificates"] = n.certificate(t, s)
	n.keep(t, s)
	n.ids["/api/v2/policies"] = idOf(post("/api/v2/policies", policyNamed(mark+" policy", n.organization)))
	n.ids["/api/v2/policies/groups"] = idOf(post("/api/v2/policies/groups", map[string]any{
		"name": mark + " group", "type": "WEBSITE", "values": []string{strings.ToLower(mark) + ".uz"}, "organizationId": n.organization,
	}))
	n.policiesV1(t, s)
	n.ids["/v2/gateway/policies"] = n.ids["/api/v2/gateways"]
	command := idOf(post("/api/v2/commands", map[string]any{"gatewayId": n.ids["/api/v2/gateways"], "type": "restart_agent", "payload": map[string]any{"reason": mark}}))
	n.ids["/api/v2/commands"], n.ids["/v2/gateway/diagnostics"] = command, command
	post("/api/v2/policies/"+n.ids["/api/v2/policies"]+"/assignments", map[string]any{"employeeIds": []int64{number(employee)}})
	n.work(t, s)
	n.ids["/api/data-processing/jobs"], n.ids["/api/data-processing/batches"] = "job-of-"+organization, "batch-of-"+organization
	n.job(t, s)
	n.ids["/api/v2/alerts"] = n.alert(t, s)
	n.ids["/api/v2/storage/files"] = idOf(post("/api/v2/storage/files?kind=profile&path=profiles/"+mark+".jpg&organization="+organization, map[string]any{"content": mark}))
	return n
}

// photo gives the tenant's employee a photo, and remembers the path that v1's clients find it by.
func (n tenant) photo(t *testing.T, s *site) {
	t.Helper()
	employee := n.ids["/api/v2/employees"]
	r, err := http.NewRequest(http.MethodPut, s.dashboard+"/api/v2/employees/"+employee+"/photo", bytes.NewReader(picturetest.Samples(t)["full.jpg"]))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("photo: %s", answer.Status)
	}
	n.ids["/uploads/photos"] = "employee_" + employee + ".jpg"
}

// guest registers a visitor, who comes in, and gives a code.
func (n tenant) guest(t *testing.T, s *site) {
	t.Helper()
	post := func(path string, body map[string]any) map[string]any { t.Helper(); return s.asAdmin(t, path, body) }
	const visitors = "/api/v2/visitors"
	guest := idOf(post(visitors, map[string]any{"firstName": n.mark, "lastName": n.mark + " visitor", "hostId": number(n.ids["/api/v2/employees"])}))
	visit := idOf(post(visitors+"/visits", map[string]any{"visitorId": number(guest), "badge": n.mark}))
	code := post(visitors+"/"+guest+"/codes", codeOfVisitor())
	n.ids[visitors], n.ids[visitors+"/visits"], n.ids[visitors+"/codes"] = guest, visit, idOf(code)
	for _, prefix := range []string{"/api/v1", "/api"} {
		n.ids[prefix+"/onetime-codes/visitor"] = guest
		n.ids[prefix+"/visitors/codes"], n.ids[prefix+"/onetime-codes"] = idOf(code), idOf(code)
		n.ids[prefix+"/visitors/validate-code"], n.ids[prefix+"/onetime-codes/validate"] = fmt.Sprint(code["code"]), fmt.Sprint(code["code"])
	}
}

// policiesV1 makes of the tenant's policy and group what v1's routes name: a resource in the group, and an option.
func (n tenant) policiesV1(t *testing.T, s *site) {
	t.Helper()
	post := func(path string, body map[string]any) map[string]any { t.Helper(); return s.asAdmin(t, path, body) }
	const prefix = "/api/v1/policies"
	policy, group := n.ids["/api/v2/policies"], n.ids["/api/v2/policies/groups"]
	resource := idOf(post(prefix+"/resources", map[string]any{"type": "WEBSITE", "value": strings.ToLower(n.mark) + ".com", "organizationId": n.organization}))
	post(prefix+"/groups/"+group+"/resources", map[string]any{"resourceIds": []int64{number(resource)}})
	option := idOf(post(prefix+"/options", map[string]any{"policyId": number(policy), "groupId": number(group), "type": "WEBSITE", "isActive": false}))
	n.ids["resourceId"] = resource
	for _, p := range []string{prefix, "/api/policies"} {
		n.ids[p], n.ids[p+"/groups"], n.ids[p+"/resources"], n.ids[p+"/options"] = policy, group, resource, option
		n.ids[p+"/options/policy"], n.ids[p+"/options/group"] = policy, group
	}
}

// session is a sign-in of the tenant's HR.
func (n tenant) session(t *testing.T, s *site) string {
	t.Helper()
	var list struct{ Items []struct{ ID string } }
	status, answer := call(t, http.MethodGet, s.dashboard+"/api/v2/auth/sessions", signed(n.tokens[actor.HR]), nil)
	if status != http.StatusOK || json.Unmarshal(answer, &list) != nil || len(list.Items) != 1 {
		t.Fatalf("sign-ins: %d %s", status, answer)
	}
	return list.Items[0].ID
}

// program is a token of the tenant's HR.
func (n tenant) program(t *testing.T, s *site) string {
	t.Helper()
	status, answer := call(t, http.MethodPost, s.dashboard+"/api/v2/auth/tokens", signed(n.tokens[actor.HR]), map[string]any{
		"name": n.mark + " payroll", "scopes": []string{"employee.read"}, "expiresAt": time.Now().Add(time.Hour), "password": adminPassword,
	})
	var made struct{ ID int64 }
	if status != http.StatusCreated || json.Unmarshal(answer, &made) != nil {
		t.Fatalf("token: %d %s", status, answer)
	}
	return fmt.Sprint(made.ID)
}

// keep makes a rule and a hold of the tenant's own.
func (n tenant) keep(t *testing.T, s *site) {
	t.Helper()
	for prefix, ask := range map[string]struct {
		method string
		body   map[string]any
	}{
		"/api/v2/retention/rules": {http.MethodPut, map[string]any{"resourceType": "screenshot", "days": 77, "action": "archive", "active": true}},
		"/api/v2/retention/holds": {http.MethodPost, map[string]any{"resourceType": "all", "reason": n.mark + " hold"}},
	} {
		ask.body["organizationId"] = n.organization
		status, answer := call(t, ask.method, s.dashboard+prefix, signed(s.token), ask.body)
		var made map[string]any
		if status >= 300 || json.Unmarshal(answer, &made) != nil {
			t.Fatalf("%s %s: %d %s", ask.method, prefix, status, answer)
		}
		n.ids[prefix] = idOf(made)
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
	status, answer := call(t, http.MethodPost, s.agentAPI+"/v2/gateway/heartbeat", signed(n.gatewayKey), map[string]any{
		"status": "online", "alerts": []any{map[string]any{"id": id, "kind": "buffer_overflow", "severity": "warning", "at": time.Now(), "subject": n.mark}},
	})
	if status != http.StatusOK {
		t.Fatalf("heartbeat: %d %s", status, answer)
	}
	var page struct{ Items []struct{ ID string } }
	s.get(t, "/api/v2/alerts?subject="+n.mark, &page)
	if len(page.Items) != 1 {
		t.Fatalf("%d alerts of %s", len(page.Items), n.mark)
	}
	return page.Items[0].ID
}

// everythingOf is what the tenant's HR sees, and of door terminals its guard, as text, but for alerts and commands, of which the server makes some itself.
func everythingOf(t *testing.T, s *site, n tenant) string {
	t.Helper()
	var b strings.Builder
	header := signed(n.tokens[actor.HR])
	for _, path := range []string{
		"organizations", "departments", "employees", "employees/groups", "schedules", "schedules/calendar?year=2026", "absences", "computers", "computers/users", "passes", "monitoring/active-windows", "monitoring/visited-sites",
		"monitoring/screenshots", "monitoring/user-sessions", "monitoring/idle-periods", "monitoring/quarantine", "screenshots", "storage/files", "retention/holds", "policies", "policies/groups",
	} {
		status, answer := call(t, http.MethodGet, s.dashboard+"/api/v2/"+path, header, nil)
		if status != http.StatusOK || !strings.Contains(string(answer), n.mark) && !strings.Contains(path, "idle") {
			t.Errorf("its own HR asks %s: %d %.200s", path, status, answer)
		}
		fmt.Fprintf(&b, "%s %d %s\n", path, status, answer)
	}
	header = signed(n.tokens[actor.Guard])
	for _, path := range []string{"devices", "gates"} {
		status, answer := call(t, http.MethodGet, s.dashboard+"/api/v2/"+path, header, nil)
		if status != http.StatusOK || !strings.Contains(string(answer), n.mark) {
			t.Errorf("its own guard asks %s: %d %.200s", path, status, answer)
		}
		fmt.Fprintf(&b, "%s %d %s\n", path, status, answer)
	}
	n.seesItsSecurity(t, s)
	return b.String()
}

// signed is the header of who has a token.
func signed(token string) map[string]string {
	return map[string]string{"Authorization": "Bearer " + token}
}

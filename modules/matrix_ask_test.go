package modules_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/kernel"
)

// asker is one who asks.
type asker struct {
	name    string // as the table has it
	person  string // as the audit names it; empty for a machine
	second  string // the spare, likewise
	crosses bool   // organizations
	header  map[string]string
	// spare signs a second user of the role in, who can lose its sign-ins and change its password; nil for a machine.
	spare func() map[string]string
	other map[string]string // spare's last
}

// violations is how often the asker was written down as reaching for another organization's row.
func (c *asker) violations(s *site) (n int) {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	for l := range bytes.SplitSeq(s.log.buf.Bytes(), []byte("\n")) {
		if bytes.Contains(l, []byte(violated)) && (bytes.Contains(l, []byte(`"actor":"`+c.person+`"`)) || bytes.Contains(l, []byte(`"actor":"`+c.second+`"`))) {
			n++
		}
	}
	return n
}

const violated = "row of another organization refused"

func newMatrix(t *testing.T, s *site) *matrix {
	t.Helper()
	m := &matrix{s: s}
	m.foreign = newTenant(t, s, "BETA") // first, as nobody is told again of the very first event
	m.own = newTenant(t, s, "ALPHA")
	for _, p := range []tenant{m.own, m.foreign} {
		p.ids["/v2/gateway/packages"], p.ids["name"] = "1.0.0", "agent.exe" // they are everybody's
		// Whom the administrator changes is nobody who asks.
		p.ids["/api/v2/users"] = idOf(s.asAdmin(t, "/api/v2/users", map[string]any{
			"name": p.mark + " bystander", "username": "bystander-" + p.mark, "password": adminPassword, "role": "DEPARTMENT_LEAD", "organizationId": p.organization,
		}))
	}
	m.other, m.fourth = m.own.department(t, s, "GAMMA"), m.foreign.department(t, s, "OMEGA")
	for token, places := range map[string][]tenant{s.token: {m.own, m.other, m.foreign}, m.own.tokens[actor.HR]: {m.own, m.other}} {
		for _, p := range places {
			status, answer := call(t, http.MethodPost, s.dashboard+"/api/v2/screenshots/"+p.ids["/api/v2/screenshots"]+"/open", signed(token), map[string]any{"reason": "to look at it"})
			if status >= 300 {
				t.Fatalf("open a screenshot: %d %s", status, answer)
			}
		}
	}
	m.absent = tenant{mark: "NOBODY", organization: 987654321, ids: map[string]string{}}
	for key, id := range m.own.ids {
		m.absent.ids[key] = "nobody"
		if isUUID(id) {
			m.absent.ids[key] = "0192f0ff-0000-7000-8000-0000000000ff"
		} else if i := strings.LastIndex(id, "."); i > 0 && isUUID(id[i+1:]) {
			m.absent.ids[key] = id[:i] + ".0192f0ff-0000-7000-8000-0000000000ff"
		} else if _, err := strconv.Atoi(id); err == nil {
			m.absent.ids[key] = "987654321"
		}
	}
	return m
}

func isUUID(id string) bool { return len(id) == 36 && strings.Count(id, "-") == 4 }

// side reads what the role serves.
func (m *matrix) side(t *testing.T, role kernel.Role) *side {
	t.Helper()
	d := &side{matrix: m, host: m.s.dashboard, routes: routesOf(t, role), table: readSights(t, role), found: map[string]map[string]finding{}}
	for _, r := range d.routes {
		d.found[name(r)] = map[string]finding{}
	}
	if role == kernel.AgentAPI {
		d.host = m.s.agentAPI
		slices.SortStableFunc(d.routes, func(a, b httpx.Route) int { return cmp.Compare(ends(a), ends(b)) })
		keys := map[string]map[string]string{
			"ADMIN": agent(m.own.adminKey), "AGENT": agent(m.own.agentKey), "HIKVISION": agent(m.own.terminalKey),
			"GATEWAY": signed(m.own.gatewayKey),
		}
		for _, c := range d.table.askers {
			d.askers = append(d.askers, &asker{name: c, header: keys[c]})
		}
		return d
	}
	for _, c := range d.table.askers {
		role, _ := actor.ParseRole(c)
		d.askers = append(d.askers, m.person(t, role))
	}
	return d
}

// ends puts the route last after which a gateway's key is another.
func ends(r httpx.Route) int { return strings.Index(r.Path, "/rotate-key") }

// person is one of the first organization's people, or the administrator, with a spare.
func (m *matrix) person(t *testing.T, role actor.Role) *asker {
	t.Helper()
	c := &asker{name: role.String(), crosses: role == actor.Admin}
	token := m.own.tokens[role]
	spare := map[string]any{"name": "spare", "username": "spare-" + strings.ToLower(role.String()), "password": adminPassword, "role": role.String()}
	if role == actor.Admin {
		token = m.s.token
	} else {
		spare["organizationId"] = m.own.organization
	}
	c.header = signed(token)
	status, answer := call(t, http.MethodPost, m.s.dashboard+"/api/v2/users", signed(m.s.token), spare)
	if status != http.StatusCreated {
		t.Fatalf("a spare: %d %s", status, answer)
	}
	var me struct{ ID int64 }
	if err := json.Unmarshal(answer, &me); err != nil {
		t.Fatal(err)
	}
	c.second = fmt.Sprint("user:", me.ID)
	if status, answer := call(t, http.MethodGet, m.s.dashboard+"/api/v2/auth/me", c.header, nil); status != http.StatusOK || json.Unmarshal(answer, &me) != nil {
		t.Fatalf("who am I: %d %s", status, answer)
	}
	c.person = fmt.Sprint("user:", me.ID)
	c.spare = func() map[string]string {
		return signed(m.s.signInAs(t, fmt.Sprint(spare["username"]), adminPassword))
	}
	c.other = c.spare()
	return c
}

// aboutAsker reports whether the route is about the account of whoever asks.
func aboutAsker(route httpx.Route) bool {
	return strings.Contains(route.Path, "/auth/") || strings.HasSuffix(route.Path, "/users/me")
}

// answer is what came.
type answer struct {
	status int
	text   string
	plain  string // the text without the ids that were asked for
}

func (a answer) String() string { return fmt.Sprintf("%d %.300q", a.status, a.text) }

// denies reports whether the answer says so in a form that clients know: the design document's, or v1's.
func (a answer) denies() bool {
	return strings.Contains(a.text, `"error":"ACCESS_DENIED"`) || strings.Contains(a.text, `"code":"Forbidden"`) || strings.Contains(a.text, `"statusCode":403`)
}

// changing are members of an answer that differ each time.
var changing = regexp.MustCompile(`"(traceId|timestamp|path|requestId|instance)":"[^"]*"`)

// same reports whether nobody can tell the answers apart.
func (a answer) same(b answer) bool {
	return a.status == b.status && changing.ReplaceAllString(a.plain, "") == changing.ReplaceAllString(b.plain, "")
}

// marks are those whose marks, or ids that are like no other, stand in the answer.
func (a answer) marks(m *matrix) (found []string) {
	text := strings.ToUpper(a.text)
	for _, p := range []tenant{m.own, m.other, m.foreign, m.fourth} {
		is := strings.Contains(text, p.mark)
		for key, id := range p.ids {
			shared := p.mark == m.other.mark && m.own.ids[key] == id || p.mark == m.fourth.mark && m.foreign.ids[key] == id
			is = is || isUUID(id) && !shared && strings.Contains(a.text, id)
		}
		if is {
			found = append(found, p.mark)
		}
	}
	return found
}

// send asks the route for the row of p; the form names rows of in.
func (d *side) send(route httpx.Route, c *asker, p, in tenant, f form) answer {
	header := c.header
	account := aboutAsker(route) && changes(route) && c.spare != nil
	if account {
		header = c.other
	}
	path, body := d.path(route, p)+d.fill(f.query, in), d.fill(f.body, in)
	a := d.try(route.Method, path, header, body)
	if a.status == http.StatusUnauthorized && account { // it was the last request that ended this sign-in
		c.other = c.spare()
		a = d.try(route.Method, path, c.other, body)
	}
	for part := range strings.SplitSeq(d.path(route, p), "/") {
		if !strings.Contains(route.Path, "/"+part) {
			a.plain = strings.ReplaceAll(a.plain, `"`+part+`"`, "")
		}
	}
	return a
}

func (d *side) try(method, path string, header map[string]string, body string) answer {
	d.asked.Add(1)
	var content any
	if body != "" {
		content = body
	}
	status, text, err := send(method, d.host+path, header, content)
	if err != nil {
		return answer{status: 599, text: err.Error()}
	}
	return answer{status, string(text), string(text)}
}

// unknown stands before the key of an id that there is not.
const unknown = "no-id-of:"

// path is the route's with ids of p.
func (d *side) path(route httpx.Route, p tenant) string {
	var prefix, path string
	for part := range strings.SplitSeq(strings.TrimPrefix(route.Path, "/"), "/") {
		if parameter, is := strings.CutPrefix(part, ":"); is {
			key := parameter
			if !strings.Contains(prefix, ":") {
				key = ownPath(prefix)
			}
			path += "/" + p.ids[key]
			if p.ids[key] == "" {
				path += unknown + key
			}
		} else {
			path += "/" + part
		}
		prefix += "/" + part
	}
	return path
}

// reported is when agents reported (tenant.report), where the organizations are: there it may be tomorrow already.
func reported() time.Time {
	return time.Now().Add(-time.Hour).In(time.FixedZone("Asia/Tashkent", 5*60*60))
}

// fill puts ids of p into a form. {+visitors} is the id of a new row, if p may have new ones.
func (d *side) fill(text string, p tenant) string {
	return holder.ReplaceAllStringFunc(text, func(h string) string {
		key, isNew := strings.CutPrefix(strings.Trim(h, "{}"), "+")
		switch key {
		case "n":
			return fmt.Sprint(d.unique.Add(1))
		case "a-day":
			return time.Now().AddDate(0, 0, int(d.unique.Add(1))%360).Format(time.DateOnly)
		case "mark":
			return p.mark
		case "today":
			return reported().Format(time.DateOnly)
		case "now":
			return time.Now().UTC().Add(-time.Minute).Format(time.RFC3339)
		case "tomorrow-day":
			return reported().AddDate(0, 0, 1).Format(time.DateOnly)
		case "tomorrow":
			return time.Now().UTC().Add(24 * time.Hour).Format(time.RFC3339)
		case "password":
			return adminPassword
		case "organizations":
			return fmt.Sprint(p.organization)
		}
		if !strings.HasPrefix(key, "/") && p.ids[key] == "" {
			key = "/api/v2/" + key
		}
		if isNew && p.renews {
			id, err := d.make(key, p, signed(d.s.token))
			if err != nil {
				return err.Error()
			}
			return id
		}
		if p.ids[key] == "" {
			return unknown + key
		}
		return p.ids[key]
	})
}

// fresh is p with a new row for the route to change, if the table has a line that makes one.
func (d *side) fresh(route httpx.Route, c *asker, p tenant) (tenant, error) {
	p.ids, p.renews = maps.Clone(p.ids), true
	path, key := d.makerOf(route)
	if path == "" {
		return p, nil
	}
	header := signed(d.s.token)
	switch {
	case d.host != d.s.dashboard:
		header = c.header
	case aboutAsker(route):
		if d.try(http.MethodGet, "/api/v2/auth/me", c.other, "").status != http.StatusOK {
			c.other = c.spare()
		}
		header = c.other
	}
	id, err := d.make(path, p, header)
	if err == nil && id != "" {
		p.ids[key] = id
	}
	return p, err
}

// make makes a row as the table says at the line that posts to the path, or puts there, and returns its id.
func (d *side) make(path string, p tenant, header map[string]string) (string, error) {
	switch path {
	case "/api/v2/computers", "/api/v2/computers/users":
		return d.report(path, p)
	case "/api/v2/auth/sessions":
		var page struct{ Items []struct{ ID string } }
		a := d.try(http.MethodGet, path, header, "")
		if err := json.Unmarshal([]byte(a.text), &page); err != nil || len(page.Items) == 0 {
			return "", fmt.Errorf("%s: %s", path, a)
		}
		return page.Items[0].ID, nil
	}
	made := httpx.Route{Method: http.MethodPost, Path: path}
	if d.table.line(made).route == "" {
		made.Method = http.MethodPut
	}
	f := d.table.line(made).forms(made)[0]
	body := d.fill(f.body, p)
	a := d.try(made.Method, d.path(made, p)+d.fill(f.query, p), header, body)
	decoder := json.NewDecoder(strings.NewReader(a.text))
	decoder.UseNumber()
	var out struct {
		ID, GatewayID, KeyID, JobID any
		Data                        struct{ ID, JobID, KeyID any }
	}
	if err := decoder.Decode(&out); a.status >= 300 || err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("%s: %s", name(made), a)
	}
	for _, id := range []any{out.ID, out.Data.ID, out.GatewayID, out.KeyID, out.JobID, out.Data.JobID, out.Data.KeyID} {
		if id != nil {
			return fmt.Sprint(id), nil
		}
	}
	if strings.Contains(f.body, "{+") { // it joined what it was told of
		return lastNumber.FindString(body), nil
	}
	return "", nil
}

var lastNumber = regexp.MustCompile(`\d+`)

// report has p's agent report of a new computer with a new user, whom it links to p's employee.
func (d *side) report(list string, p tenant) (string, error) {
	n := fmt.Sprint("fresh", d.unique.Add(1))
	status, text, err := send(http.MethodPost, d.s.agentAPI+"/v2/agent/events", agent(p.agentKey), report("PC-"+n, "S-"+n, window(time.Now().UTC().Add(-time.Minute), "x")))
	if err != nil || status != http.StatusOK {
		return "", fmt.Errorf("report: %d %s, %w", status, text, err)
	}
	var page struct{ Items []struct{ ID json.Number } }
	a := d.try(http.MethodGet, list+"?search="+n, signed(d.s.token), "")
	if err := json.Unmarshal([]byte(a.text), &page); err != nil || len(page.Items) != 1 {
		return "", fmt.Errorf("%s: %s", list, a)
	}
	id := page.Items[0].ID.String()
	if list == "/api/v2/computers/users" {
		if a := d.try(http.MethodPost, list+"/"+id+"/link", signed(d.s.token), `{"employeeId":`+p.ids["/api/v2/employees"]+`}`); a.status >= 300 {
			return "", fmt.Errorf("link: %s", a)
		}
	}
	return id, nil
}

// makerOf is the path where rows of the route's kind are made, and the key of their ids; empty if there is none.
func (d *side) makerOf(route httpx.Route) (path, key string) {
	at := strings.LastIndex(route.Path, "/:")
	if at < 0 {
		return "", ""
	}
	path, rest := route.Path[:at], route.Path[at+2:]
	key = ownPath(path)
	if strings.Contains(path, ":") {
		key, _, _ = strings.Cut(rest, "/")
	}
	if made := map[string]string{
		"/api/v2/auth/sessions": "/api/v2/auth/sessions", "/api/v2/computers": "/api/v2/computers", "/api/v2/computers/users": "/api/v2/computers/users",
		"computer_user_id": "/api/v2/computers/users", "/api/v2/visitors/codes": "/api/v2/visitors/:id/codes", "/api/v1/visitors/codes": "/api/v2/visitors/:id/codes",
	}[strings.Replace(key, "/api/visitors/", "/api/v1/visitors/", 1)]; made != "" {
		return made, key
	}
	if key == "/api/v2/users" && route.Method != http.MethodDelete { // the bystander can be changed many times
		return "", ""
	}
	for _, made := range []string{key, path} {
		for _, method := range []string{http.MethodPost, http.MethodPut} {
			if d.table.line(httpx.Route{Method: method, Path: made}).route != "" {
				return made, key
			}
		}
	}
	return "", ""
}

// askAsNobody asks without a credential, and with credentials of others, which open nothing here.
func (d *side) askAsNobody(t *testing.T, others ...*asker) {
	t.Helper()
	for _, route := range d.routes {
		path := strings.Replace(d.path(route, d.own), "*", "nothing", 1)
		body := ""
		if changes(route) {
			body = "{}"
		}
		a := d.try(route.Method, path, nil, body)
		if route.Permission == public {
			// The viewer of the documentation is somebody else's, and has all sorts of words.
			if a.status >= 500 || a.marks(d.matrix) != nil && !strings.HasPrefix(route.Path, "/api/docs/") || reads(route) && a.status == http.StatusUnauthorized {
				t.Errorf("%s, which is public, of nobody: %s", name(route), a)
			}
			continue
		}
		if a.status != http.StatusUnauthorized {
			t.Errorf("%s of nobody: %s", name(route), a)
		}
		for _, c := range others {
			if a := d.try(route.Method, path, c.header, body); a.status != http.StatusUnauthorized && a.status != http.StatusForbidden {
				t.Errorf("%s of %s: %s", name(route), c.name, a)
			}
		}
	}
}

// violationsAreCounted compares the places where it is told that somebody reached for another organization's row: the
// audit, with all that belongs there, the log and the metric.
func (m *matrix) violationsAreCounted(t *testing.T) {
	t.Helper()
	var rows, whole int
	err := m.s.database(t).Read(actor.With(t.Context(), actor.System("test")), func(ctx context.Context, tx db.Tx) error {
		const all = "SELECT count(*) FROM audit_log WHERE reason = 'RLS_POLICY_VIOLATION'"
		if err := tx.Raw(all).Scan(ctx, &rows); err != nil {
			return err
		}
		return tx.Raw(all+" AND organization_id = ? AND actor <> '' AND action <> '' AND object <> '' AND client_ip <> ''", m.own.organization).Scan(ctx, &whole)
	})
	if err != nil {
		t.Fatal(err)
	}
	logged := 0
	for l := range strings.SplitSeq(m.s.log.String(), "\n") {
		var warning struct{ Level, Msg, Resource, Policy, Timestamp string }
		if json.Unmarshal([]byte(l), &warning) == nil && warning.Msg == violated && warning.Level == "WARN" && warning.Resource != "" && warning.Policy != "" && warning.Timestamp != "" {
			logged++
		}
	}
	counted := 0
	for _, host := range []string{m.s.dashboard, m.s.agentAPI} {
		_, text := call(t, http.MethodGet, host+"/metrics", nil, nil)
		for _, found := range regexp.MustCompile(`(?m)^rls_violations_total\{policy="tenant",resource="[a-z_]+"\} (\d+)$`).FindAllSubmatch(text, -1) {
			counted += int(number(string(found[1])))
		}
	}
	if rows < 100 || whole != rows || logged != rows || counted != rows {
		t.Errorf("%d violations in the audit, %d of them whole, %d in the log, %d in the metric", rows, whole, logged, counted)
	}
}

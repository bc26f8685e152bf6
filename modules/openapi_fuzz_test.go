package modules_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/kernel"
)

var (
	badInputTime = flag.Duration("bad-input", 0, "how long each database is given bad input, seven rounds at least")
	badInputSeed = flag.Uint64("bad-input-seed", 1, "which bad input")
)

// Every operation of every role's OpenAPI document is given what nobody should send, by everybody who can ask: the answer is
// never the server's fault, always in an envelope and as the document says (the site's servers see to that), in the
// reader's language, never of another tenant; and nothing of a tenant is changed by another.
func TestBadInput(t *testing.T) {
	t.Parallel()
	t.Logf("-bad-input-seed %d", *badInputSeed)
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		badInput(t, newSite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		badInput(t, onPostgres(t))
	})
}

func badInput(t *testing.T, s *site) {
	s.serve(t, "role=agent-api,dashboard", "gateways.offline_after=24h") // nothing is to happen by itself
	ready(t, s.agentAPI, s.dashboard)
	s.signIn(t)
	victim, own := newTenant(t, s, "ALPHA"), newTenant(t, s, "BETA")
	before, people := everythingOf(t, s, victim), usersOf(t, s)
	f := &fuzz{T: t, site: s, victim: victim, own: own, statuses: map[int]int{}}
	for _, role := range []kernel.Role{kernel.Dashboard, kernel.AgentAPI} {
		callers := own.callers(role)
		callers["nobody"] = map[string]string{}
		f.add(role, callers)
	}
	slow := f.startSlowBodies()
	f.languages()
	f.run(7, *badInputTime)
	f.tooLarge()
	f.same("what the other tenant has", before, everythingOf(t, s, victim))
	f.same("what somebody may do", people, usersOf(t, s))
	f.endSlowBodies(slow)
	// The operator may read and change everything, so it comes last, and asks for no row that is there.
	f.aims = nil
	f.add(kernel.Dashboard, map[string]map[string]string{"ADMIN": {"Authorization": "Bearer " + s.token}})
	f.run(4, *badInputTime/6)
	f.summary()
}

// same reports the lines of a text that are not as they were. Commands are left out: the schedule gives gateways some, each
// minute.
func (f *fuzz) same(what, before, after string) {
	was := strings.Split(before, "\n")
	for i, line := range strings.Split(after, "\n") {
		if !strings.HasPrefix(line, "commands ") && (i >= len(was) || was[i] != line) {
			f.Errorf("%s was changed:\n%s\nwas\n%s", what, line, was[min(i, len(was)-1)])
		}
	}
}

// usersOf is who there is and what they may do, as text.
func usersOf(t *testing.T, s *site) string {
	t.Helper()
	var b strings.Builder
	var page struct {
		Items []struct {
			ID             int64
			Role, Username string
			OrganizationID *int64
		}
		Next string
	}
	for {
		s.get(t, "/api/v2/users?limit=100&sort=id&after="+page.Next, &page)
		for _, u := range page.Items {
			if strings.HasPrefix(u.Username, "alpha-") || strings.HasPrefix(u.Username, "beta-") || u.Role == actor.Admin.String() {
				fmt.Fprintln(&b, u.ID, u.Role, u.Username, u.OrganizationID != nil)
			}
		}
		if page.Next == "" {
			return b.String()
		}
	}
}

// fuzz is a site under bad input.
type fuzz struct {
	*testing.T
	site        *site
	victim, own tenant
	aims        []*aim

	mu       sync.Mutex
	statuses map[int]int
	said     int
	slowest  time.Duration
	slow     string // what that was asked for
}

// aim is an operation as one caller asks for it.
type aim struct {
	*openAPI
	role         kernel.Role
	host         string
	method, path string
	op           operation
	who          string
	header       map[string]string
	rounds       uint64
}

// callers are those of the tenant who can ask a role something.
func (n tenant) callers(role kernel.Role) map[string]map[string]string {
	if role == kernel.AgentAPI {
		return map[string]map[string]string{
			"agent": agent(n.agentKey), "gateway": signed(n.gatewayKey), "terminal": agent(n.terminalKey), "administrator": agent(n.adminKey),
		}
	}
	all := map[string]map[string]string{}
	for r, token := range n.tokens {
		all[r.String()] = signed(token)
	}
	return all
}

// add takes all operations of a role, for these callers.
func (f *fuzz) add(role kernel.Role, callers map[string]map[string]string) {
	var document openAPI
	err := modules.Scratch(context.Background(), role, func(s *httpx.Server) error {
		document = documentOf(f, s)
		return nil
	})
	if err != nil {
		f.Fatal(err)
	}
	host := map[kernel.Role]string{kernel.Dashboard: f.site.dashboard, kernel.AgentAPI: f.site.agentAPI}[role]
	for _, path := range slices.Sorted(maps.Keys(document.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(document.Paths[path])) {
			if spares(path) {
				continue
			}
			for _, who := range slices.Sorted(maps.Keys(callers)) {
				f.aims = append(f.aims, &aim{
					openAPI: &document, role: role, host: host, method: strings.ToUpper(method), path: path, op: document.Paths[path][method], who: who, header: callers[who],
				})
			}
		}
	}
}

// spares leaves out what would sign the callers out or block their address, so that all else would only say so.
func spares(path string) bool {
	return strings.HasSuffix(path, "/logout") || strings.HasSuffix(path, "/login") || strings.HasSuffix(path, "/ready") || path == "/metrics" || path == "/" || strings.HasPrefix(path, "/api/docs/")
}

// run asks every aim in so many rounds, and in more until the time is over. Each asks by a sequence of its own, so that a
// finding comes again with the same seed.
func (f *fuzz) run(rounds int, least time.Duration) {
	late := time.Now().Add(least)
	rand.New(rand.NewPCG(*badInputSeed, 0)).Shuffle(len(f.aims), func(i, j int) { f.aims[i], f.aims[j] = f.aims[j], f.aims[i] })
	for n := 0; n < rounds || time.Now().Before(late); n++ {
		var work sync.WaitGroup
		next := make(chan *aim)
		for range 4 {
			work.Go(func() {
				for g := range next {
					f.try(g)
				}
			})
		}
		for _, g := range f.aims {
			if n >= rounds && time.Now().After(late) {
				break
			}
			next <- g
		}
		close(next)
		work.Wait()
	}
}

func (g *aim) random() *chance {
	h := fnv.New64a()
	fmt.Fprint(h, g.role, g.method, g.path, g.who, g.rounds)
	g.rounds++
	return &chance{rand.New(rand.NewPCG(*badInputSeed, h.Sum64()))}
}

// tries is how often an aim is asked in a row, each time otherwise.
func (g *aim) tries() int {
	switch {
	case g.who == "nobody":
		return 1
	case g.op.RequestBody != nil:
		return 4
	}
	return 2
}

func (f *fuzz) try(g *aim) {
	for range g.tries() {
		r := g.random()
		address := g.host + f.pathOf(g, r) + f.queryOf(g, r)
		var body []byte
		if g.op.RequestBody != nil {
			body = []byte(f.bodyOf(g, r))
		}
		q, err := http.NewRequest(g.method, address, bytes.NewReader(body))
		if err != nil {
			f.Errorf("%s %s: %v", g.method, address, err)
			continue
		}
		for name, value := range g.header {
			q.Header.Set(name, value)
		}
		r.headers(q, g.op.RequestBody != nil)
		if f.ask(g, q, body) == http.StatusForbidden && r.one(2) {
			return // it is not told more
		}
	}
}

// ask sends a request, judges its answer and returns the status.
func (f *fuzz) ask(g *aim, q *http.Request, body []byte) int {
	began := time.Now()
	res, err := client.Do(q)
	if err != nil {
		f.report("%s %s %.300s: %v\nbody %.500q", g.who, g.method, q.URL, err, body)
		return 0
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		f.report("%s %s %.300s: read: %v", g.who, g.method, q.URL, err)
	}
	for _, fault := range f.judge(g, res, answer) {
		f.report("%s %s %.400s: %s: %d %.600s\nbody %.700q of %d bytes", g.who, g.method, q.URL, fault, res.StatusCode, answer, body, len(body))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.statuses[res.StatusCode]++
	if took := time.Since(began); took > f.slowest {
		f.slowest, f.slow = took, fmt.Sprintf("%s %s %.300s %.300q", g.who, g.method, q.URL, body)
	}
	return res.StatusCode
}

// report says what is wrong, the first twenty times.
func (f *fuzz) report(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.said++; f.said <= 20 {
		f.Errorf(format, args...)
	}
}

func (f *fuzz) judge(g *aim, res *http.Response, answer []byte) (faults []string) {
	kind := res.Header.Get("Content-Type")
	if res.StatusCode >= 500 {
		faults = append(faults, "the server's fault")
	}
	// Headers that are too large are refused by net/http, before any route.
	if res.StatusCode >= 400 && res.StatusCode != http.StatusRequestHeaderFieldsTooLarge && !strings.HasPrefix(kind, "application/json") && !strings.HasPrefix(kind, "application/problem+json") {
		faults = append(faults, "no envelope")
	}
	if res.Header.Get("X-Injected") != "" || strings.Contains(fmt.Sprint(res.Header), "Injected: yes") {
		faults = append(faults, "a header of the client's making")
	}
	if g.who == "ADMIN" {
		return faults
	}
	if bytes.Contains(answer, []byte(f.victim.mark)) {
		faults = append(faults, "shows the other tenant")
	}
	if res.StatusCode < 300 && strings.HasPrefix(kind, "application/json") {
		for _, o := range organizationsIn(answer) {
			if o == f.victim.organization {
				faults = append(faults, "a row of the other tenant's organization")
			}
		}
	}
	return faults
}

// organizationsIn are the organizations that an answer's rows say they are of.
func organizationsIn(answer []byte) (all []int64) {
	for rest := string(answer); ; {
		_, after, found := strings.Cut(rest, `"organizationId":`)
		if !found {
			return all
		}
		end := strings.IndexAny(after, ",}")
		if n, err := strconv.ParseInt(strings.TrimSpace(after[:max(end, 0)]), 10, 64); err == nil {
			all = append(all, n)
		}
		rest = after
	}
}

func (f *fuzz) summary() {
	asked := 0
	for _, n := range f.statuses {
		asked += n
	}
	f.Logf("%d requests, %v, the slowest in %s: %s", asked, f.statuses, f.slowest.Round(time.Millisecond), f.slow)
	taken := f.statuses[200] + f.statuses[201] + f.statuses[202] + f.statuses[204]
	if f.said > 20 {
		f.Errorf("%d findings", f.said)
	}
	if taken*20 < asked || f.statuses[429]*10 > asked {
		f.Errorf("too little of it was read at all: %v", f.statuses)
	}
}

// chance makes bad input.
type chance struct{ *rand.Rand }

func pick[T any](r *chance, all []T) T { return all[r.IntN(len(all))] }

func (r *chance) one(in int) bool { return r.IntN(in) == 0 }

// wildTexts are what may stand where a text, a number, an id, a time or a name is expected.
var wildTexts = []string{
	"0", "-1", "1", "-0", "2147483647", "2147483648", "-2147483649", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
	"99999999999999999999999999", "1e400", "1e5", "1.5", "NaN", "Infinity", "0x10", "0777", "+1", " 1", "1 ", "١", "²", "", " ", "null", "undefined", "true", "[]", "{}",
	"\x00", "a\x00b", "%00", "\xff\xfe", "\xc0\x80", "\xed\xa0\x80", "\u202eabc", "\ufeff", "Шухрат", "oʻzbek", "🙂🙂", "e\u0301\u0301\u0301", "\u0130", "ﬁ",
	"'", "''", "\"", "\\", "' OR '1'='1", "'; DROP TABLE users;--", "1; SELECT pg_sleep(5)", "%' UNION SELECT NULL--", "%", "_", "%_%", "$1", "?", "{{7*7}}", "${jndi:x}",
	"x\r\nX-Injected: yes", "x\nX-Injected: yes", "<script>alert(1)</script>", "=1+1", "../../../etc/passwd", "..%2f..%2f", "file:///etc/passwd", "http://[::1",
	"0000-01-01", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "-0001-01-01T00:00:00Z", "9999-12-31", "9999-12-31T23:59:59.999999999Z", "10000-01-01T00:00:00Z",
	"2026-02-30", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T23:59:60Z", "2026-01-01T00:00:00+99:99", "2026-01-01T00:00:00+14:00",
	"2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00Z", "294277-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "today",
	"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "0192f0aa-0000-7000-8000-00000000000a", "{0192f0aa-0000-7000-8000-00000000000a}", "urn:uuid:0192f0aa-0000-7000-8000-00000000000a",
	"10.0.0.1", "::1", "999.1.1.1", "0.0.0.0/0", "id", "-id", "id,-id,id", "-", ",", ",,,", "name", "organizationId", "password", "id desc; --",
}

// cursors are those of lists, of keys that no row has.
var cursors = []string{
	`[1]`, `[9223372036854775807]`, `["x",1]`, `["\u0000",1]`, `[null]`, `[null,null]`, `[]`, `{}`, `[1e400]`, `["9999-12-31T23:59:59Z",1]`, `["0000-01-01T00:00:00Z",1]`,
	`["10000-01-01T00:00:00Z","0192f0aa-0000-7000-8000-00000000000a"]`, `["' OR 1=1--",1]`, `["\ud800",1]`, `[true,1]`, `[1,1]`, `[-1,"x"]`, `[[],{}]`, `["",0]`, `["0192f0aa-0000-7000-8000-00000000000a"]`,
}

func (r *chance) text() string {
	switch r.IntN(40) {
	case 0:
		return strings.Repeat(pick(r, []string{"A", "9", "ў", "'", "%"}), 5000)
	case 1, 2:
		return base64.RawURLEncoding.EncodeToString([]byte(pick(r, cursors)))
	case 3:
		return fmt.Sprint(r.Uint64() >> r.IntN(64))
	}
	return pick(r, wildTexts)
}

// pathOf fills the parameters of the path: with what nobody has, with the other tenant's, or with the caller's own, where
// that cannot take away what the rest of the test needs.
func (f *fuzz) pathOf(g *aim, r *chance) string {
	prefix := strings.ReplaceAll(strings.Split(g.path, "/{")[0], "{", "")
	harmless := g.method != http.MethodDelete && !strings.Contains(g.path, "/users") && !strings.Contains(g.path, "/sessions") && g.who != "ADMIN"
	return nameInPath.ReplaceAllStringFunc(g.path, func(string) string {
		known := f.own.ids[ownPath(prefix)]
		switch n := r.IntN(10); {
		case n < 4 && harmless && known != "":
			return url.PathEscape(known)
		case n == 4 && g.who != "ADMIN" && f.victim.ids[ownPath(prefix)] != "":
			return url.PathEscape(f.victim.ids[ownPath(prefix)])
		}
		text := r.text()
		if text == "" || text == "." || text == ".." {
			text = "x"
		}
		if n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64); err == nil && n > 0 && n < 100 && g.who == "ADMIN" {
			text = "999999"
		}
		return url.PathEscape(text)
	})
}

func (f *fuzz) queryOf(g *aim, r *chance) string {
	q := url.Values{}
	for _, p := range g.op.Parameters {
		if p.In != "query" || r.one(2) {
			continue
		}
		value := r.text()
		if r.one(2) {
			value = strings.Trim(string(f.good(g, p.Name, p.Schema, r, 0)), `"`)
		}
		q.Add(p.Name, value)
		if r.one(12) {
			q.Add(p.Name, r.text())
		}
	}
	if r.one(6) {
		q.Add("no-such-"+r.text(), r.text())
	}
	text := q.Encode()
	if r.one(25) {
		text += pick(r, []string{"&%zz=1", "&no-such-a=%", ";", "&&&", "&no-such-a[]=1", "&no-such-a[b][c]=1"})
	}
	if text == "" {
		return ""
	}
	return "?" + text
}

// headers sets some that a server might read.
func (r *chance) headers(q *http.Request, body bool) {
	q.Header.Set("Accept-Language", pick(r, []string{"uz", "ru", "en", "uz-Cyrl", "xx", "*", "en;q=0", strings.Repeat("ru,", 500)}))
	if body {
		q.Header.Set("Content-Type", "application/json")
		if r.one(15) {
			q.Header.Set("Content-Type", pick(r, []string{"text/plain", "application/xml", "multipart/form-data", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", ";", "application/json; charset=utf-16"}))
		}
		if r.one(30) {
			q.Header.Set("Content-Encoding", pick(r, []string{"gzip", "zstd", "br", "gzip, gzip", "identity"}))
		}
	}
	if r.one(4) {
		q.Header.Set("Accept", pick(r, []string{"application/problem+json", "text/html", "image/*", "nonsense", "*/*;q=0"}))
	}
	if r.one(12) {
		name := pick(r, []string{"X-Forwarded-For", "If-None-Match", "If-Match", "Range", "Last-Event-ID", "X-Idempotency-Token", "Origin", "X-HTTP-Method-Override", "X-API-Key", "traceparent", "If-Modified-Since", "Cookie"})
		value := strings.Map(func(c rune) rune {
			if c < ' ' || c > '~' {
				return -1
			}
			return c
		}, r.text())
		if q.Header.Get(name) == "" {
			q.Header.Set(name, value)
		}
	}
}

// bodyOf is a body as the operation wants it, in which something is wrong; once in a while nothing.
func (f *fuzz) bodyOf(g *aim, r *chance) string {
	for kind, content := range g.op.RequestBody.Content {
		if kind != "application/json" {
			return r.text()
		}
		switch r.IntN(14) {
		case 0:
			return pick(r, []string{
				"", "null", "[]", "{}", `"x"`, "1", "{", `{"a":1}{"b":2}`, `{"a":1,}`, "\ufeff{}", "{}\x00", "\xff\xfe{\x00}\x00", "<a/>", "a=1&b=2", strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000),
				strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000), "[" + strings.Repeat("{},", 20_000) + "{}]",
			})
		case 1, 2:
			return string(f.good(g, "", content.Schema, r, 0))
		}
		return f.spoilt(g, content.Schema, r)
	}
	return ""
}

// spoilt is a good object with one or two properties made bad, and perhaps some more that are nobody's to set.
func (f *fuzz) spoilt(g *aim, schema map[string]any, r *chance) string {
	properties := g.properties(schema)
	names := slices.Sorted(maps.Keys(properties))
	if len(names) == 0 {
		return string(f.wild(r))
	}
	var b strings.Builder
	b.WriteByte('{')
	put := func(name string, value []byte) {
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		quoted, _ := json.Marshal(name)
		b.Write(quoted)
		b.WriteByte(':')
		b.Write(value)
	}
	bad := names[r.IntN(len(names))]
	for _, name := range names {
		inner, _ := properties[name].(map[string]any)
		switch {
		case name == bad && r.one(6): // left out
		case name == bad || r.one(12):
			put(name, f.wild(r))
			if r.one(10) {
				put(name, f.good(g, name, inner, r, 1))
			}
		default:
			put(name, f.good(g, name, inner, r, 1))
		}
	}
	if r.one(5) {
		for _, more := range []string{"id", "organizationId", "role", "isActive", "passwordHash", "createdAt", "deletedAt", "__proto__", "OrganizationID", "userId"} {
			if properties[more] == nil && r.one(3) {
				put(more, []byte(pick(r, []string{fmt.Sprint(f.victim.organization), `"ADMIN"`, "true", "1", "null"})))
			}
		}
	}
	b.WriteByte('}')
	return b.String()
}

// wild is a JSON value that nobody asked for.
func (f *fuzz) wild(r *chance) []byte {
	switch r.IntN(12) {
	case 0, 1, 2, 3, 4:
		text, _ := json.Marshal(r.text())
		return text
	case 5:
		return []byte(strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000))
	case 6:
		return []byte(`"` + strings.Repeat(pick(r, []string{"x", "ў", `\u0000`, `\ud83d`}), 20_000) + `"`)
	}
	return []byte(pick(r, []string{
		"null", "true", "false", "0", "-0", "-1", "1", "1.5", "1e400", "-1e400", "1e-400", "2147483648", "4294967296", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "1E2",
		"[]", "{}", "[null]", "[[]]", "[0]", "[-1]", `[""]`, `["x",1,null]`, "[1,1,1]", `{"a":null}`, `{"":""}`, `""`, `" "`, `"\u0000"`, `"a\u0000b"`, `"\ud800"`, `"\udc00\ud800"`, "\"\xff\"", "\"\xed\xa0\x80\"",
		`"\r\nX-Injected: yes"`, `"'; DELETE FROM users;--"`, `"0000-01-01T00:00:00Z"`, `"9999-12-31T23:59:59Z"`, `"2026-02-30"`, `"24:00"`, `"25:61"`, `"Asia/Nowhere"`, `"../x"`,
		"[9223372036854775807]", "[" + strings.Repeat("1,", 5000) + "1]", `["` + strings.Repeat(`x","`, 3000) + `x"]`, `{"id":1,"organizationId":1}`,
	}))
}

// properties are those of an object's schema, whatever it refers to.
func (g *aim) properties(schema map[string]any) map[string]any {
	p, _ := g.resolve(schema)["properties"].(map[string]any)
	return p
}

func (g *aim) resolve(schema map[string]any) map[string]any {
	for {
		if ref, is := schema["$ref"].(string); is {
			schema, _ = g.Components.Schemas[ref[strings.LastIndex(ref, "/")+1:]].(map[string]any)
			continue
		}
		if choices, is := schema["anyOf"].([]any); is && len(choices) > 0 {
			schema, _ = choices[0].(map[string]any)
			continue
		}
		return schema
	}
}

// named are the caller's own rows, by what fields are called that name them.
var named = map[string]string{
	"department": "/api/v2/departments", "parent": "/api/v2/departments", "employee": "/api/v2/employees", "host": "/api/v2/employees", "user": "/api/v2/users",
	"gateway": "/api/v2/gateways", "visitor": "/api/v2/visitors", "policy": "/api/v2/policies", "group": "/api/v2/policies/groups", "schedule": "/api/v2/schedules",
	"device": "/api/v2/devices", "computer": "/api/v2/computers", "command": "/api/v2/commands", "screenshot": "/api/v2/screenshots", "resource": "/api/v1/policies/resources",
}

// good is a value that the schema allows and the field's name makes likely.
func (f *fuzz) good(g *aim, name string, schema map[string]any, r *chance, depth int) []byte {
	schema = g.resolve(schema)
	if values, is := schema["enum"].([]any); is {
		b, _ := json.Marshal(pick(r, values))
		return b
	}
	kind, _ := schema["type"].(string)
	if kinds, several := schema["type"].([]any); several {
		kind, _ = kinds[0].(string)
	}
	noun := strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, "s"), "Id"), "_id"))
	id := f.own.ids[named[noun]]
	if noun == "organization" {
		id = fmt.Sprint(f.own.organization)
	}
	switch kind {
	case "object":
		if depth > 4 {
			return []byte("{}")
		}
		var b bytes.Buffer
		properties := g.properties(schema)
		for _, p := range slices.Sorted(maps.Keys(properties)) {
			inner, _ := properties[p].(map[string]any)
			fmt.Fprintf(&b, "%c%q:%s", ",{"[min(1, max(0, 1-b.Len()))], p, f.good(g, p, inner, r, depth+1))
		}
		if b.Len() == 0 {
			return []byte("{}")
		}
		return append(b.Bytes(), '}')
	case "array":
		inner, _ := schema["items"].(map[string]any)
		return slices.Concat([]byte("["), f.good(g, name, inner, r, depth+1), []byte("]"))
	case "integer", "number":
		if _, err := strconv.ParseInt(id, 10, 64); err == nil {
			return []byte(id)
		}
		return []byte(pick(r, []string{"1", "2", "7", "60", "100"}))
	case "boolean":
		return []byte(pick(r, []string{"true", "false"}))
	}
	return quoted(f.goodText(name, id, schema, r))
}

func quoted(text string) []byte {
	b, _ := json.Marshal(text)
	return b
}

// goodText is a text that the schema allows and the field's name makes likely.
func (f *fuzz) goodText(name, id string, schema map[string]any, r *chance) string {
	lower := strings.ToLower(name)
	switch {
	case schema["format"] == "date-time":
		return time.Now().UTC().Add(time.Duration(r.IntN(100)-50) * time.Hour).Format(time.RFC3339)
	case schema["format"] == "date":
		return fmt.Sprintf("2026-11-%02d", 1+r.IntN(28))
	case id != "":
		return id
	case schema["format"] == "uuid":
		return "0192f0aa-0000-7000-8000-0000000000" + fmt.Sprint(10+r.IntN(90))
	case strings.Contains(lower, "date") || lower == "from" || lower == "to" || lower == "on":
		return fmt.Sprintf("2026-11-%02d", 1+r.IntN(28))
	case lower == "start" || lower == "end":
		return fmt.Sprintf("%02d:00", r.IntN(24))
	case strings.Contains(lower, "password"):
		return "Right7!horse-" + fmt.Sprint(r.IntN(100))
	case strings.Contains(lower, "ip"):
		return fmt.Sprintf("10.1.%d.%d", r.IntN(250), r.IntN(250))
	case strings.Contains(lower, "zone"):
		return "Asia/Tashkent"
	case lower == "role":
		return pick(r, []string{"GUARD", "HR", "ADMIN"})
	}
	return pick(r, []string{"name", "Nodira", "Шухрат"}) + fmt.Sprint(r.IntN(1000))
}

// languages asks what is refused in each language: the words differ, and the answer says which they are in; as a problem
// (RFC 9457) where one is asked for.
func (f *fuzz) languages() {
	words := 0
	for _, g := range f.aims {
		if !strings.HasPrefix(g.path, "/api/v2/") || g.method == http.MethodPost && g.op.RequestBody == nil {
			continue
		}
		heard := map[string]bool{}
		for _, language := range []string{"uz", "ru", "en"} {
			q, err := http.NewRequest(g.method, g.host+nameInPath.ReplaceAllString(g.path, "x")+"?no-such-parameter=1", strings.NewReader("{"))
			if err != nil {
				f.Fatal(err)
			}
			for name, value := range g.header {
				q.Header.Set(name, value)
			}
			q.Header.Set("Accept-Language", language)
			q.Header.Set("Accept", "application/problem+json")
			q.Header.Set("Content-Type", "application/json")
			res, err := client.Do(q)
			if err != nil {
				f.Fatal(err)
			}
			var said struct{ Detail string }
			err = json.NewDecoder(res.Body).Decode(&said)
			res.Body.Close()
			if res.StatusCode < 400 {
				break // it takes everything
			}
			if err != nil || res.Header.Get("Content-Type") != "application/problem+json" || res.Header.Get("Content-Language") != language || heard[said.Detail] {
				f.report("%s %s %s in %s: %d %v, %q", g.who, g.method, g.path, language, res.StatusCode, res.Header, said.Detail)
			}
			heard[said.Detail] = true
			words++
		}
	}
	if words < 300 {
		f.Errorf("only %d refusals in three languages", words)
	}
}

// tooLarge tells every operation that has a body of one that is larger than any may be: it is refused before it is sent.
func (f *fuzz) tooLarge() {
	for _, g := range f.aims {
		if g.op.RequestBody == nil || g.who == "nobody" {
			continue
		}
		conn := f.dial(g)
		fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n", g.method, nameInPath.ReplaceAllString(g.path, "1"), int64(1)<<40, g.credential())
		status, answer := f.answerOf(conn)
		if status != http.StatusRequestEntityTooLarge && status != http.StatusForbidden {
			f.report("%s %s %s with a body of a terabyte: %d %s", g.who, g.method, g.path, status, answer)
		}
	}
}

func (f *fuzz) dial(g *aim) net.Conn {
	conn, err := net.Dial("tcp", strings.TrimPrefix(g.host, "http://"))
	if err != nil {
		f.Fatal(err)
	}
	return conn
}

func (g *aim) credential() string {
	var b strings.Builder
	for name, value := range g.header {
		fmt.Fprintf(&b, "%s: %s\r\n", name, value)
	}
	return b.String()
}

// answerOf reads one answer, and closes the connection.
func (f *fuzz) answerOf(conn net.Conn) (int, []byte) {
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		f.report("no answer: %v", err)
		return 0, nil
	}
	defer res.Body.Close()
	answer, _ := io.ReadAll(res.Body)
	return res.StatusCode, answer
}

// startSlowBodies begins a hundred bodies that do not go on, but for files, which may take their time.
func (f *fuzz) startSlowBodies() (all []net.Conn) {
	for _, g := range f.aims {
		if !g.op.takesJSON() || g.who != actor.HR.String() || len(all) == 100 {
			continue
		}
		conn := f.dial(g)
		fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n%s\r\n{", g.method, nameInPath.ReplaceAllString(g.path, "1"), g.credential())
		all = append(all, conn)
	}
	if len(all) < 40 {
		f.Errorf("only %d slow bodies", len(all))
	}
	return all
}

// endSlowBodies waits until each is given up, which the answer says.
func (f *fuzz) endSlowBodies(all []net.Conn) {
	timedOut := 0
	for _, conn := range all {
		status, answer := f.answerOf(conn)
		switch {
		case status == http.StatusRequestTimeout:
			timedOut++
		case status != http.StatusForbidden && status != http.StatusNotFound && status != http.StatusBadRequest:
			f.report("a body that does not go on: %d %s", status, answer)
		}
	}
	if timedOut < len(all)/2 {
		f.report("%d of %d bodies that did not go on were given up", timedOut, len(all))
	}
}

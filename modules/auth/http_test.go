package auth

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

// newModule is the module with cheap passwords and a clock that stands.
func newModule() *Module {
	m := New()
	m.cost, m.now = bcrypt.MinCost, (&clock{noon}).now
	return m
}

func options(t *testing.T) kerneltest.Options {
	t.Helper()
	d := dbtest.SQLite(t)
	fill(t, d)
	return kerneltest.Options{DB: d, Set: []string{"auth.admin_password=admin"}}
}

func build(t *testing.T, role kernel.Role, o kerneltest.Options, is ...*Module) *httpx.Server {
	t.Helper()
	m := newModule()
	if len(is) > 0 {
		m = is[0]
	}
	return kerneltest.Build(t, role, o, kerneltest.Provide[organization.Tree](role, fakeTree{}), m)
}

// browser keeps the cookie of one visitor.
type browser struct {
	server *httpx.Server
	cookie *http.Cookie
	access string
}

// ask sends a request with the browser's credentials and returns the status and the answer.
func (b *browser) ask(t *testing.T, method, path, body string, header ...string) (int, map[string]any) {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if b.access != "" {
		r.Header.Set("Authorization", "Bearer "+b.access)
	}
	if b.cookie != nil && strings.HasPrefix(path, cookiePath) {
		r.AddCookie(b.cookie)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	b.server.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		b.cookie = c
	}
	var answer map[string]any
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatalf("%s %s: %v in %s", method, path, err, w.Body)
		}
	}
	if token, ok := answer["accessToken"].(string); ok {
		b.access = token
	}
	return w.Code, answer
}

const login = `{"username":"admin","password":"admin"}`

func TestABrowserSignsInStaysAndSignsOut(t *testing.T) {
	t.Parallel()
	b := &browser{server: build(t, kernel.Dashboard, options(t))}
	if status, answer := b.ask(t, "POST", "/api/v2/auth/login", login); status != 200 || answer["expiresIn"] != 900.0 ||
		fmt.Sprint(answer["user"]) != "map[id:1 name:Administrator role:ADMIN username:admin]" || answer["refreshToken"] != nil {
		t.Fatalf("sign-in: %d %v", status, answer)
	}
	if c := b.cookie; c == nil || c.Name != "staff_refresh" || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/api/v2/auth" || c.Secure || c.MaxAge != 7*24*3600 {
		t.Fatalf("cookie is %v", b.cookie)
	}
	if status, answer := b.ask(t, "GET", "/api/v2/auth/me", ""); status != 200 || answer["username"] != "admin" {
		t.Errorf("me: %d %v", status, answer)
	}
	if status, _ := b.ask(t, "PUT", "/api/v2/auth/me/language", `{"language":"ru"}`); status != 204 {
		t.Errorf("language: %d", status)
	}
	if status, answer := b.ask(t, "GET", "/api/v2/auth/me", ""); status != 200 || answer["language"] != "ru" {
		t.Errorf("me: %d %v", status, answer)
	}
	first := b.cookie.Value
	if status, answer := b.ask(t, "POST", "/api/v2/auth/refresh", "", "Sec-Fetch-Site", "same-origin"); status != 200 || b.cookie.Value == first {
		t.Errorf("refresh: %d %v", status, answer)
	}
	if status, _ := b.ask(t, "POST", "/api/v2/auth/logout", ""); status != 204 || b.cookie.MaxAge >= 0 {
		t.Errorf("sign-out: %d, cookie %v", status, b.cookie)
	}
	if status, answer := b.ask(t, "GET", "/api/v2/auth/me", ""); status != 401 || answer["code"] != "auth.token_invalid" {
		t.Errorf("me after the sign-out: %d %v", status, answer)
	}
	b.cookie = &http.Cookie{Name: cookieName, Value: first}
	if status, answer := b.ask(t, "POST", "/api/v2/auth/refresh", ""); status != 401 || answer["code"] != "auth.refresh_invalid" {
		t.Errorf("refresh after the sign-out: %d %v", status, answer)
	}
	b.cookie = nil
	if status, _ := b.ask(t, "POST", "/api/v2/auth/refresh", ""); status != 401 {
		t.Errorf("refresh without a cookie: %d", status)
	}
	b.ask(t, "POST", "/api/v2/auth/login", login)
	if status, _ := b.ask(t, "PUT", "/api/v2/auth/me/password", `{"currentPassword":"admin","newPassword":"Another1!"}`); status != 204 {
		t.Errorf("change of password: %d", status)
	}
	if status, _ := b.ask(t, "POST", "/api/v2/auth/login", login); status != 401 {
		t.Errorf("with the old password: %d", status)
	}
}

func TestOtherSitesCannotUseTheCookie(t *testing.T) {
	t.Parallel()
	b := &browser{server: build(t, kernel.Dashboard, options(t))}
	b.ask(t, "POST", "/api/v2/auth/login", login)
	for _, path := range []string{"login", "refresh", "logout"} {
		for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}} {
			body := ""
			if path == "login" {
				body = login
			}
			if status, answer := b.ask(t, "POST", "/api/v2/auth/"+path, body, header...); status != 403 || answer["code"] != "auth.cross_origin" {
				t.Errorf("%s with %v: %d %v", path, header, status, answer)
			}
		}
	}
	if status, _ := b.ask(t, "POST", "/api/v2/auth/refresh", "", "Origin", "http://example.com"); status != 200 {
		t.Errorf("from the same origin: %d", status)
	}
}

func TestCookiesAreSecureBehindTLS(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Set = append(o.Set, "auth.secure_cookies=true")
	b := &browser{server: build(t, kernel.Dashboard, o)}
	if b.ask(t, "POST", "/api/v2/auth/login", login); !b.cookie.Secure {
		t.Errorf("cookie is %v", b.cookie)
	}
}

func TestALockedNameIsToldWhenToComeBack(t *testing.T) {
	t.Parallel()
	b := &browser{server: build(t, kernel.Dashboard, options(t))}
	for range 5 {
		if status, answer := b.ask(t, "POST", "/api/v2/auth/login", `{"username":"admin","password":"x"}`); status != 401 || answer["code"] != "auth.wrong_credentials" {
			t.Fatalf("%d %v", status, answer)
		}
	}
	httptestx.Run(t, b.server, httptestx.Scenario{Name: "locked", Path: "/api/v2/auth/login", Body: login, Status: 429, Golden: "locked"})
	for _, path := range []string{"/api/v1/auth/login", "/api/auth/login"} {
		if status, answer := b.ask(t, "POST", path, login); status != 429 || answer["success"] != false {
			t.Errorf("%s: %d %v", path, status, answer)
		}
	}
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	operator := &actor.Actor{Role: actor.Admin, ID: "user:9", UserID: 9}
	key := &actor.Actor{Role: actor.Admin, ID: "key:1", OrganizationID: 2}
	const users, keys = "/api/v2/users", "/api/v2/api-keys"
	httptestx.Run(t, build(t, kernel.Dashboard, options(t)),
		httptestx.Scenario{Name: "methods", Path: "/api/v2/auth/login", Status: 200, Contains: []string{`{"methods":["password"]}`}},
		httptestx.Scenario{Name: "user", As: operator, Path: users, Body: `{"organizationId":1,"name":"Bekzod","username":"lead1","password":"Password123!","role":"DEPARTMENT_LEAD"}`, Status: 201, Excludes: []string{"assword", "$2"}},
		httptestx.Scenario{Name: "users", As: operator, Path: users, Status: 200, Golden: "users", Excludes: []string{"assword", "$2"}},
		httptestx.Scenario{Name: "page", As: operator, Path: users + "?limit=1&sort=id", Status: 200, Contains: []string{`"next":"WyJpZCIsMV0"`}, Excludes: []string{"lead1"}},
		httptestx.Scenario{Name: "next page", As: operator, Path: users + "?limit=1&sort=id&after=WyJpZCIsMV0&organizationId=1", Status: 200, Contains: []string{"lead1"}},
		httptestx.Scenario{Name: "bad cursor", As: operator, Path: users + "?after=x", Status: 400},
		httptestx.Scenario{Name: "departments", As: operator, Method: "PUT", Path: users + "/2/departments", Body: `{"departmentIds":[1]}`, Status: 200, Contains: []string{`"departmentIds":[1]`}},
		httptestx.Scenario{Name: "no such user", As: operator, Method: "PUT", Path: users + "/77/departments", Body: `{"departmentIds":[1]}`, Status: 404},
		httptestx.Scenario{Name: "rename", As: operator, Method: "PATCH", Path: users + "/2", Body: `{"name":"Bek"}`, Status: 200, Contains: []string{`"name":"Bek"`, `"departmentIds":[1]`}},
		httptestx.Scenario{Name: "rename nobody", As: operator, Method: "PATCH", Path: users + "/77", Body: `{"name":"Bek"}`, Status: 404},
		httptestx.Scenario{Name: "weak password", As: operator, Method: "PATCH", Path: users + "/2", Body: `{"password":"x"}`, Status: 400, Contains: []string{"auth.password_weak"}, Header: map[string]string{"Accept-Language": "en"}},
		httptestx.Scenario{Name: "one user", As: operator, Path: users + "/2", Status: 200, Contains: []string{`"departmentIds":[1]`}},
		httptestx.Scenario{Name: "another tenant's user", As: key, Path: users + "/2", Status: 404, Contains: []string{"auth.user_unknown"}},
		httptestx.Scenario{Name: "deactivate", As: operator, Method: "DELETE", Path: users + "/2", Status: 204},
		httptestx.Scenario{Name: "new key", As: operator, Path: keys, Body: `{"type":"AGENT","organizationId":1,"expiresAt":"2030-01-01T00:00:00Z"}`, Status: 201, Contains: []string{`"key":"sk_agent_`, `"prefix":"sk_agent_`}},
		httptestx.Scenario{Name: "keys", As: operator, Path: keys, Status: 200, Contains: []string{`"type":"AGENT"`, `"isActive":true`}, Excludes: []string{`"key"`, `"hash"`}},
		httptestx.Scenario{Name: "bad cursor of keys", As: operator, Path: keys + "?after=x", Status: 400},
		httptestx.Scenario{Name: "revoke", As: operator, Method: "DELETE", Path: keys + "/1", Status: 204},
		httptestx.Scenario{Name: "revoked", As: operator, Path: keys, Status: 200, Contains: []string{`"isActive":false`, `"revokedAt":"2026-11-02T12:00:00Z"`}},
		httptestx.Scenario{Name: "no such key", As: operator, Method: "DELETE", Path: keys + "/77", Status: 404},
		httptestx.Scenario{Name: "key is nobody", As: key, Path: "/api/v2/auth/me", Status: 403, Contains: []string{"auth.not_a_person"}},
	)
}

func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	var scenarios []httptestx.Scenario
	for _, route := range []struct {
		method, path string
		allowed      actor.Role
	}{
		{"GET", "/api/v2/users", actor.Admin}, {"POST", "/api/v2/users", actor.Admin}, {"GET", "/api/v2/users/77", actor.Admin},
		{"PATCH", "/api/v2/users/77", actor.Admin}, {"DELETE", "/api/v2/users/77", actor.Admin}, {"PUT", "/api/v2/users/77/departments", actor.Admin},
		{"GET", "/api/v2/api-keys", actor.Admin}, {"POST", "/api/v2/api-keys", actor.Admin}, {"DELETE", "/api/v2/api-keys/77", actor.Admin},
		{"PUT", "/api/v2/auth/me/language", actor.People}, {"GET", "/api/v1", actor.People},
	} {
		for _, role := range []actor.Role{actor.Admin, actor.HR, actor.DepartmentLead, actor.Guard, actor.Gateway, actor.Agent, actor.Hikvision} {
			as := &actor.Actor{Role: role, ID: "test", UserID: 1, OrganizationID: 1}
			sc := httptestx.Scenario{Name: fmt.Sprint(route.method, route.path, role), As: as, Method: route.method, Path: route.path, Status: 403}
			if role&route.allowed != 0 {
				sc.Status, sc.Excludes = 0, []string{"ACCESS_DENIED", "Forbidden", "INTERNAL"}
			}
			scenarios = append(scenarios, sc)
		}
		scenarios = append(scenarios, httptestx.Scenario{Name: fmt.Sprint(route.method, route.path, "nobody"), Method: route.method, Path: route.path, Status: 401})
	}
	httptestx.Run(t, build(t, kernel.Dashboard, options(t)), scenarios...)
}

func TestCredentialsOfMachines(t *testing.T) {
	t.Parallel()
	o := options(t)
	s, _ := another(t, o.DB, &clock{noon})
	_, key := newKey(t, s, 1, "ADMIN")
	dashboard := build(t, kernel.Dashboard, o)
	b := &browser{server: dashboard}
	for name, c := range map[string]struct {
		path   string
		header []string
		status int
		code   any
	}{
		"X-API-Key":    {"/api/v2/api-keys", []string{"X-API-Key", key}, 200, nil},
		"Bearer":       {"/api/v2/api-keys", []string{"Authorization", "Bearer " + key}, 200, nil},
		"small bearer": {"/api/v2/api-keys", []string{"Authorization", "bearer " + key}, 200, nil},
		"wrong key":    {"/api/v2/api-keys", []string{"X-API-Key", key + "x"}, 401, "auth.key_invalid"},
		"other scheme": {"/api/v2/api-keys", []string{"Authorization", "Token " + key}, 401, "unauthenticated"},
		"in the URL":   {"/api/v2/api-keys?apiKey=" + key, nil, 401, "unauthenticated"},
		"a gateway's":  {"/api/v2/api-keys", []string{"Authorization", "Bearer sgw_" + key}, 401, "unauthenticated"},
		"nothing":      {"/api/v2/api-keys", nil, 401, "unauthenticated"},
		"forged token": {"/api/v2/api-keys", []string{"Authorization", "Bearer a.b.c"}, 401, "auth.token_invalid"},
	} {
		if status, answer := b.ask(t, "GET", c.path, "", c.header...); status != c.status || answer["code"] != c.code {
			t.Errorf("%s: %d %v", name, status, answer)
		}
	}
}

func TestAgentAPIHasNoPasswords(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Set = nil
	server := build(t, kernel.AgentAPI, o)
	for _, r := range server.Routes() {
		if r.Owner == "auth" && r.Path != "/api" && !strings.HasPrefix(r.Path, "/api/security/") {
			t.Errorf("agent-api has %s %s", r.Method, r.Path)
		}
	}
	if n := counted(t, o.DB, "SELECT count(*) FROM users"); n != 0 {
		t.Errorf("agent-api made %d users", n)
	}
}

func TestTheFirstPasswordIsToldOnce(t *testing.T) {
	t.Parallel()
	var told []string
	var logged bytes.Buffer
	o := options(t)
	o.Set, o.Data = nil, t.TempDir()
	o.Announce = func(text string) { told = append(told, text) }
	o.Log = slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	b := &browser{server: build(t, kernel.Dashboard, o)}
	build(t, kernel.Dashboard, o) // the second start
	kept, err := os.ReadFile(filepath.Join(o.Data, "admin-password"))
	if err != nil {
		t.Fatal(err)
	}
	made := strings.TrimSpace(string(kept))
	if len(told) != 1 || !strings.Contains(told[0], made) || strings.Contains(logged.String(), made) {
		t.Errorf("told %q, logged %q", told, logged.String())
	}
	for _, name := range []string{"admin-password", "secret.key"} {
		if info, err := os.Stat(filepath.Join(o.Data, name)); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s has mode %v, %v", name, info.Mode(), err)
		}
	}
	body, _ := json.Marshal(loginRequestV1{"admin", made})
	if status, answer := b.ask(t, "POST", "/api/v2/auth/login", string(body)); status != 200 {
		t.Errorf("sign-in: %d %v", status, answer)
	}
	after := &browser{server: build(t, kernel.Dashboard, o), access: b.access}
	if status, _ := after.ask(t, "GET", "/api/v2/auth/me", ""); status != 200 {
		t.Errorf("after a restart the access token is refused: %d", status)
	}
}

func TestPostgreSQLNeedsAKeyForTokens(t *testing.T) {
	t.Parallel()
	d := dbtest.Postgres(t)
	start := func(set ...string) error {
		tree := kerneltest.Provide[organization.Tree](kernel.Dashboard, fakeTree{})
		k, o := kerneltest.New(t, kernel.Dashboard, kerneltest.Options{DB: d, Set: set}, tree, newModule())
		defer o.Listener.Close()
		return k.Build(t.Context())
	}
	if err := start(); err == nil || !strings.Contains(err.Error(), "auth.token_key: must be set on PostgreSQL, is empty") {
		t.Errorf("without a key: %v", err)
	}
	if err := start("auth.token_key=0123456789abcdef0123456789abcdef", "auth.admin_password=admin"); err != nil {
		t.Errorf("with a key: %v", err)
	}
}

func TestInitSaysWhatFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "secret.key"), []byte("short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	closed := dbtest.SQLite(t)
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	for want, o := range map[string]kerneltest.Options{
		"holds no key":        {DB: dbtest.SQLite(t), Data: dir},
		"the server's secret": {DB: dbtest.SQLite(t), Data: filepath.Join(dir, "secret.key")},
		"first user":          {DB: closed},
	} {
		tree := kerneltest.Provide[organization.Tree](kernel.Dashboard, fakeTree{})
		k, ko := kerneltest.New(t, kernel.Dashboard, o, tree, newModule())
		if err := k.Build(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q in it", err, want)
		}
		ko.Listener.Close()
	}
}

func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	good := defaults()
	if err := good.Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	bad := Config{TokenKey: "short", AdminPassword: "x", AccessLife: time.Second, LockAfter: 1, FailuresPerIP: 1}
	err := bad.Validate()
	for _, want := range []string{"token_key: must have at least 32 characters, is [secret]", "access_life", "refresh_life", "lock_after", "lock_for", "failures_per_ip"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
}

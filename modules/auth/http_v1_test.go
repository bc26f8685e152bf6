package auth

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

// v1's own answers are the golden files; where v1 was wrong (a bad refresh token was 500) ours differ.
func TestV1sClientsAreAnsweredAsBefore(t *testing.T) {
	t.Parallel()
	server := build(t, kernel.Dashboard, options(t))
	for _, prefix := range []string{"/api/v1/auth", "/api/auth"} {
		form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
		plain := map[string]string{"Content-Type": "text/plain"}
		refused := func(message string) []string {
			return []string{`{"success":false,"error":{"code":"HTTP_EXCEPTION","message":"Validation failed: ` + message + `"},"timestamp":"`}
		}
		const both = "username: username should not be empty, username must be a string; password: password should not be empty, password must be a string"
		httptestx.Run(t, server,
			httptestx.Scenario{Name: "methods", Path: prefix + "/login", Status: 200, Contains: []string{"password"}},
			httptestx.Scenario{Name: "login", Path: prefix + "/login", Body: login, Status: 200, Golden: "v1-login", Mask: []string{"accessToken", "refreshToken"}},
			httptestx.Scenario{Name: "form", Path: prefix + "/login", Body: "username=admin&password=admin", Header: form, Status: 200, Contains: []string{"refreshToken"}},
			httptestx.Scenario{Name: "wrong password", Path: prefix + "/login", Body: `{"username":"admin","password":"x"}`, Status: 401, Golden: "v1-wrong"},
			httptestx.Scenario{Name: "unknown user", Path: prefix + "/login", Body: `{"username":"ghost","password":"x"}`, Status: 401, Golden: "v1-wrong"},
			httptestx.Scenario{Name: "empty object", Path: prefix + "/login", Body: "{}", Status: 400, Contains: refused(both)},
			httptestx.Scenario{Name: "list", Path: prefix + "/login", Body: "[]", Status: 400, Contains: refused(both)},
			httptestx.Scenario{Name: "no body", Method: "POST", Path: prefix + "/login", Status: 400, Contains: refused(both)},
			httptestx.Scenario{Name: "plain text", Path: prefix + "/login", Body: login, Header: plain, Status: 400, Contains: refused(both)},
			httptestx.Scenario{Name: "empty texts", Path: prefix + "/login", Body: `{"username":"","password":"x"}`, Status: 400, Contains: refused("username: username should not be empty")},
			httptestx.Scenario{Name: "one missing", Path: prefix + "/login", Body: `{"username":"admin"}`, Status: 400, Contains: refused("password: password should not be empty, password must be a string")},
			httptestx.Scenario{Name: "two of one", Path: prefix + "/login", Body: "username=a&username=b&password=x", Header: form, Status: 400, Contains: refused("username: username must be a string")},
			httptestx.Scenario{Name: "bad form", Path: prefix + "/login", Body: "username=%zz", Header: form, Status: 400, Contains: []string{`"code":"Bad Request"`}},
			httptestx.Scenario{Name: "NUL", Path: prefix + "/login", Body: `{"username":"a\u0000","password":"b\u0000"}`, Status: 400, Contains: refused("username: username must be a string; password: password must be a string")},
			httptestx.Scenario{Name: "NUL in a form", Path: prefix + "/login", Body: "username=a%00&password=x", Header: form, Status: 400, Contains: refused("username: username must be a string")},
			httptestx.Scenario{Name: "broken UTF-8", Path: prefix + "/login", Body: "{\"username\":\"a\xff\",\"password\":\"x\"}", Status: 400, Contains: []string{`"code":"Bad Request"`}},
			httptestx.Scenario{Name: "broken UTF-8 in a form", Path: prefix + "/login", Body: "username=a%ff&password=x", Header: form, Status: 400, Contains: refused("username: username must be a string")},
			httptestx.Scenario{Name: "refresh with NUL", Path: prefix + "/refresh", Body: `{"refreshToken":"a\u0000"}`, Status: 400, Contains: refused("refreshToken: refreshToken must be a string")},
			httptestx.Scenario{Name: "half a body", Path: prefix + "/login", Body: `{"username":`, Status: 400, Contains: []string{`"code":"Bad Request"`}},
			httptestx.Scenario{Name: "half a list", Path: prefix + "/login", Body: `[`, Status: 400, Contains: []string{`"code":"Bad Request"`}},
			httptestx.Scenario{Name: "null", Path: prefix + "/login", Body: `null`, Status: 400, Contains: []string{`"code":"Bad Request"`}},
			httptestx.Scenario{Name: "refresh with a number", Path: prefix + "/refresh", Body: `{"refreshToken":5}`, Status: 400, Contains: refused("refreshToken: refreshToken must be a string")},
			httptestx.Scenario{Name: "refresh with more", Path: prefix + "/refresh", Body: `{"refreshToken":"x","a":1}`, Status: 400, Contains: refused("a: property a should not exist")},
			httptestx.Scenario{Name: "refresh as specified, with nothing", Path: prefix + "/refresh-token", Body: `{}`, Status: 400, Contains: []string{"refresh_token: "}},
			httptestx.Scenario{Name: "refresh as specified, with nonsense", Path: prefix + "/refresh-token", Body: `{"refresh_token":"x"}`, Status: 401, Contains: []string{`"message":"Invalid refresh token"`}},
			httptestx.Scenario{Name: "refresh with nonsense", Path: prefix + "/refresh", Body: `{"refreshToken":"x"}`, Status: 401, Contains: []string{`{"code":"Unauthorized","message":"Invalid refresh token"}`}},
			httptestx.Scenario{Name: "too large", Path: prefix + "/login", Body: `{"username":"` + string(make([]byte, 1<<20)) + `"}`, Status: 413},
			httptestx.Scenario{Name: "nobody validates", Method: "POST", Path: prefix + "/validate", Status: 401, Golden: "v1-nobody"},
			httptestx.Scenario{Name: "nonsense validates", Method: "POST", Path: prefix + "/validate", Header: map[string]string{"Authorization": "Bearer abc"}, Status: 401, Golden: "v1-nobody"},
			httptestx.Scenario{Name: "nobody signs out", Path: prefix + "/logout", Body: `{"refreshToken":"x"}`, Status: 401, Golden: "v1-nobody"},
			httptestx.Scenario{Name: "a client's language", Path: prefix + "/login", Body: `{"username":"ghost","password":"x"}`, Header: map[string]string{"Accept-Language": "ru"}, Status: 401, Contains: []string{"Неверное имя"}},
		)
	}
}

func TestAV1ClientSignsInStaysAndSignsOut(t *testing.T) {
	t.Parallel()
	b := &browser{server: build(t, kernel.Dashboard, options(t))}
	_, first := b.ask(t, "POST", "/api/v1/auth/login", login)
	if status, answer := b.ask(t, "GET", "/api/v1", ""); status != 200 || answer["message"] != "Hello API" {
		t.Errorf("greeting: %d %v", status, answer)
	}
	if status, answer := b.ask(t, "POST", "/api/v1/auth/validate", ""); status != 200 || fmt.Sprint(answer) != "map[user:map[id:1 role:ADMIN username:admin] valid:true]" {
		t.Errorf("validate: %d %v", status, answer)
	}
	body := func(token any) string { return fmt.Sprintf(`{"refreshToken":%q}`, token) }
	status, second := b.ask(t, "POST", "/api/v1/auth/refresh", body(first["refreshToken"]))
	if status != 200 || len(second) != 2 || second["refreshToken"] == first["refreshToken"] {
		t.Fatalf("refresh: %d %v", status, second)
	}
	status, third := b.ask(t, "POST", "/api/auth/refresh-token", fmt.Sprintf(`{"refresh_token":%q}`, second["refreshToken"]))
	tokens, _ := third["data"].(map[string]any)
	if status != 200 || tokens["expires_in"] != 900.0 || tokens["refresh_token"] == second["refreshToken"] || tokens["access_token"] == nil {
		t.Fatalf("refresh as the specification has it: %d %v", status, third)
	}
	second["refreshToken"] = tokens["refresh_token"]
	if status, _ := b.ask(t, "POST", "/api/auth/logout", `{}`); status != http.StatusBadRequest {
		t.Errorf("sign-out without the token: %d", status)
	}
	if status, answer := b.ask(t, "POST", "/api/auth/logout", body("x")); status != 204 || answer != nil {
		t.Errorf("sign-out: %d %v", status, answer)
	}
	if status, _ := b.ask(t, "POST", "/api/v1/auth/refresh", body(second["refreshToken"])); status != 401 {
		t.Errorf("refresh after the sign-out: %d", status)
	}
	if status, _ := b.ask(t, "POST", "/api/v1/auth/validate", ""); status != 401 {
		t.Errorf("validate after the sign-out: %d", status)
	}
	if b.cookie != nil {
		t.Errorf("v1 got a cookie: %v", b.cookie)
	}
}

// PostgreSQL takes less in a text than SQLite: what it refuses is the client's fault.
func TestNoTextOfAClientBreaksTheSignIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := kerneltest.Options{DB: d, Set: []string{"auth.admin_password=admin", "auth.token_key=0123456789abcdef0123456789abcdef"}}
		server := build(t, kernel.Dashboard, o)
		form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
		for _, path := range []string{"/api/v1/auth/login", "/api/v2/auth/login"} {
			httptestx.Run(t, server,
				httptestx.Scenario{Name: "NUL " + path, Path: path, Body: `{"username":"admin\u0000","password":"admin"}`, Status: 400},
				httptestx.Scenario{Name: "right " + path, Path: path, Body: login, Status: 200},
			)
		}
		httptestx.Run(t, server,
			httptestx.Scenario{Name: "NUL form", Path: "/api/v1/auth/login", Body: "username=%00&password=x", Header: form, Status: 400},
			httptestx.Scenario{Name: "UTF-8 form", Path: "/api/v1/auth/login", Body: "username=%ff&password=x", Header: form, Status: 400},
			httptestx.Scenario{Name: "UTF-8", Path: "/api/v1/auth/login", Body: "{\"username\":\"\xc3\",\"password\":\"x\"}", Status: 400},
		)
	})
}

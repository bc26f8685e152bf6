package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/kernel"
)

// program has a token.
type program struct {
	row  tokenRow
	text string
}

func newToken(t *testing.T, s *service, u userRow, organization int64, scopes ...string) program {
	t.Helper()
	row, text, err := s.createToken(as(u), tokenInput{
		Name: "Payroll", Scopes: scopes, OrganizationID: organization, ExpiresAt: s.time().AddDate(0, 0, 30), proof: proof{Password: password},
	}, scopes)
	if err != nil {
		t.Fatal(err)
	}
	return program{row, text}
}

func TestATokenIsNeverMoreThanItsCreator(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, clock := newService(t, d)
		boss, lead := newUser(t, s, 0, "ADMIN", "operator"), newUser(t, s, 1, "DEPARTMENT_LEAD", "lead1")
		if _, err := s.assign(admin(), lead.ID, []int64{1}); err != nil {
			t.Fatal(err)
		}
		one := newToken(t, s, boss, 1, "user.read", "key.write")
		a, err := s.byProgram(context.Background(), one.text)
		if err != nil || a.OrganizationID != 1 || a.CrossesOrganizations() || a.UserID != 0 || a.ID != tokenObject(one.row.ID) {
			t.Fatalf("the actor is %+v, %v", a, err)
		}
		if !a.Can(identity.ReadUsers) || !a.Can(identity.WriteKeys) || a.Can(identity.WriteUsers) || a.Can(actor.SignedIn) {
			t.Errorf("%v can read users %v, write keys %v, write users %v, be a person %v", a.Scopes,
				a.Can(identity.ReadUsers), a.Can(identity.WriteKeys), a.Can(identity.WriteUsers), a.Can(actor.SignedIn))
		}
		two := newToken(t, s, lead, 0, "employee.read")
		if a, err = s.byProgram(context.Background(), two.text); err != nil || a.OrganizationID != 1 || fmt.Sprint(a.DepartmentIDs) != "[1 2]" {
			t.Errorf("the lead's is %+v, %v", a, err)
		}
		guard := "GUARD"
		if _, err := s.updateUser(admin(), lead.ID, userInput{Role: &guard}); err != nil {
			t.Fatal(err)
		}
		if a, err = s.byProgram(context.Background(), two.text); err != nil || a.Role != actor.Guard || len(a.DepartmentIDs) != 0 {
			t.Errorf("after the change of role it is %+v, %v", a, err)
		}
		if err := s.deactivateUser(admin(), lead.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := s.byProgram(context.Background(), two.text); !errors.Is(err, errAPIToken) {
			t.Errorf("of somebody inactive: %v", err)
		}
		if n := counted(t, d, "SELECT count(*) FROM api_tokens WHERE hash IN (?, ?) OR prefix = ?", one.text, two.text, one.text); n != 0 {
			t.Error("tokens are kept as they are")
		}
		clock.pass(30 * 24 * time.Hour)
		for _, text := range []string{one.text, one.text + "x", tokenPrefix, ""} {
			if _, err := s.byProgram(context.Background(), text); !errors.Is(err, errAPIToken) {
				t.Errorf("%q after a month: %v", text, err)
			}
		}
		for _, step := range []struct{ days, left int }{{29, 2}, {1, 0}} {
			clock.pass(time.Duration(step.days) * 24 * time.Hour)
			if err := s.sweep(context.Background()); err != nil {
				t.Fatal(err)
			}
			if n := counted(t, d, "SELECT count(*) FROM api_tokens"); n != step.left {
				t.Errorf("%d are left %d days later, want %d", n, step.days, step.left)
			}
		}
	})
}

func TestAnotherPasswordRevokesTokens(t *testing.T) {
	t.Parallel()
	on, off := true, false
	for name, end := range map[string]func(s *service, u userRow) error{
		"reset by an administrator": func(s *service, u userRow) error {
			_, err := s.updateUser(admin(), u.ID, userInput{Password: text("Another1!")})
			return err
		},
		"reset by the command": func(s *service, u userRow) error {
			return s.replacePassword(asSystem(context.Background()), u.Username, "Another1!")
		},
		"deactivated, and active again": func(s *service, u userRow) error {
			if _, err := s.updateUser(admin(), u.ID, userInput{IsActive: &off}); err != nil {
				return err
			}
			_, err := s.updateUser(admin(), u.ID, userInput{IsActive: &on})
			return err
		},
	} {
		dbtest.Each(t, func(t *testing.T, d *db.DB) {
			s, _ := newService(t, d)
			u, other := newUser(t, s, 1, "HR", "hr1"), newUser(t, s, 1, "HR", "hr2")
			mine, theirs := newToken(t, s, u, 0, "employee.read"), newToken(t, s, other, 0, "employee.read")
			newToken(t, s, u, 0, "employee.read")
			if err := end(s, u); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if _, err := s.byProgram(context.Background(), mine.text); !errors.Is(err, errAPIToken) {
				t.Errorf("%s: the token: %v", name, err)
			}
			if _, err := s.byProgram(context.Background(), theirs.text); err != nil {
				t.Errorf("%s: somebody else's token: %v", name, err)
			}
			if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action = 'api_token.revoked' AND organization_id = 1"); n != 2 {
				t.Errorf("%s: %d revocations written down", name, n)
			}
		})
	}
}

func TestTokensAreListedUsedAndRevoked(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, clock := newService(t, d)
		u, other := newUser(t, s, 1, "HR", "hr1"), newUser(t, s, 1, "HR", "hr2")
		p := newToken(t, s, u, 0, "employee.read")
		used := func() time.Time {
			t.Helper()
			list, err := s.tokensOf(as(u), u.ID)
			if err != nil || len(list) != 1 {
				t.Fatalf("listed %+v, %v", list, err)
			}
			return list[0].LastUsedAt
		}
		if at := used(); !at.IsZero() {
			t.Errorf("used at %v before it was", at)
		}
		for range 3 {
			clock.pass(40 * time.Second)
			if _, err := s.byProgram(context.Background(), p.text); err != nil {
				t.Fatal(err)
			}
		}
		if at := used(); !at.Equal(noon.Add(2 * time.Minute)) {
			t.Errorf("used at %v", at)
		}
		for name, try := range map[string]func() error{
			"by another of the organization": func() error { return s.revokeToken(as(other), p.row.ID, true) },
			"by another organization":        func() error { return s.revokeToken(keyOfOrganization(2), p.row.ID, false) },
		} {
			if err := try(); !errors.Is(err, errNoToken) {
				t.Errorf("revoked %s: %v", name, err)
			}
		}
		if _, err := s.tokensOf(keyOfOrganization(2), u.ID); !errors.Is(err, errUserUnknown) {
			t.Errorf("listed by another organization: %v", err)
		}
		if err := s.revokeToken(as(u), p.row.ID, true); err != nil {
			t.Fatal(err)
		}
		if _, err := s.byProgram(context.Background(), p.text); !errors.Is(err, errAPIToken) {
			t.Errorf("revoked: %v", err)
		}
		if err := s.revokeToken(as(u), p.row.ID, true); !errors.Is(err, errNoToken) {
			t.Errorf("revoked twice: %v", err)
		}
		again := newToken(t, s, u, 0, "employee.read")
		if err := s.revokeToken(admin(), again.row.ID, false); err != nil {
			t.Errorf("revoked by an administrator: %v", err)
		}
		for action, want := range map[string]int{"api_token.created": 2, "api_token.revoked": 2} {
			if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action = ? AND organization_id = 1", action); n != want {
				t.Errorf("%s: %d lines, want %d", action, n, want)
			}
		}
	})
}

func TestATokenIsAskedForRightly(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, clock := newService(t, d)
		u, boss := newUser(t, s, 1, "HR", "hr1"), newUser(t, s, 0, "ADMIN", "operator")
		p := enrolled(t, s, clock, boss)
		good := tokenInput{Name: "x", Scopes: []string{"a", "b", "a"}, ExpiresAt: s.time().Add(time.Hour), proof: proof{Password: password}}
		for name, c := range map[string]struct {
			who    userRow
			change func(*tokenInput)
			field  string
		}{
			"no name":                    {u, func(in *tokenInput) { in.Name = "" }, "name"},
			"no scope":                   {u, func(in *tokenInput) { in.Scopes = nil }, "scopes"},
			"a scope that is not mine":   {u, func(in *tokenInput) { in.Scopes = []string{"a", "user.write"} }, "scopes"},
			"over already":               {u, func(in *tokenInput) { in.ExpiresAt = s.time() }, "expiresAt"},
			"for ever":                   {u, func(in *tokenInput) { in.ExpiresAt = s.time().AddDate(0, 0, 367) }, "expiresAt"},
			"another organization":       {u, func(in *tokenInput) { in.OrganizationID = 2 }, "organizationId"},
			"of no organization":         {boss, func(in *tokenInput) { in.Code = p.recovery[0] }, "organizationId"},
			"an organization of nowhere": {boss, func(in *tokenInput) { in.OrganizationID, in.Code = 77, p.recovery[0] }, "organizationId"},
			"no code":                    {boss, func(in *tokenInput) { in.OrganizationID = 1 }, "code"},
		} {
			in := good
			c.change(&in)
			_, _, err := s.createToken(as(c.who), in, []string{"a", "b"})
			var f *fault.Error
			if !errors.As(err, &f) || len(f.Details) != 1 || f.Details[0].Field != c.field {
				t.Errorf("%s: %v", name, err)
			}
		}
		bad := good
		bad.Password = "wrong"
		if _, _, err := s.createToken(as(u), bad, []string{"a", "b"}); !errors.Is(err, errWrongPassword) {
			t.Errorf("with a wrong password: %v", err)
		}
		for range maxTokens {
			if row, _, err := s.createToken(as(u), good, []string{"a", "b"}); err != nil || row.Scopes != "a,b" {
				t.Fatalf("%+v, %v", row, err)
			}
		}
		if _, _, err := s.createToken(as(u), good, []string{"a", "b"}); err == nil {
			t.Errorf("more than %d tokens", maxTokens)
		}
	})
}

func TestTokensOverHTTP(t *testing.T) {
	t.Parallel()
	o := options(t)
	server := build(t, kernel.Dashboard, o)
	b := &browser{server: server}
	b.ask(t, "POST", "/api/v2/auth/login", login)
	const path = "/api/v2/auth/tokens"
	_, answer := b.ask(t, "GET", path+"/scopes", "")
	if text := fmt.Sprint(answer["items"]); !strings.Contains(text, "user.read") || strings.Contains(text, "public") || strings.Contains(text, "signed_in") {
		t.Errorf("one can give %v", answer)
	}
	body := func(scopes ...string) string {
		text, _ := json.Marshal(map[string]any{
			"name": "Payroll", "scopes": scopes, "organizationId": 1, "expiresAt": "2026-12-01T00:00:00Z", "password": "admin",
		})
		return string(text)
	}
	if status, answer := b.ask(t, "POST", path, body("signed_in")); status != 400 {
		t.Errorf("to be a person: %d %v", status, answer)
	}
	status, answer := b.ask(t, "POST", path, body("user.read"))
	text, _ := answer["token"].(string)
	if status != 201 || !strings.HasPrefix(text, tokenPrefix) || !strings.HasPrefix(text, fmt.Sprint(answer["prefix"])) {
		t.Fatalf("%d %v", status, answer)
	}
	made := fmt.Sprint(answer["id"])
	status, answer = b.ask(t, "GET", path, "")
	if list := items(answer); status != 200 || len(list) != 1 || list[0]["token"] != nil || list[0]["hash"] != nil {
		t.Errorf("listed %d %v", status, answer)
	}
	if _, answer := b.ask(t, "GET", "/api/v2/users/1/tokens", ""); len(items(answer)) != 1 {
		t.Errorf("listed %v", answer)
	}
	p := &browser{server: server, access: text}
	for request, want := range map[string]int{
		"GET /api/v2/users": 200, "GET /api/v1": 403, "DELETE /api/v2/users/1": 403, "GET /api/v2/auth/me": 403, "GET " + path: 403, "GET /api/v2/api-keys": 403,
	} {
		method, path, _ := strings.Cut(request, " ")
		if status, answer := p.ask(t, method, path, ""); status != want {
			t.Errorf("%s with a token: %d %v", request, status, answer)
		}
	}
	if _, answer := p.ask(t, "GET", "/api/v2/users", ""); len(items(answer)) != 0 {
		t.Errorf("organization 1 has no users, shown are %v", answer)
	}
	if status, _ := (&browser{server: server}).ask(t, "GET", "/api/v2/users", "", "X-API-Key", text); status != 401 {
		t.Errorf("as a key: %d", status)
	}
	if status, _ := (&browser{server: build(t, kernel.AgentAPI, o)}).ask(t, "GET", "/api/security/health", "", "Authorization", "Bearer "+text); status != 401 {
		t.Errorf("at agent-api: %d", status)
	}
	if status, _ := b.ask(t, "DELETE", path+"/"+made, ""); status != 204 {
		t.Errorf("revoked: %d", status)
	}
	if status, answer := p.ask(t, "GET", "/api/v2/users", ""); status != 401 || answer["code"] != "auth.api_token_invalid" {
		t.Errorf("after that: %d %v", status, answer)
	}
	if status, _ := b.ask(t, "DELETE", "/api/v2/users/tokens/"+made, ""); status != 404 {
		t.Errorf("revoked again: %d", status)
	}
}

package auth

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/kernel"
)

// items are those of an answer.
func items(answer map[string]any) (list []map[string]any) {
	all, _ := answer["items"].([]any)
	for _, one := range all {
		list = append(list, one.(map[string]any))
	}
	return list
}

func TestOwnSignInsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	server := build(t, kernel.Dashboard, options(t))
	desk, phone := &browser{server: server}, &browser{server: server}
	desk.ask(t, "POST", "/api/v2/auth/login", login, "User-Agent", "Desk/1")
	phone.ask(t, "POST", "/api/v2/auth/login", login, "User-Agent", "Phone/1")
	phone.ask(t, "POST", "/api/v2/auth/refresh", "", "User-Agent", "Phone/2")
	status, answer := desk.ask(t, "GET", "/api/v2/auth/sessions", "")
	list := items(answer)
	if status != 200 || len(list) != 2 {
		t.Fatalf("%d %v", status, answer)
	}
	agents := map[any]map[string]any{}
	for _, s := range list {
		agents[s["userAgent"]] = s
	}
	here, there := agents["Desk/1"], agents["Phone/2"]
	if here["current"] != true || there["current"] != false || here["method"] != "password" || here["clientIp"] != "192.0.2.1" {
		t.Errorf("listed %v", list)
	}
	if status, _ := desk.ask(t, "DELETE", fmt.Sprint("/api/v2/auth/sessions/", there["id"]), ""); status != 204 {
		t.Errorf("end of a sign-in: %d", status)
	}
	if status, _ := phone.ask(t, "GET", "/api/v2/auth/me", ""); status != 401 {
		t.Errorf("the phone goes on: %d", status)
	}
	if status, _ := desk.ask(t, "DELETE", fmt.Sprint("/api/v2/auth/sessions/", there["id"]), ""); status != 404 {
		t.Errorf("end of what has ended: %d", status)
	}
	phone.ask(t, "POST", "/api/v2/auth/login", login)
	if status, _ := desk.ask(t, "DELETE", "/api/v2/auth/sessions", ""); status != 204 {
		t.Errorf("end of the others: %d", status)
	}
	if status, _ := phone.ask(t, "GET", "/api/v2/auth/me", ""); status != 401 {
		t.Errorf("the phone goes on: %d", status)
	}
	if _, answer := desk.ask(t, "GET", "/api/v2/auth/sessions", ""); len(items(answer)) != 1 {
		t.Errorf("left are %v", answer)
	}
}

func TestSignInsOfOthersAreTheAdministrators(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, clock := newService(t, d)
		victim, other := newUser(t, s, 1, "HR", "hr1"), newUser(t, s, 1, "GUARD", "guard1")
		g, second := signIn(t, s, "hr1"), signIn(t, s, "hr1")
		_, family, err := s.tokens.read(g.access)
		if err != nil {
			t.Fatal(err)
		}
		as := func(u userRow) context.Context { return actor.With(context.Background(), actorOf(u)) }
		for name, try := range map[string]func() error{
			"another of the organization": func() error { return s.endSession(as(other), family, true) },
			"another organization":        func() error { return s.endSession(keyOfOrganization(2), family, false) },
			"nothing of the kind":         func() error { return s.endSession(admin(), id.New(), false) },
		} {
			if err := try(); !errors.Is(err, errNoSession) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := s.sessionsOf(keyOfOrganization(2), victim.ID); !errors.Is(err, errUserUnknown) {
			t.Errorf("another organization lists: %v", err)
		}
		if err := s.endAllOf(keyOfOrganization(2), victim.ID); !errors.Is(err, errUserUnknown) {
			t.Errorf("another organization ends all: %v", err)
		}
		if list, err := s.sessionsOf(admin(), victim.ID); err != nil || len(list) != 2 || list[0].ClientIP != "192.0.2.1" {
			t.Fatalf("listed %+v, %v", list, err)
		}
		if err := s.endSession(admin(), family, false); err != nil || good(t, s, g.access) || !good(t, s, second.access) {
			t.Errorf("one sign-in ended: %v", err)
		}
		if err := s.endAllOf(admin(), victim.ID); err != nil || good(t, s, second.access) {
			t.Errorf("all sign-ins ended: %v", err)
		}
		signIn(t, s, "hr1")
		clock.pass(s.cfg.RefreshLife)
		if list, err := s.sessionsOf(admin(), victim.ID); err != nil || len(list) != 0 {
			t.Errorf("after a week %+v, %v", list, err)
		}
		if err := s.sweep(context.Background()); err != nil {
			t.Fatal(err)
		}
		if n := counted(t, d, "SELECT count(*) FROM sessions"); n != 1 {
			t.Errorf("%d are kept when all are old, want only the last one", n)
		}
	})
}

func TestEverySignInIsWrittenDown(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, clock := newService(t, d)
		u := newUser(t, s, 1, "HR", "hr1")
		signIn(t, s, "hr1")
		for range s.cfg.LockAfter + 3 { // the last of them while the name is locked
			_ = attempt(s, "hr1", "wrong")
		}
		clock.pass(time.Hour)
		if err := s.deactivateUser(admin(), u.ID); err != nil {
			t.Fatal(err)
		}
		if err := attempt(s, "hr1", password); !errors.Is(err, errInactive) {
			t.Errorf("inactive: %v", err)
		}
		for action, want := range map[string]int{"user.signed_in": 1, "user.sign_in_failed": s.cfg.LockAfter + 1, "user.locked": 1} {
			if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action = ? AND object = ? AND organization_id = 1", action, userObject(u.ID)); n != want {
				t.Errorf("%s: %d lines, want %d", action, n, want)
			}
		}
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action = 'user.signed_in' AND CAST(after AS text) LIKE '%password%' AND CAST(after AS text) LIKE '%session%'"); n != 1 {
			t.Errorf("%d lines say how, want 1", n)
		}
	})
}

package auth

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/kernel"
)

const another1 = "Another-pass1!"

func renewing(s *service, current, next string) error {
	_, err := s.signIn(context.Background(), visit{username: "hr1", password: current, newPassword: next, ip: "192.0.2.1"})
	return err
}

// faultyField returns the one field that is refused and why.
func faultyField(err error) (field, code string) {
	var f *fault.Error
	if !errors.As(err, &f) || len(f.Details) != 1 {
		return "", ""
	}
	return f.Details[0].Field, f.Details[0].Code
}

func TestAPasswordIsChangedAtTheNextSignIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newService(t, d)
		u := newUser(t, s, 1, "HR", "hr1")
		before, yes := signIn(t, s, "hr1"), true
		changed, err := s.updateUser(admin(), u.ID, userInput{MustChangePassword: &yes})
		if err != nil || !asUser(changed, nil).MustChange {
			t.Fatalf("%+v, %v", changed, err)
		}
		if !good(t, s, before.access) {
			t.Error("a sign-in of before ends")
		}
		if err := attempt(s, "hr1", password); !errors.Is(err, errChangeDue) {
			t.Errorf("without a new password: %v", err)
		}
		if _, err := s.signIn(context.Background(), visit{username: "hr1", password: password, v1: true}); !errors.Is(err, errChangeV1) {
			t.Errorf("a client of v1: %v", err)
		}
		if err := renewing(s, "wrong", another1); !errors.Is(err, errCredentials) {
			t.Errorf("with a wrong password: %v", err)
		}
		for next, want := range map[string]string{"weak": codePassword, password: codePasswordSame} {
			if field, code := faultyField(renewing(s, password, next)); field != "newPassword" || code != want {
				t.Errorf("to %q: %s %s", next, field, code)
			}
		}
		if err := renewing(s, password, another1); err != nil || good(t, s, before.access) {
			t.Errorf("with a new one: %v", err)
		}
		if err := attempt(s, "hr1", another1); err != nil {
			t.Errorf("the next sign-in: %v", err)
		}
		if err := attempt(s, "hr1", password); !errors.Is(err, errCredentials) {
			t.Errorf("with the old one: %v", err)
		}
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action = 'user.password_changed' AND organization_id = 1"); n != 1 {
			t.Errorf("%d changes written down, want 1", n)
		}
	})
}

func TestACodeIsGoodUntilThePasswordIsChosen(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, clock := newService(t, d)
		u, yes := newUser(t, s, 1, "HR", "hr1"), true
		p := enrolled(t, s, clock, u)
		if _, err := s.updateUser(admin(), u.ID, userInput{MustChangePassword: &yes}); err != nil {
			t.Fatal(err)
		}
		if err := renewing(s, password, another1); !errors.Is(err, errCodeRequired) {
			t.Errorf("without a code: %v", err)
		}
		if err := attemptWith(s, "hr1", p.code()); !errors.Is(err, errChangeDue) {
			t.Errorf("without a new password: %v", err)
		}
		v := visit{username: "hr1", password: password, newPassword: another1, code: p.code()}
		if _, err := s.signIn(context.Background(), v); err != nil {
			t.Errorf("with both: %v", err)
		}
	})
}

func TestPasswordsGetOld(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, clock := newService(t, d)
		u := newUser(t, s, 1, "HR", "hr1")
		s.cfg.PasswordLife = 30 * 24 * time.Hour
		clock.pass(s.cfg.PasswordLife - time.Second)
		if err := attempt(s, "hr1", password); err != nil {
			t.Errorf("within its life: %v", err)
		}
		clock.pass(time.Second)
		if err := attempt(s, "hr1", password); !errors.Is(err, errChangeDue) {
			t.Errorf("after its life: %v", err)
		}
		if err := renewing(s, password, another1); err != nil {
			t.Errorf("with a new one: %v", err)
		}
		clock.pass(s.cfg.PasswordLife)
		if err := s.changePassword(as(u), proof{Password: another1}, "Third-pass1!"); err != nil {
			t.Fatal(err)
		}
		if err := attempt(s, "hr1", "Third-pass1!"); err != nil {
			t.Errorf("after a change: %v", err)
		}
		clock.pass(s.cfg.PasswordLife)
		if _, err := s.updateUser(admin(), u.ID, userInput{Password: text("Fourth-pass1!")}); err != nil {
			t.Fatal(err)
		}
		if err := attempt(s, "hr1", "Fourth-pass1!"); err != nil {
			t.Errorf("after an administrator's change: %v", err)
		}
		write(t, d, "UPDATE users SET password_changed_at = NULL WHERE id = ?", u.ID)
		if err := attempt(s, "hr1", "Fourth-pass1!"); !errors.Is(err, errChangeDue) {
			t.Errorf("of a time before this was kept: %v", err)
		}
	})
}

func TestTheRulesOfPasswords(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, dbtest.SQLite(t))
	s.cfg.MinPassword = 12
	u, role, one := newUserNamed("bekzod"), "HR", int64(1)
	u.Role, u.OrganizationID = &role, &one
	for password, want := range map[string]string{
		"Short-pas1!": codePassword, "My-Bekzod-pass1!": codePasswordName, "nocapitals-12!": codePassword,
		"Aa1!" + string(make([]byte, maxPassword)): codePasswordLong,
	} {
		u.Password = &password
		if _, err := s.createUser(admin(), u); !refusedPassword(err, want) {
			t.Errorf("%q: %v, want %s", password, err, want)
		}
	}
	good := "Long-enough-1!"
	u.Password = &good
	made, err := s.createUser(admin(), u)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.updateUser(admin(), made.ID, userInput{Password: text("Is-bekzod-good1!")}); !refusedPassword(err, codePasswordName) {
		t.Errorf("an administrator's: %v", err)
	}
	if field, code := faultyField(s.changePassword(as(made), proof{Password: good}, good)); field != "newPassword" || code != codePasswordSame {
		t.Errorf("to the same: %s %s", field, code)
	}
	wrong := defaults()
	wrong.MinPassword, wrong.PasswordLife = 7, time.Hour
	if wrong.Validate() == nil {
		t.Error("any rule is a good one")
	}
}

func newUserNamed(username string) userInput {
	return userInput{Name: text("N"), Username: &username}
}

func refusedPassword(err error, want string) bool {
	field, code := faultyField(err)
	return field == "password" && code == want
}

func TestAChangeOfPasswordOverHTTP(t *testing.T) {
	t.Parallel()
	server := build(t, kernel.Dashboard, options(t))
	boss, b := &browser{server: server}, &browser{server: server}
	boss.ask(t, "POST", "/api/v2/auth/login", login)
	status, answer := boss.ask(t, "POST", "/api/v2/users", `{"organizationId":1,"name":"B","username":"hr1","password":"Password123!","role":"HR","mustChangePassword":true}`)
	if status != 201 || answer["mustChangePassword"] != true {
		t.Fatalf("%d %v", status, answer)
	}
	const mine = `{"username":"hr1","password":"Password123!"`
	if status, answer := b.ask(t, "POST", "/api/v2/auth/login", mine+"}"); status != 401 || answer["code"] != "auth.password_change_required" {
		t.Errorf("%d %v", status, answer)
	}
	if status, _ := b.ask(t, "POST", "/api/v1/auth/login", mine+"}"); status != 403 {
		t.Errorf("v1: %d", status)
	}
	if status, answer := b.ask(t, "POST", "/api/v2/auth/login", mine+`,"newPassword":"weak"}`); status != 400 {
		t.Errorf("weak: %d %v", status, answer)
	}
	if status, answer := b.ask(t, "POST", "/api/v2/auth/login", mine+`,"newPassword":"Another-pass1!"}`); status != 200 {
		t.Errorf("%d %v", status, answer)
	}
	if status, _ := b.ask(t, "GET", "/api/v2/auth/me", ""); status != 200 {
		t.Errorf("me: %d", status)
	}
}

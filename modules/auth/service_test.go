package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
)

func attempt(s *service, username, password string) error {
	_, err := s.signIn(context.Background(), visit{username: username, password: password, ip: "192.0.2.1"})
	return err
}

func TestPeopleSignIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newService(t, d)
		newUser(t, s, 1, "HR", "hr1")
		lead := newUser(t, s, 1, "DEPARTMENT_LEAD", "lead1")
		if _, err := s.assign(admin(), lead.ID, []int64{1}); err != nil {
			t.Fatal(err)
		}
		g := signIn(t, s, "hr1")
		a, err := s.byToken(context.Background(), g.access)
		if err != nil || a.Role != actor.HR || a.OrganizationID != 1 || a.UserID != g.user.ID || a.ID != userObject(g.user.ID) {
			t.Errorf("actor is %+v, %v", a, err)
		}
		if a, err = s.byToken(context.Background(), signIn(t, s, "lead1").access); err != nil || fmt.Sprint(a.DepartmentIDs) != "[1 2]" {
			t.Errorf("the lead is %+v, %v", a, err)
		}
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action = 'user.signed_in'"); n != 2 {
			t.Errorf("%d sign-ins written down, want 2", n)
		}
		for _, wrong := range [][2]string{{"hr1", "x"}, {"HR1", password}, {" hr1", password}, {"nobody", password}, {"", ""}} {
			if err := attempt(s, wrong[0], wrong[1]); !errors.Is(err, errCredentials) {
				t.Errorf("sign-in as %q with %q: %v", wrong[0], wrong[1], err)
			}
		}
	})
}

func TestV1sHashesAreGood(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	s, _ := newService(t, d)
	hash, err := bcrypt.GenerateFromPassword([]byte("admin"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	write(t, d, `INSERT INTO users (name, username, password, role, organization_id, created_at, updated_at) VALUES ('A', 'adm1', ?1, 'ADMIN', 1, ?0, ?0)`,
		noon, "$2b$"+string(hash[4:]))
	g, err := s.signIn(context.Background(), visit{username: "adm1", password: "admin"})
	if err != nil {
		t.Fatal(err)
	}
	a, err := s.byToken(context.Background(), g.access)
	if err != nil || !a.CrossesOrganizations() {
		t.Errorf("an ADMIN with an organization is %+v, %v; want the operator, as in v1", a, err)
	}
}

func TestWrongPasswordsLockANameThatSomebodyHasAndOneThatNobodyHas(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, clock := newService(t, d)
		newUser(t, s, 1, "HR", "hr1")
		s.cfg.FailuresPerIP = 1000
		var told [2][]string
		for i, name := range []string{"hr1", "ghost"} {
			clock.Time = noon
			for range 6 {
				told[i] = append(told[i], say(attempt(s, name, "wrong")))
			}
			told[i] = append(told[i], say(attempt(s, name, password)))
			clock.pass(15*time.Minute + time.Second)
			for range 6 {
				told[i] = append(told[i], say(attempt(s, name, "wrong")))
			}
			clock.pass(30*time.Minute - time.Minute)
			told[i] = append(told[i], say(attempt(s, name, "wrong")))
		}
		if fmt.Sprint(told[0]) != fmt.Sprint(told[1]) {
			t.Errorf("the answers tell names apart:\n%v\n%v", told[0], told[1])
		}
		const w, l15, l30 = "auth.wrong_credentials", "auth.locked 15m0s", "auth.locked 30m0s"
		want := []string{w, w, w, w, w, l15, l15, w, w, w, w, w, l30, "auth.locked 1m0s"}
		if fmt.Sprint(told[0]) != fmt.Sprint(want) {
			t.Errorf("answers are\n%v, want\n%v", told[0], want)
		}
		clock.pass(2 * time.Minute)
		if err := attempt(s, "hr1", password); err != nil {
			t.Errorf("after the lock-out: %v", err)
		}
		if n := counted(t, d, "SELECT failed_logins FROM users WHERE username = 'hr1'"); n != 0 {
			t.Errorf("%d failures are remembered after a sign-in", n)
		}
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action = 'user.locked'"); n != 2 {
			t.Errorf("%d lock-outs written down, want 2", n)
		}
	})
}

func say(err error) string {
	f := fault.Of(err)
	if f.RetryAfter > 0 {
		return fmt.Sprint(f.Code, " ", f.RetryAfter)
	}
	return f.Code
}

// How long an answer takes is a matter of the hashes that are computed for it.
func TestANameThatNobodyHasCostsAsMuch(t *testing.T) {
	t.Parallel()
	s, _ := newService(t, dbtest.SQLite(t))
	newUser(t, s, 1, "HR", "hr1")
	var costs []int
	s.passwords.compare = func(hash, _ []byte) error {
		cost, err := bcrypt.Cost(hash)
		costs = append(costs, cost)
		return errors.Join(err, bcrypt.ErrMismatchedHashAndPassword)
	}
	for range 7 {
		for _, name := range []string{"hr1", "ghost"} {
			if attempt(s, name, "x") == nil {
				t.Fatal("a wrong password passed")
			}
		}
	}
	if err := bcrypt.CompareHashAndPassword(newPasswords(bcryptCost).nobody, []byte("x")); !errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		t.Errorf("the hash of nobody is none: %v", err)
	}
	if want := slices.Repeat([]int{bcrypt.MinCost}, 10); !slices.Equal(costs, want) {
		t.Errorf("hashes cost %v, want five for each name before both are locked: %v", costs, want)
	}
}

func TestNoPasswordIsThatOfNobody(t *testing.T) {
	t.Parallel()
	p := newPasswords(bcrypt.MinCost)
	p.compare = func([]byte, []byte) error { return nil }
	if fits, err := p.fits(context.Background(), "", "x"); fits || err != nil {
		t.Errorf("a password fits nobody's hash: %v, %v", fits, err)
	}
}

func TestGuessesBesideALockDoNotPass(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newService(t, d)
		u := newUser(t, s, 1, "HR", "hr1")
		write(t, d, "UPDATE users SET locked_until = ? WHERE id = ?", noon.Add(time.Minute), u.ID)
		if _, err := s.open(asSystem(context.Background()), u, visit{}); !errors.Is(err, errLocked) {
			t.Errorf("a right guess that began before the lock-out: %v", err)
		}
	})
}

func TestAnAddressThatFailsOftenWaits(t *testing.T) {
	t.Parallel()
	s, clock := newService(t, dbtest.SQLite(t))
	newUser(t, s, 1, "HR", "hr1")
	s.cfg.FailuresPerIP = 5
	for i := range 5 {
		if err := attempt(s, fmt.Sprint("ghost", i), "x"); !errors.Is(err, errCredentials) {
			t.Fatal(err)
		}
	}
	if err := attempt(s, "hr1", password); !errors.Is(err, errTooMany) || fault.Of(err).RetryAfter != ipWindow {
		t.Errorf("after five failures: %v", err)
	}
	if _, err := s.signIn(context.Background(), visit{username: "hr1", password: password, ip: "192.0.2.2"}); err != nil {
		t.Errorf("from another address: %v", err)
	}
	clock.pass(ipWindow)
	if err := attempt(s, "hr1", password); err != nil {
		t.Errorf("after the wait: %v", err)
	}
}

func TestMemoryOfFailuresIsBounded(t *testing.T) {
	t.Parallel()
	a, cfg := newAttempts(), defaults()
	for i := range maxRemembered + 10 {
		a.failName(fmt.Sprint(i), noon.Add(time.Duration(i)), &cfg)
		a.failAddress(fmt.Sprint(i), noon.Add(time.Duration(i)))
	}
	if len(a.names) != maxRemembered || len(a.addresses) != maxRemembered {
		t.Errorf("%d names and %d addresses are remembered", len(a.names), len(a.addresses))
	}
	if _, there := a.names["0"]; there {
		t.Error("the oldest is remembered and a newer one is not")
	}
}

func TestTheInactiveAndThoseOfNoOrganizationStayOutside(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	s, _ := newService(t, d)
	u := newUser(t, s, 1, "HR", "hr1")
	write(t, d, "UPDATE users SET organization_id = NULL WHERE id = ?", u.ID)
	if err := attempt(s, "hr1", password); !errors.Is(err, errInactive) {
		t.Errorf("HR of no organization: %v", err)
	}
	write(t, d, "UPDATE users SET organization_id = 1, is_active = false WHERE id = ?", u.ID)
	if err := attempt(s, "hr1", password); !errors.Is(err, errInactive) {
		t.Errorf("inactive: %v", err)
	}
	if err := attempt(s, "hr1", "wrong"); !errors.Is(err, errCredentials) {
		t.Errorf("inactive, without the password: %v", err)
	}
}

func TestSignInsTakeTurns(t *testing.T) {
	t.Parallel()
	p := newPasswords(bcrypt.MinCost)
	for range bcryptAtOnce {
		done, err := p.turn(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		defer done()
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := p.fits(ctx, "", "x"); !errors.Is(err, errBusy) {
		t.Errorf("a sign-in too many: %v", err)
	}
	if _, err := p.hash(ctx, "x"); !errors.Is(err, errBusy) {
		t.Errorf("a hash too many: %v", err)
	}
}

func TestTheFirstUserIsMadeOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newService(t, d)
		if some, err := s.anyUser(context.Background()); some || err != nil {
			t.Fatalf("users: %v, %v", some, err)
		}
		if err := s.makeAdmin(context.Background(), password); err != nil {
			t.Fatal(err)
		}
		if err := attempt(s, "admin", password); err != nil {
			t.Errorf("sign-in as admin: %v", err)
		}
		if some, err := s.anyUser(context.Background()); !some || err != nil {
			t.Errorf("users: %v, %v", some, err)
		}
		if err := s.makeAdmin(context.Background(), "another"); !errors.Is(err, db.ErrConflict) {
			t.Errorf("the second time: %v", err)
		}
	})
}

func TestPasswordRulesAreV1s(t *testing.T) {
	t.Parallel()
	for password, want := range map[string]string{
		"Password123!": "", "!Passw0rd": "", "Pässw0rd!": "", "Passw0rd#": "",
		"Pass1!x": codePassword, "password123!": codePassword, "PASSWORD123!": codePassword, "Password!!!": codePassword,
		"Password123": codePassword, "(Password123!": codePassword, "": codePassword,
		"Aa1!" + string(make([]byte, 69)): codePasswordLong,
	} {
		var f fault.Fields
		cfg := defaults()
		cfg.checkPassword(&f, "password", "hr1", password)
		got := ""
		if len(f) > 0 {
			got = f[0].Code
		}
		if got != want {
			t.Errorf("%q is refused as %q, want %q", password, got, want)
		}
	}
}

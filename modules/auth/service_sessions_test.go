package auth

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
)

func renew(s *service, secret string) (grant, error) {
	return s.refresh(context.Background(), secret, visit{})
}

func TestRefreshTokensRotate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, clock := newService(t, d)
		newUser(t, s, 1, "HR", "hr1")
		first := signIn(t, s, "hr1")
		clock.pass(20 * time.Minute)
		if good(t, s, first.access) {
			t.Error("an access token is good after 20 minutes")
		}
		second, err := renew(s, first.refresh)
		if err != nil || second.refresh == first.refresh {
			t.Fatalf("refresh: %v", err)
		}
		if a, err := s.byToken(context.Background(), second.access); err != nil || a.OrganizationID != 1 {
			t.Errorf("after a refresh the actor is %+v, %v", a, err)
		}
		if n := counted(t, d, "SELECT count(*) FROM refresh_tokens WHERE hash IN (?, ?)", first.refresh, second.refresh); n != 0 {
			t.Error("refresh tokens are kept as they are")
		}
		for _, bad := range []string{"", "x", first.access} {
			if _, err := renew(s, bad); !errors.Is(err, errRefresh) {
				t.Errorf("refresh with %q: %v", bad, err)
			}
		}
		clock.pass(s.cfg.RefreshLife)
		if _, err := renew(s, second.refresh); !errors.Is(err, errRefresh) {
			t.Errorf("after a week: %v", err)
		}
		if err := s.sweep(context.Background()); err != nil {
			t.Fatal(err)
		}
		if n := counted(t, d, "SELECT count(*) FROM refresh_tokens"); n != 0 {
			t.Errorf("%d tokens are left when all are old", n)
		}
	})
}

func TestATokenUsedTwiceEndsTheSignIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, clock := newService(t, d)
		newUser(t, s, 1, "HR", "hr1")
		stolen, other := signIn(t, s, "hr1"), signIn(t, s, "hr1")
		owner, err := renew(s, stolen.refresh)
		if err != nil {
			t.Fatal(err)
		}
		clock.pass(refreshGrace + time.Second)
		if _, err := renew(s, stolen.refresh); !errors.Is(err, errRefresh) {
			t.Errorf("the thief: %v", err)
		}
		if _, err := renew(s, owner.refresh); !errors.Is(err, errRefresh) {
			t.Errorf("the owner goes on beside the thief: %v", err)
		}
		if good(t, s, owner.access) {
			t.Error("the owner's access token outlives the sign-in")
		}
		if !good(t, s, other.access) {
			t.Error("another sign-in of the same user ended too")
		}
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action = 'user.refresh_reused' AND organization_id = 1"); n != 1 {
			t.Errorf("%d uses of a used token written down, want 1", n)
		}
	})
}

func TestTwoTabsMayRefreshAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, clock := newService(t, d)
		newUser(t, s, 1, "HR", "hr1")
		g := signIn(t, s, "hr1")
		results := make(chan error, 4)
		for range cap(results) {
			go func() {
				_, err := renew(s, g.refresh)
				results <- err
			}()
		}
		for range cap(results) {
			if err := <-results; err != nil {
				t.Errorf("a tab: %v", err)
			}
		}
		clock.pass(refreshGrace)
		if _, err := renew(s, g.refresh); err != nil {
			t.Errorf("at the end of the grace: %v", err)
		}
	})
}

func TestSignInsEndAtOnce(t *testing.T) {
	t.Parallel()
	guard := "GUARD"
	ends := map[string]func(s *service, g grant) error{
		"sign-out":           func(s *service, g grant) error { return s.signOut(context.Background(), g.access, "") },
		"sign-out by cookie": func(s *service, g grant) error { return s.signOut(context.Background(), "", g.refresh) },
		"deactivation":       func(s *service, g grant) error { return s.deactivateUser(admin(), g.user.ID) },
		"change of role": func(s *service, g grant) error {
			_, err := s.updateUser(admin(), g.user.ID, userInput{Role: &guard})
			return err
		},
		"change of password": func(s *service, g grant) error {
			_, err := s.updateUser(admin(), g.user.ID, userInput{Password: text("Another1!")})
			return err
		},
		"own change of password": func(s *service, g grant) error {
			return s.changePassword(as(g.user), proof{Password: password}, "Another1!")
		},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		here, clock := newService(t, d)
		there, _ := another(t, d, clock)
		for name, end := range ends {
			newUser(t, here, 1, "HR", name)
			g := signIn(t, here, name)
			if !good(t, here, g.access) || !good(t, there, g.access) {
				t.Fatalf("%s: a fresh sign-in is no good", name)
			}
			if err := end(here, g); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if good(t, here, g.access) {
				t.Errorf("%s: the access token is good in the same process", name)
			}
			if _, err := renew(here, g.refresh); !errors.Is(err, errRefresh) {
				t.Errorf("%s: the refresh token: %v", name, err)
			}
			clock.pass(sessionAge)
			if good(t, there, g.access) {
				t.Errorf("%s: the access token is good in another process after %s", name, sessionAge)
			}
		}
	})
}

func TestASessionReadBeforeItsEndIsNotKept(t *testing.T) {
	t.Parallel()
	c, family := newSessions(), id.New()
	_, _, generation := c.find(family, noon)
	c.forget()
	c.keep(family, session{checkedAt: noon}, generation)
	if _, fresh, _ := c.find(family, noon); fresh {
		t.Error("a stale session was kept")
	}
	for range maxSessions + 1 {
		c.keep(id.New(), session{}, c.generation)
	}
	if len(c.known) > maxSessions {
		t.Errorf("%d sessions are remembered", len(c.known))
	}
}

func TestForgedTokensAreNoGood(t *testing.T) {
	t.Parallel()
	s, clock := newService(t, dbtest.SQLite(t))
	u := newUser(t, s, 1, "HR", "hr1")
	g := signIn(t, s, "hr1")
	_, family, err := s.tokens.read(g.access)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(method jwt.SigningMethod, key any, change func(*claims)) string {
		c := claims{Username: "hr1", Role: "HR", Session: family, RegisteredClaims: jwt.RegisteredClaims{
			Subject: fmt.Sprint(u.ID), ExpiresAt: jwt.NewNumericDate(clock.Add(time.Minute)),
		}}
		change(&c)
		token, err := jwt.NewWithClaims(method, c).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	as := func(c *claims) {}
	if !good(t, s, sign(jwt.SigningMethodHS256, s.tokens.key, as)) {
		t.Fatal("the token that the others differ from is no good itself")
	}
	for name, token := range map[string]string{
		"none":          sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, as),
		"other method":  sign(jwt.SigningMethodHS512, s.tokens.key, as),
		"other key":     sign(jwt.SigningMethodHS256, []byte("another key of thirty-two letters"), as),
		"no expiry":     sign(jwt.SigningMethodHS256, s.tokens.key, func(c *claims) { c.ExpiresAt = nil }),
		"expired":       sign(jwt.SigningMethodHS256, s.tokens.key, func(c *claims) { c.ExpiresAt = jwt.NewNumericDate(noon.Add(-time.Second)) }),
		"no subject":    sign(jwt.SigningMethodHS256, s.tokens.key, func(c *claims) { c.Subject = "" }),
		"other subject": sign(jwt.SigningMethodHS256, s.tokens.key, func(c *claims) { c.Subject = "999" }),
		"no session":    sign(jwt.SigningMethodHS256, s.tokens.key, func(c *claims) { c.Session = id.Nil }),
		"other session": sign(jwt.SigningMethodHS256, s.tokens.key, func(c *claims) { c.Session = id.New() }),
		"refresh token": g.refresh,
		"nothing":       "",
	} {
		if good(t, s, token) {
			t.Errorf("%s: the token is good", name)
		}
	}
	promoted := sign(jwt.SigningMethodHS256, s.tokens.key, func(c *claims) { c.Role, c.OrganizationID = "ADMIN", 2 })
	if a, err := s.byToken(context.Background(), promoted); err != nil || a.Role != actor.HR || a.OrganizationID != 1 {
		t.Errorf("the role comes from the token: %+v, %v", a, err)
	}
}

func TestMe(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newService(t, d)
		u := newUser(t, s, 1, "HR", "hr1")
		ctx := actor.With(context.Background(), actorOf(u))
		if err := s.speak(ctx, "uz-Cyrl"); err != nil {
			t.Fatal(err)
		}
		if err := s.speak(ctx, "ru"); err != nil {
			t.Fatal(err)
		}
		if me, _, err := s.me(ctx); err != nil || me.Language != "ru" {
			t.Errorf("I am %+v, %v", me, err)
		}
		if me, err := s.getMe(ctx, struct{}{}); err != nil || me.Zone != west.String() {
			t.Errorf("my days are those of %q, %v", me.Zone, err)
		}
		nobodys := actor.With(context.Background(), actorOf(newUser(t, s, 0, "ADMIN", "boss")))
		if me, err := s.getMe(nobodys, struct{}{}); err != nil || me.Zone != "" {
			t.Errorf("the days of who has no organization are those of %q, %v", me.Zone, err)
		}
		if err := s.speak(ctx, "fr"); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("an unknown language: %v", err)
		}
		if err := s.changePassword(ctx, proof{Password: "wrong"}, "Another1!"); !errors.Is(err, errWrongPassword) {
			t.Errorf("a wrong current password: %v", err)
		}
		if err := s.changePassword(ctx, proof{Password: password}, "weak"); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("a weak password: %v", err)
		}
		key := keyOfOrganization(1)
		if _, _, err := s.me(key); !errors.Is(err, errNotPerson) {
			t.Errorf("a key asks who it is: %v", err)
		}
		if err := s.speak(key, "uz"); !errors.Is(err, errNotPerson) {
			t.Errorf("a key chooses a language: %v", err)
		}
		foreign := actor.With(context.Background(), actor.Actor{Role: actor.HR, UserID: u.ID, OrganizationID: 2})
		if _, _, err := s.me(foreign); !errors.Is(err, db.ErrNotFound) {
			t.Errorf("a user of another organization: %v", err)
		}
	})
}

package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/staff-control/staff-control/platform/config"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/kernel"
)

// registered has the service sign in at a provider.
func registered(s *service, issuer, client, clientSecret string) *service {
	s.cfg.OIDCIssuer, s.cfg.OIDCClientID, s.cfg.OIDCClientSecret, s.cfg.OIDCRedirectURL = issuer, client, config.Secret(clientSecret), returnTo
	s.provider = newProvider(s.cfg, s.now)
	return s
}

func (p *realProvider) registered(s *service) *service {
	return registered(s, p.issuer, "web", "secret")
}

// desk is where test sign-ins come from.
var desk = visit{ip: "192.0.2.1", agent: "Desk/1"}

func begun(t *testing.T, s *service) (address, cookie string) {
	t.Helper()
	address, cookie, err := s.beginOIDC(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return address, cookie
}

// through signs in at the provider, and returns what the browser brings from there.
func (p *realProvider) through(t *testing.T, s *service, username string) returned {
	t.Helper()
	address, cookie := begun(t, s)
	r := p.signIn(t, address, username)
	r.cookie = cookie
	return r
}

func finish(s *service, r returned) (grant, error) {
	return s.signInOIDC(context.Background(), r, desk)
}

// failures counts the refusals of a reason that are written down of an object.
func failures(t *testing.T, d *db.DB, object, reason string) int {
	t.Helper()
	return counted(t, d, `SELECT count(*) FROM audit_log WHERE action = 'user.sign_in_failed' AND object = ? AND CAST(after AS text) LIKE ? AND CAST(after AS text) LIKE '%oidc%'`,
		object, "%"+reason+"%")
}

func TestAUserSignsInAtTheProvider(t *testing.T) {
	t.Parallel()
	p := startProvider(t)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		here, clock := newService(t, d)
		there, _ := another(t, d, clock)
		p.registered(here)
		p.registered(there)
		u := newUser(t, here, 1, "HR", "hr1")
		_, err := finish(there, p.through(t, here, "aziza"))
		if !errors.Is(err, errOIDCUnknown) || fault.Of(err).Params["Subject"] != "id1" || failures(t, d, oidcObject, "id1") != 1 {
			t.Errorf("before the user is connected: %v", err)
		}
		if err := here.connectUser(admin(), u.ID, "id1"); err != nil {
			t.Fatal(err)
		}
		r := p.through(t, here, "aziza")
		g, err := finish(there, r)
		if err != nil || g.user.ID != u.ID || !good(t, here, g.access) {
			t.Fatalf("signed in %+v, %v", g.user, err)
		}
		if list, err := here.sessionsOf(admin(), u.ID); err != nil || len(list) != 1 || list[0].Method != byOIDC || list[0].UserAgent != desk.agent {
			t.Errorf("listed %+v, %v", list, err)
		}
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action = 'user.signed_in' AND object = ? AND CAST(after AS text) LIKE '%oidc%'", userObject(u.ID)); n != 1 {
			t.Errorf("%d sign-ins written down", n)
		}
		if g, err = renew(here, g.refresh); err != nil {
			t.Errorf("refresh: %v", err)
		}
		if list, err := here.sessionsOf(admin(), u.ID); err != nil || len(list) != 1 || list[0].Method != byOIDC {
			t.Errorf("after a refresh %+v, %v", list, err)
		}
		for name, s := range map[string]*service{"here": here, "there": there} {
			if _, err := finish(s, r); !errors.Is(err, errOIDCUsed) {
				t.Errorf("the same answer again, %s: %v", name, err)
			}
		}
		again := p.through(t, here, "aziza")
		again.code = r.code
		if _, err := finish(here, again); !errors.Is(err, errOIDCRefused) {
			t.Errorf("a code that was used: %v", err)
		}
		if err := here.endAllOf(admin(), u.ID); err != nil || good(t, here, g.access) {
			t.Errorf("the sign-in outlives its end: %v", err)
		}
		if n := counted(t, d, "SELECT count(*) FROM oidc_sign_ins WHERE hash = ? OR hash = ?", r.cookie, r.state); n != 0 {
			t.Error("secrets are kept as they are")
		}
		clock.pass(flowLife)
		if err := here.sweep(context.Background()); err != nil || counted(t, d, "SELECT count(*) FROM oidc_sign_ins") != 0 {
			t.Errorf("used sign-ins are kept for good: %v", err)
		}
	})
}

func TestWhoMayNotSignInMayNotAtTheProvider(t *testing.T) {
	t.Parallel()
	p := startProvider(t)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, clock := newService(t, d)
		p.registered(s)
		u, other := newUser(t, s, 1, "HR", "hr1"), newUser(t, s, 1, "HR", "hr2")
		if err := s.connectUser(admin(), u.ID, "id1"); err != nil {
			t.Fatal(err)
		}
		if err := s.connectUser(admin(), other.ID, "id1"); !errors.Is(err, errIdentityTaken) {
			t.Errorf("two users are one person: %v", err)
		}
		late := p.through(t, s, "aziza")
		clock.pass(flowLife)
		if _, err := finish(s, late); !errors.Is(err, errOIDCExpired) {
			t.Errorf("after %s: %v", flowLife, err)
		}
		for range s.cfg.LockAfter {
			_ = attempt(s, "hr1", "wrong")
		}
		if _, err := finish(s, p.through(t, s, "aziza")); !errors.Is(err, errLocked) || failures(t, d, userObject(u.ID), "locked") != 1 {
			t.Errorf("locked: %v", err)
		}
		clock.pass(time.Hour)
		g, err := finish(s, p.through(t, s, "aziza"))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.disconnectUser(admin(), u.ID); err != nil || good(t, s, g.access) {
			t.Errorf("a sign-in lasts though its user is disconnected: %v", err)
		}
		if _, err := finish(s, p.through(t, s, "aziza")); !errors.Is(err, errOIDCUnknown) {
			t.Errorf("disconnected: %v", err)
		}
		if err := s.disconnectUser(admin(), u.ID); !errors.Is(err, errNoIdentity) {
			t.Errorf("disconnected twice: %v", err)
		}
		if err := s.connectUser(admin(), u.ID, "id1"); err != nil {
			t.Fatal(err)
		}
		if err := s.deactivateUser(admin(), u.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := finish(s, p.through(t, s, "aziza")); !errors.Is(err, errInactive) || failures(t, d, userObject(u.ID), "inactive") != 1 {
			t.Errorf("inactive: %v", err)
		}
		if n := counted(t, d, "SELECT count(*) FROM sessions WHERE method = 'oidc'"); n != 1 {
			t.Errorf("%d sign-ins, want the one", n)
		}
	})
}

func TestProvidersRotateTheirKeysAndGoAway(t *testing.T) {
	t.Parallel()
	p := startProvider(t)
	s, clock := newService(t, dbtest.SQLite(t))
	p.registered(s)
	u := newUser(t, s, 1, "HR", "hr1")
	if err := s.connectUser(admin(), u.ID, "id1"); err != nil {
		t.Fatal(err)
	}
	if _, err := finish(s, p.through(t, s, "aziza")); err != nil {
		t.Fatal(err)
	}
	p.stop()
	p.start()
	if _, err := finish(s, p.through(t, s, "aziza")); err != nil {
		t.Errorf("with other keys: %v", err)
	}
	r := p.through(t, s, "aziza")
	p.stop()
	if _, err := finish(s, r); !errors.Is(err, errOIDCUnreachable) {
		t.Errorf("gone meanwhile: %v", err)
	}
	fresh, _ := another(t, s.store.db, clock)
	p.registered(fresh)
	if _, _, err := fresh.beginOIDC(context.Background()); !errors.Is(err, errOIDCUnreachable) {
		t.Errorf("gone from the start: %v", err)
	}
	p.start()
	if _, _, err := fresh.beginOIDC(context.Background()); !errors.Is(err, errOIDCUnreachable) {
		t.Errorf("asked again at once: %v", err)
	}
	clock.pass(blindFor)
	if _, err := finish(fresh, p.through(t, fresh, "aziza")); err != nil {
		t.Errorf("when it is back: %v", err)
	}
}

func TestAClaimConnectsOnlyWhoIsMeant(t *testing.T) {
	t.Parallel()
	p := startProvider(t)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newService(t, d)
		p.registered(s)
		s.attempts = newAttempts()
		aziza, bobur := newUser(t, s, 1, "HR", "aziza@example.uz"), newUser(t, s, 1, "HR", "bobur@example.uz")
		boss := newUser(t, s, 0, "ADMIN", "bobur")
		if _, err := finish(s, p.through(t, s, "aziza")); !errors.Is(err, errOIDCUnknown) {
			t.Errorf("though nobody trusts a claim: %v", err)
		}
		s.cfg.OIDCMatch = matchEmail
		if _, err := finish(s, p.through(t, s, "bobur")); !errors.Is(err, errOIDCUnverified) {
			t.Errorf("an address that is not verified: %v", err)
		}
		g, err := finish(s, p.through(t, s, "aziza"))
		if err != nil || g.user.ID != aziza.ID {
			t.Errorf("a verified address: %+v, %v", g.user, err)
		}
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action = 'user.identity_connected' AND object = ?", userObject(aziza.ID)); n != 1 {
			t.Errorf("%d connections written down", n)
		}
		// Whom one has disconnected only one connects.
		if err := s.disconnectUser(admin(), aziza.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := finish(s, p.through(t, s, "aziza")); !errors.Is(err, errOIDCUnknown) {
			t.Errorf("disconnected: %v", err)
		}
		if row, err := s.identityOf(admin(), aziza.ID); err != nil || row != nil {
			t.Errorf("disconnected it is %+v, %v", row, err)
		}
		if err := s.disconnectUser(admin(), aziza.ID); !errors.Is(err, errNoIdentity) {
			t.Errorf("disconnected twice: %v", err)
		}
		s.cfg.OIDCMatch = "preferred_username"
		if _, err := finish(s, p.through(t, s, "bobur")); !errors.Is(err, errOIDCUnknown) {
			t.Errorf("a claim makes somebody the administrator: %v", err)
		}
		if err := s.connectUser(admin(), boss.ID, "id2"); err != nil {
			t.Fatal(err)
		}
		if g, err = finish(s, p.through(t, s, "bobur")); err != nil || g.user.ID != boss.ID {
			t.Errorf("an administrator whom one has connected: %+v, %v", g.user, err)
		}
		// Whoever is connected stays who it is, whatever the provider calls it, and is nobody else besides.
		if err := s.disconnectUser(admin(), boss.ID); err != nil {
			t.Fatal(err)
		}
		if err := s.connectUser(admin(), bobur.ID, "somebody else"); err != nil {
			t.Fatal(err)
		}
		name := "bobur"
		if _, err := s.updateUser(admin(), boss.ID, userInput{Username: text("boss")}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.updateUser(admin(), bobur.ID, userInput{Username: &name}); err != nil {
			t.Fatal(err)
		}
		if _, err := finish(s, p.through(t, s, "bobur")); !errors.Is(err, errOIDCUnknown) {
			t.Errorf("a user of somebody else: %v", err)
		}
		if err := errors.Join(s.connectUser(admin(), aziza.ID, "id1"), s.disconnectUser(admin(), bobur.ID)); err != nil {
			t.Fatal(err)
		}
		if g, err = finish(s, p.through(t, s, "aziza")); err != nil || g.user.ID != aziza.ID {
			t.Errorf("connected again: %+v, %v", g.user, err)
		}
		if n := counted(t, d, "SELECT count(*) FROM users"); n != 3 {
			t.Errorf("%d users, want those that there were", n)
		}
	})
}

func TestTheSecondStepIsTakenAfterTheProviderToo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := newLiar(t)
		s, clock := newService(t, d)
		registered(s, l.URL, "staff", "secret")
		u := newUser(t, s, 1, "HR", "hr1")
		phone := enrolled(t, s, clock, u)
		if err := s.connectUser(admin(), u.ID, "id1"); err != nil {
			t.Fatal(err)
		}
		l.change = func(c jwt.MapClaims) { c["exp"] = noon.Add(time.Hour).Unix() }
		r := l.through(t, s)
		r.totp = phone.code()
		if _, err := finish(s, r); !errors.Is(err, errOIDCUsed) {
			t.Errorf("a code before the provider has vouched: %v", err)
		}
		r.totp = ""
		if _, err := finish(s, r); !errors.Is(err, errCodeRequired) {
			t.Fatalf("without a code: %v", err)
		}
		if _, err := finish(s, r); !errors.Is(err, errOIDCUsed) {
			t.Errorf("without a code again: %v", err)
		}
		r.totp = "000000"
		if _, err := finish(s, r); !errors.Is(err, errWrongCode) {
			t.Errorf("a wrong code: %v", err)
		}
		foreign := r
		foreign.state, foreign.totp = "another", phone.code()
		if _, err := finish(s, foreign); !errors.Is(err, errOIDCExpired) {
			t.Errorf("another state: %v", err)
		}
		r.totp = phone.code()
		g, err := finish(s, r)
		if err != nil || !good(t, s, g.access) {
			t.Fatalf("with a code: %v", err)
		}
		clock.pass(totpStep * time.Second)
		r.totp = phone.code()
		if _, err := finish(s, r); !errors.Is(err, errOIDCUsed) {
			t.Errorf("with the next code again: %v", err)
		}
		r = l.through(t, s)
		_, _ = finish(s, r)
		if err := errors.Join(s.disconnectUser(admin(), u.ID), s.connectUser(admin(), u.ID, "somebody else")); err != nil {
			t.Fatal(err)
		}
		r.totp = phone.code()
		if _, err := finish(s, r); !errors.Is(err, errOIDCUnknown) {
			t.Errorf("connected to somebody else meanwhile: %v", err)
		}
		if err := s.connectUser(admin(), u.ID, "id1"); err != nil {
			t.Fatal(err)
		}
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action = 'user.signed_in' AND CAST(after AS text) LIKE '%oidc%' AND CAST(after AS text) LIKE '%totp%'"); n != 1 {
			t.Errorf("%d sign-ins with both steps written down", n)
		}
		r = l.through(t, s)
		_, _ = finish(s, r)
		r.totp = "000000"
		var refused error
		for range s.cfg.LockAfter + 1 {
			_, refused = finish(s, r)
		}
		r.totp = phone.code()
		if _, err := finish(s, r); !errors.Is(refused, errLocked) || !errors.Is(err, errLocked) {
			t.Errorf("after many wrong codes %v, then %v", refused, err)
		}
	})
}

// through is what a browser brings from the liar.
func (l *liar) through(t *testing.T, s *service) returned {
	t.Helper()
	address, cookie := begun(t, s)
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	l.nonce = q.Get("nonce")
	if q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "" || q.Get("response_type") != "code" || q.Get("redirect_uri") != returnTo || strings.Contains(address, "secret") {
		t.Fatalf("asked by %s", address)
	}
	return returned{cookie: cookie, state: q.Get("state"), code: "code"}
}

func TestForgedAnswersAreRefused(t *testing.T) {
	t.Parallel()
	l := newLiar(t)
	d := dbtest.SQLite(t)
	s, _ := newService(t, d)
	registered(s, l.URL, "staff", "secret")
	u := newUser(t, s, 1, "HR", "hr1")
	if err := s.connectUser(admin(), u.ID, "id1"); err != nil {
		t.Fatal(err)
	}
	if _, err := finish(s, l.through(t, s)); err != nil {
		t.Fatalf("the answer that the others differ from: %v", err)
	}
	other := anotherKey(t)
	by := func(method jwt.SigningMethod, key any, kid string) func(*liar, jwt.MapClaims) string {
		return func(_ *liar, c jwt.MapClaims) string { return signed(method, key, c, kid) }
	}
	claim := func(name string, value any) func() {
		return func() { l.change = func(c jwt.MapClaims) { c[name] = value } }
	}
	for name, lie := range map[string]func(){
		"unsigned":              func() { l.sign = by(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, liarsKey) },
		"signed by the secret":  func() { l.sign = by(jwt.SigningMethodHS256, []byte("secret"), liarsKey) },
		"another key, its name": func() { l.sign = by(jwt.SigningMethodRS256, other, liarsKey) },
		"another key":           func() { l.sign = by(jwt.SigningMethodRS256, other, "second") },
		"no token":              func() { l.sign = func(*liar, jwt.MapClaims) string { return "" } },
		"another nonce":         claim("nonce", "another"),
		"no nonce":              claim("nonce", nil),
		"another client":        claim("aud", "another"),
		"for another client":    claim("azp", "another"),
		"another issuer":        claim("iss", "https://accounts.example.com"),
		"expired":               claim("exp", noon.Add(-time.Second).Unix()),
		"nobody":                claim("sub", ""),
		"a subject with a zero": claim("sub", "id1\x00"),
		"a long subject":        claim("sub", strings.Repeat("x", maxSubject+1)),
		"a refused code":        func() { l.status = http.StatusBadRequest },
	} {
		l.tellTheTruth()
		lie()
		if _, err := finish(s, l.through(t, s)); !errors.Is(err, errOIDCRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := failures(t, d, oidcObject, "oidc_refused"); n != 15 {
		t.Errorf("%d refusals written down", n)
	}
	l.tellTheTruth()
	for name, try := range map[string]struct {
		change func(*returned)
		want   error
	}{
		"no cookie":         {func(r *returned) { r.cookie = "" }, errOIDCExpired},
		"a changed cookie":  {func(r *returned) { r.cookie = string(r.cookie[0]^1) + r.cookie[1:] }, errOIDCExpired},
		"no state":          {func(r *returned) { r.state = "" }, errOIDCExpired},
		"another state":     {func(r *returned) { r.state = l.through(t, s).state }, errOIDCExpired},
		"the provider's no": {func(r *returned) { r.code, r.denied = "", "access_denied" }, errOIDCDenied},
		"nothing":           {func(r *returned) { r.code = "" }, errOIDCDenied},
		"a failure there":   {func(*returned) { l.status = http.StatusBadGateway }, errOIDCUnreachable},
	} {
		r := l.through(t, s)
		try.change(&r)
		if _, err := finish(s, r); !errors.Is(err, try.want) {
			t.Errorf("%s: %v", name, err)
		}
		l.tellTheTruth()
	}
	s.cfg.OIDCMatch = matchEmail
	if err := s.disconnectUser(admin(), u.ID); err != nil {
		t.Fatal(err)
	}
	newUser(t, s, 1, "HR", "aziza@example.uz")
	l.info["sub"] = "id2"
	if _, err := finish(s, l.through(t, s)); !errors.Is(err, errOIDCRefused) {
		t.Errorf("the UserInfo of somebody else: %v", err)
	}
	l.tellTheTruth()
	delete(l.info, "email_verified")
	if _, err := finish(s, l.through(t, s)); !errors.Is(err, errOIDCUnverified) {
		t.Errorf("an address of which nothing is said: %v", err)
	}
	for range s.cfg.FailuresPerIP {
		_, _ = finish(s, returned{})
	}
	if _, err := finish(s, l.through(t, s)); !errors.Is(err, errTooMany) {
		t.Errorf("after many failures: %v", err)
	}
	l.issuer = "https://accounts.example.com"
	if _, _, err := registered(s, l.URL, "staff", "secret").beginOIDC(context.Background()); !errors.Is(err, errOIDCUnreachable) {
		t.Errorf("a provider that is another: %v", err)
	}
}

func TestTheBrowserKeepsTheWayBackToItself(t *testing.T) {
	t.Parallel()
	l := newLiar(t)
	o := options(t)
	o.Set = append(o.Set, "auth.oidc_issuer="+l.URL, "auth.oidc_client_id=staff", "auth.oidc_client_secret=a secret", "auth.oidc_redirect_url="+returnTo, "auth.oidc_name=Keycloak")
	server := build(t, kernel.Dashboard, o)
	boss, b := &browser{server: server}, &browser{server: server}
	if _, answer := b.ask(t, "GET", "/api/v2/auth/login", ""); fmt.Sprint(answer["methods"]) != "[password oidc]" || answer["oidcName"] != "Keycloak" {
		t.Errorf("ways to sign in: %v", answer)
	}
	if _, answer := b.ask(t, "GET", "/api/v1/auth/login", ""); fmt.Sprint(answer) != "map[methods:[password]]" {
		t.Errorf("v1's ways to sign in: %v", answer)
	}
	boss.ask(t, "POST", "/api/v2/auth/login", login)
	status, answer := boss.ask(t, "POST", "/api/v2/users", `{"name":"Aziza","username":"aziza","role":"HR","organizationId":1,"password":"`+password+`"}`)
	if status != 201 {
		t.Fatalf("%d %v", status, answer)
	}
	path := fmt.Sprintf("/api/v2/users/%v/identity", answer["id"])
	if status, answer := boss.ask(t, "PUT", path, `{"subject":""}`); status != 400 {
		t.Errorf("connected to nobody: %d %v", status, answer)
	}
	if status, answer := boss.ask(t, "PUT", path, `{"subject":"id1"}`); status != 204 {
		t.Fatalf("connect: %d %v", status, answer)
	}
	if _, answer := boss.ask(t, "GET", path, ""); answer["subject"] != "id1" || answer["createdAt"] == nil {
		t.Errorf("connected to %v", answer)
	}
	for _, p := range []string{"", "/login"} {
		if status, _ := b.ask(t, "POST", oidcPath+p, "{}", "Sec-Fetch-Site", "cross-site"); status != 403 {
			t.Errorf("%s from another site: %d", p, status)
		}
	}
	status, answer = b.ask(t, "POST", oidcPath, "")
	kept := b.cookie
	if status != 200 || kept == nil || kept.Name != oidcCookie || !kept.HttpOnly || kept.SameSite != http.SameSiteStrictMode || kept.Path != oidcPath || kept.MaxAge != 600 {
		t.Fatalf("%d, kept %+v", status, kept)
	}
	u, err := url.Parse(answer["url"].(string))
	if err != nil {
		t.Fatal(err)
	}
	l.nonce = u.Query().Get("nonce")
	body := fmt.Sprintf(`{"state":%q,"code":"x"}`, u.Query().Get("state"))
	if status, answer := (&browser{server: server}).ask(t, "POST", oidcPath+"/login", body); status != 401 || answer["code"] != "auth.oidc_expired" {
		t.Errorf("another browser: %d %v", status, answer)
	}
	status, answer = b.ask(t, "POST", oidcPath+"/login", body)
	if status != 200 || b.cookie.Name != cookieName || !b.cookie.HttpOnly {
		t.Fatalf("signed in: %d %v, %+v", status, answer, b.cookie)
	}
	if status, me := b.ask(t, "GET", "/api/v2/auth/me", ""); status != 200 || me["username"] != "aziza" {
		t.Errorf("I am %v", me)
	}
	if status, _ := boss.ask(t, "DELETE", path, ""); status != 204 {
		t.Errorf("disconnect: %d", status)
	}
	if status, _ := b.ask(t, "GET", "/api/v2/auth/me", ""); status != 401 {
		t.Errorf("disconnected: %d", status)
	}
}

func TestWithoutAProviderThereIsNone(t *testing.T) {
	t.Parallel()
	b := &browser{server: build(t, kernel.Dashboard, options(t))}
	if _, answer := b.ask(t, "GET", "/api/v2/auth/login", ""); fmt.Sprint(answer) != "map[methods:[password]]" {
		t.Errorf("ways to sign in: %v", answer)
	}
	b.ask(t, "POST", "/api/v2/auth/login", login)
	for path, body := range map[string]string{oidcPath: "", oidcPath + "/login": `{"state":"x"}`} {
		if status, answer := b.ask(t, "POST", path, body); status != 404 || answer["code"] != "auth.oidc_off" {
			t.Errorf("%s: %d %v", path, status, answer)
		}
	}
	if status, answer := b.ask(t, "PUT", "/api/v2/users/1/identity", `{"subject":"x"}`); status != 404 || answer["code"] != "auth.oidc_off" {
		t.Errorf("%d %v", status, answer)
	}
}

func TestAProviderIsReachedSafelyOrNotAtAll(t *testing.T) {
	t.Parallel()
	for _, try := range []struct {
		issuer, client, back string
		good                 bool
	}{
		{"https://id.example.uz/realms/staff", "staff", "https://staff.example.uz/sign-in", true},
		{"http://localhost:9998/", "staff", "http://127.0.0.1:3000/sign-in", true},
		{"http://[::1]:9998", "staff", "https://staff.example.uz/sign-in", true},
		{"http://id.example.uz", "staff", "https://staff.example.uz/sign-in", false},
		{"https://id.example.uz", "", "https://staff.example.uz/sign-in", false},
		{"https://id.example.uz", "staff", "", false},
		{"https://id.example.uz", "staff", "https://staff.example.uz/", false},
		{"https://id.example.uz", "staff", "http://staff.example.uz/sign-in", false},
		{"https://a:b@id.example.uz", "staff", "https://staff.example.uz/sign-in", false},
		{"id.example.uz", "staff", "https://staff.example.uz/sign-in", false},
	} {
		c := defaults()
		c.OIDCIssuer, c.OIDCClientID, c.OIDCRedirectURL = try.issuer, try.client, try.back
		if err := c.Validate(); (err == nil) != try.good {
			t.Errorf("%+v: %v", try, err)
		}
	}
}

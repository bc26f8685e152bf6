package auth

import (
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/grid/gridtest"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/kernel"
)

// RFC 6238, appendix B, SHA-1; the last six of its eight digits.
func TestCodesAreThoseOfTheRFC(t *testing.T) {
	t.Parallel()
	secret := []byte("12345678901234567890")
	for at, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := totp(secret, stepAt(time.Unix(at, 0))); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
		for off, good := range map[int64]bool{-60: false, -30: true, 0: true, 30: true, 60: false} {
			if _, ok := matchTOTP(secret, want, time.Unix(at+off, 0)); ok != good && at > 60 {
				t.Errorf("the code of %d is good %d s off: %v", at, off, ok)
			}
		}
	}
	for _, code := range []string{"", "287", "2870820", "28708٢"} {
		if _, ok := matchTOTP(secret, code, time.Unix(59, 0)); ok {
			t.Errorf("%q is a code", code)
		}
	}
}

func TestAnAppReadsTheURL(t *testing.T) {
	t.Parallel()
	secret := []byte("12345678901234567890")
	text := totpURL(secret, "a b&secret=x?ў")
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Staff Control:a b&secret=x?ў" {
		t.Errorf("%s is %+v, %v", text, u, err)
	}
	q := u.Query()
	if len(q) != 2 || q.Get("secret") != "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" || q.Get("issuer") != "Staff Control" || strings.Contains(text, "+") {
		t.Errorf("%s asks %v", text, q)
	}
}

func TestTheQRCodeHasItsMarks(t *testing.T) {
	t.Parallel()
	dots, err := qrDots(totpURL(make([]byte, totpSecret), strings.Repeat("ў", 100)))
	if err != nil {
		t.Fatal(err)
	}
	for y, want := range []string{"1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111"} { // of the finder in a corner
		row := dots[y]
		if len(row) != len(dots) || row[:7] != want || row[len(row)-7:] != want || dots[len(dots)-7+y][:7] != want {
			t.Errorf("row %d is %s", y, row)
		}
	}
	if _, err := qrDots(strings.Repeat("x", 10_000)); err == nil {
		t.Error("a book fits into a QR code")
	}
}

// phone is an authenticator app.
type phone struct {
	secret   []byte
	clock    *clock
	recovery []string
}

func base32Of(text string) ([]byte, error) {
	return base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(text)
}

func (p *phone) code() string { return totp(p.secret, stepAt(p.clock.Time)) }

func as(u userRow) context.Context { return actor.With(context.Background(), actorOf(u)) }

// enrolled gives the user a second step; its next code is good.
func enrolled(t *testing.T, s *service, c *clock, u userRow, session ...id.UUID) *phone {
	t.Helper()
	secret, name, err := s.enrol(as(u), proof{Password: password})
	if err != nil || name != u.Username {
		t.Fatalf("of %s: %v", name, err)
	}
	p := &phone{secret: secret, clock: c}
	if p.recovery, err = s.confirm(as(u), p.code(), append(session, id.Nil)[0]); err != nil || len(p.recovery) != recoveryCodes {
		t.Fatalf("codes %v, %v", p.recovery, err)
	}
	c.pass(totpStep * time.Second)
	return p
}

func attemptWith(s *service, username, code string) error {
	_, err := s.signIn(context.Background(), visit{username: username, password: password, code: code, ip: "192.0.2.1"})
	return err
}

func TestASecondStepIsAskedFor(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, clock := newService(t, d)
		for _, u := range []userRow{newUser(t, s, 1, "HR", "hr1"), newUser(t, s, 0, "ADMIN", "operator")} {
			before := signIn(t, s, u.Username)
			if _, _, err := s.enrol(as(u), proof{Password: "wrong"}); !errors.Is(err, errWrongPassword) {
				t.Errorf("enrolment with a wrong password: %v", err)
			}
			if _, _, err := s.enrol(as(u), proof{Password: password}); err != nil {
				t.Fatal(err)
			}
			if err := attempt(s, u.Username, password); err != nil {
				t.Errorf("while nothing is confirmed: %v", err)
			}
			p := enrolled(t, s, clock, u)
			if good(t, s, before.access) {
				t.Error("a sign-in of before lasts")
			}
			if err := attempt(s, u.Username, password); !errors.Is(err, errCodeRequired) {
				t.Errorf("without a code: %v", err)
			}
			if err := attempt(s, u.Username, "wrong"); !errors.Is(err, errCredentials) {
				t.Errorf("with a wrong password: %v", err)
			}
			code := p.code()
			if err := attemptWith(s, u.Username, code[:3]+" "+code[3:]); err != nil {
				t.Errorf("with a code: %v", err)
			}
			if err := attemptWith(s, u.Username, code); !errors.Is(err, errWrongCode) {
				t.Errorf("with the same code again: %v", err)
			}
			clock.pass(-totpStep * time.Second)
			if err := attemptWith(s, u.Username, p.code()); !errors.Is(err, errWrongCode) {
				t.Errorf("with an earlier code that was never used: %v", err)
			}
			clock.pass(2 * totpStep * time.Second)
			if list, err := s.sessionsOf(admin(), u.ID); err != nil || len(list) != 1 || list[0].Method != byTOTP {
				t.Errorf("sign-ins %+v, %v", list, err)
			}
			if _, err := s.signIn(context.Background(), visit{username: u.Username, password: password, code: p.code(), v1: true}); !errors.Is(err, errStepsV1) {
				t.Errorf("a client of v1: %v", err)
			}
		}
		if n := counted(t, d, "SELECT count(*) FROM user_totp WHERE sealed LIKE '%' || ? || '%'", "GEZDG"); n != 0 {
			t.Error("a secret is kept as it is")
		}
	})
}

func TestRecoveryCodesAreGoodOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, clock := newService(t, d)
		u := newUser(t, s, 1, "HR", "hr1")
		p := enrolled(t, s, clock, u)
		if err := attemptWith(s, "hr1", strings.ToLower(p.recovery[3])); err != nil {
			t.Errorf("a recovery code: %v", err)
		}
		for _, code := range []string{p.recovery[3], "AAAA-AAAA-AAAA-AAAA"} {
			if err := attemptWith(s, "hr1", code); !errors.Is(err, errWrongCode) {
				t.Errorf("recovery code %s: %v", code, err)
			}
		}
		if row, left, err := s.totpState(as(u)); err != nil || row == nil || left != recoveryCodes-1 {
			t.Errorf("%d are left, %v", left, err)
		}
		if n := counted(t, d, "SELECT count(*) FROM recovery_codes WHERE hash IN (?, ?)", p.recovery[0], plainCode(p.recovery[0])); n != 0 {
			t.Error("recovery codes are kept as they are")
		}
		fresh, err := s.renewRecovery(as(u), proof{password, p.recovery[4]})
		if err != nil || len(fresh) != recoveryCodes {
			t.Fatalf("new codes %v, %v", fresh, err)
		}
		if err := attemptWith(s, "hr1", p.recovery[5]); !errors.Is(err, errWrongCode) {
			t.Errorf("a code that was replaced: %v", err)
		}
		if err := attemptWith(s, "hr1", fresh[0]); err != nil {
			t.Errorf("a new code: %v", err)
		}
	})
}

func TestCodesAreGuessedAsSeldomAsPasswords(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, clock := newService(t, d)
		u := newUser(t, s, 1, "HR", "hr1")
		p := enrolled(t, s, clock, u)
		results := make(chan error, 3*s.cfg.LockAfter)
		for i := range cap(results) {
			go func() { results <- attemptWith(s, "hr1", fmt.Sprintf("00000%d", i%10)) }()
		}
		wrong := 0
		for range cap(results) {
			if err := <-results; errors.Is(err, errWrongCode) {
				wrong++
			} else if !errors.Is(err, errLocked) {
				t.Errorf("a guess: %v", err)
			}
		}
		if wrong != s.cfg.LockAfter {
			t.Errorf("%d guesses were answered, want %d", wrong, s.cfg.LockAfter)
		}
		if err := attemptWith(s, "hr1", p.code()); !errors.Is(err, errLocked) {
			t.Errorf("the right code while the name is locked: %v", err)
		}
		if err := s.switchOff(as(u), proof{password, p.code()}); !errors.Is(err, errLocked) {
			t.Errorf("switched off while the name is locked: %v", err)
		}
		clock.pass(s.cfg.LockFor)
		for range s.cfg.LockAfter {
			if err := s.switchOff(as(u), proof{password, "000000"}); !errors.Is(err, errCodeRefused) {
				t.Errorf("switched off with a wrong code: %v", err)
			}
		}
		if err := s.switchOff(as(u), proof{password, p.code()}); !errors.Is(err, errLocked) {
			t.Errorf("switched off after many guesses: %v", err)
		}
	})
}

func TestASecondStepIsSwitchedOff(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, clock := newService(t, d)
		u, boss := newUser(t, s, 1, "HR", "hr1"), newUser(t, s, 0, "ADMIN", "operator")
		if err := s.switchOff(as(u), proof{Password: password}); !errors.Is(err, errTOTPOff) {
			t.Errorf("off when it is off: %v", err)
		}
		if _, err := s.confirm(as(u), "123456", id.Nil); !errors.Is(err, errTOTPOff) {
			t.Errorf("confirmed what was not begun: %v", err)
		}
		if _, err := s.renewRecovery(as(u), proof{Password: password}); !errors.Is(err, errTOTPOff) {
			t.Errorf("codes of nothing: %v", err)
		}
		if err := s.resetTOTP(admin(), u.ID); !errors.Is(err, errTOTPOff) {
			t.Errorf("reset of nothing: %v", err)
		}
		p := enrolled(t, s, clock, u)
		if _, _, err := s.enrol(as(u), proof{password, p.code()}); !errors.Is(err, errTOTPOn) {
			t.Errorf("begun again: %v", err)
		}
		if _, err := s.confirm(as(u), p.code(), id.Nil); !errors.Is(err, errTOTPOn) {
			t.Errorf("confirmed again: %v", err)
		}
		var f *fault.Error
		if err := s.switchOff(as(u), proof{Password: password}); !errors.As(err, &f) || len(f.Details) != 1 || f.Details[0].Field != "code" {
			t.Errorf("off without a code: %v", err)
		}
		if err := s.switchOff(as(u), proof{"wrong", p.code()}); !errors.Is(err, errWrongPassword) {
			t.Errorf("off with a wrong password: %v", err)
		}
		if err := s.switchOff(as(u), proof{password, p.code()}); err != nil {
			t.Errorf("off: %v", err)
		}
		if err := attempt(s, "hr1", password); err != nil {
			t.Errorf("a sign-in without it: %v", err)
		}
		enrolled(t, s, clock, u)
		enrolled(t, s, clock, boss)
		for name, try := range map[string]struct {
			do   func() error
			want error
		}{
			"by another organization": {func() error { return s.resetTOTP(keyOfOrganization(2), u.ID) }, errUserUnknown},
			"by an administrator":     {func() error { return s.resetTOTP(admin(), u.ID) }, nil},
			"one's own":               {func() error { return s.resetTOTP(as(boss), boss.ID) }, errSelf},
		} {
			if err := try.do(); !errors.Is(err, try.want) {
				t.Errorf("reset %s: %v", name, err)
			}
		}
		if err := attempt(s, "hr1", password); err != nil {
			t.Errorf("a sign-in after a reset: %v", err)
		}
		for action, want := range map[string]int{"user.totp_on": 3, "user.totp_off": 1, "user.totp_reset": 1} {
			if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action = ?", action); n != want {
				t.Errorf("%s: %d lines, want %d", action, n, want)
			}
		}
	})
}

func TestASecretThatCannotBeOpenedLetsNobodyIn(t *testing.T) {
	t.Parallel()
	s, clock := newService(t, dbtest.SQLite(t))
	p := enrolled(t, s, clock, newUser(t, s, 1, "HR", "hr1"))
	s.sealKey = func() ([]byte, error) { return make([]byte, 32), nil }
	if err := attemptWith(s, "hr1", p.code()); err == nil || errors.Is(err, errWrongCode) {
		t.Errorf("with a code: %v", err)
	}
	if err := attemptWith(s, "hr1", p.recovery[0]); err != nil {
		t.Errorf("with a recovery code: %v", err)
	}
}

func TestASecondStepOverHTTP(t *testing.T) {
	t.Parallel()
	m := newModule()
	c := &clock{noon}
	m.now = c.now
	server := build(t, kernel.Dashboard, options(t), m)
	b := &browser{server: server}
	b.ask(t, "POST", "/api/v2/auth/login", login)
	const path = "/api/v2/auth/me/totp"
	if status, answer := b.ask(t, "GET", path, ""); status != 200 || answer["enabled"] != false {
		t.Errorf("%d %v", status, answer)
	}
	status, answer := b.ask(t, "POST", path, `{"password":"admin"}`)
	text, _ := answer["url"].(string)
	u, err := url.Parse(text)
	if status != 201 || err != nil || u.Query().Get("secret") != answer["secret"] {
		t.Fatalf("%d %v", status, answer)
	}
	plain, err := base32Of(u.Query().Get("secret"))
	if err != nil {
		t.Fatal(err)
	}
	p := &phone{secret: plain, clock: c}
	if status, answer := b.ask(t, "POST", path+"/confirm", `{"code":"000000"}`); status != 409 || answer["code"] != "auth.code_refused" {
		t.Errorf("wrong code: %d %v", status, answer)
	}
	status, answer = b.ask(t, "POST", path+"/confirm", `{"code":"`+p.code()+`"}`)
	if codes, _ := answer["recoveryCodes"].([]any); status != 200 || len(codes) != recoveryCodes {
		t.Fatalf("%d %v", status, answer)
	}
	if status, answer := b.ask(t, "GET", path, ""); status != 200 || answer["enabled"] != true || answer["recoveryCodes"] != 10.0 {
		t.Errorf("this sign-in goes on: %d %v", status, answer)
	}
	c.pass(time.Minute)
	for name, try := range map[string]struct {
		path, body string
		status     int
		code       string
	}{
		"no code":      {"/api/v2/auth/login", login, 401, "auth.code_required"},
		"wrong code":   {"/api/v2/auth/login", `{"username":"admin","password":"admin","code":"000000"}`, 401, "auth.wrong_code"},
		"v1":           {"/api/v1/auth/login", login, 403, ""},
		"v1 with code": {"/api/v1/auth/login", `{"username":"admin","password":"admin","code":"000000"}`, 400, ""},
	} {
		if status, answer := b.ask(t, "POST", try.path, try.body); status != try.status || try.code != "" && answer["code"] != try.code {
			t.Errorf("%s: %d %v", name, status, answer)
		}
	}
	if status, answer := b.ask(t, "POST", "/api/v2/auth/login", `{"username":"admin","password":"admin","code":"`+p.code()+`"}`); status != 200 {
		t.Errorf("with a code: %d %v", status, answer)
	}
	c.pass(time.Minute)
	if status, answer := b.ask(t, "POST", path+"/recovery-codes", `{"password":"admin","code":"`+p.code()+`"}`); status != 200 {
		t.Errorf("new codes: %d %v", status, answer)
	}
	if status, _ := b.ask(t, "DELETE", "/api/v2/users/1/totp", ""); status != 409 {
		t.Errorf("reset of one's own: %d", status)
	}
	c.pass(time.Minute)
	if status, answer := b.ask(t, "POST", path+"/disable", `{"password":"admin","code":"`+p.code()+`"}`); status != 204 {
		t.Errorf("off: %d %v", status, answer)
	}
}

func TestTheSecondStepGuardsThePassword(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, clock := newService(t, d)
		u := newUser(t, s, 1, "HR", "hr1")
		p := enrolled(t, s, clock, u)
		next, name := "Another1!", "hr9"
		current := password
		// v1's request, too, whether it asks for another password or for another name.
		changes := map[string]func(code string) error{
			"own password": func(code string) error { return s.changePassword(as(u), proof{current, code}, next) },
			"v1's profile": func(code string) error {
				return s.changeProfile(as(u), profileInput{CurrentPassword: &current, NewPassword: &next, Code: code})
			},
			"v1's name": func(code string) error {
				return s.changeProfile(as(u), profileInput{CurrentPassword: &current, Username: &name, Code: code})
			},
		}
		for what, change := range changes {
			if field, code := faultyField(change("")); field != "code" || code != "required" {
				t.Errorf("%s without a code: %s %s", what, field, code)
			}
			if err := change("000000"); !errors.Is(err, errCodeRefused) {
				t.Errorf("%s with a wrong code: %v", what, err)
			}
		}
		if n := counted(t, d, "SELECT failed_logins FROM users WHERE id = ?", u.ID); n != len(changes) {
			t.Errorf("%d wrong codes are counted, want %d", n, len(changes))
		}
		if err := s.changeProfile(as(u), profileInput{Name: text("Aziza")}); err != nil {
			t.Errorf("what the password does not guard: %v", err)
		}
		if err := changes["own password"](p.code()); err != nil {
			t.Errorf("with a code: %v", err)
		}
		current, next = next, "Third-pass1!"
		if err := changes["v1's profile"](p.recovery[0]); err != nil {
			t.Errorf("with a recovery code: %v", err)
		}
		current = next
		clock.pass(totpStep * time.Second)
		if err := changes["v1's name"](p.code()); err != nil {
			t.Errorf("v1's name with a code: %v", err)
		}
	})
}

func TestWhoHasASecondStepIsListed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, clock := newService(t, d)
		u, begun := newUser(t, s, 1, "HR", "hr1"), newUser(t, s, 1, "HR", "hr2")
		enrolled(t, s, clock, u)
		if _, _, err := s.enrol(as(begun), proof{Password: password}); err != nil {
			t.Fatal(err)
		}
		for query, want := range map[string]string{"": "hr1 true, hr2 false", "secondStep=true": "hr1 true", "secondStep=false&sort=-username": "hr2 false"} {
			rows, err := gridtest.Walk(admin(), s.users(), query)
			var got []string
			for _, r := range rows {
				got = append(got, fmt.Sprint(r.Username, " ", r.SecondStep))
			}
			if err != nil || strings.Join(got, ", ") != want {
				t.Errorf("%q: %v, %v", query, got, err)
			}
		}
		if one, err := s.getUser(admin(), idRequest{u.ID}); err != nil || !one.SecondStep {
			t.Errorf("one: %+v, %v", one, err)
		}
		if err := s.resetTOTP(admin(), u.ID); err != nil {
			t.Fatal(err)
		}
		if one, err := s.getUser(admin(), idRequest{u.ID}); err != nil || one.SecondStep {
			t.Errorf("after its reset: %+v, %v", one, err)
		}
	})
}

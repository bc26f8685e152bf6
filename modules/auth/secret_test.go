package auth

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

func TestAFirstPasswordThatCannotBeKeptMakesNoUser(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Set, o.Data = nil, t.TempDir()
	o.Announce = func(text string) { t.Errorf("told %q", text) }
	if err := os.MkdirAll(filepath.Join(o.Data, passwordFile, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	k, ko := kerneltest.New(t, kernel.Dashboard, o, kerneltest.Provide[organization.Tree](kernel.Dashboard, fakeTree{}), newModule())
	defer ko.Listener.Close()
	if err := k.Build(t.Context()); err == nil {
		t.Error("the start succeeds")
	}
	if n := counted(t, o.DB, "SELECT count(*) FROM users"); n != 0 {
		t.Errorf("%d users whose password nobody knows", n)
	}
}

func TestAStartThatWasCutShortGoesOn(t *testing.T) {
	t.Parallel()
	for name, left := range map[string]string{"a password": password + "\n", "nothing": "", "no password": "hello\n"} {
		o := options(t)
		o.Set, o.Data = nil, t.TempDir()
		var told string
		o.Announce = func(text string) { told = text }
		for file, content := range map[string]string{passwordFile: left, "secret.key": ""} {
			if err := os.WriteFile(filepath.Join(o.Data, file), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		b := &browser{server: build(t, kernel.Dashboard, o)}
		kept, err := readSecret(filepath.Join(o.Data, passwordFile))
		if err != nil || !strings.Contains(told, kept) || strong(strings.TrimSpace(left)) && kept != password {
			t.Errorf("%s: told %q, kept %q, %v", name, told, kept, err)
		}
		if status, answer := b.ask(t, "POST", "/api/v2/auth/login", `{"username":"admin","password":"`+kept+`"}`); status != 200 {
			t.Errorf("%s: sign-in %d %v", name, status, answer)
		}
		files, err := os.ReadDir(o.Data)
		if err != nil || len(files) != 2 {
			t.Errorf("%s: %d files are there, %v", name, len(files), err)
		}
	}
}

func TestTheSlowerReplicaKeepsNoPassword(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newService(t, d)
		path := filepath.Join(t.TempDir(), passwordFile)
		if err := s.makeAdmin(context.Background(), password); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			password string
			stays    bool
		}{{password, true}, {"Other123!", false}} {
			if err := os.WriteFile(path, []byte(c.password), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := s.dropPassword(context.Background(), path, c.password); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(path); (err == nil) != c.stays {
				t.Errorf("the file of %s: %v", c.password, err)
			}
		}
	})
}

func TestOneOfTwoProcessesMakesTheSecret(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "secret.key")
	got := make(chan string, 8)
	for range cap(got) {
		go func() {
			key, err := keyFile(path)
			if err != nil {
				t.Error(err)
			}
			got <- string(key)
		}()
	}
	first := <-got
	for range cap(got) - 1 {
		if key := <-got; key != first || len(key) < minTokenKey {
			t.Errorf("keys %q and %q", first, key)
		}
	}
}

func TestAnOperatorSetsAPassword(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := newService(t, d)
		newUser(t, s, 1, "HR", "hr1")
		m := New()
		m.now, m.cost = s.now, bcrypt.MinCost
		run := func(in io.Reader, args ...string) (string, error) {
			var out bytes.Buffer
			err := m.user(context.Background(), &kernel.CommandHost{DB: d, Log: slog.New(slog.DiscardHandler), In: in, Out: &out}, args)
			return out.String(), err
		}
		before := signIn(t, s, "hr1")
		for range 5 {
			_ = attempt(s, "hr1", "wrong") // locks the name
		}
		told, err := run(strings.NewReader("Changed123!\r\nmore\n"), "set-password", "hr1")
		if err != nil || strings.Contains(told, "Changed123!") {
			t.Fatalf("told %q, %v", told, err)
		}
		if err := attempt(s, "hr1", "Changed123!"); err != nil {
			t.Errorf("sign-in with the new password: %v", err)
		}
		if _, err := renew(s, before.refresh); err == nil {
			t.Error("an older sign-in goes on")
		}
		for _, nothing := range []io.Reader{nil, strings.NewReader("")} {
			told, err = run(nothing, "set-password", "hr1")
			words := strings.Fields(told)
			if err != nil || attempt(s, "hr1", words[len(words)-1]) != nil {
				t.Errorf("the last word of %q is no password, %v", told, err)
			}
		}
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action = 'user.password_set' AND organization_id = 1"); n != 3 {
			t.Errorf("%d new passwords written down, want 3", n)
		}
		for _, wrong := range [][]string{{}, {"set-password"}, {"delete", "hr1"}, {"set-password", "ghost"}, {"set-password", "hr1", "x"}} {
			if _, err := run(strings.NewReader("Changed123!"), wrong...); err == nil {
				t.Errorf("user %v passes", wrong)
			}
		}
		if _, err := run(strings.NewReader("weak"), "set-password", "hr1"); err == nil {
			t.Error("a weak password passes")
		}
	})
}

func TestAnOperatorDropsASecondStep(t *testing.T) {
	t.Parallel()
	s, clock := newService(t, dbtest.SQLite(t))
	enrolled(t, s, clock, newUser(t, s, 0, "ADMIN", "operator"))
	var out bytes.Buffer
	h := &kernel.CommandHost{Log: discard(), Out: &out}
	if err := s.commandUser(context.Background(), h, []string{"drop-second-step", "operator"}); err != nil || !strings.Contains(out.String(), "operator") {
		t.Fatalf("told %q, %v", out.String(), err)
	}
	signIn(t, s, "operator")
	for _, name := range []string{"operator", "ghost"} {
		if err := s.commandUser(context.Background(), h, []string{"drop-second-step", name}); err == nil {
			t.Errorf("%s has a second step to drop", name)
		}
	}
}

func TestKeysAreDerivedOfTheServersSecret(t *testing.T) {
	t.Parallel()
	one := derived{func() ([]byte, error) { return []byte("one"), nil }}
	first, err := one.Derive("a")
	if err != nil || len(first) != 32 {
		t.Fatalf("%x, %v", first, err)
	}
	again, err := one.Derive("a")
	other, otherErr := one.Derive("b")
	if err != nil || otherErr != nil || !bytes.Equal(first, again) || bytes.Equal(first, other) {
		t.Errorf("%x, %x and %x", first, again, other)
	}
	none := derived{func() ([]byte, error) { return nil, errors.New("no secret") }}
	if _, err := none.Derive("a"); err == nil {
		t.Error("derived of nothing")
	}
}

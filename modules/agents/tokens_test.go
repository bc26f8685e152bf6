package agents

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

func TestATokenIsOfOneComputer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.enrolAs(t, "agent", "PC-1")
	for _, c := range []struct {
		name, key, method, path, body string
		status                        int
		code                          string
	}{
		{"its policy", token, "GET", "/v2/agent/policy?computerUid=PC-1", "", 200, ""},
		{"its orders", token, "GET", "/v2/agent/commands?computerUid=PC-1", "", 200, ""},
		{"as a bearer", "", "GET", "/v2/agent/commands?computerUid=PC-1", "", 200, ""},
		{"another's policy", token, "GET", "/v2/agent/policy?computerUid=PC-2", "", 403, "agents.other_computer"},
		{"another's orders", token, "GET", "/v2/agent/commands?computerUid=PC-2", "", 403, "agents.other_computer"},
		{"another's ack", token, "POST", "/v2/agent/policy/ack", `{"computerUid":"PC-2","policyId":5,"version":"1","checksum":"x"}`, 403, "agents.other_computer"},
		{"another's token", token, "POST", "/v2/agent/enroll", `{"computerUid":"PC-2"}`, 403, "agents.other_computer"},
		{"a token that is none", "sat_x", "GET", "/v2/agent/policy?computerUid=PC-1", "", 401, "auth.key_invalid"},
		{"a terminal", "terminal", "POST", "/v2/agent/enroll", `{"computerUid":"PC-1"}`, 403, "forbidden"},
		{"nobody", "", "POST", "/v2/agent/enroll", `{"computerUid":"PC-1"}`, 401, "auth.key_invalid"},
		{"no computer", "agent", "POST", "/v2/agent/enroll", `{}`, 400, "invalid"},
		{"too long a computer", "agent", "POST", "/v2/agent/enroll", `{"computerUid":"` + strings.Repeat("x", 256) + `"}`, 400, "invalid"},
		{"a computer with a NUL", "agent", "POST", "/v2/agent/enroll", `{"computerUid":"a\u0000"}`, 400, "invalid"},
	} {
		header := []string{}
		if c.name == "as a bearer" {
			header = []string{"Authorization", "Bearer " + token}
		}
		status, answer, _ := w.ask(t, c.key, c.method, c.path, c.body, header...)
		if status != c.status || c.code != "" && !strings.Contains(answer, `"`+c.code+`"`) {
			t.Errorf("%s: %d %s", c.name, status, answer)
		}
	}
}

func TestATokenStopsWithItsKeyAndWhenItIsReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	policy := func(token string) int {
		status, _, _ := w.ask(t, token, "GET", "/v2/agent/policy?computerUid=PC-1", "")
		return status
	}
	first := w.enrolAs(t, "agent", "PC-1")
	second := w.enrolAs(t, "second", "PC-1")
	third := w.enrolAs(t, second, "PC-1") // an agent that has no key any more gets another token by the one it has
	if a, b, c := policy(first), policy(second), policy(third); a != 401 || b != 401 || c != 200 {
		t.Errorf("after new ones: %d %d %d", a, b, c)
	}
	w.keyring.hide(true)
	if got := policy(third); got != 503 {
		t.Errorf("while the key cannot be checked: %d", got)
	}
	w.keyring.hide(false)
	w.revoke("agent")
	if got := policy(third); got != 200 {
		t.Errorf("after the end of another key: %d", got)
	}
	w.revoke("second")
	if got := policy(third); got != 401 {
		t.Errorf("after the end of its key: %d", got)
	}
}

func TestTokensOutliveARestartAndAreNotOnTheDisk(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	first := openTokens(data, 10, slog.New(slog.DiscardHandler), time.Now)
	_, token, err := first.issue(3, "PC-1", "hash")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(data, "agents.json"))
	if err != nil || strings.Contains(string(text), token) {
		t.Errorf("%v: %s", err, text)
	}
	if info, err := os.Stat(filepath.Join(data, "agents.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	again := openTokens(data, 10, slog.New(slog.DiscardHandler), time.Now)
	if e, known := again.find(token); !known || e.ComputerUID != "PC-1" || e.OrganizationID != 3 || e.KeyHash != "hash" {
		t.Errorf("%+v %v", e, known)
	}
	if err := os.WriteFile(filepath.Join(data, "agents.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if broken := openTokens(data, 10, slog.New(slog.DiscardHandler), time.Now); broken.count() != 0 {
		t.Error("read what cannot be read")
	}
}

func TestTheNumberOfTokensIsBounded(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	tokens := openTokens(t.TempDir(), 2, slog.New(slog.DiscardHandler), func() time.Time { return now })
	var last string
	for _, uid := range []string{"a", "b", "b"} {
		_, token, err := tokens.issue(3, uid, "hash")
		if err != nil {
			t.Fatal(err)
		}
		last = token
	}
	if _, _, err := tokens.issue(3, "c", "hash"); !errors.Is(err, errTooMany) {
		t.Errorf("one more: %v", err)
	}
	now = now.Add(stale)
	if _, known := tokens.find(last); !known {
		t.Error("the token of b is not known")
	}
	if _, _, err := tokens.issue(3, "c", "hash"); err != nil { // in place of a, which was not seen for long
		t.Errorf("one more, later: %v", err)
	}
	if got := strings.Join(tokens.since(now.Add(-time.Hour)), ""); len(got) != 2 || strings.Contains(got, "a") {
		t.Errorf("there are %s", got)
	}
}

func TestATokenThatCannotBeKeptIsNone(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	tokens := openTokens(data, 10, slog.New(slog.DiscardHandler), time.Now)
	_, kept, err := tokens.issue(3, "PC-1", "hash")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(data); err != nil {
		t.Fatal(err)
	}
	for _, uid := range []string{"PC-1", "PC-2"} {
		if _, _, err := tokens.issue(3, uid, "hash"); err == nil {
			t.Errorf("%s: a token that is on no disk", uid)
		}
	}
	if _, known := tokens.find(kept); !known || tokens.count() != 1 {
		t.Errorf("the token before is gone, or one more is there: %d", tokens.count())
	}
}

// Many at once share their writes, and each is on the disk when it returns.
func TestManyEnrolAtOnce(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	tokens := openTokens(data, 1000, slog.New(slog.DiscardHandler), time.Now)
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			_, token, err := tokens.issue(3, fmt.Sprint("PC-", i), "hash")
			if err != nil {
				t.Error(err)
				return
			}
			if i%50 == 0 {
				if _, known := openTokens(data, 1000, slog.New(slog.DiscardHandler), time.Now).find(token); !known {
					t.Errorf("%d is not on the disk", i)
				}
			}
		})
	}
	all.Wait()
	if got := openTokens(data, 1000, slog.New(slog.DiscardHandler), time.Now).count(); got != 200 {
		t.Errorf("%d are on the disk", got)
	}
}

func TestWhenAgentsWereSeenIsKeptAtTheEnd(t *testing.T) {
	t.Parallel()
	w := &world{keyring: newKeyring(), sink: &sink{}, ruleset: newRuleset(t)}
	data := t.TempDir()
	t.Run("life", func(t *testing.T) {
		kerneltest.Build(t, kernel.Gateway, kerneltest.Options{Data: data}, w.parts()...)
		_, token, err := w.module.tokens.issue(3, "PC-1", "hash")
		if err != nil {
			t.Fatal(err)
		}
		w.module.tokens.now = func() time.Time { return time.Now().Add(time.Hour) }
		w.module.tokens.find(token)
	})
	if got := openTokens(data, 10, slog.New(slog.DiscardHandler), time.Now).since(time.Now().Add(30 * time.Minute)); len(got) != 1 {
		t.Errorf("seen: %v", got)
	}
}

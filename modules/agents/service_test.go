package agents

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/modules/agents/agent"
	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/secret"
)

// newService is the service without HTTP, in a directory.
func newService(t testing.TB, data string) *service {
	t.Helper()
	f := newFleet(t, data)
	return &service{
		keys: newKeyring(), sink: &sink{}, rules: newRuleset(t), tokens: openTokens(data, 10, slog.New(slog.DiscardHandler), time.Now),
		waits: f.waits, fleet: f, log: slog.New(slog.DiscardHandler), now: time.Now,
	}
}

func TestSettingsHaveBounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cfg  Config
		want string
	}{{Config{0, 1}, "max_enrolled"}, {Config{1, 0}, "max_waiting"}, {Config{100_001, 1}, "max_enrolled"}, {Config{1, 100_001}, "max_waiting"}} {
		if err := c.cfg.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c.cfg, err)
		}
	}
	if cfg := defaults(); cfg.Validate() != nil {
		t.Errorf("%+v", cfg)
	}
}

func TestATokenIsGoodForWhatAgentsAskOnly(t *testing.T) {
	t.Parallel()
	m := &Module{service: newService(t, t.TempDir())}
	_, token, err := m.tokens.issue(3, "PC-1", secret.Hash("agent"))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]error{
		"/v2/agent/events": nil, "/api/agent/active-windows": nil, "/staffcontrol.agent.v1.Intake/Heartbeat": nil,
		"/api/0/buckets": identity.ErrKeyInvalid, "/v2/agents": identity.ErrKeyInvalid, "/v2/gateway/heartbeat": identity.ErrKeyInvalid,
	} {
		r := httptest.NewRequest(http.MethodPost, path, nil)
		r.Header.Set("Authorization", "bearer "+token)
		a, known, err := m.authenticate(t.Context(), r)
		if !errors.Is(err, want) || known != (want == nil) || known && (a.OrganizationID != 3 || a.Role != actor.Agent || agent.Check(actor.With(t.Context(), a), "PC-2") == nil) {
			t.Errorf("%s: %+v %v %v", path, a, known, err)
		}
	}
	r := httptest.NewRequest(http.MethodPost, "/v2/agent/events", nil)
	r.Header.Set("Authorization", "Basic "+token)
	if _, known, err := m.authenticate(t.Context(), r); known || err != nil {
		t.Errorf("in another way: %v %v", known, err)
	}
}

func TestATokenHasTheBoundsOfItsKey(t *testing.T) {
	t.Parallel()
	s := newService(t, t.TempDir())
	_, token, err := s.tokens.issue(3, "PC-1", secret.Hash("office"))
	if err != nil {
		t.Fatal(err)
	}
	keys := s.keys.(*keyring)
	keys.keys[secret.Hash("office")] = identity.Key{OrganizationID: 3, AllowedIPs: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}}
	if _, err := s.credential(t.Context(), token, "10.1.2.3"); err != nil {
		t.Error(err)
	}
	if _, err := s.credential(t.Context(), token, "10.2.2.3"); !errors.Is(err, identity.ErrKeyAddress) {
		t.Errorf("from another address: %v", err)
	}
	keys.keys[secret.Hash("office")] = identity.Key{OrganizationID: 4}
	if _, err := s.credential(t.Context(), token, "10.1.2.3"); !errors.Is(err, identity.ErrKeyInvalid) {
		t.Errorf("of another organization: %v", err)
	}
}

// Who was let in by a certificate shows a key, too, to enrol.
func TestEnrolmentNeedsAKey(t *testing.T) {
	t.Parallel()
	s := newService(t, t.TempDir())
	ctx := actor.With(t.Context(), agent.Of(3, "PC-1"))
	for shown, want := range map[string]error{"": identity.ErrKeyMissing, "wrong": identity.ErrKeyInvalid, "sat_wrong": identity.ErrKeyInvalid, "agent": nil} {
		if _, _, err := s.enrol(ctx, "PC-1", shown); !errors.Is(err, want) {
			t.Errorf("%q: %v", shown, err)
		}
	}
}

func TestWhatIsCounted(t *testing.T) {
	t.Parallel()
	s := newService(t, t.TempDir())
	if _, _, err := s.tokens.issue(3, "PC-1", "hash"); err != nil {
		t.Fatal(err)
	}
	if err := s.fleet.order("k", []string{"PC-1", "PC-2"}, "", time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	orders, _ := s.fleet.due("PC-1")
	if err := s.ackOrder(t.Context(), orders[0].ID, agent.Done, ""); err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	s.register(registry)
	want := `
		# HELP enrolled Computers whose agents have a token of their own.
		# TYPE enrolled gauge
		enrolled 1
		# HELP orders Orders to agents that have not expired, by outcome.
		# TYPE orders gauge
		orders{outcome="done"} 1
		orders{outcome="failed"} 0
		orders{outcome="open"} 1
		# HELP waiting Long polls and streams of agents that wait now.
		# TYPE waiting gauge
		waiting 0
	`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}

func TestWhatIsOverIsTidiedAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		data := t.TempDir()
		s := newService(t, data)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.tidy(ctx) }()
		_, token, err := s.tokens.issue(3, "PC-1", "hash")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.fleet.order("k", []string{"PC-1"}, "", time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		seen := time.Now()
		s.tokens.find(token)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		text, err := os.ReadFile(filepath.Join(data, "orders.json"))
		if err != nil || strings.Contains(string(text), "PC-1") || len(s.fleet.byID) != 0 {
			t.Errorf("orders: %s %v", text, err)
		}
		if got := openTokens(data, 10, s.log, time.Now).since(seen.Add(-time.Second)); len(got) != 1 {
			t.Errorf("seen: %v", got)
		}
		if err := os.RemoveAll(data); err != nil {
			t.Fatal(err)
		}
		s.tokens.find(token)
		time.Sleep(10 * time.Minute) // a disk that is gone ends nothing
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestLongTextsOfOrdersAreCut(t *testing.T) {
	t.Parallel()
	if got := cut(strings.Repeat("я", 1000)); len(got) > 500 || strings.Trim(got, "я") != "" {
		t.Errorf("%d bytes: %q", len(got), got)
	}
}

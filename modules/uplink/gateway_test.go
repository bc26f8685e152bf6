package uplink

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/buffer/backlog"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
)

func TestAGatewayEnrolsOnceInItsLife(t *testing.T) {
	t.Parallel()
	a, _, u := serve(t, nil)
	eventually(t, "it is enrolled", func() bool { return u.card().enrolled() })
	again := newTestUplink(t, u.cfg, newMemory())
	again.data = u.data
	self, err := readCard(u.data)
	if err != nil || self != (card{Serial: "GW-17", GatewayID: "g1", APIKey: "sgw_1", OrganizationID: 1}) {
		t.Fatalf("the card is %+v (%v)", self, err)
	}
	again.self = self
	start(t, again)
	eventually(t, "it delivers again", func() bool { return again.link.current() == online })
	if n := len(a.to("/v2/gateway/enroll")); n != 1 {
		t.Errorf("it enrolled %d times", n)
	}
	info, err := os.Stat(filepath.Join(u.data, "gateway.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the card's mode is %v (%v), want 0600", info.Mode(), err)
	}
}

func TestWithoutATokenNobodyIsAsked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, m, u := bubble(t, func(c *Config) { c.Token = "" })
		stop := start(t, u)
		pass(time.Hour)
		if n := len(a.to("/v2/gateway/enroll")); n != 0 || u.link.current() != enrolling || len(m.raised()) != 1 {
			t.Errorf("without a token: %d tries, state %s, alerts %v", n, u.link.current(), m.raised())
		}
		stop()
	})
}

func TestEnrolmentIsTriedUntilItIsGranted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, m, u := bubble(t, nil)
		var tokens []string
		a.on(func(w http.ResponseWriter, r *http.Request, body []byte) bool {
			var in struct{ Token, Serial, Version string }
			if err := json.Unmarshal(body, &in); err != nil {
				t.Error(err)
			}
			tokens = append(tokens, in.Token+" "+in.Serial+" "+in.Version)
			return always("/v2/gateway/enroll", 403)(w, r, body)
		})
		m.add(backlog.Agent, 5)
		stop := start(t, u)
		pass(time.Minute)
		if len(tokens) < 3 || tokens[0] != "enrol-me GW-17 2.0.0" || u.link.current() != enrolling {
			t.Errorf("asked with %q, state %s", tokens, u.link.current())
		}
		a.on(nil)
		pass(time.Minute)
		if u.link.current() != online || m.pending() != 0 {
			t.Errorf("at the end: state %s, %d pending", u.link.current(), m.pending())
		}
		stop()
	})
}

// A serial that we made ourselves gives way; one that somebody chose is reported.
func TestASerialThatIsTaken(t *testing.T) {
	t.Parallel()
	for _, chosen := range []string{"", "GW-17"} {
		synctest.Test(t, func(t *testing.T) {
			a, _, u := bubble(t, func(c *Config) { c.Serial = chosen })
			var serials []string
			a.on(func(w http.ResponseWriter, r *http.Request, body []byte) bool {
				var in struct{ Serial string }
				if r.URL.Path != "/v2/gateway/enroll" || json.Unmarshal(body, &in) != nil {
					return false
				}
				if serials = append(serials, in.Serial); len(serials) > 2 {
					return false
				}
				return always(r.URL.Path, 409)(w, r, body)
			})
			stop := start(t, u)
			pass(time.Minute)
			stop()
			slices.Sort(serials)
			if n := len(slices.Compact(serials)); chosen == "" && n != 3 || chosen != "" && n != 1 {
				t.Errorf("chosen %q, tried %q", chosen, serials)
			}
			if self, err := readCard(u.data); err != nil || !slices.Contains(serials, self.Serial) || !self.enrolled() {
				t.Errorf("the card is %+v (%v)", self, err)
			}
		})
	}
}

func TestAnEnrolmentThatGivesNoKeyIsNotBelieved(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `<html>`, `{"gatewayId":"g"}`} {
		_, _, u := bubble(t, nil)
		if err := u.enrolled(t.Context(), card{}, answer{status: 201, body: []byte(body)}); err == nil || u.card().enrolled() {
			t.Errorf("%s: error %v, card %+v", body, err, u.card())
		}
	}
}

func TestAnotherOrganizationThanTheSettingsNameIsAFault(t *testing.T) {
	t.Parallel()
	c := card{GatewayID: "g", APIKey: "k", OrganizationID: 2}
	for organization, ok := range map[int64]bool{0: true, 2: true, 1: false} {
		if err := checkOrganization(c, Config{OrganizationID: organization}); (err == nil) != ok {
			t.Errorf("%d: %v", organization, err)
		}
	}
}

// A token of another organization than the settings name ends the process: nothing is delivered there.
func TestATokenOfAnotherOrganizationStopsTheGateway(t *testing.T) {
	t.Parallel()
	a, m, u := bubble(t, func(c *Config) { c.OrganizationID = 5 })
	m.add(backlog.Agent, 1)
	if err := u.run(t.Context()); err == nil || !strings.Contains(err.Error(), "organization 1, uplink.organization_id is 5") {
		t.Errorf("error is %v", err)
	}
	if n := len(a.to(ingest)); n != 0 || m.pending() != 1 {
		t.Errorf("%d batches were sent", n)
	}
}

func TestAHeartbeatThatIsNotConfirmedIsAFailure(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `{"success":false}`, `<html>`} {
		a, _, u := bubble(t, nil)
		a.on(func(w http.ResponseWriter, _ *http.Request, _ []byte) bool { w.Write([]byte(body)); return true })
		if _, err := u.report(t.Context(), true); err == nil {
			t.Errorf("%s was taken", body)
		}
	}
}

// A gateway that is enrolled is offline until somebody has answered it.
func TestAStartedGatewayIsNotOnlineBeforeItIsAnswered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, _, u := bubble(t, nil)
		u.self = card{GatewayID: "g1", APIKey: "sgw_1"}
		u.link.state = offline
		a.on(always("/", 503))
		stop := start(t, u)
		pass(time.Minute)
		if u.link.current() != offline {
			t.Errorf("state is %s", u.link.current())
		}
		a.on(nil)
		pass(time.Minute)
		if u.link.current() != online {
			t.Errorf("state is %s", u.link.current())
		}
		stop()
	})
}

func TestAHeartbeatSaysHowTheGatewayIs(t *testing.T) {
	t.Parallel()
	a, m, _ := serve(t, func(c *Config) { c.HeartbeatInterval = 20 * time.Millisecond })
	a.on(always(ingest, 503))
	m.add(backlog.Agent, 4)
	raised := alert.Alert{ID: id.New(), Kind: alert.BufferOverflow, Severity: alert.Warning, At: time.Now().UTC(), Subject: "gateway", Details: map[string]any{"usage": 0.81}}
	if err := m.Raise(t.Context(), raised); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the alert is delivered", func() bool { return len(m.raised()) == 0 })
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.beats, func(h heartbeat) bool { return len(h.Alerts) > 0 })
	h := a.beats[i]
	if got := h.Alerts[0]; got.ID != raised.ID || got.Subject != "gateway:g1" || got.Details["usage"] != 0.81 {
		t.Errorf("the alert is %+v", got)
	}
	if h.Status != "online" || h.Version != "2.0.0" || h.Epoch != "e1" || h.QueueDepth != 4 || h.BufferUsage != 0.25 ||
		h.BufferBytes != 1000 || !slices.Contains(h.Streams, streamPosition{"agent", 4, 4}) || len(h.Streams) != 3 {
		t.Errorf("the heartbeat is %+v", h)
	}
	if h.MemoryUsage <= 0 || h.DiskUsage <= 0 {
		t.Errorf("memory %v %%, disk %v %%", h.MemoryUsage, h.DiskUsage)
	}
}

func TestANewKeyReplacesTheOld(t *testing.T) {
	t.Parallel()
	a, m, u := serve(t, func(c *Config) { c.HeartbeatInterval = 20 * time.Millisecond })
	a.mu.Lock()
	a.newKey = "sgw_2"
	a.mu.Unlock()
	eventually(t, "the key is taken", func() bool { return u.card().APIKey == "sgw_2" })
	if c, err := readCard(u.data); err != nil || c.APIKey != "sgw_2" {
		t.Errorf("on the disk is %+v (%v)", c, err)
	}
	m.add(backlog.Agent, 1)
	eventually(t, "it is used", func() bool { return m.pending() == 0 })
	if sent := a.to(ingest); sent[0].key != "Bearer sgw_2" {
		t.Errorf("the batch came with %q", sent[0].key)
	}
}

// An alert that the server refuses must not make the gateway look dead.
func TestARefusedAlertDoesNotStopTheHeartbeat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, m, u := bubble(t, nil)
		a.on(func(w http.ResponseWriter, r *http.Request, body []byte) bool {
			return strings.Contains(string(body), `"alerts"`) && always("/v2/gateway/heartbeat", 400)(w, r, body)
		})
		if err := m.Raise(t.Context(), alert.Alert{ID: id.New(), Kind: "odd"}); err != nil {
			t.Fatal(err)
		}
		stop := start(t, u)
		pass(10 * time.Minute)
		stop()
		if n := len(a.beats); n < 5 || len(m.raised()) != 1 {
			t.Errorf("%d heartbeats without the alert, alerts %v", n, m.raised())
		}
	})
}

func TestMetricsSayTheStateAndTheOutcomes(t *testing.T) {
	t.Parallel()
	_, m, u := serve(t, nil)
	r := prometheus.NewRegistry()
	u.register(prometheus.WrapRegistererWithPrefix("staff_uplink_", r))
	m.add(backlog.Agent, 5)
	eventually(t, "all is delivered", func() bool { return m.pending() == 0 })
	want := `
# HELP staff_uplink_items_total Events by what became of a try to deliver them.
# TYPE staff_uplink_items_total counter
staff_uplink_items_total{outcome="delivered"} 5
staff_uplink_items_total{outcome="duplicate"} 0
staff_uplink_items_total{outcome="lost"} 0
staff_uplink_items_total{outcome="refused"} 0
staff_uplink_items_total{outcome="retried"} 0
staff_uplink_items_total{outcome="set_aside"} 0
# HELP staff_uplink_state 1 for how the gateway stands with agent-api.
# TYPE staff_uplink_state gauge
staff_uplink_state{state="enrolling"} 0
staff_uplink_state{state="offline"} 0
staff_uplink_state{state="online"} 1
staff_uplink_state{state="refused"} 0
`
	if err := testutil.GatherAndCompare(r, strings.NewReader(want), "staff_uplink_items_total", "staff_uplink_state"); err != nil {
		t.Error(err)
	}
}

// agentKey returns a key of an agent as the server has it.
func agentKey(hash string) keyItem {
	return keyItem{ID: 7, OrganizationID: 1, Type: "AGENT", Hash: hash}
}

func TestKeysThatWereFetchedAreKnownOffline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, _, u := bubble(t, nil)
		past := time.Now().Add(-time.Hour)
		expired, revoked := agentKey("expired"), agentKey("revoked")
		expired.ExpiresAt, revoked.RevokedAt = past, past
		good, office := agentKey("good"), []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("2001:db8::1/128")}
		good.AllowedIPs = office
		a.keys = []keyItem{good, expired, revoked, {ID: 8, OrganizationID: 1, Type: "WIZARD", Hash: "odd"}}
		stop := start(t, u)
		pass(time.Minute)
		stop()
		again := newTestUplink(t, u.cfg, newMemory())
		again.data, again.self = u.data, u.card()
		again.client.http.Transport = &cut{RoundTripper: direct{a}, off: true}
		k := openKeys(again)
		got, err := k.ByHash(t.Context(), "good")
		if want := (identity.Key{ID: 7, OrganizationID: 1, Type: actor.Agent, Hash: "good", AllowedIPs: office}); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v (%v), want %+v", got, err, want)
		}
		for hash, want := range map[string]error{"expired": identity.ErrKeyInvalid, "revoked": identity.ErrKeyInvalid, "new": identity.ErrKeyUnchecked, "odd": identity.ErrKeyUnchecked} {
			if _, err := k.ByHash(t.Context(), hash); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", hash, err, want)
			}
		}
		if _, err := k.ByHash(t.Context(), "new"); fault.Of(err).RetryAfter <= 0 {
			t.Error("an unchecked key says no time to come back")
		}
		if k.inUse() != 1 {
			t.Errorf("%d agents are connected, want 1", k.inUse())
		}
		pass(agentAway + time.Second)
		if k.inUse() != 0 {
			t.Errorf("%d agents are connected after they went", k.inUse())
		}
	})
}

func TestAnUnknownKeyIsAskedForOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, _, u := bubble(t, nil)
		u.self = card{GatewayID: "g1", APIKey: "sgw_1"}
		a.keys = []keyItem{agentKey("good")}
		a.on(func(http.ResponseWriter, *http.Request, []byte) bool { time.Sleep(time.Second); return false })
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				if _, err := u.keys.ByHash(t.Context(), "good"); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if n := len(a.to("/v2/gateway/agent-keys/check")); n != 1 {
			t.Errorf("asked %d times", n)
		}
		for range 5 {
			if _, err := u.keys.ByHash(t.Context(), "bad"); !errors.Is(err, identity.ErrKeyInvalid) {
				t.Errorf("a wrong key: %v", err)
			}
		}
		if n := len(a.to("/v2/gateway/agent-keys/check")); n != 2 {
			t.Errorf("asked %d times, want once for each key", n)
		}
		pass(believeUnknown)
		a.keys = append(a.keys, agentKey("bad"))
		if _, err := u.keys.ByHash(t.Context(), "bad"); err != nil {
			t.Errorf("a key that exists now: %v", err)
		}
	})
}

// Wrong keys are no way to make the gateway flood the server.
func TestQuestionsAboutUnknownKeysAreFew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, _, u := bubble(t, nil)
		u.self = card{GatewayID: "g1", APIKey: "sgw_1"}
		a.on(func(http.ResponseWriter, *http.Request, []byte) bool { time.Sleep(time.Second); return false })
		var group sync.WaitGroup
		var unchecked, invalid int
		var mu sync.Mutex
		for i := range 50 {
			group.Go(func() {
				_, err := u.keys.ByHash(t.Context(), strings.Repeat("x", i+1))
				mu.Lock()
				defer mu.Unlock()
				switch {
				case errors.Is(err, identity.ErrKeyUnchecked):
					unchecked++
				case errors.Is(err, identity.ErrKeyInvalid):
					invalid++
				}
			})
		}
		group.Wait()
		if invalid != maxAsks || unchecked != 50-maxAsks {
			t.Errorf("%d were answered, %d turned away", invalid, unchecked)
		}
	})
}

func TestOddAnswersAboutAKeyLeaveItUnchecked(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(w http.ResponseWriter){
		"our own key is refused": func(w http.ResponseWriter) { say(w, 401, map[string]any{"code": "auth.required"}) },
		"another key":            func(w http.ResponseWriter) { say(w, 200, agentKey("other")) },
		"no key":                 func(w http.ResponseWriter) { say(w, 200, map[string]any{}) },
		"a page":                 func(w http.ResponseWriter) { w.WriteHeader(200) },
		"an unknown page":        func(w http.ResponseWriter) { w.WriteHeader(404) },
		"trouble":                func(w http.ResponseWriter) { w.WriteHeader(500) },
	} {
		a, _, u := bubble(t, nil)
		u.self = card{GatewayID: "g1", APIKey: "sgw_1"}
		a.on(func(w http.ResponseWriter, _ *http.Request, _ []byte) bool { answer(w); return true })
		if _, err := u.keys.ByHash(t.Context(), "good"); !errors.Is(err, identity.ErrKeyUnchecked) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, _, u := bubble(t, nil)
	if _, err := u.keys.ByHash(t.Context(), "good"); !errors.Is(err, identity.ErrKeyUnchecked) {
		t.Errorf("before enrolment: %v", err)
	}
}

// A revoked key stops within the interval; when a heartbeat tells of news, at once.
func TestARevokedKeyStops(t *testing.T) {
	t.Parallel()
	for name, beat := range map[string]time.Duration{"with the interval": time.Hour, "with a heartbeat": 10 * time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, _, u := bubble(t, func(c *Config) { c.HeartbeatInterval, c.KeysInterval = beat, 10*time.Minute })
				a.keys = []keyItem{agentKey("good"), agentKey("bad")}
				stop := start(t, u)
				pass(time.Minute)
				if _, err := u.keys.ByHash(t.Context(), "bad"); err != nil {
					t.Fatal(err)
				}
				a.mu.Lock()
				a.keys = a.keys[:1]
				a.mu.Unlock()
				pass(min(beat*6/5+time.Second, 10*time.Minute))
				if _, err := u.keys.ByHash(t.Context(), "bad"); !errors.Is(err, identity.ErrKeyInvalid) {
					t.Errorf("it still works: %v", err)
				}
				if _, err := u.keys.ByHash(t.Context(), "good"); err != nil {
					t.Errorf("the other one: %v", err)
				}
				stop()
			})
		})
	}
}

func TestAListThatIsNoneIsNotTaken(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `<html>`, `{"items":null}`} {
		a, _, u := bubble(t, nil)
		u.self = card{GatewayID: "g1", APIKey: "sgw_1"}
		u.keys.take(keyList{Items: []keyItem{agentKey("good")}})
		a.on(func(w http.ResponseWriter, _ *http.Request, _ []byte) bool { w.Write([]byte(body)); return true })
		if _, err := u.keys.synchronise(t.Context()); err == nil || len(u.keys.known) != 1 {
			t.Errorf("%s: error %v, %d keys are known", body, err, len(u.keys.known))
		}
	}
}

func TestUnreadableFilesAreNotFatalWhereTheyCanBeMadeAnew(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	for _, name := range []string{"keys.json", "uplink.json"} {
		if err := os.WriteFile(filepath.Join(data, name), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, _, u := bubble(t, nil)
	u.data = data
	if k := openKeys(u); len(k.known) != 0 {
		t.Errorf("known are %v", k.known)
	}
	if r := openResume(data, u.log); len(r.sent) != 0 {
		t.Errorf("sent are %v", r.sent)
	}
	if err := os.WriteFile(filepath.Join(data, cardName), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readCard(data); err == nil || !strings.Contains(err.Error(), "gateway.json") {
		t.Errorf("an unreadable card: %v", err)
	}
	if err := (card{}).save(filepath.Join(data, "nowhere")); err == nil {
		t.Error("a card was saved nowhere")
	}
}

package agents

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/agents/agent"
	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
	"github.com/staff-control/staff-control/platform/secret"
)

// limit is far longer than anything here takes; a test that reaches it has failed.
const limit = 20 * time.Second

// keyring knows keys by their texts; one that is away cannot be asked about.
type keyring struct {
	mu   sync.Mutex
	keys map[string]identity.Key
	away bool
}

func newKeyring() *keyring {
	k := &keyring{keys: map[string]identity.Key{}}
	for i, key := range []string{"agent", "second"} {
		k.keys[secret.Hash(key)] = identity.Key{ID: int64(i + 7), OrganizationID: 3, Type: actor.Agent}
	}
	k.keys[secret.Hash("terminal")] = identity.Key{ID: 9, OrganizationID: 3, Type: actor.Hikvision}
	return k
}

func (k *keyring) ByHash(_ context.Context, hash string) (identity.Key, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.away {
		return identity.Key{}, identity.ErrKeyUnchecked
	}
	if key, known := k.keys[hash]; known {
		return key, nil
	}
	return identity.Key{}, identity.ErrKeyInvalid
}

func (k *keyring) hide(away bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.away = away
}

func (k *keyring) revoke(key string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.keys, secret.Hash(key))
}

// authenticate is what collector does with keys.
func (k *keyring) authenticate(ctx context.Context, r *http.Request) (actor.Actor, bool, error) {
	key, err := k.ByHash(ctx, secret.Hash(r.Header.Get("X-API-Key")))
	return actor.Actor{Role: key.Type, ID: "key:7", OrganizationID: key.OrganizationID}, err == nil, err
}

// sink keeps what it is given; err refuses all.
type sink struct {
	mu     sync.Mutex
	events []activity.Event
	err    error
}

func (s *sink) Put(_ context.Context, b activity.Batch) (activity.Receipt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return activity.Receipt{}, s.err
	}
	s.events = append(s.events, b.Events...)
	return activity.Receipt{Stored: len(b.Events)}, nil
}

func (s *sink) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *sink) taken() []activity.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	events := s.events
	s.events = nil
	return events
}

// ruleset has the same rules for everybody, but for those named in its bundle.
type ruleset struct {
	mu      sync.Mutex
	rules   *rule.Compiled
	changed chan struct{}
}

func newRuleset(t testing.TB) *ruleset {
	r := &ruleset{changed: make(chan struct{})}
	r.set(t, rule.Bundle{})
	return r
}

func (r *ruleset) Of(_ context.Context, uid, sid string) (rule.Rules, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.rules.Of(uid, sid), nil
}

func (r *ruleset) Changed() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.changed
}

func (r *ruleset) set(t testing.TB, b rule.Bundle) {
	t.Helper()
	c, err := rule.Compile(b)
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rules = c
	close(r.changed)
	r.changed = make(chan struct{})
}

// version is a bundle whose default is this version of policy 5.
func version(t testing.TB, v string) rule.Bundle {
	t.Helper()
	content := rule.Everything()
	content.ScreenshotSeconds = int64(len(v))
	p, err := rule.Release(5, v, content, false)
	if err != nil {
		t.Fatal(err)
	}
	return rule.Bundle{OrganizationID: 3, DefaultID: 5, Policies: []rule.Released{p}}
}

// world is a gateway with the module and what that stands on.
type world struct {
	*keyring
	*sink
	*ruleset
	module *Module
	data   string
	url    string
	client *http.Client
}

// parts are the modules of a gateway.
func (w *world) parts() []kernel.Module {
	w.module = New()
	return []kernel.Module{
		w.module, kerneltest.Provide[identity.Keys](kernel.Gateway, w.keyring), kerneltest.Provide[activity.Sink](kernel.Gateway, w.sink),
		kerneltest.Provide[rule.Set](kernel.Gateway, w.ruleset),
		kerneltest.Module{
			Is: kernel.Manifest{Name: "keys", Roles: []kernel.Role{kernel.Gateway}, Needs: []kernel.Port{kernel.PortOf[agent.Fleet]()}},
			InitFn: func(_ context.Context, h *kernel.Host) error {
				kernel.Get[agent.Fleet](h)
				h.Authenticate(kernel.Gateway, w.authenticate)
				return nil
			},
		},
	}
}

func newWorld(t testing.TB, set ...string) *world {
	t.Helper()
	w := &world{keyring: newKeyring(), sink: &sink{}, ruleset: newRuleset(t), data: t.TempDir(), client: &http.Client{Timeout: limit}}
	w.url = kerneltest.Run(t, kernel.Gateway, kerneltest.Options{Data: w.data, Set: set}, w.parts()...)
	t.Cleanup(w.client.CloseIdleConnections)
	w.ready(t)
	return w
}

// ready waits until the gateway answers.
func (w *world) ready(t testing.TB) {
	t.Helper()
	for until := time.Now().Add(limit); ; {
		res, err := w.client.Get(w.url + "/health")
		if err == nil {
			res.Body.Close()
			return
		}
		if time.Now().After(until) {
			t.Fatal(err)
		}
	}
}

// ask sends a request with a key or token and returns the answer's status and body, and its ETag.
func (w *world) ask(t testing.TB, key, method, path, body string, header ...string) (status int, answer, etag string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-API-Key", key)
	r.Header.Set("Accept-Language", "en")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := w.client.Do(r)
	if err != nil {
		t.Errorf("%s %s: %v", method, path, err)
		return 0, "", ""
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Errorf("%s %s: %v", method, path, err)
	}
	return res.StatusCode, string(text), res.Header.Get("ETag")
}

// enrolAs returns the token of a computer's agent.
func (w *world) enrolAs(t testing.TB, key, uid string) string {
	t.Helper()
	status, answer, _ := w.ask(t, key, "POST", "/v2/agent/enroll", `{"computerUid":"`+uid+`"}`)
	var out enrollResponse
	if err := json.Unmarshal([]byte(answer), &out); err != nil || status != http.StatusCreated || !isToken(out.Token) || len(out.AgentID) != 36 {
		t.Fatalf("enrol: %d %s", status, answer)
	}
	return out.Token
}

// until waits for what will be.
func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for !is() {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		pause := time.NewTimer(time.Millisecond)
		<-pause.C
	}
}

package collector

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/modules/screenshots/shot"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

// sink keeps what it is given, with the actor on whose behalf, apart what is told of agents; err refuses all.
type sink struct {
	mu     sync.Mutex
	events []activity.Event
	states []activity.Event
	actors []actor.Actor
	shots  []taken
	puts   int
	err    error
}

func (s *sink) Put(ctx context.Context, b activity.Batch) (activity.Receipt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, _ := actor.From(ctx)
	s.actors = append(s.actors, a)
	s.puts++
	if s.err != nil {
		return activity.Receipt{}, s.err
	}
	for _, e := range b.Events {
		if e.Kind == activity.AgentState {
			s.states = append(s.states, e)
		} else {
			s.events = append(s.events, e)
		}
	}
	return activity.Receipt{Stored: len(b.Events)}, nil
}

// taken is a picture.
type taken struct {
	activity.Event
	content string
}

// Take keeps pictures of 4 bytes and more, and each key once.
func (s *sink) Take(ctx context.Context, in shot.Shot) (shot.Receipt, error) {
	content, err := io.ReadAll(in.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	a, _ := actor.From(ctx)
	s.actors = append(s.actors, a)
	switch {
	case err != nil:
		return shot.Receipt{}, err
	case s.err != nil:
		return shot.Receipt{}, s.err
	case len(content) < 4:
		return shot.Receipt{}, fault.New(fault.Unprocessable, "buffer.no_picture")
	}
	known := slices.ContainsFunc(s.shots, func(t taken) bool { return t.Key == in.Event.Key })
	if !known {
		s.shots = append(s.shots, taken{in.Event, string(content)})
	}
	in.Event.SHA256, in.Event.FileSize = "ab", int64(len(content))
	return shot.Receipt{Known: known, Event: in.Event}, nil
}

// taken returns what came since the last call.
func (s *sink) taken() []activity.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	events := s.events
	s.events = nil
	return events
}

// keyring knows keys by the keys themselves; "unchecked" cannot be known now, and "office" is for 10.1.0.0/16 only.
type keyring map[string]actor.Role

func (k keyring) ByHash(_ context.Context, hash string) (identity.Key, error) {
	for key, role := range k {
		if sum := sha256.Sum256([]byte(key)); hex.EncodeToString(sum[:]) == hash {
			k := identity.Key{ID: 7, OrganizationID: 3, Type: role}
			if key == "office" {
				k.AllowedIPs = []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}
			}
			return k, nil
		}
	}
	if sum := sha256.Sum256([]byte("unchecked")); hex.EncodeToString(sum[:]) == hash {
		return identity.Key{}, identity.ErrKeyUnchecked
	}
	return identity.Key{}, identity.ErrKeyInvalid
}

// keys are one of each type, and one of an office.
var keys = keyring{"agent": actor.Agent, "office": actor.Agent, "hikvision": actor.Hikvision, "admin": actor.Admin}

// takerOf is the sink itself, if it takes pictures.
func takerOf(s activity.Sink) shot.Taker {
	if t, is := s.(shot.Taker); is {
		return t
	}
	return &sink{}
}

// policies are a rule.Set that tests change; nil keeps everything. An error is what those get who ask.
type policies struct {
	now atomic.Pointer[rule.Compiled]
	err error
}

func (p *policies) Of(_ context.Context, computerUID, sid string) (rule.Rules, error) {
	now := p.now.Load()
	if now == nil {
		now, _ = rule.Compile(rule.Bundle{})
	}
	return now.Of(computerUID, sid), p.err
}

func (p *policies) Changed() <-chan struct{} { return nil }

// are puts the policy in force for all but the users, who keep everything.
func (p *policies) are(t testing.TB, content rule.Policy, users ...string) {
	t.Helper()
	r, err := rule.Release(1, "1", content, false)
	if err != nil {
		t.Fatal(err)
	}
	b := rule.Bundle{Policies: []rule.Released{r}, DefaultID: 1, Users: map[string]int64{}}
	for _, sid := range users {
		b.Users[sid] = 0
	}
	c, err := rule.Compile(b)
	if err != nil {
		t.Fatal(err)
	}
	p.now.Store(c)
}

// newGateway serves the module on a gateway without policies.
func newGateway(t testing.TB, s activity.Sink, k identity.Keys, set ...string) *httpx.Server {
	t.Helper()
	return newRuled(t, s, k, &policies{}, set...)
}

// newRuled serves the module on a gateway.
func newRuled(t testing.TB, s activity.Sink, k identity.Keys, p *policies, set ...string) *httpx.Server {
	t.Helper()
	return kerneltest.Build(t, kernel.Gateway, kerneltest.Options{Set: set}, New(), kerneltest.Provide[rule.Set](kernel.Gateway, p),
		kerneltest.Provide(kernel.Gateway, s), kerneltest.Provide(kernel.Gateway, takerOf(s)), kerneltest.Provide(kernel.Gateway, k))
}

// post sends a body with the agent's key.
func post(t testing.TB, h http.Handler, path string, body []byte, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	r.Header.Set("X-API-Key", "agent")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// newService is the service without HTTP.
func newService(s activity.Sink) (*service, *prometheus.Registry) {
	registry := prometheus.NewRegistry()
	return &service{sink: s, shots: takerOf(s), keys: keys, rules: &policies{}, excluded: exclusions(registry), agents: newAgents(defaults().TellEvery), now: noonClock, count: counter(registry)}, registry
}

package activitywatch

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/buffer/bucket"
	"github.com/staff-control/staff-control/modules/buffer/bucket/buckettest"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
	"github.com/staff-control/staff-control/platform/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// keyring knows keys by themselves; "unchecked" cannot be known now.
type keyring map[string]identity.Key

func (k keyring) ByHash(_ context.Context, hash string) (identity.Key, error) {
	for key, is := range k {
		if secret.Hash(key) == hash {
			return is, nil
		}
	}
	if secret.Hash("unchecked") == hash {
		return identity.Key{}, identity.ErrKeyUnchecked
	}
	return identity.Key{}, identity.ErrKeyInvalid
}

// keys are two agents' of organization 3, one of organization 4, a device's, and one that is for a network only.
var keys = keyring{
	"one":       {ID: 1, OrganizationID: 3, Type: actor.Agent},
	"two":       {ID: 2, OrganizationID: 3, Type: actor.Agent},
	"foreign":   {ID: 9, OrganizationID: 4, Type: actor.Agent},
	"hikvision": {ID: 5, OrganizationID: 3, Type: actor.Hikvision},
	"office":    {ID: 6, OrganizationID: 3, Type: actor.Agent, AllowedIPs: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}},
}

// self is a gateway of an organization.
type self struct{ organization atomic.Int64 }

func (s *self) OrganizationID() int64 { return s.organization.Load() }

func enrolled(organizationID int64) *self {
	s := &self{}
	s.organization.Store(organizationID)
	return s
}

// newGateway serves the module on a gateway of organization 3.
func newGateway(t testing.TB, shelf bucket.Shelf, of *self, set ...string) *httpx.Server {
	t.Helper()
	return kerneltest.Build(t, kernel.Gateway, kerneltest.Options{Set: set}, parts(shelf, of)...)
}

func parts(shelf bucket.Shelf, of *self) []kernel.Module {
	return []kernel.Module{
		New(), kerneltest.Provide(kernel.Gateway, shelf), kerneltest.Provide[identity.Keys](kernel.Gateway, keys),
		kerneltest.Provide[gateway.Self](kernel.Gateway, of), kerneltest.Provide[rule.Set](kernel.Gateway, newPolicies()),
	}
}

// policies are a rule.Set that tests change; at first all is kept.
type policies struct {
	mu      sync.Mutex
	now     *rule.Compiled
	changed chan struct{}
	err     error
}

func newPolicies() *policies {
	everything, _ := rule.Compile(rule.Bundle{})
	return &policies{now: everything, changed: make(chan struct{})}
}

func (p *policies) Of(_ context.Context, computerUID, sid string) (rule.Rules, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now.Of(computerUID, sid), p.err
}

func (p *policies) Changed() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changed
}

// are puts the policy in force for all.
func (p *policies) are(t testing.TB, content rule.Policy) {
	t.Helper()
	r, err := rule.Release(1, "1", content, false)
	if err != nil {
		t.Fatal(err)
	}
	c, err := rule.Compile(rule.Bundle{Policies: []rule.Released{r}, DefaultID: 1})
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.changed)
	p.now, p.changed = c, make(chan struct{})
}

// from are where requests come from.
const (
	here  = "127.0.0.1:50000"
	there = "10.0.0.17:50000"
)

// ask is one request of a watcher.
type ask struct {
	from, user, key, bearer string
	host, origin            string
	header                  map[string]string
}

func (a ask) do(t testing.TB, h http.Handler, method, path, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, io.Reader(strings.NewReader(body)))
	r.Host, r.RemoteAddr = "127.0.0.1:5600", here
	if a.from != "" {
		r.RemoteAddr = a.from
	}
	if a.host != "" {
		r.Host = a.host
	}
	if a.user != "" || a.key != "" {
		r.SetBasicAuth(a.user, a.key)
	}
	if a.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+a.bearer)
	}
	if a.origin != "" {
		r.Header.Set("Origin", a.origin)
	}
	for name, value := range a.header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// pc is a computer with a key of its own.
func pc(name, key string) ask { return ask{from: there, user: name, key: key} }

const (
	windowBucket = "/api/0/buckets/aw-watcher-window_PC-001"
	windowHost   = "PC-001"
	aWindow      = `{"timestamp":"2026-11-02T12:00:00.5Z","duration":0,"data":{"app":"EXCEL.EXE","title":"Hisobot"}}`
)

// newTestService is the service on a shelf, with a clock that a test moves.
func newTestService(t testing.TB, shelf bucket.Shelf) (*service, *clock) {
	t.Helper()
	c := &clock{}
	c.at.Store(noon.UnixNano())
	cfg := defaults()
	cfg.MaxBuckets = 20
	s, err := newService(t.Context(), cfg, shelf, newPolicies(), discard, c.now)
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time        { return time.Unix(0, c.at.Load()).UTC() }
func (c *clock) pass(by time.Duration) { c.at.Add(int64(by)) }

// pc1 is a sender that showed a key.
var pc1 = sender{organizationID: 3, owner: "key:1 PC-001", computer: windowHost}

func beatAt(ms int64, seconds float64, data string) bucket.Event {
	return bucket.Event{At: noon.Add(time.Duration(ms) * time.Millisecond), Duration: time.Duration(seconds * float64(time.Second)), Data: data}
}

// reported are what people did, without the introductions.
func reported(m *buckettest.Memory, organizationID int64) (events []activity.Event) {
	for _, e := range m.Taken(organizationID) {
		if e.Kind != activity.Computer && e.Kind != activity.ComputerUser {
			events = append(events, e)
		}
	}
	return events
}

var discard = slog.New(slog.DiscardHandler)

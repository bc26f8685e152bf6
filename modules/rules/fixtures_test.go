package rules

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/canonical"
)

// cloud is agent-api as far as rules go. What tests change is read under the lock.
type cloud struct {
	*httptest.Server
	mu     sync.Mutex
	body   []byte
	tag    string // the body's own if empty
	status int    // 200 if 0
	asked  []string
}

func newCloud(t testing.TB) *cloud {
	c := &cloud{}
	c.Server = httptest.NewServer(http.HandlerFunc(c.serve))
	t.Cleanup(c.Close)
	return c
}

func (c *cloud) serve(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, r.Method+" "+r.URL.Path+" "+r.Header.Get("If-None-Match"))
	if c.status != 0 {
		w.WriteHeader(c.status)
		return
	}
	tag := c.tag
	if tag == "" {
		sum, _ := canonical.Sum(json.RawMessage(c.body))
		tag = `"` + sum + `"`
	}
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Write(c.body)
}

func (c *cloud) change(f func(*cloud)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(c)
}

// gives has the server answer with the bundle.
func (c *cloud) gives(t testing.TB, b rule.Bundle) {
	t.Helper()
	text, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	c.change(func(c *cloud) { c.body, c.tag, c.status = text, "", 0 })
}

func (c *cloud) requests() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.asked)
}

// The rest of gateway.Cloud and gateway.Self.
func (c *cloud) Client() *http.Client            { return c.Server.Client() }
func (c *cloud) URL() string                     { return c.Server.URL }
func (c *cloud) GatewayID() string               { return "gw-1" }
func (c *cloud) Enrolled(context.Context) bool   { return true }
func (c *cloud) RotateKey(context.Context) error { return nil }
func (c *cloud) OrganizationID() int64           { return 7 }

// alerts keeps what was raised.
type alerts struct {
	mu     sync.Mutex
	raised []alert.Alert
	err    error
}

func (a *alerts) Raise(_ context.Context, one alert.Alert) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err == nil {
		a.raised = append(a.raised, one)
	}
	return a.err
}

func (a *alerts) reasons() (list []any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, one := range a.raised {
		if one.Kind != alert.PolicyFailed || one.Subject != "gateway" {
			return []any{one}
		}
		list = append(list, one.Details["reason"])
	}
	return list
}

// place is a gateway's rules with all around them.
type place struct {
	*service
	cloud  *cloud
	alerts *alerts
	data   string
}

func newPlace(t testing.TB) *place {
	t.Helper()
	p := &place{cloud: newCloud(t), alerts: &alerts{}, data: t.TempDir()}
	p.restart(t)
	return p
}

// restart reads the disk anew, as another process would.
func (p *place) restart(t testing.TB) {
	t.Helper()
	p.alerts.raised = nil
	s, err := newService(t.Context(), parts{
		cfg: defaults(), data: p.data, cloud: p.cloud, self: p.cloud, alerts: p.alerts, log: slog.New(slog.DiscardHandler),
		now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.tell(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.service = s
}

// except is a bundle whose default is version of policy 1, which leaves the title out.
func except(t testing.TB, version, title string) rule.Bundle {
	t.Helper()
	p := rule.Everything()
	p.Exclude.Titles = []string{title}
	r, err := rule.Release(1, version, p, false)
	if err != nil {
		t.Fatal(err)
	}
	return rule.Bundle{OrganizationID: 7, Policies: []rule.Released{r}, DefaultID: 1}
}

// keeps reports whether a window with the title may be stored; lost says that nobody knows.
func (p *place) keeps(t testing.TB, title string) (keeps, lost bool) {
	t.Helper()
	r, err := p.Of(t.Context(), "PC-1", "S-1")
	if err != nil {
		return false, true
	}
	ok, _ := r.Keeps(&activity.Event{Kind: activity.ActiveWindow, Title: title})
	return ok, false
}

func (p *place) refresh(t testing.TB) {
	t.Helper()
	if err := p.Refresh(t.Context(), 0, "", ""); err != nil {
		t.Fatal(err)
	}
}

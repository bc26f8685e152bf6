package rules

import (
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

func TestTheModuleProvidesWhatItSays(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.gives(t, except(t, "1", "bank"))
	sum := except(t, "1", "bank").Policies[0].Checksum
	seen := make(chan rule.Set, 1)
	user := kerneltest.Module{
		Is: kernel.Manifest{Name: "user", Roles: []kernel.Role{kernel.Gateway}, Needs: []kernel.Port{kernel.PortOf[rule.Set](), kernel.PortOf[rule.Keeper]()}},
		InitFn: func(ctx context.Context, h *kernel.Host) error {
			err := kernel.Get[rule.Keeper](h).Refresh(ctx, 1, "1", sum)
			seen <- kernel.Get[rule.Set](h)
			return err
		},
	}
	kerneltest.Run(t, kernel.Gateway, kerneltest.Options{}, New(), user, kerneltest.Provide[gateway.Cloud](kernel.Gateway, c),
		kerneltest.Provide[gateway.Self](kernel.Gateway, c), kerneltest.Provide[alert.Log](kernel.Gateway, &alerts{}))
	r, err := (<-seen).Of(t.Context(), "PC-1", "")
	if err != nil || r.Released().ID != 1 {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for _, c := range []Config{{Interval: 0, Timeout: time.Minute}, {Interval: 48 * time.Hour, Timeout: time.Minute}, {Interval: time.Minute}, {Interval: time.Minute, Timeout: time.Hour}} {
		if err := c.Validate(); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
	if c := defaults(); c.Validate() != nil {
		t.Error("the defaults are refused")
	}
}

// never is a cloud that is asked without a network.
type never struct {
	*cloud
	answer func() (*http.Response, error)
}

func (n never) Client() *http.Client { return &http.Client{Transport: n} }
func (n never) URL() string          { return "http://agent-api" }
func (n never) RoundTrip(*http.Request) (*http.Response, error) {
	return n.answer()
}

// The rules are asked for at each interval, and sooner after a failure, later each time.
func TestRulesAreAskedForAtIntervals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var fails atomic.Bool
		var asked atomic.Int32
		fails.Store(true)
		n := never{cloud: &cloud{}, answer: func() (*http.Response, error) {
			asked.Add(1)
			if fails.Load() {
				return nil, http.ErrServerClosed
			}
			return &http.Response{StatusCode: http.StatusNotModified, Body: http.NoBody}, nil
		}}
		p := newKept(t, n)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- p.run(ctx) }()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if n := asked.Swap(0); n < 10 || n > 25 {
			t.Errorf("asked %d times in ten minutes of failures", n)
		}
		fails.Store(false)
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := asked.Load(); n < 12 || n > 16 {
			t.Errorf("asked %d times in an hour", n)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// newKept is a service with rules on the disk.
func newKept(t *testing.T, c never) *service {
	t.Helper()
	data := t.TempDir()
	p := parts{cfg: defaults(), data: data, cloud: c, self: c, alerts: &alerts{}, log: slog.New(slog.DiscardHandler), now: time.Now}
	b, err := newBook([]byte(`{"organizationId":7}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := newShelf(data).write(b); err != nil {
		t.Fatal(err)
	}
	s, err := newService(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.cloud.gives(t, except(t, "1", "bank"))
	p.refresh(t)
	spoil(t, filepath.Join(p.data, "rules.json"), func([]byte) []byte { return nil })
	spoil(t, filepath.Join(p.data, "rules.copy.json"), func([]byte) []byte { return nil })
	fetched := testutil.ToFloat64(p.refreshes.WithLabelValues(resultNew))
	p.restart(t)
	r := prometheus.NewRegistry()
	p.register(r)
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		if f.GetName() != "refreshes_total" {
			got[f.GetName()] = f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	if fetched != 1 || got["lost"] != 1 || got["fetched_timestamp_seconds"] != 0 {
		t.Errorf("fetched %v, gauges %v", fetched, got)
	}
	p.refresh(t)
	if families, err = r.Gather(); err != nil || families[0].GetMetric()[0].GetGauge().GetValue() == 0 || families[1].GetMetric()[0].GetGauge().GetValue() != 0 {
		t.Errorf("after a fetch: %v (%v)", families, err)
	}
}

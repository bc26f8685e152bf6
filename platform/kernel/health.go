package kernel

import (
	"context"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/log"
)

// checkTimeout bounds one dependency's answer.
const checkTimeout = 2 * time.Second

// measureEvery is how often dependencies are asked for the metrics' sake: nobody else may ask.
const measureEvery = 15 * time.Second

// health knows what the process depends on.
type health struct {
	role, version string
	running       atomic.Bool
	checks        []check
	up            *prometheus.GaugeVec
	now           func() time.Time
}

// check asks one dependency.
type check struct {
	name string
	ask  func(context.Context) error
	// engine says what kind of database it is; nil for what is none.
	engine func() db.Engine
	// replaced is true for what something else does the work of while it is away, or what is only a part of the work.
	replaced bool
}

func newHealth(role Role, version string, metrics prometheus.Registerer) *health {
	h := &health{role: string(role), version: version, now: time.Now, up: prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "staff_dependency_up", Help: "Whether the dependency answered when it was last asked.",
	}, []string{"name"})}
	metrics.MustRegister(h.up)
	return h
}

func (h *health) add(c check) { h.checks = append(h.checks, c) }

type alive struct {
	Status  string `json:"status"`
	Role    string `json:"role"`
	Version string `json:"version"`
}

type readiness struct {
	Status       string       `json:"status"`
	Role         string       `json:"role"`
	Dependencies []dependency `json:"dependencies"`
}

type dependency struct {
	Name      string  `json:"name"`
	State     string  `json:"state"`
	LatencyMS float64 `json:"latencyMs"`
	Engine    string  `json:"engine,omitempty"`
	Version   string  `json:"version,omitempty"`
	Error     string  `json:"error,omitempty"`
}

// routes are the process's own: that it answers, that it can work, and its metrics.
func (h *health) routes(r httpx.Router, registry *prometheus.Registry) {
	for _, path := range []string{"/health", "/api/health", "/api/v1/health"} { // the last two for clients that know v1's prefixes only
		r.GET(path, actor.Public, httpx.Handle(http.StatusOK, func(context.Context, struct{}) (alive, error) {
			return alive{"ok", h.role, h.version}, nil
		}), httpx.Doc("Whether the process answers."))
	}
	r.GET("/health/ready", actor.Public, httpx.Raw(func(c *echo.Context) error {
		answer := h.ready(c.Request().Context())
		status := http.StatusOK
		if answer.Status != "ready" {
			status = http.StatusServiceUnavailable
		}
		return c.JSON(status, answer)
	}), httpx.Gives[readiness](http.StatusOK), httpx.Or[readiness](http.StatusServiceUnavailable), httpx.Doc("Whether the process can work, dependency by dependency."))
	metrics := promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true})
	r.GET("/metrics", actor.Public, httpx.Raw(func(c *echo.Context) error {
		metrics.ServeHTTP(c.Response(), c.Request())
		return nil
	}), httpx.GivesFile("text/plain", "application/openmetrics-text"), httpx.Doc("The process's metrics, for Prometheus."))
}

// ready asks all dependencies at once.
func (h *health) ready(ctx context.Context) readiness {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	answer := readiness{Status: "ready", Role: h.role, Dependencies: make([]dependency, len(h.checks))}
	var wait sync.WaitGroup
	for i, check := range h.checks {
		wait.Go(func() { answer.Dependencies[i] = h.ask(ctx, check) })
	}
	wait.Wait()
	for _, d := range answer.Dependencies {
		if d.State == "down" {
			answer.Status = "not ready"
		}
	}
	if !h.running.Load() {
		answer.Status = "not ready"
	}
	return answer
}

// measure asks all dependencies again and again, until ctx ends.
func (h *health) measure(ctx context.Context) error {
	ticker := time.NewTicker(measureEvery)
	defer ticker.Stop()
	for {
		h.ready(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

func (h *health) ask(ctx context.Context, c check) dependency {
	start := h.now()
	err := c.ask(ctx)
	d := dependency{Name: c.name, State: "up", LatencyMS: float64(h.now().Sub(start).Microseconds()) / 1000}
	h.up.WithLabelValues(c.name).Set(1)
	if err != nil {
		h.up.WithLabelValues(c.name).Set(0)
		d.State, d.Error = "down", log.ScrubText(err.Error())
	}
	if err != nil && c.replaced {
		d.State = "degraded"
	}
	if c.engine != nil {
		e := c.engine()
		d.Engine, d.Version = e.Name, e.Version
	}
	return d
}

// engineInfo is a metric that says what keeps the time series. It is asked each time: a database of time series that was
// away has no version yet.
type engineInfo struct {
	series *db.DB
	desc   *prometheus.Desc
}

func newEngineInfo(series *db.DB) engineInfo {
	return engineInfo{series, prometheus.NewDesc("staff_series_engine_info", "What keeps the time series; 1.", []string{"engine", "version"}, nil)}
}

// Describe implements prometheus.Collector.
func (i engineInfo) Describe(ch chan<- *prometheus.Desc) { ch <- i.desc }

// Collect implements prometheus.Collector.
func (i engineInfo) Collect(ch chan<- prometheus.Metric) {
	e := i.series.Engine()
	ch <- prometheus.MustNewConstMetric(i.desc, prometheus.GaugeValue, 1, e.Name, e.Version)
}

// writeMetrics writes what a registry has, as /metrics gives it.
func writeMetrics(ctx context.Context, registry *prometheus.Registry, w io.Writer) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/metrics", http.NoBody)
	if err != nil {
		return err
	}
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}).ServeHTTP(&page{w, http.Header{}}, r)
	return nil
}

// page is an answer that goes to no client.
type page struct {
	io.Writer
	header http.Header
}

func (p *page) Header() http.Header { return p.header }

func (p *page) WriteHeader(int) {}

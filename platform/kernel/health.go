package kernel

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/log"
)

// checkTimeout bounds one dependency's answer.
const checkTimeout = 2 * time.Second

// health knows what the process depends on.
type health struct {
	role, version string
	running       atomic.Bool
	names         []string
	checks        []func(context.Context) error
	up            *prometheus.GaugeVec
	now           func() time.Time
}

func newHealth(role Role, version string, metrics prometheus.Registerer) *health {
	h := &health{role: string(role), version: version, now: time.Now, up: prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "staff_dependency_up", Help: "Whether the dependency answered when it was last asked.",
	}, []string{"name"})}
	metrics.MustRegister(h.up)
	return h
}

func (h *health) add(name string, check func(context.Context) error) {
	h.names = append(h.names, name)
	h.checks = append(h.checks, check)
}

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
	}), httpx.Gives[readiness](http.StatusOK), httpx.Doc("Whether the process can work, dependency by dependency."))
	metrics := promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true})
	r.GET("/metrics", actor.Public, httpx.Raw(func(c *echo.Context) error {
		metrics.ServeHTTP(c.Response(), c.Request())
		return nil
	}), httpx.Doc("The process's metrics, for Prometheus."))
}

// ready asks all dependencies at once.
func (h *health) ready(ctx context.Context) readiness {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	answer := readiness{Status: "ready", Role: h.role, Dependencies: make([]dependency, len(h.checks))}
	var wait sync.WaitGroup
	for i, check := range h.checks {
		wait.Go(func() { answer.Dependencies[i] = h.ask(ctx, h.names[i], check) })
	}
	wait.Wait()
	for _, d := range answer.Dependencies {
		if d.State != "up" {
			answer.Status = "not ready"
		}
	}
	if !h.running.Load() {
		answer.Status = "not ready"
	}
	return answer
}

func (h *health) ask(ctx context.Context, name string, check func(context.Context) error) dependency {
	start := h.now()
	err := check(ctx)
	d := dependency{Name: name, State: "up", LatencyMS: float64(h.now().Sub(start).Microseconds()) / 1000}
	h.up.WithLabelValues(name).Set(1)
	if err != nil {
		h.up.WithLabelValues(name).Set(0)
		d.State, d.Error = "down", log.ScrubText(err.Error())
	}
	return d
}

// Package feed tells pages of passes, alerts and gateways as they happen.
package feed

import (
	"context"
	_ "embed"
	"time"

	"github.com/staff-control/staff-control/platform/event"
	"github.com/staff-control/staff-control/platform/kernel"
)

//go:embed messages.json
var messages []byte

// Module is the feature.
type Module struct {
	cfg     Config
	service *service
	hub     *hub
}

// New returns the module, not built yet.
func New() *Module { return &Module{cfg: defaults()} }

// Manifest says what the module needs and provides.
func (m *Module) Manifest() kernel.Manifest {
	return kernel.Manifest{
		Name:     "feed",
		Roles:    []kernel.Role{kernel.Dashboard},
		Paths:    []string{"/api/v2/events"},
		Config:   &m.cfg,
		Messages: messages,
		Handles: []event.Handler{
			event.On("passed", m.passed), event.On("raised", m.raised), event.On("acknowledged", m.acknowledged), event.On("turned", m.turned),
		},
	}
}

// Init builds the module.
func (m *Module) Init(_ context.Context, h *kernel.Host) error {
	m.service = &service{store: store{h.DB}, events: h.Events, cfg: &m.cfg, now: time.Now, replays: make(chan struct{}, atOnce)}
	m.hub = newHub(m.service, newMetrics(h.Metrics), h.Log)
	m.routes(h.Routes(kernel.Dashboard))
	h.Go("follow", m.hub.follow)
	h.Cron("forget", "23 * * * *", m.service.forget)
	return nil
}

// Package ingest takes what gateways deliver, checks its form, and hands it on: exactly once, whole or not at all.
package ingest

import (
	"context"
	_ "embed"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/screenshots/shot"
	"github.com/staff-control/staff-control/platform/kernel"
)

//go:embed messages.json
var messages []byte

// Module is the feature.
type Module struct{ cfg Config }

// New returns the module, not built yet.
func New() *Module { return &Module{cfg: defaults()} }

// Manifest says what the module needs.
func (m *Module) Manifest() kernel.Manifest {
	return kernel.Manifest{
		Name:     "ingest",
		Roles:    []kernel.Role{kernel.AgentAPI},
		Needs:    []kernel.Port{kernel.PortOf[activity.Sink](), kernel.PortOf[gateway.Registry](), kernel.PortOf[computer.Names](), kernel.PortOf[shot.Taker](), kernel.PortOf[gateway.Fleet]()},
		Paths:    []string{prefix},
		Config:   &m.cfg,
		Messages: messages,
	}
}

// Init builds the module.
func (m *Module) Init(_ context.Context, h *kernel.Host) error {
	measured, err := newMetrics(h.Metrics, h.AllMetrics)
	if err != nil {
		return err
	}
	s := newService(m.cfg, kernel.Get[activity.Sink](h), kernel.Get[gateway.Registry](h), measured, time.Now)
	s.names, s.pictures, s.fleet = kernel.Get[computer.Names](h), kernel.Get[shot.Taker](h), kernel.Get[gateway.Fleet](h)
	s.routes(h.Routes(kernel.AgentAPI))
	return nil
}

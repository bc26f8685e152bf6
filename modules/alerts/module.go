// Package alerts keeps what someone must look at, raised by the server and by gateways.
package alerts

import (
	"context"
	_ "embed"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/platform/kernel"
)

//go:embed messages.json
var messages []byte

// Module is the feature.
type Module struct{ service *service }

// New returns the module, not built yet.
func New() *Module { return &Module{} }

// Manifest says what the module needs and provides.
func (m *Module) Manifest() kernel.Manifest {
	return kernel.Manifest{
		Name:     "alerts",
		Roles:    []kernel.Role{kernel.AgentAPI, kernel.Dashboard},
		Provides: []kernel.Port{kernel.PortOf[alert.Log](), kernel.PortOf[alert.Board]()},
		Paths:    []string{"/api/v2/alerts"},
		Messages: messages,
	}
}

// Init builds the module.
func (m *Module) Init(_ context.Context, h *kernel.Host) error {
	m.service = &service{store: store{h.DB}, audit: h.Audit, log: h.Log, now: time.Now, raised: counter(h.Metrics), events: h.Events}
	kernel.Put[alert.Log](h, m.service)
	kernel.Put[alert.Board](h, m.service)
	m.routes(h.Routes(kernel.Dashboard))
	return nil
}

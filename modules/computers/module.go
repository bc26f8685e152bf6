// Package computers knows the organization's computers, their Windows users, and which employee each user is.
package computers

import (
	"context"
	_ "embed"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
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
		Name:     "computers",
		Roles:    []kernel.Role{kernel.AgentAPI, kernel.Dashboard},
		Needs:    []kernel.Port{kernel.PortOf[employee.Directory]()},
		Provides: []kernel.Port{kernel.PortOf[computer.Registry](), kernel.PortOf[computer.Names]()},
		Paths:    []string{"/api/v2/computers"},
		Messages: messages,
	}
}

// Init builds the module.
func (m *Module) Init(_ context.Context, h *kernel.Host) error {
	m.service = newService(store{h.DB}, kernel.Get[employee.Directory](h), h.Audit, time.Now)
	kernel.Put[computer.Registry](h, m.service)
	kernel.Put[computer.Names](h, m.service)
	m.routes(h.Routes(kernel.Dashboard))
	return nil
}

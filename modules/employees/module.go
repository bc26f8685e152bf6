// Package employees is the feature of the people who work in an organization.
package employees

import (
	"context"
	_ "embed"
	"time"

	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/kernel"
)

//go:embed messages.json
var messages []byte

// Module is the feature; see Manifest.
type Module struct{}

// New returns the module.
func New() *Module { return &Module{} }

// Manifest says what the module is.
func (m *Module) Manifest() kernel.Manifest {
	return kernel.Manifest{
		Name:     "employees",
		Roles:    []kernel.Role{kernel.AgentAPI, kernel.Dashboard},
		Needs:    []kernel.Port{kernel.PortOf[organization.Tree]()},
		Provides: []kernel.Port{kernel.PortOf[employee.Directory](), kernel.PortOf[employee.Roster](), kernel.PortOf[employee.Cards](), kernel.PortOf[employee.Policies]()},
		Paths:    []string{"/api/v2/employees", "/api/v1/employees", "/api/employees"},
		Messages: messages,
	}
}

// Init builds the module.
func (m *Module) Init(_ context.Context, h *kernel.Host) error {
	s := &service{store: store{h.DB}, tree: kernel.Get[organization.Tree](h), audit: h.Audit, now: time.Now}
	kernel.Put[employee.Directory](h, s)
	kernel.Put[employee.Cards](h, s)
	kernel.Put[employee.Roster](h, s)
	kernel.Put[employee.Policies](h, s)
	s.routes(h.Routes(kernel.Dashboard))
	s.routesV1(h.RoutesV1(kernel.Dashboard))
	return nil
}

// Package visitors is the feature of the people who come to visit: who is expected, who is in the house, and by what code.
package visitors

import (
	"context"
	_ "embed"
	"time"

	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/visitors/visitor"
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
		Name:     "visitors",
		Roles:    []kernel.Role{kernel.AgentAPI, kernel.Dashboard},
		Needs:    []kernel.Port{kernel.PortOf[employee.Directory](), kernel.PortOf[organization.Tree](), kernel.PortOf[organization.Index]()},
		Provides: []kernel.Port{kernel.PortOf[visitor.Gate](), kernel.PortOf[visitor.Directory]()},
		Paths: []string{
			"/api/v2/visitors", "/api/v1/visitors", "/api/visitors", "/api/v1/onetime-codes", "/api/onetime-codes",
		},
		Messages: messages,
	}
}

// Init builds the module.
func (m *Module) Init(_ context.Context, h *kernel.Host) error {
	s := &service{
		store: store{h.DB}, staff: kernel.Get[employee.Directory](h), tree: kernel.Get[organization.Tree](h),
		index: kernel.Get[organization.Index](h), audit: h.Audit, now: time.Now, newCode: randomCode,
	}
	kernel.Put[visitor.Gate](h, s)
	kernel.Put[visitor.Directory](h, s)
	r := h.Routes(kernel.Dashboard)
	s.routes(r)
	s.codeRoutes(r)
	s.visitRoutes(r)
	v1 := h.RoutesV1(kernel.Dashboard)
	for _, prefix := range []string{"/api/v1", "/api"} {
		s.routesV1(v1, prefix+"/visitors")
		s.codeRoutesV1(v1, prefix+"/onetime-codes")
	}
	return nil
}

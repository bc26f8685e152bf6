// Package organizations is the feature of tenants and their departments.
package organizations

import (
	"context"
	_ "embed"
	"time"
	_ "time/tzdata" // zones of organizations on hosts that have none

	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/kernel"
)

//go:embed messages.json
var messages []byte

// Module is the feature; see Manifest.
type Module struct{ cfg Config }

// New returns the module with its default settings.
func New() *Module { return &Module{cfg: defaults()} }

// Manifest says what the module is.
func (m *Module) Manifest() kernel.Manifest {
	return kernel.Manifest{
		Name:     "organizations",
		Roles:    []kernel.Role{kernel.AgentAPI, kernel.Dashboard},
		Provides: []kernel.Port{kernel.PortOf[organization.Tree](), kernel.PortOf[organization.Index]()},
		Paths:    []string{"/api/v2/organizations", "/api/v2/departments", "/api/v1/organizations", "/api/organizations", "/api/v1/departments", "/api/departments"},
		Config:   &m.cfg,
		Messages: messages,
	}
}

// Init builds the module, and makes the first organization in a database that has none.
func (m *Module) Init(ctx context.Context, h *kernel.Host) error {
	s := &service{store: store{h.DB}, audit: h.Audit, log: h.Log, now: time.Now}
	if err := s.first(ctx, m.cfg.FirstName); err != nil {
		return err
	}
	kernel.Put[organization.Tree](h, s)
	kernel.Put[organization.Index](h, s)
	s.routes(h.Routes(kernel.Dashboard))
	s.routesV1(h.RoutesV1(kernel.Dashboard))
	h.Zones(h.Role, s.zone)
	return nil
}

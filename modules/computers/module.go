// Package computers knows the organization's computers, their Windows users, and which employee each user is.
package computers

import (
	"context"
	_ "embed"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/kernel"
)

//go:embed messages.json
var messages []byte

// Module is the feature.
type Module struct {
	cfg     Config
	service *service
}

// New returns the module, not built yet.
func New() *Module { return &Module{cfg: defaults()} }

// Manifest says what the module needs and provides.
func (m *Module) Manifest() kernel.Manifest {
	return kernel.Manifest{
		Name:  "computers",
		Roles: []kernel.Role{kernel.AgentAPI, kernel.Dashboard},
		Needs: []kernel.Port{kernel.PortOf[employee.Directory](), kernel.PortOf[organization.Tree](), kernel.PortOf[gateway.Directory]()},
		Provides: []kernel.Port{
			kernel.PortOf[computer.Registry](), kernel.PortOf[computer.Names](), kernel.PortOf[computer.Watch](), kernel.PortOf[computer.History](),
			kernel.PortOf[computer.Seats](), kernel.PortOf[computer.Users](),
		},
		Paths:    append(pathsV1(), "/api/v2/computers"),
		Config:   &m.cfg,
		Messages: messages,
	}
}

// Init builds the module.
func (m *Module) Init(_ context.Context, h *kernel.Host) error {
	m.service = &service{
		cfg: &m.cfg, store: store{h.DB}, staff: kernel.Get[employee.Directory](h), tree: kernel.Get[organization.Tree](h), gateways: kernel.Get[gateway.Directory](h),
		audit: h.Audit, log: h.Log, now: time.Now, seen: map[sightingKey]time.Time{},
	}
	kernel.Put[computer.Registry](h, m.service)
	kernel.Put[computer.Names](h, m.service)
	kernel.Put[computer.Watch](h, m.service)
	kernel.Put[computer.History](h, m.service)
	kernel.Put[computer.Seats](h, m.service)
	kernel.Put[computer.Users](h, m.service)
	m.routes(h.Routes(kernel.Dashboard))
	m.routesV1(h.RoutesV1(kernel.Dashboard))
	h.Cron("find_silent", "* * * * *", m.service.findSilent)
	h.Cron("forget_states", "37 3 * * *", m.service.forgetStates)
	return nil
}

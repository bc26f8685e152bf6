// Package doors is the feature of door terminals: which there are, how they are, and who went through.
package doors

import (
	"context"
	_ "embed"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/visitors/visitor"
	"github.com/staff-control/staff-control/platform/jobs"
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
		Name:  "doors",
		Roles: []kernel.Role{kernel.AgentAPI, kernel.Dashboard},
		Needs: []kernel.Port{
			kernel.PortOf[employee.Directory](), kernel.PortOf[employee.Roster](), kernel.PortOf[employee.Cards](), kernel.PortOf[visitor.Gate](), kernel.PortOf[visitor.Directory](),
			kernel.PortOf[organization.Tree](), kernel.PortOf[organization.Index](), kernel.PortOf[identity.Secret](), kernel.PortOf[alert.Log](),
		},
		Provides: []kernel.Port{kernel.PortOf[pass.Log](), kernel.PortOf[pass.Terminals]()},
		Paths:    []string{"/api/hikvision", "/api/v2/devices", "/api/v2/gates", "/api/v2/passes", "/api/entry-logs", "/api/v1/entry-logs", "/api/devices", "/api/v1/devices", logOfEmployeeV1, logOfEmployee},
		Config:   &m.cfg,
		Jobs:     []jobs.Handler{jobs.On("again", m.again)},
		Messages: messages,
	}
}

func (m *Module) again(ctx context.Context, a again) error { return m.service.again(ctx, a) }

// Init builds the module.
func (m *Module) Init(_ context.Context, h *kernel.Host) error {
	s := &service{
		cfg: m.cfg, store: store{h.DB}, staff: kernel.Get[employee.Directory](h), roster: kernel.Get[employee.Roster](h),
		cards: kernel.Get[employee.Cards](h), gate: kernel.Get[visitor.Gate](h), guests: kernel.Get[visitor.Directory](h), tree: kernel.Get[organization.Tree](h),
		index: kernel.Get[organization.Index](h), secret: kernel.Get[identity.Secret](h), alerts: kernel.Get[alert.Log](h),
		audit: h.Audit, events: h.Events, orders: h.Jobs, now: time.Now, count: counter(h.Metrics),
	}
	m.service = s
	kernel.Put[pass.Log](h, s)
	kernel.Put[pass.Terminals](h, s)
	s.routes(h.Routes(kernel.Dashboard))
	s.routesToday(h.Routes(kernel.Dashboard))
	s.routesV1(h.RoutesV1(kernel.AgentAPI))
	s.employeeRoutesV1(h.RoutesV1(kernel.Dashboard))
	s.routesLogsV1(h.RoutesV1(kernel.Dashboard))
	s.routesGates(h.Routes(kernel.Dashboard))
	s.routesDevicesV1(h.RoutesV1(kernel.Dashboard))
	h.Cron("forget", "41 3 * * *", s.forget)
	return nil
}

// Package monitoring keeps what agents report, exactly once, and shows it to those who may see it.
package monitoring

import (
	"context"
	_ "embed"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/kernel"
)

//go:embed messages.json
var messages []byte

// Module is the feature.
type Module struct{ cfg Config }

// New returns the module, not built yet.
func New() *Module { return &Module{cfg: defaults()} }

// Manifest says what the module needs and provides.
func (m *Module) Manifest() kernel.Manifest {
	return kernel.Manifest{
		Name:  "monitoring",
		Roles: []kernel.Role{kernel.AgentAPI, kernel.Dashboard},
		Needs: []kernel.Port{
			kernel.PortOf[computer.Registry](), kernel.PortOf[computer.History](), kernel.PortOf[organization.Tree](), kernel.PortOf[employee.Directory](),
		},
		Provides: []kernel.Port{kernel.PortOf[activity.Sink](), kernel.PortOf[activity.Reader]()},
		Paths:    []string{prefix},
		Config:   &m.cfg,
		Messages: messages,
	}
}

// Init builds the module.
func (m *Module) Init(_ context.Context, h *kernel.Host) error {
	measured, err := newMetrics(h.Metrics)
	if err != nil {
		return err
	}
	s := &service{
		cfg: m.cfg, store: store{h.DB}, metrics: measured, log: h.Log, now: time.Now,
		computers: kernel.Get[computer.Registry](h),
		history:   kernel.Get[computer.History](h),
		tree:      kernel.Get[organization.Tree](h),
		staff:     kernel.Get[employee.Directory](h),
	}
	kernel.Put[activity.Sink](h, s)
	kernel.Put[activity.Reader](h, s)
	s.routes(h.Routes(kernel.Dashboard))
	h.Cron("forget", "17 3 * * *", s.forget)
	return nil
}

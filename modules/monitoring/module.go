// Package monitoring keeps what agents report, exactly once, and shows it to those who may see it.
package monitoring

import (
	"context"
	_ "embed"
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
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
			kernel.PortOf[computer.Registry](), kernel.PortOf[computer.History](), kernel.PortOf[computer.Users](), kernel.PortOf[organization.Tree](), kernel.PortOf[organization.Index](), kernel.PortOf[employee.Directory](),
			kernel.PortOf[employee.Roster](),
			kernel.PortOf[alert.Log](),
		},
		Provides: []kernel.Port{kernel.PortOf[activity.Sink](), kernel.PortOf[activity.Reader](), kernel.PortOf[activity.Screenshots](), kernel.PortOf[activity.Keeper]()},
		Paths:    append(slices.Clone(prefixesV1), prefix, statsPrefix),
		Config:   &m.cfg,
		Messages: messages,
	}
}

// Init builds the module.
func (m *Module) Init(ctx context.Context, h *kernel.Host) error {
	measured, err := newMetrics(h.Metrics)
	if err != nil {
		return err
	}
	s := &service{
		cfg: m.cfg, store: store{db: h.DB, series: h.Series}, metrics: measured, log: h.Log, now: time.Now,
		computers: kernel.Get[computer.Registry](h),
		history:   kernel.Get[computer.History](h),
		users:     kernel.Get[computer.Users](h),
		tree:      kernel.Get[organization.Tree](h),
		index:     kernel.Get[organization.Index](h),
		staff:     kernel.Get[employee.Directory](h),
		roster:    kernel.Get[employee.Roster](h),
	}
	if err := s.fallBack(ctx, h); err != nil {
		return err
	}
	kernel.Put[activity.Sink](h, s)
	kernel.Put[activity.Reader](h, s)
	kernel.Put[activity.Screenshots](h, s)
	kernel.Put[activity.Keeper](h, s)
	s.routes(h.Routes(kernel.Dashboard))
	s.routesV1(h.RoutesV1(kernel.Dashboard))
	h.Cron("days", "7 * * * *", s.makeDays)
	h.Cron("rollup", "* * * * *", s.rollUp)
	h.Cron("forget", "17 3 * * *", s.forget)
	return nil
}

// fallBack makes the primary database stand in for TimescaleDB, where that is used.
func (s *service) fallBack(ctx context.Context, h *kernel.Host) error {
	alerts := kernel.Get[alert.Log](h)
	if h.Series == h.DB {
		return nil
	}
	f := newFallback(s.cfg, s.store, s.metrics, alerts, h.Log, time.Now)
	if err := f.start(ctx, s.store); err != nil {
		return err
	}
	s.store.fallback = f
	h.Go("fallback", f.watch)
	h.Go("listening", f.listen)
	h.Go("recovery", f.recover)
	return nil
}

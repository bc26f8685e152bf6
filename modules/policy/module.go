// Package policy decides what agents report of whom and what of that is kept: it keeps policies and their versions, knows
// who has which, and brings them to the gateways.
package policy

import (
	"context"
	_ "embed"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/event"
	"github.com/staff-control/staff-control/platform/jobs"
	"github.com/staff-control/staff-control/platform/kernel"
)

//go:embed messages.json
var messages []byte

// Module is the feature; see Manifest.
type Module struct {
	cfg     Config
	service *service
	now     func() time.Time
}

// New returns the module, not built yet.
func New() *Module { return &Module{cfg: defaults(), now: time.Now} }

// Manifest says what the module needs and provides.
func (m *Module) Manifest() kernel.Manifest {
	return kernel.Manifest{
		Name:  "policy",
		Roles: []kernel.Role{kernel.AgentAPI, kernel.Dashboard},
		Needs: []kernel.Port{
			kernel.PortOf[gateway.Fleet](), kernel.PortOf[command.Outbox](), kernel.PortOf[alert.Log](), kernel.PortOf[employee.Policies](),
			kernel.PortOf[employee.Directory](), kernel.PortOf[computer.Seats](), kernel.PortOf[organization.Tree](),
			kernel.PortOf[organization.Index](),
		},
		Provides: []kernel.Port{kernel.PortOf[rule.Set]()},
		Paths:    append([]string{prefix, "/v2/gateway/policies"}, prefixesV1...),
		Config:   &m.cfg,
		Handles:  []event.Handler{event.On("ended", m.ended, jobs.Alone())},
		Messages: messages,
	}
}

// Init builds the module, and releases policies that were there before there were versions.
func (m *Module) Init(ctx context.Context, h *kernel.Host) error {
	measured, err := newMetrics(h.Metrics)
	if err != nil {
		return err
	}
	m.service = &service{
		store: store{h.DB}, fleet: kernel.Get[gateway.Fleet](h), outbox: kernel.Get[command.Outbox](h), alerts: kernel.Get[alert.Log](h),
		staff: kernel.Get[employee.Policies](h), people: kernel.Get[employee.Directory](h), seats: kernel.Get[computer.Seats](h),
		tree: kernel.Get[organization.Tree](h), index: kernel.Get[organization.Index](h), audit: h.Audit, events: h.Events, metrics: measured, cfg: &m.cfg, log: h.Log, now: m.now,
	}
	kernel.Put[rule.Set](h, set{m.service})
	m.service.routes(h.Routes(kernel.Dashboard))
	m.service.routesV1(h.RoutesV1(kernel.Dashboard))
	m.service.routesOfGateways(h.Routes(kernel.AgentAPI))
	h.Go("watch", m.service.watch)
	if h.Role == kernel.AgentAPI {
		h.Cron("sweep", "* * * * *", m.service.sweep)
		h.Cron("go_on", "* * * * *", m.service.goOn)
	}
	return m.service.adopt(actor.With(ctx, actor.System("policy")))
}

// ended is told of what gateways answered.
func (m *Module) ended(ctx context.Context, e command.Ended) error { return m.service.ended(ctx, e) }

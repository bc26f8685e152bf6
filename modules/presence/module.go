// Package presence tells who is at work now: it puts together shifts, absences, what computers saw, and who went through the doors.
package presence

import (
	"context"
	_ "embed"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/schedules/schedule"
	"github.com/staff-control/staff-control/platform/kernel"
)

//go:embed messages.json
var messages []byte

// Module is the feature. It keeps nothing of its own.
type Module struct{}

// New returns the module.
func New() *Module { return &Module{} }

// Manifest says what the module is.
func (m *Module) Manifest() kernel.Manifest {
	return kernel.Manifest{
		Name:  "presence",
		Roles: []kernel.Role{kernel.Dashboard},
		Needs: []kernel.Port{
			kernel.PortOf[organization.Tree](), kernel.PortOf[organization.Index](), kernel.PortOf[employee.Roster](),
			kernel.PortOf[computer.Registry](), kernel.PortOf[computer.Watch](), kernel.PortOf[activity.Reader](),
			kernel.PortOf[pass.Log](), kernel.PortOf[schedule.Book](), kernel.PortOf[schedule.Absences](), kernel.PortOf[gateway.Watch](), kernel.PortOf[alert.Board](),
		},
		Paths:    []string{prefix},
		Messages: messages,
	}
}

// Init builds the module.
func (m *Module) Init(_ context.Context, h *kernel.Host) error {
	s := &service{
		tree: kernel.Get[organization.Tree](h), index: kernel.Get[organization.Index](h), roster: kernel.Get[employee.Roster](h),
		links: kernel.Get[computer.Registry](h), computers: kernel.Get[computer.Watch](h), seen: kernel.Get[activity.Reader](h),
		passes: kernel.Get[pass.Log](h), book: kernel.Get[schedule.Book](h), gateways: kernel.Get[gateway.Watch](h),
		absences: kernel.Get[schedule.Absences](h), alerts: kernel.Get[alert.Board](h), now: time.Now,
	}
	s.routes(h.Routes(kernel.Dashboard))
	return nil
}

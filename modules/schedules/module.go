// Package schedules is the feature of working times: schedules, which department works by which, and who is absent and why.
package schedules

import (
	"context"
	_ "embed"
	"time"

	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/schedules/schedule"
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
		Name:     "schedules",
		Roles:    []kernel.Role{kernel.Dashboard},
		Needs:    []kernel.Port{kernel.PortOf[organization.Tree](), kernel.PortOf[employee.Directory]()},
		Provides: []kernel.Port{kernel.PortOf[schedule.Book](), kernel.PortOf[schedule.Absences]()},
		Paths:    []string{prefix, absencesPath},
		Messages: messages,
	}
}

// Init builds the module.
func (m *Module) Init(_ context.Context, h *kernel.Host) error {
	s := &service{
		store: store{h.DB}, tree: kernel.Get[organization.Tree](h), staff: kernel.Get[employee.Directory](h), audit: h.Audit, now: time.Now,
	}
	kernel.Put[schedule.Book](h, s)
	kernel.Put[schedule.Absences](h, s)
	s.routes(h.Routes(kernel.Dashboard))
	return nil
}

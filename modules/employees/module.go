// Package employees is the feature of the people who work in an organization.
package employees

import (
	"context"
	_ "embed"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/jobs"
	"github.com/staff-control/staff-control/platform/kernel"
)

//go:embed messages.json
var messages []byte

// Module is the feature; see Manifest.
type Module struct{ service *service }

// New returns the module.
func New() *Module { return &Module{} }

// Manifest says what the module is.
func (m *Module) Manifest() kernel.Manifest {
	return kernel.Manifest{
		Name:     "employees",
		Roles:    []kernel.Role{kernel.AgentAPI, kernel.Dashboard},
		Needs:    []kernel.Port{kernel.PortOf[organization.Tree](), kernel.PortOf[file.Store]()},
		Provides: []kernel.Port{kernel.PortOf[employee.Directory](), kernel.PortOf[employee.Roster](), kernel.PortOf[employee.Cards](), kernel.PortOf[employee.Policies]()},
		Paths:    []string{"/api/v2/employees", "/api/v1/employees", "/api/employees", uploads},
		Jobs:     []jobs.Handler{jobs.On("erase_photo", m.erase)},
		Messages: messages,
	}
}

func (m *Module) erase(ctx context.Context, e erasure) error { return m.service.erase(ctx, e) }

// Init builds the module.
func (m *Module) Init(_ context.Context, h *kernel.Host) error {
	s := &service{
		store: store{h.DB}, tree: kernel.Get[organization.Tree](h), files: kernel.Get[file.Store](h), audit: h.Audit, orders: h.Jobs,
		studio: newStudio(), importing: semaphore.NewWeighted(1), now: time.Now,
	}
	m.service = s
	kernel.Put[employee.Directory](h, s)
	kernel.Put[employee.Cards](h, s)
	kernel.Put[employee.Roster](h, s)
	kernel.Put[employee.Policies](h, s)
	s.routes(h.Routes(kernel.Dashboard))
	s.routesV1(h.RoutesV1(kernel.Dashboard))
	s.photoRoutesV1(h.RoutesV1(kernel.Dashboard))
	return nil
}

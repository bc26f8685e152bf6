// Package screenshots takes pictures of screens in, and shows them: blurred at first, sharp to those who may open them
// and state why.
package screenshots

import (
	"context"
	_ "embed"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/modules/screenshots/shot"
	"github.com/staff-control/staff-control/modules/storage/file"
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
		Name:  "screenshots",
		Roles: []kernel.Role{kernel.AgentAPI, kernel.Dashboard},
		Needs: []kernel.Port{
			kernel.PortOf[file.Store](), kernel.PortOf[activity.Sink](), kernel.PortOf[activity.Screenshots](), kernel.PortOf[rule.Set](),
			kernel.PortOf[employee.Directory](), kernel.PortOf[computer.Names](),
		},
		Provides: []kernel.Port{kernel.PortOf[shot.Taker]()},
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
		cfg: m.cfg, db: h.DB, audit: h.Audit, metrics: measured, now: time.Now,
		files: kernel.Get[file.Store](h), sink: kernel.Get[activity.Sink](h), shots: kernel.Get[activity.Screenshots](h),
		rules: kernel.Get[rule.Set](h), staff: kernel.Get[employee.Directory](h), names: kernel.Get[computer.Names](h),
	}
	s.bound()
	kernel.Put[shot.Taker](h, s)
	s.routes(h.Routes(kernel.Dashboard))
	return nil
}

// Package policy knows what each organization has its agents report.
package policy

import (
	"context"

	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/kernel"
)

// Module is the feature; see Manifest.
type Module struct{}

// New returns the module.
func New() *Module { return &Module{} }

// Manifest says what the module is.
func (m *Module) Manifest() kernel.Manifest {
	return kernel.Manifest{
		Name:     "policy",
		Roles:    []kernel.Role{kernel.AgentAPI, kernel.Dashboard},
		Provides: []kernel.Port{kernel.PortOf[rule.Book]()},
	}
}

// Init builds the module.
func (m *Module) Init(_ context.Context, h *kernel.Host) error {
	kernel.Put[rule.Book](h, &service{store{h.DB}})
	return nil
}

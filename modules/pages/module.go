// Package pages serves the web pages that are built into the binary.
package pages

import (
	"context"

	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/web"
)

// Module is the feature.
type Module struct{}

// New returns the module, not built yet.
func New() *Module { return &Module{} }

// Manifest says what the module needs and provides.
func (*Module) Manifest() kernel.Manifest {
	return kernel.Manifest{Name: "pages", Roles: []kernel.Role{kernel.Dashboard}, Paths: []string{"/"}}
}

// Init builds the module.
func (*Module) Init(_ context.Context, h *kernel.Host) error {
	routes(h.Routes(kernel.Dashboard), web.Files(), web.Built())
	return nil
}

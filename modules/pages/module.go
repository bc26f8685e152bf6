// Package pages serves the web pages that are built into the binary, and the manual of gateways.
package pages

import (
	"context"
	"fmt"

	"github.com/staff-control/staff-control/docs"
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
	chapters, err := manual(docs.Gateway, "gateway")
	if err != nil {
		return fmt.Errorf("make the manual: %w", err)
	}
	r := h.Routes(kernel.Dashboard)
	manualRoutes(r, chapters)
	routes(r, web.Files(), web.Built())
	return nil
}

// Package demo makes up a company, so that who looks at the product for the first time sees people at work. It is a
// client like any other: what its people do goes through the gateway's intake.
package demo

import (
	"context"
	_ "embed"
	"time"

	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/kernel"
)

//go:embed messages.json
var messages []byte

// Module is the feature.
type Module struct {
	cfg    Config
	files  file.Store
	doors  pass.Terminals
	now    func() time.Time
	settle time.Duration
}

// New returns the module, not built yet.
func New() *Module { return &Module{cfg: defaults(), now: time.Now, settle: settling} }

// Manifest says what the module needs and provides.
func (m *Module) Manifest() kernel.Manifest {
	return kernel.Manifest{
		Name:     "demo",
		Roles:    []kernel.Role{kernel.Dashboard},
		Needs:    []kernel.Port{kernel.PortOf[file.Store](), kernel.PortOf[pass.Terminals]()},
		Paths:    []string{"/api/v2/demo"},
		Commands: []kernel.Command{{Name: "demo", Usage: usage, Role: kernel.Dashboard, Run: m.command}},
		Config:   &m.cfg,
		Messages: messages,
	}
}

// Init builds the module. Where the settings ask for a company, it is made while the server runs.
func (m *Module) Init(_ context.Context, h *kernel.Host) error {
	m.files, m.doors = kernel.Get[file.Store](h), kernel.Get[pass.Terminals](h)
	s := &service{store: store{h.DB, h.Series}, files: m.files, terminals: m.doors, audit: h.Audit, log: h.Log, now: m.now, settle: m.settle}
	h.Authenticate(kernel.Dashboard, s.authenticate)
	s.routes(h.Routes(kernel.Dashboard))
	if m.cfg.Employees > 0 {
		h.Go("company", func(ctx context.Context) error { return s.keepUp(ctx, m.cfg) })
	}
	return nil
}

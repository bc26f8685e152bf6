// Package certificates is the gateway's listener on which agents show certificates, and gets agents theirs.
package certificates

import (
	"context"
	"fmt"
	"time"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/pki/cert"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/kernel"
)

// Module is the feature.
type Module struct {
	cfg Config
}

// New returns the module with its default settings.
func New() *Module { return &Module{cfg: defaults()} }

// Manifest says what the module is.
func (m *Module) Manifest() kernel.Manifest {
	return kernel.Manifest{
		Name:     "certificates",
		Roles:    []kernel.Role{kernel.Gateway},
		Needs:    []kernel.Port{kernel.PortOf[gateway.Cloud](), kernel.PortOf[gateway.Self]()},
		Provides: []kernel.Port{kernel.PortOf[cert.Desk]()},
		Paths:    []string{path},
		Config:   &m.cfg,
	}
}

// Init builds the module. It comes before those that know agents by their keys.
func (m *Module) Init(ctx context.Context, h *kernel.Host) error {
	s := newService(m.cfg, h.Data, h.Log, time.Now, kernel.Get[gateway.Cloud](h), kernel.Get[gateway.Self](h))
	kernel.Put[cert.Desk](h, s)
	s.register(h.Metrics)
	s.routes(h.Routes(kernel.Gateway))
	h.Authenticate(kernel.Gateway, s.authenticate)
	if m.cfg.Listen == "" {
		return nil
	}
	s.open()
	at, err := h.Listen(ctx, m.cfg.Listen, httpx.Door{TLS: s.door()})
	if err != nil {
		return fmt.Errorf("certificates.listen: %w", err)
	}
	h.Log.InfoContext(ctx, "agents' certificates are taken", "listen", at.String(), "required", m.cfg.Require)
	h.Go("renew", s.renewals)
	h.Go("revoked", s.revocations)
	return nil
}

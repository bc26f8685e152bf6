// Package uplink takes what the gateway's buffer holds to agent-api, in batches that may be sent twice and are
// stored once, and speaks for the gateway: it enrols it, says that it is there, and fetches the agents' keys.
package uplink

import (
	"context"
	"fmt"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/buffer/backlog"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/kernel"
)

// Module is the uplink.
type Module struct {
	cfg Config
}

// New returns the module with its default settings.
func New() *Module { return &Module{cfg: defaults()} }

// Manifest says what the module is.
func (m *Module) Manifest() kernel.Manifest {
	return kernel.Manifest{
		Name:  "uplink",
		Roles: []kernel.Role{kernel.Gateway},
		Needs: []kernel.Port{kernel.PortOf[backlog.Log](), kernel.PortOf[alert.Outbox](), kernel.PortOf[alert.Log]()},
		Provides: []kernel.Port{
			kernel.PortOf[identity.Keys](), kernel.PortOf[gateway.Self](), kernel.PortOf[gateway.Cloud](), kernel.PortOf[gateway.Reach](),
			kernel.PortOf[gateway.Reporter](),
		},
		Config: &m.cfg,
	}
}

// Init reads what the gateway knows of itself.
func (m *Module) Init(_ context.Context, h *kernel.Host) error {
	u, err := newUplink(parts{
		cfg: m.cfg, data: h.Data, version: h.Version, log: h.Log, now: time.Now,
		backlog: kernel.Get[backlog.Log](h), outbox: kernel.Get[alert.Outbox](h), alerts: kernel.Get[alert.Log](h),
	})
	if err != nil {
		return fmt.Errorf("make uplink: %w", err)
	}
	if err := checkOrganization(u.card(), m.cfg); err != nil {
		return err
	}
	u.register(h.Metrics)
	kernel.Put[identity.Keys](h, u.keys)
	kernel.Put[gateway.Self](h, u)
	kernel.Put[gateway.Cloud](h, u.cloud)
	kernel.Put[gateway.Reach](h, u)
	kernel.Put[gateway.Reporter](h, u)
	h.Go("deliver", u.run)
	return nil
}

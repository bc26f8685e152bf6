// Package control holds the gateway's end of the control channel: a WebSocket to agent-api over which the gateway says
// how it is, is told what to do and answers for it. Without it the gateway delivers as well; it only hears of orders later.
package control

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/kernel"
)

// Module is the channel.
type Module struct{ cfg Config }

// New returns the module with its default settings.
func New() *Module { return &Module{cfg: defaults()} }

// Manifest says what the module is.
func (m *Module) Manifest() kernel.Manifest {
	return kernel.Manifest{
		Name:  "control",
		Roles: []kernel.Role{kernel.Gateway},
		Needs: []kernel.Port{
			kernel.PortOf[command.Doer](), kernel.PortOf[gateway.Cloud](), kernel.PortOf[gateway.Reach](), kernel.PortOf[gateway.Reporter](),
		},
		Config: &m.cfg,
	}
}

// Init builds the module. It connects to nobody yet.
func (m *Module) Init(_ context.Context, h *kernel.Host) error {
	c := newClient(parts{
		cfg: m.cfg, doer: kernel.Get[command.Doer](h), cloud: kernel.Get[gateway.Cloud](h), reach: kernel.Get[gateway.Reach](h),
		reporter: kernel.Get[gateway.Reporter](h), log: h.Log, now: time.Now, random: rand.Float64,
	})
	c.register(h.Metrics)
	h.HealthOfPart("control", c.status.healthy)
	h.Go("connect", c.run)
	return nil
}

// Package agents is the agents' side of a gateway: it gives them tokens of their own, their policy and what they are to
// do, by long poll and by gRPC, so that they need no open port.
package agents

import (
	"context"
	_ "embed"
	"errors"
	"time"

	"github.com/staff-control/staff-control/modules/agents/agent"
	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/kernel"
)

//go:embed messages.json
var messages []byte

// Module is the feature.
type Module struct {
	cfg Config
	*service
}

// New returns the module with its default settings.
func New() *Module { return &Module{cfg: defaults()} }

// Manifest says what the module is.
func (m *Module) Manifest() kernel.Manifest {
	return kernel.Manifest{
		Name:  "agents",
		Roles: []kernel.Role{kernel.Gateway},
		Needs: []kernel.Port{
			kernel.PortOf[identity.Keys](), kernel.PortOf[activity.Sink](), kernel.PortOf[rule.Set](),
		},
		Provides: []kernel.Port{kernel.PortOf[agent.Fleet]()},
		Paths:    []string{"/v2/agent/enroll", "/v2/agent/policy", "/v2/agent/commands", control},
		Config:   &m.cfg,
		Messages: messages,
	}
}

// Init reads who is enrolled and what is to be done.
func (m *Module) Init(_ context.Context, h *kernel.Host) error {
	w := newWaits(m.cfg.MaxWaiting, time.Now)
	f := openFleet(h.Data, w, h.Log, time.Now)
	m.service = &service{
		keys: kernel.Get[identity.Keys](h), sink: kernel.Get[activity.Sink](h), rules: kernel.Get[rule.Set](h),
		tokens: openTokens(h.Data, m.cfg.MaxEnrolled, h.Log, time.Now), waits: w, fleet: f, log: h.Log, now: time.Now,
	}
	f.enrolled = m.tokens.since
	kernel.Put[agent.Fleet](h, f)
	m.register(h.Metrics)
	h.Authenticate(kernel.Gateway, m.authenticate)
	m.routes(h.Routes(kernel.Gateway))
	m.procedures(h.Routes(kernel.Gateway))
	h.Go("tidy", m.tidy)
	h.Defer(func(context.Context) error { return errors.Join(m.tokens.flush(), m.fleet.forget()) })
	return nil
}

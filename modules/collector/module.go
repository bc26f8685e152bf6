// Package collector takes what agents report: by the product's own API and by v1's routes. It hands all of it to
// the role's activity.Sink and its shot.Taker, which on a gateway are the buffer and on agent-api the database and the
// storage of files.
package collector

import (
	"context"
	_ "embed"
	"time"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/modules/screenshots/shot"
	"github.com/staff-control/staff-control/platform/kernel"
)

//go:embed messages.json
var messages []byte

// Module is the feature.
type Module struct {
	cfg     Config
	service *service
}

// New returns the module, not built yet.
func New() *Module { return &Module{cfg: defaults()} }

// Manifest says what the module needs and provides.
func (m *Module) Manifest() kernel.Manifest {
	return kernel.Manifest{
		Name:  "collector",
		Roles: []kernel.Role{kernel.Gateway, kernel.AgentAPI},
		Needs: []kernel.Port{
			kernel.PortOf[activity.Sink](), kernel.PortOf[shot.Taker](), kernel.PortOf[identity.Keys](), kernel.PortOf[rule.Set](),
		},
		Paths:    []string{"/v2/agent", "/api/agent", intake},
		Config:   &m.cfg,
		Messages: messages,
	}
}

// Init builds the module.
func (m *Module) Init(_ context.Context, h *kernel.Host) error {
	m.service = &service{
		sink: kernel.Get[activity.Sink](h), shots: kernel.Get[shot.Taker](h), keys: kernel.Get[identity.Keys](h), rules: kernel.Get[rule.Set](h),
		agents: newAgents(m.cfg.TellEvery), now: time.Now, count: counter(h.Metrics), excluded: exclusions(h.Metrics), maxPicture: int64(m.cfg.MaxPicture),
	}
	if !m.cfg.Enabled {
		return nil
	}
	h.Authenticate(kernel.Gateway, m.authenticate) // on agent-api the module auth knows all keys
	for _, r := range []kernel.Role{kernel.Gateway, kernel.AgentAPI} {
		m.routes(h.Routes(r))
		m.procedures(h.Routes(r))
		m.routesV1(h.RoutesV1(r))
	}
	return nil
}

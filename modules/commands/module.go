// Package commands has gateways do what people and other modules order: it keeps the queue, and on agent-api the sockets
// through which commands go down and heartbeats and answers come up.
package commands

import (
	"context"
	_ "embed"
	"math/rand/v2"
	"time"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/kernel"
)

//go:embed messages.json
var messages []byte

// Module is the feature.
type Module struct {
	cfg     Config
	service *service
	hub     *hub
}

// New returns the module, not built yet.
func New() *Module { return &Module{cfg: defaults()} }

// Manifest says what the module needs and provides.
func (m *Module) Manifest() kernel.Manifest {
	return kernel.Manifest{
		Name:     "commands",
		Roles:    []kernel.Role{kernel.AgentAPI, kernel.Dashboard},
		Needs:    []kernel.Port{kernel.PortOf[gateway.Directory](), kernel.PortOf[gateway.Pulse](), kernel.PortOf[file.Store]()},
		Provides: []kernel.Port{kernel.PortOf[command.Outbox]()},
		Paths:    []string{"/v2/gateway/socket", "/v2/gateway/diagnostics", prefix},
		Config:   &m.cfg,
		Messages: messages,
	}
}

// Init builds the module.
func (m *Module) Init(_ context.Context, h *kernel.Host) error {
	m.service = &service{
		store: store{h.DB}, gateways: kernel.Get[gateway.Directory](h), files: kernel.Get[file.Store](h), events: h.Events, audit: h.Audit,
		metrics: newMetrics(h.Metrics), cfg: &m.cfg, log: h.Log, now: time.Now, jitter: rand.Float64,
	}
	m.hub = newHub(m.service, kernel.Get[gateway.Pulse](h))
	kernel.Put[command.Outbox](h, m.service)
	m.routesOfGateways(h.Routes(kernel.AgentAPI))
	m.routesOfPeople(h.Routes(kernel.Dashboard))
	if h.Role != kernel.AgentAPI {
		return nil
	}
	h.Go("admit", m.hub.admit)
	h.Go("deliver", m.hub.deliver)
	h.Go("watch", m.hub.watch)
	h.Go("sweep", m.hub.sweep)
	h.Go("verify", m.hub.verify)
	h.Go("ping", m.hub.ping)
	h.Cron("expire", "* * * * *", m.service.expireOld)
	h.Cron("forget", "37 3 * * *", m.service.forgetOld)
	return nil
}

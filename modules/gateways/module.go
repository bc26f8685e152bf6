// Package gateways knows the gateways at the customers: how they enrol, which keys they hold, how they are,
// and how completely their data has arrived.
package gateways

import (
	"context"
	_ "embed"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/pki/cert"
	"github.com/staff-control/staff-control/platform/kernel"
)

//go:embed messages.json
var messages []byte

// Module is the feature.
type Module struct {
	cfg     Config
	service *service
	checks  identity.Keys
}

// New returns the module, not built yet.
func New() *Module { return &Module{cfg: defaults()} }

// Manifest says what the module needs and provides.
func (m *Module) Manifest() kernel.Manifest {
	return kernel.Manifest{
		Name:  "gateways",
		Roles: []kernel.Role{kernel.AgentAPI, kernel.Dashboard},
		Needs: []kernel.Port{
			kernel.PortOf[alert.Log](), kernel.PortOf[identity.KeyList](), kernel.PortOf[identity.Keys](),
			kernel.PortOf[identity.Secret](), kernel.PortOf[cert.Authority](), kernel.PortOf[cert.Verifier](),
		},
		Provides: []kernel.Port{
			kernel.PortOf[gateway.Registry](), kernel.PortOf[gateway.Directory](), kernel.PortOf[gateway.Watch](),
			kernel.PortOf[gateway.Fleet](), kernel.PortOf[gateway.Pulse](),
		},
		Paths:    []string{"/v2/gateway", "/api/v2/gateways"},
		Config:   &m.cfg,
		Messages: messages,
	}
}

// Init builds the module.
func (m *Module) Init(ctx context.Context, h *kernel.Host) error {
	m.checks = kernel.Get[identity.Keys](h)
	m.service = &service{
		store: store{h.DB}, alerts: kernel.Get[alert.Log](h), keys: kernel.Get[identity.KeyList](h), audit: h.Audit,
		events: h.Events, authority: kernel.Get[cert.Authority](h), verifier: kernel.Get[cert.Verifier](h), cfg: &m.cfg, log: h.Log, now: time.Now,
		secret: kernel.Get[identity.Secret](h), checked: map[string]checkedKey{}, agents: map[agentKey]time.Time{},
	}
	kernel.Put[gateway.Registry](h, m.service)
	kernel.Put[gateway.Directory](h, m.service)
	kernel.Put[gateway.Watch](h, m.service)
	kernel.Put[gateway.Fleet](h, m.service)
	kernel.Put[gateway.Pulse](h, pulse{m.service})
	m.routesOfGateways(h.Routes(kernel.AgentAPI))
	m.routesOfCertificates(h.Routes(kernel.AgentAPI))
	m.routesOfPeople(h.Routes(kernel.Dashboard))
	h.Authenticate(kernel.AgentAPI, m.authenticate)
	if h.Role != kernel.AgentAPI {
		return nil
	}
	h.Cron("find_silent", "* * * * *", m.service.findSilent)
	h.Cron("find_gaps", "*/5 * * * *", m.service.findGaps)
	h.Cron("find_dropped", "2-59/5 * * * *", m.service.findDropped)
	h.Cron("forget_dropped", "27 3 * * *", m.service.forgetDropped)
	h.Cron("forget_snapshots", "17 3 * * *", m.service.forgetSnapshots)
	return m.service.bootstrap(ctx, m.cfg.BootstrapToken.Reveal(), m.cfg.BootstrapOrganization)
}

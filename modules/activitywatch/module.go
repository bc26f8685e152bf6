// Package activitywatch speaks ActivityWatch's REST protocol on the gateway, so that its unmodified watchers report
// through us. Their buckets live in the gateway's buffer; what is ours to store goes the way of every event.
package activitywatch

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"time"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/buffer/bucket"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/kernel"
)

//go:embed messages.json
var messages []byte

// Module is the feature.
type Module struct {
	cfg      Config
	service  *service
	keys     identity.Keys
	self     gateway.Self
	hostname string
	version  string
}

// New returns the module with its default settings.
func New() *Module { return &Module{cfg: defaults()} }

// Manifest says what the module is.
func (m *Module) Manifest() kernel.Manifest {
	return kernel.Manifest{
		Name:  "activitywatch",
		Roles: []kernel.Role{kernel.Gateway},
		Needs: []kernel.Port{
			kernel.PortOf[bucket.Shelf](), kernel.PortOf[identity.Keys](), kernel.PortOf[gateway.Self](), kernel.PortOf[rule.Set](),
		},
		Paths:    []string{paths},
		Config:   &m.cfg,
		Messages: messages,
	}
}

// Init reads the buckets.
func (m *Module) Init(ctx context.Context, h *kernel.Host) error {
	m.keys, m.self, m.version = kernel.Get[identity.Keys](h), kernel.Get[gateway.Self](h), h.Version
	shelf, rules := kernel.Get[bucket.Shelf](h), kernel.Get[rule.Set](h)
	if !m.cfg.Enabled {
		return nil
	}
	var err error
	if m.hostname, err = os.Hostname(); err != nil {
		return fmt.Errorf("ask for this computer's name: %w", err)
	}
	if m.service, err = newService(ctx, m.cfg, shelf, rules, h.Log, time.Now); err != nil {
		return fmt.Errorf("read buckets: %w", err)
	}
	m.service.register(h.Metrics)
	h.Authenticate(kernel.Gateway, m.authenticate)
	m.routes(h.Routes(kernel.Gateway))
	h.Go("close", m.service.run)
	h.Go("forget", m.service.forgetExcluded)
	if m.cfg.Listen == "" {
		return nil
	}
	if _, err := h.Listen(ctx, m.cfg.Listen, httpx.Door{Around: m.browsers}); err != nil {
		return fmt.Errorf("activitywatch.listen: %w", err)
	}
	return nil
}

// Package rules keeps on the gateway what its organization has agents report, and what of that may be kept: fetched
// from agent-api, verified, on the disk for when nobody answers, and in force at once.
package rules

import (
	"context"
	_ "embed"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/kernel"
)

//go:embed messages.json
var messages []byte

// Module is the feature.
type Module struct{ cfg Config }

// New returns the module with its default settings.
func New() *Module { return &Module{cfg: defaults()} }

// Manifest says what the module needs and provides.
func (m *Module) Manifest() kernel.Manifest {
	return kernel.Manifest{
		Name:     "rules",
		Roles:    []kernel.Role{kernel.Gateway},
		Needs:    []kernel.Port{kernel.PortOf[gateway.Cloud](), kernel.PortOf[gateway.Self](), kernel.PortOf[alert.Log]()},
		Provides: []kernel.Port{kernel.PortOf[rule.Set](), kernel.PortOf[rule.Keeper]()},
		Config:   &m.cfg,
		Messages: messages,
	}
}

// Init reads the rules on the disk.
func (m *Module) Init(ctx context.Context, h *kernel.Host) error {
	s, err := newService(ctx, parts{
		cfg: m.cfg, data: h.Data, cloud: kernel.Get[gateway.Cloud](h), self: kernel.Get[gateway.Self](h),
		alerts: kernel.Get[alert.Log](h), log: h.Log, now: time.Now,
	})
	if err != nil {
		return err
	}
	s.register(h.Metrics)
	kernel.Put[rule.Set](h, s)
	kernel.Put[rule.Keeper](h, s)
	h.Go("fetch", s.run)
	return nil
}

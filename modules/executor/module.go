// Package executor carries out on the gateway what agent-api orders, each order once, whatever is cut, killed or repeated
// in between.
package executor

import (
	"context"
	"path/filepath"
	"time"

	"github.com/staff-control/staff-control/modules/agents/agent"
	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/modules/updater/update"
	"github.com/staff-control/staff-control/platform/kernel"
)

// Module is the executor.
type Module struct{}

// New returns the module.
func New() *Module { return &Module{} }

// Manifest says what the module is.
func (m *Module) Manifest() kernel.Manifest {
	return kernel.Manifest{
		Name:  "executor",
		Roles: []kernel.Role{kernel.Gateway},
		Needs: []kernel.Port{
			kernel.PortOf[rule.Keeper](), kernel.PortOf[agent.Fleet](), kernel.PortOf[update.Installer](), kernel.PortOf[gateway.Cloud](),
			kernel.PortOf[gateway.Reporter](),
		},
		Provides: []kernel.Port{kernel.PortOf[command.Doer]()},
	}
}

// Init reads which commands came before.
func (m *Module) Init(_ context.Context, h *kernel.Host) error {
	known, err := openMemory(filepath.Join(h.Data, "commands.jsonl"), h.Log, time.Now)
	if err != nil {
		return err
	}
	h.Defer(func(context.Context) error { known.Close(); return nil })
	insight, cloud := h.Insight(), kernel.Get[gateway.Cloud](h)
	b := &bundler{
		version: h.Version, data: h.Data, process: insight, cloud: cloud, reporter: kernel.Get[gateway.Reporter](h), memory: known, now: time.Now,
	}
	s := newService(known, h.Log, time.Now)
	s.handle(handlers{
		keeper: kernel.Get[rule.Keeper](h), fleet: kernel.Get[agent.Fleet](h), installer: kernel.Get[update.Installer](h), cloud: cloud, bundler: b, now: time.Now,
	})
	s.register(h.Metrics)
	kernel.Put[command.Doer](h, s)
	return nil
}

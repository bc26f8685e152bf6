// Package updater replaces the gateway's own program by a newer one that is signed, and comes back to the old one if the
// new one is not healthy.
package updater

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/updater/update"
	"github.com/staff-control/staff-control/platform/kernel"
)

//go:embed messages.json
var messages []byte

// Module is the updater.
type Module struct{ cfg Config }

// New returns the module with its default settings.
func New() *Module { return &Module{cfg: defaults()} }

// Manifest says what the module is.
func (m *Module) Manifest() kernel.Manifest {
	return kernel.Manifest{
		Name:     "updater",
		Roles:    []kernel.Role{kernel.Gateway},
		Needs:    []kernel.Port{kernel.PortOf[gateway.Cloud](), kernel.PortOf[alert.Log]()},
		Provides: []kernel.Port{kernel.PortOf[update.Installer]()},
		Commands: []kernel.Command{{
			Name: "gateway update", Usage: "gateway update --from-file FILE [--signature FILE]   install a release that somebody brought, on a gateway",
			Alone: true, Run: m.command,
		}},
		Config:   &m.cfg,
		Messages: messages,
	}
}

// Init finds out what became of the last update.
func (m *Module) Init(ctx context.Context, h *kernel.Host) error {
	executable, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the program: %w", err)
	}
	if executable, err = filepath.EvalSymlinks(executable); err != nil {
		return fmt.Errorf("find the program: %w", err)
	}
	u := newUpdater(m.cfg, h.Data, h.Version, executable)
	u.cloud, u.alerts = kernel.Get[gateway.Cloud](h), kernel.Get[alert.Log](h)
	u.ready, u.log = h.Ready, h.Log
	kernel.Put[update.Installer](h, u)
	if m.cfg.Slots == "" {
		close(u.settled)
		return nil
	}
	trial, err := u.settle(ctx)
	if err != nil { // a full disk, say: that is no reason not to serve
		h.Log.ErrorContext(ctx, "what became of the last update is not known", "error", err)
	}
	if trial {
		h.Log.InfoContext(ctx, "this version is on trial", "version", h.Version, "slot", string(u.mine))
		h.Go("try", u.try)
	} else {
		close(u.settled)
	}
	h.Go("tell", u.tell)
	h.Go("watch", u.watch)
	h.Go("check", u.check)
	return nil
}

func newUpdater(cfg Config, data, version, executable string) *updater {
	u := &updater{
		cfg: cfg, data: data, version: version, arch: runtime.GOARCH, slots: slots{cfg.Slots}, args: settings(os.Args[1:]),
		free: freeBytes, now: time.Now, stall: time.Minute, wait: 5 * time.Second, look: watchEvery, step: func(string) {},
		settled: make(chan struct{}), replaced: make(chan string, 1),
	}
	u.mine = u.slots.of(executable)
	return u
}

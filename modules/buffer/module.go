// Package buffer keeps on the gateway's disk what agents and devices report until the server has it:
// many requests share one commit, each is answered when that is durable, and the disk it takes is bounded.
package buffer

import (
	"context"
	_ "embed"
	"fmt"
	"path/filepath"
	"time"

	"github.com/staff-control/staff-control/migrations"
	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/buffer/backlog"
	"github.com/staff-control/staff-control/modules/buffer/bucket"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/screenshots/shot"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/kernel"
)

//go:embed messages.json
var messages []byte

// Module is the buffer.
type Module struct {
	cfg Config
}

// New returns the module with its default settings.
func New() *Module { return &Module{cfg: defaults()} }

// Manifest says what the module is.
func (m *Module) Manifest() kernel.Manifest {
	return kernel.Manifest{
		Name:  "buffer",
		Roles: []kernel.Role{kernel.Gateway},
		Provides: []kernel.Port{
			kernel.PortOf[activity.Sink](), kernel.PortOf[shot.Taker](), kernel.PortOf[backlog.Log](),
			kernel.PortOf[bucket.Shelf](), kernel.PortOf[alert.Log](), kernel.PortOf[alert.Outbox](),
		},
		Config:   &m.cfg,
		Messages: messages,
	}
}

// Init opens the file.
func (m *Module) Init(ctx context.Context, h *kernel.Host) error {
	if m.cfg.Path == "" {
		m.cfg.Path = filepath.Join(h.Data, "buffer.db")
	}
	ctx = actor.With(ctx, actor.System("buffer"))
	st, err := openStore(ctx, m.cfg, migrations.Gateway(), h.Log, time.Now)
	if err != nil {
		return fmt.Errorf("open buffer: %w", err)
	}
	h.Defer(func(context.Context) error { return st.close() })
	s, err := newService(ctx, m.cfg, st, h.Log, time.Now)
	if err != nil {
		return fmt.Errorf("read buffer: %w", err)
	}
	s.register(h.Metrics, h.AllMetrics)
	kernel.Put[activity.Sink](h, s)
	kernel.Put[shot.Taker](h, s)
	kernel.Put[backlog.Log](h, s)
	kernel.Put[bucket.Shelf](h, s)
	kernel.Put[alert.Log](h, s)
	kernel.Put[alert.Outbox](h, s)
	h.Go("write", s.run)
	h.Health("buffer", s.Check)
	return nil
}

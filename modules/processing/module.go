// Package processing is the feature of v1's jobs: clients order what is to be stored, and ask later what became of it.
package processing

import (
	"context"
	_ "embed"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/jobs"
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
		Name:  "processing",
		Roles: []kernel.Role{kernel.AgentAPI},
		Needs: []kernel.Port{
			kernel.PortOf[activity.Sink](), kernel.PortOf[computer.Registry](), kernel.PortOf[pass.Terminals](),
		},
		Paths:    []string{"/api/data-processing"},
		Config:   &m.cfg,
		Jobs:     []jobs.Handler{jobs.On("turn", m.turn)},
		Messages: messages,
	}
}

func (m *Module) turn(ctx context.Context, t turn) error { return m.service.turn(ctx, t) }

// Init builds the module.
func (m *Module) Init(_ context.Context, h *kernel.Host) error {
	m.service = &service{
		cfg: m.cfg, store: store{h.DB}, sink: kernel.Get[activity.Sink](h), computers: kernel.Get[computer.Registry](h),
		terminals: kernel.Get[pass.Terminals](h), orders: h.Jobs, log: h.Log, now: time.Now, count: counter(h.Metrics),
	}
	m.service.began = m.service.clock()
	m.service.routesV1(h.RoutesV1(kernel.AgentAPI))
	h.Cron("tidy", "*/10 * * * *", m.service.tidy)
	return nil
}

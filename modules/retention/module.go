// Package retention takes away what is older than its rule, archives it first where the rule says so, and leaves what
// somebody holds. It keeps nothing but rules, holds and the record of what went: rows and files are their owners', whom it
// asks.
package retention

import (
	"context"
	_ "embed"
	"errors"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/jobs"
	"github.com/staff-control/staff-control/platform/kernel"
)

//go:embed messages.json
var messages []byte

const (
	// spec is when the rules are carried out, in UTC: at timeOfDay.
	spec      = "30 2 * * *"
	timeOfDay = 2*time.Hour + 30*time.Minute
	// longest bounds one run, of which what is left is done by the next.
	longest  = 12 * time.Hour
	attempts = 5
)

// next is when the rules are carried out next after now.
func next(now time.Time) time.Time {
	at := dayOf(now).Add(timeOfDay)
	if !at.After(now) {
		at = at.Add(day)
	}
	return at
}

// Module is the feature.
type Module struct {
	service *service
	now     func() time.Time
}

// New returns the module, not built yet.
func New() *Module { return &Module{now: time.Now} }

// Manifest says what the module needs and provides.
func (m *Module) Manifest() kernel.Manifest {
	return kernel.Manifest{
		Name:  "retention",
		Roles: []kernel.Role{kernel.Dashboard},
		Needs: []kernel.Port{
			kernel.PortOf[activity.Keeper](), kernel.PortOf[file.Store](), kernel.PortOf[organization.Tree](), kernel.PortOf[alert.Log](),
		},
		Paths:    []string{prefix},
		Jobs:     []jobs.Handler{jobs.On("sweep", m.sweep, jobs.Timeout(longest), jobs.Attempts(attempts))},
		Commands: []kernel.Command{{Name: "retention", Usage: usage, Role: kernel.Dashboard, Run: m.command}},
		Messages: messages,
	}
}

// Init builds the module.
func (m *Module) Init(_ context.Context, h *kernel.Host) error {
	measured, err := newMetrics(h.Metrics)
	if err != nil {
		return err
	}
	m.service = &service{
		store: store{h.DB}, keeper: kernel.Get[activity.Keeper](h), files: kernel.Get[file.Store](h), tree: kernel.Get[organization.Tree](h),
		alerts: kernel.Get[alert.Log](h), audit: h.Audit, metrics: measured, log: h.Log, data: h.Data, now: m.now, pulse: pulse,
	}
	m.service.routes(h.Routes(kernel.Dashboard))
	h.Go("measure", m.service.measure)
	h.Cron("run", spec, func(ctx context.Context) error {
		// A tick has a minute, and a run may need longer.
		return h.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
			return h.Jobs.Enqueue(ctx, tx, sweep{}, jobs.Unique("sweep"))
		})
	})
	return nil
}

// sweep is the order to carry the rules out.
type sweep struct{}

func (m *Module) sweep(ctx context.Context, _ sweep) error {
	err := m.service.run(ctx)
	if errors.Is(err, errRunning) { // somebody does
		m.service.log.InfoContext(ctx, "the rules of retention are carried out already")
		return nil
	}
	return err
}

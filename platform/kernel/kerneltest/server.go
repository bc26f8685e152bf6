package kerneltest

import (
	"context"

	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/event"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/jobs"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/trace"
)

// serverParts adds what modules of the server roles stand on, where the test has a database.
func serverParts(o *kernel.Options) {
	if o.DB != nil {
		o.Audit = audit.New(audit.Options{
			DB: o.DB, Log: o.Log, Metrics: o.Registry, ClientIP: httpx.ClientIP, TraceID: trace.ID,
		})
		o.Jobs = orders{}
		o.Events, _ = event.NewBus(nil, o.DB, o.Log, nil) // it has no handlers, so nothing of it can fail
	}
}

// orders takes jobs that nobody does.
type orders struct{}

func (orders) Enqueue(context.Context, db.Tx, any, ...jobs.Option) error { return nil }

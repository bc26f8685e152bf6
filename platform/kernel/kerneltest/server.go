package kerneltest

import (
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/trace"
)

// serverParts adds what modules of the server roles stand on, where the test has a database.
func serverParts(o *kernel.Options) {
	if o.DB != nil {
		o.Audit = audit.New(audit.Options{
			DB: o.DB, Log: o.Log, Metrics: o.Registry, ClientIP: httpx.ClientIP, TraceID: trace.ID,
		})
	}
}

package alerts

import "github.com/staff-control/staff-control/platform/fault"

var errUnknown = fault.New(fault.NotFound, "alerts.unknown")

package demo

import "github.com/staff-control/staff-control/platform/fault"

var (
	errRealData = fault.New(fault.Conflict, "demo.real_data")
	errMore     = fault.New(fault.Conflict, "demo.more")
	errNone     = fault.New(fault.NotFound, "demo.none")
)

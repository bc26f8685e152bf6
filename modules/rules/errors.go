package rules

import (
	"time"

	"github.com/staff-control/staff-control/platform/fault"
)

var (
	errUnfetched = fault.New(fault.Unavailable, "rules.unfetched")
	// errLost is what agents get while nobody knows what may be kept.
	errLost = fault.New(fault.Unavailable, "rules.lost").After(10 * time.Second)
)

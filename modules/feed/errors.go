package feed

import (
	"time"

	"github.com/staff-control/staff-control/platform/fault"
)

var (
	errFull    = fault.New(fault.Unavailable, "feed.full").After(10 * time.Second)
	errTooMany = fault.New(fault.TooMany, "feed.too_many").After(10 * time.Second)
)

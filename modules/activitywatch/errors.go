package activitywatch

import "github.com/staff-control/staff-control/platform/fault"

var (
	errNoBucket  = fault.New(fault.NotFound, "activitywatch.no_bucket")
	errMalformed = fault.New(fault.Malformed, "malformed")
	errTooMany   = fault.New(fault.Unavailable, "activitywatch.too_many_buckets")
	errForeign   = fault.New(fault.Forbidden, "activitywatch.foreign_page")
)

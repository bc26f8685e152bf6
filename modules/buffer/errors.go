package buffer

import (
	"time"

	"github.com/staff-control/staff-control/platform/fault"
)

// retryAfter is when a refused sender should come back.
const retryAfter = 10 * time.Second

var (
	errFull        = fault.New(fault.TooMany, "buffer.full").After(retryAfter)
	errUnavailable = fault.New(fault.Unavailable, "buffer.unavailable").After(retryAfter)
	errTooLarge    = fault.New(fault.Invalid, "buffer.batch_too_large")
	errUnknownKind = fault.New(fault.Invalid, "buffer.unknown_kind")
	errBadTime     = fault.New(fault.Invalid, "buffer.bad_time")
	errNoPicture   = fault.New(fault.Unprocessable, "buffer.no_picture")
)

package processing

import (
	"time"

	"github.com/staff-control/staff-control/platform/fault"
)

// patience is what is asked of a client whose organization has too many jobs waiting.
const patience = 15 * time.Second

var (
	errMalformed     = fault.New(fault.Malformed, "malformed")
	errFull          = fault.New(fault.TooMany, "processing.full").After(patience)
	errBatchTooLarge = fault.New(fault.TooLarge, "processing.batch_too_large")
	errUnknown       = fault.New(fault.NotFound, "processing.job_unknown")
	errCompleted     = fault.New(fault.Conflict, "processing.job_completed")
)

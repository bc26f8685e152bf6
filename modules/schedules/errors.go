package schedules

import "github.com/staff-control/staff-control/platform/fault"

var (
	errNameTaken = fault.New(fault.Conflict, "schedules.name_taken")
	errInUse     = fault.New(fault.Conflict, "schedules.in_use")
)

// Codes of single fields of a request.
const (
	codeNotATime     = "schedules.not_a_time"
	codeDays         = "schedules.days"
	codeOutsideShift = "schedules.break_outside"
	codeGrace        = "schedules.grace"
)

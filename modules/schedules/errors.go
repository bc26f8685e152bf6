package schedules

import "github.com/staff-control/staff-control/platform/fault"

var (
	errNameTaken      = fault.New(fault.Conflict, "schedules.name_taken")
	errDayTaken       = fault.New(fault.Conflict, "schedules.day_taken")
	errDayUnknown     = fault.New(fault.NotFound, "schedules.day_unknown")
	errOverlap        = fault.New(fault.Conflict, "schedules.absence_overlap")
	errAbsenceUnknown = fault.New(fault.NotFound, "schedules.absence_unknown")
	errInUse          = fault.New(fault.Conflict, "schedules.in_use")
)

// Codes of single fields of a request.
const (
	codeNotADate     = "schedules.not_a_date"
	codeYear         = "schedules.year"
	codeNotATime     = "schedules.not_a_time"
	codeDays         = "schedules.days"
	codeOutsideShift = "schedules.break_outside"
	codeEndsBefore   = "schedules.ends_before"
	codeGrace        = "schedules.grace"
)

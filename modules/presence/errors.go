package presence

import "github.com/staff-control/staff-control/platform/fault"

// errNotToday refuses a past day to those who see only who is here now.
var errNotToday = fault.New(fault.Forbidden, "presence.today_only")

// Codes of single fields of a request.
const (
	codeNotADate = "presence.not_a_date"
	codeChoose   = "presence.choose_organization"
)

package computers

import "github.com/staff-control/staff-control/platform/fault"

var (
	errNameless     = fault.New(fault.Invalid, "computers.nameless")
	errUserUnknown  = fault.New(fault.NotFound, "computers.user_unknown")
	errLinkOverlaps = fault.New(fault.Conflict, "computers.link_overlaps")
	errNotLinked    = fault.New(fault.Conflict, "computers.not_linked")
	errLinked       = fault.New(fault.Invalid, "computers.linked")
	errSIDTaken     = fault.New(fault.Conflict, "computers.sid_taken")
	errUnknown      = fault.New(fault.NotFound, "computers.unknown")
	errSame         = fault.New(fault.Conflict, "computers.same")
	errNotMerged    = fault.New(fault.Conflict, "computers.not_merged")
)

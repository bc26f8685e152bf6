package visitors

import "github.com/staff-control/staff-control/platform/fault"

var (
	errOtherOrganization = fault.New(fault.Conflict, "visitors.other_organization")
	errCodeTaken         = fault.New(fault.Conflict, "visitors.code_taken")
	errCodeKept          = fault.New(fault.Conflict, "visitors.code_kept")
	errVisitUnknown      = fault.New(fault.NotFound, "visitors.visit_unknown")
	errInside            = fault.New(fault.Conflict, "visitors.inside")
	errLeft              = fault.New(fault.Conflict, "visitors.left")
	errBadgeTaken        = fault.New(fault.Conflict, "visitors.badge_taken")
)

// What v1 answered otherwise.
var (
	errForbiddenV1    = fault.New(fault.Forbidden, "visitors.v1_forbidden")
	errHasLogsV1      = fault.New(fault.Forbidden, "visitors.v1_has_logs")
	errCodeNotFoundV1 = fault.New(fault.NotFound, "visitors.v1_code_unknown")
	errCodeInvalidV1  = fault.New(fault.NotFound, "visitors.v1_code_invalid")
	errCodeUnusableV1 = fault.New(fault.Malformed, "visitors.v1_code_invalid")
	errCodeTakenV1    = fault.New(fault.Malformed, "visitors.code_taken")
)

// The codes of refused fields.
const (
	codeOrder  = "visitors.end_before_start"
	codePast   = "visitors.past"
	codeDigits = "visitors.digits"
	codeDate   = "visitors.not_a_date"
)

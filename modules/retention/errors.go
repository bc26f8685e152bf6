package retention

import (
	"errors"

	"github.com/staff-control/staff-control/platform/fault"
)

var (
	errRuleUnknown = fault.New(fault.NotFound, "retention.rule_unknown")
	errHoldUnknown = fault.New(fault.NotFound, "retention.hold_unknown")
	// errRunning is for whoever wants to carry the rules out while somebody does.
	errRunning = fault.New(fault.Conflict, "retention.running")
)

var (
	// errLost ends a run that was away for so long that another may have begun.
	errLost = errors.New("another has taken over")
	// errAltered is an archive that does not read as it was written.
	errAltered = errors.New("the archive does not read as it was written")
)

// Codes of single fields of a request.
const codeBeforeFrom = "retention.before_from"

package commands

import "github.com/staff-control/staff-control/platform/fault"

var (
	errUnknown    = fault.New(fault.NotFound, "commands.unknown")
	errEnded      = fault.New(fault.Conflict, "commands.ended")
	errNotAllowed = fault.New(fault.Forbidden, "commands.type_not_allowed")
	errPolicy     = fault.New(fault.Unprocessable, "commands.policy_update_refused")
	errUpgrade    = fault.New(fault.Invalid, "commands.upgrade_required")
	errStopping   = fault.New(fault.Unavailable, "commands.stopping")
	errReplaced   = fault.New(fault.Conflict, "commands.replaced")
	errNoBundle   = fault.New(fault.NotFound, "commands.no_diagnostics")
	errNotAwaited = fault.New(fault.Conflict, "commands.diagnostics_not_awaited")
	errLargeOrder = fault.New(fault.TooLarge, "commands.payload_too_large")
	errWrongOrder = fault.New(fault.Invalid, "commands.payload_invalid")
)

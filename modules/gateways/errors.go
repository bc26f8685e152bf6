package gateways

import "github.com/staff-control/staff-control/platform/fault"

var (
	errUnknown      = fault.New(fault.NotFound, "gateways.unknown")
	errTokenUnknown = fault.New(fault.NotFound, "gateways.token_unknown")
	errTokenRefused = fault.New(fault.Unauthenticated, "gateways.token_refused")
	errSerialTaken  = fault.New(fault.Conflict, "gateways.serial_taken")
	errRevoked      = fault.New(fault.Conflict, "gateways.revoked")
	errKeyRefused   = fault.New(fault.Unauthenticated, "gateways.key_refused")
	errPosition     = fault.New(fault.Invalid, "gateways.position_invalid")
)

// noOrganization says that the request must name an organization, or that the one it names is not there.
func noOrganization(code string) error {
	var f fault.Fields
	f.Add("organizationId", code, nil)
	return f.Err()
}

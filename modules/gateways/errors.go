package gateways

import (
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/fault"
)

var (
	errUnknown      = gateway.ErrUnknown
	errTokenUnknown = fault.New(fault.NotFound, "gateways.token_unknown")
	errTokenRefused = fault.New(fault.Unauthenticated, "gateways.token_refused")
	errSerialTaken  = fault.New(fault.Conflict, "gateways.serial_taken")
	errRevoked      = fault.New(fault.Conflict, "gateways.revoked")
	errRotated      = fault.New(fault.Conflict, "gateways.key_rotated")
	errKeyRefused   = gateway.ErrKeyRefused
	errReport       = fault.New(fault.Malformed, "gateways.report_malformed")
	errPosition     = fault.New(fault.Invalid, "gateways.position_invalid")
)

// noOrganization says that the request must name an organization, or that the one it names is not there.
func noOrganization(code string) error {
	var f fault.Fields
	f.Add("organizationId", code, nil)
	return f.Err()
}

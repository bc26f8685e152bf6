package gateways

import "github.com/staff-control/staff-control/platform/fault"

var (
	errUnknown      = fault.New(fault.NotFound, "gateways.unknown")
	errTokenUnknown = fault.New(fault.NotFound, "gateways.token_unknown")
	errTokenRefused = fault.New(fault.Unauthenticated, "gateways.token_refused")
	errSerialTaken  = fault.New(fault.Conflict, "gateways.serial_taken")
	errRevoked      = fault.New(fault.Conflict, "gateways.revoked")
	errKeyRefused   = fault.New(fault.Unauthenticated, "gateways.key_refused")
	errOrganization = fault.New(fault.Invalid, "gateways.organization_needed")
)

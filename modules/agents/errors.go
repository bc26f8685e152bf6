package agents

import "github.com/staff-control/staff-control/platform/fault"

var (
	errTooMany   = fault.New(fault.TooMany, "agents.too_many")
	errWaiting   = fault.New(fault.TooMany, "agents.too_many_waiting")
	errChecksum  = fault.New(fault.Conflict, "agents.policy_checksum")
	errNoCommand = fault.New(fault.NotFound, "agents.unknown_command")
)

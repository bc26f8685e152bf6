package doors

import "github.com/staff-control/staff-control/platform/fault"

var (
	errMalformed      = fault.New(fault.Malformed, "malformed")
	errReportTooLarge = fault.New(fault.TooLarge, "doors.report_too_large")
	errBatchTooLarge  = fault.New(fault.TooLarge, "doors.batch_too_large")
	errInactive       = fault.New(fault.Unprocessable, "doors.person_inactive")
	errGateUnknown    = fault.New(fault.NotFound, "doors.gate_unknown")
	errAddressTakenV1 = fault.New(fault.Malformed, "doors.address_taken")
	errDeviceUnknown  = fault.New(fault.NotFound, "doors.device_unknown")
)

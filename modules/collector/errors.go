package collector

import "github.com/staff-control/staff-control/platform/fault"

var (
	errMalformed     = fault.New(fault.Malformed, "malformed")
	errBatchTooLarge = fault.New(fault.TooLarge, "collector.batch_too_large")
	errComputerUID   = fault.New(fault.Malformed, "collector.computer_uid_required")
	errUserSID       = fault.New(fault.Malformed, "collector.user_sid_required")
	errTimestamp     = fault.New(fault.Malformed, "collector.timestamp_required")
	errData          = fault.New(fault.Malformed, "collector.data_invalid")
	errPictureForm   = fault.New(fault.Malformed, "collector.picture_form")
	errRegistration  = fault.New(fault.Malformed, "collector.registration_invalid")
)

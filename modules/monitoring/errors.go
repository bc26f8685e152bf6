package monitoring

import (
	"errors"
	"time"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
)

// retryAfter is when the sender of a batch that could not be stored should come back.
const retryAfter = 10 * time.Second

var (
	// errStorage has the code whose text and name the design document fixes.
	errStorage     = fault.New(fault.Unavailable, "database").After(retryAfter)
	errReading     = fault.New(fault.Unavailable, "monitoring.unreadable").After(retryAfter)
	errUnknownKind = fault.New(fault.Invalid, "monitoring.unknown_kind")
	errIncomplete  = fault.New(fault.Invalid, "monitoring.incomplete")
	errTooManyDays = fault.New(fault.TooLarge, "monitoring.too_many_days")
	errUnstorable  = fault.New(fault.Invalid, "monitoring.unstorable")
)

// Codes of single fields of a request.
const (
	codeRequired     = "required"
	codeBeforeFrom   = "monitoring.before_from"
	codeOneOf        = "monitoring.employee_or_computer"
	codeNotADate     = "monitoring.not_a_date"
	codeChoosesNone  = "monitoring.choose_organization"
	codeRangeTooLong = "monitoring.range_too_long"
)

// storage says of an error of the database whether it may pass: no room, or nobody there.
func storage(err error) error {
	if errors.Is(err, db.ErrFull) || errors.Is(err, db.ErrUnavailable) {
		return errStorage.Wrap(err)
	}
	return err
}

// reading is storage, for whoever reads: nothing was to be stored.
func reading(err error) error {
	if errors.Is(err, db.ErrFull) || errors.Is(err, db.ErrUnavailable) {
		return errReading.Wrap(err)
	}
	return err
}

// putting is storage, for a batch: one that no table can hold must not be sent for ever.
func putting(err error) error {
	if errors.Is(err, db.ErrInvalid) {
		return errUnstorable.Wrap(err)
	}
	return storage(err)
}

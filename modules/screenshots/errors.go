package screenshots

import (
	"time"

	"github.com/staff-control/staff-control/platform/fault"
)

// retryAfter is when whoever found too many pictures, or no storage, should come back.
const retryAfter = 5 * time.Second

var (
	errUnreadable    = fault.New(fault.Unprocessable, "unreadable_picture")
	errSwitchedOff   = fault.New(fault.Unprocessable, "screenshots.switched_off")
	errTooLarge      = fault.New(fault.TooLarge, "screenshots.too_large")
	errTooManyPixels = fault.New(fault.TooLarge, "screenshots.too_many_pixels")
	errBusy          = fault.New(fault.TooMany, "screenshots.busy").After(retryAfter)
	errStorage       = fault.New(fault.Unavailable, "screenshots.storage").After(retryAfter)
	errNoPicture     = fault.New(fault.NotFound, "screenshots.no_picture")
	errNoReason      = fault.New(fault.Forbidden, "screenshots.reason_required")
)

// Codes of single fields of a request.
const (
	codeNoWords   = "screenshots.no_words"
	codeRequired  = "required"
	codeNotAShot  = "screenshots.not_a_screenshot"
	codeNotADate  = "screenshots.not_a_date"
	codeNotATime  = "not_a_time"
	codeDateAlone = "screenshots.date_or_range"
	codeBefore    = "screenshots.before_from"
)

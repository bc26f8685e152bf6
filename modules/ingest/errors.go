package ingest

import (
	"time"

	"github.com/staff-control/staff-control/platform/fault"
)

// retryAfter is when a gateway should come back that found too many bytes in flight.
const retryAfter = 2 * time.Second

var (
	errMalformed     = fault.New(fault.Malformed, "malformed")
	errTooManyEvents = fault.New(fault.TooLarge, "ingest.too_many_events")
	errOtherGateway  = fault.New(fault.Forbidden, "ingest.other_gateway")
	errTokenMismatch = fault.New(fault.Invalid, "ingest.token_mismatch")
	errUnstorable    = fault.New(fault.Invalid, "ingest.unstorable")
	errBusy          = fault.New(fault.TooMany, "ingest.busy").After(retryAfter)
)

// Codes of single fields of a batch.
const (
	codeUnknownType    = "ingest.unknown_type"
	codeUnknownSession = "ingest.unknown_session"
	codeBadRange       = "ingest.bad_range"
	codeBadToken       = "ingest.bad_token"
)

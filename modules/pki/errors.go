package pki

import (
	"errors"

	"github.com/staff-control/staff-control/platform/fault"
)

var (
	// errKeyless is a mistake of ours: nothing would end such a certificate.
	errKeyless = errors.New("an agent's certificate is of an agents' key")

	errUnknown = fault.New(fault.NotFound, "pki.unknown")
	errOwn     = fault.New(fault.Conflict, "pki.authority_is_yours")
)

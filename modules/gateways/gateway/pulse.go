package gateway

import (
	"context"
	"crypto/tls"
	"encoding/json"

	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
)

var (
	// ErrUnknown is returned for a gateway that is not there or that the actor may not see.
	ErrUnknown = fault.New(fault.NotFound, "gateways.unknown")
	// ErrKeyRefused is returned where a gateway's key is not its key any more.
	ErrKeyRefused = fault.New(fault.Unauthenticated, "gateways.key_refused")
	// ErrForeign is returned for a report in another gateway's name.
	ErrForeign = fault.New(fault.Forbidden, "gateways.foreign")
)

// Caller is a gateway that asks for something.
type Caller struct {
	ID             id.UUID
	OrganizationID int64
	// Key is the hash of the key that it came with; empty where it showed none.
	Key string
	// Shown is the connection on which it showed a certificate; nil where it showed none.
	Shown *tls.ConnectionState
}

// Pulse is for those who hold gateways' sockets.
type Pulse interface {
	// Caller is the gateway whose request ctx belongs to.
	Caller(ctx context.Context) (Caller, error)
	// Beat takes the body of a heartbeat of the gateway on whose behalf ctx runs, and returns the body of the answer, as
	// POST /v2/gateway/heartbeat does. key is the hash of the key that the gateway has come with; without it the answer
	// brings no new key. It returns ErrForeign for a report in another's name, ErrKeyRefused to a gateway that is shut
	// out, and a fault that is malformed or invalid for a body that is.
	Beat(ctx context.Context, body []byte, key string) (json.RawMessage, error)
	// Lost returns those of the gateways that are shut out, whose key is theirs no more, or whose certificate is not in
	// force any more. It asks the database.
	Lost(ctx context.Context, held []Caller) ([]id.UUID, error)
}

// Revoked is the name of the event.Change that a gateway, by its id, was shut out or had its key taken.
const Revoked = "gateway.revoked"

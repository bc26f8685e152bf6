// Package gateway is the contract of gateways as the server knows them, and of what they say of themselves.
package gateway

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/id"
)

// The rights of this noun.
var (
	Read  = actor.Permission{Name: "gateway.read", Roles: actor.Admin | actor.HR}
	Write = actor.Permission{Name: "gateway.write", Roles: actor.Admin}
	// Deliver is the right of a gateway to deliver batches and to report on itself.
	Deliver = actor.Permission{Name: "gateway.deliver", Roles: actor.Gateway}
)

// Range is a run of delivery positions of one stream, both ends included.
type Range struct {
	First int64 `json:"first"`
	Last  int64 `json:"last"`
}

// Dropped is a range that the gateway will never deliver, and why.
type Dropped struct {
	First  int64  `json:"first"`
	Last   int64  `json:"last"`
	Reason string `json:"reason"`
}

// Delivery is the position of a batch that was stored.
type Delivery struct {
	Epoch, Stream string
	// Stored are the runs of positions in the batch. Dropped will never come.
	Stored  []Range
	Dropped []Dropped
	// Until is when the newest event of the batch came into the buffer.
	Until time.Time
	// Agents are the computers whose events are in the batch.
	Agents []string
}

// Registry knows the gateways.
type Registry interface {
	// Advance moves the calling gateway's watermark over what was stored or dropped. It is idempotent.
	Advance(ctx context.Context, gatewayID id.UUID, d Delivery) error
}

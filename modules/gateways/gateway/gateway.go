// Package gateway is the contract of gateways as the server knows them, and of what they say of themselves.
package gateway

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
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
	// Agents are the computers whose events are in the batch. Names knows what they are called; nil knows none.
	Agents []string
	Names  computer.Names
}

// Gateway is one gateway of the organization.
type Gateway struct {
	ID             id.UUID
	OrganizationID int64
	Serial, Name   string
	Online         bool
	// Since is when it became what it is now; LastSeenAt when it was last heard of. Both may be zero.
	Since, LastSeenAt time.Time
}

// Label is what people call the gateway.
func (g Gateway) Label() string {
	if g.Name == "" {
		return g.Serial
	}
	return g.Name
}

// Directory finds gateways.
type Directory interface {
	// ByIDs returns those of the gateways that the actor may see.
	ByIDs(ctx context.Context, ids []id.UUID) (map[id.UUID]Gateway, error)
}

// Self is a gateway as it knows itself.
type Self interface {
	// OrganizationID is the one that the gateway is enrolled in; 0 until it is.
	OrganizationID() int64
}

// Registry knows the gateways.
type Registry interface {
	// Advance moves the calling gateway's watermark over what was stored or dropped. It is idempotent.
	Advance(ctx context.Context, gatewayID id.UUID, d Delivery) error
}

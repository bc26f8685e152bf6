package gateway

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/platform/id"
)

// Why somebody has to look at a gateway, besides the reasons for which it is offline.
const (
	ReasonGap     = "data_gap"     // what it took has not all arrived, and it is not on its way
	ReasonDropped = "data_dropped" // it gave up what it held
)

// Trouble is a gateway that somebody has to look at.
type Trouble struct {
	ID   id.UUID
	Name string
	// Online says that it reports, so that Reason is of its data.
	Online bool
	Reason string
	// Missing counts the holes or the events that were given up.
	Missing int64
	Since   time.Time // zero where nobody knows
}

// Watch knows which gateways of the actor's organization are in trouble.
type Watch interface {
	// Troubled returns the gateways that are offline, and those that have holes or have dropped anything since the time.
	Troubled(ctx context.Context, since time.Time) ([]Trouble, error)
}

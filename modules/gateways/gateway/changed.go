package gateway

import (
	"time"

	"github.com/staff-control/staff-control/platform/id"
)

// Changed is the event that a gateway is not any more what it was: it went online, offline or was shut out.
type Changed struct {
	ID             id.UUID   `json:"id"`
	OrganizationID int64     `json:"organizationId"`
	Serial         string    `json:"serial"`
	Name           string    `json:"name"`
	Status         string    `json:"status"` // online, offline or revoked
	Reason         string    `json:"reason"`
	At             time.Time `json:"at"`
}

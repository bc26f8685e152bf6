package gateway

import (
	"context"

	"github.com/staff-control/staff-control/platform/id"
)

// Fleet knows what stands behind the gateways of an organization.
type Fleet interface {
	// InUse returns the gateways of the actor's organization that are not shut out, by serial.
	InUse(ctx context.Context) ([]Gateway, error)
	// PoliciesApplied notes which version of which policy agents of the gateway run on, by the UIDs of their computers.
	// It passes over agents that have not been seen.
	PoliciesApplied(ctx context.Context, gatewayID id.UUID, versions map[string]string) error
	// PolicyAppliedByAll is PoliciesApplied for all agents of the gateway.
	PolicyAppliedByAll(ctx context.Context, gatewayID id.UUID, version string) error
}

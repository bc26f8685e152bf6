package gateways

import (
	"context"
	"slices"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// maxPolicyVersion is what the column holds, in characters.
const maxPolicyVersion = 50

// InUse returns the gateways of the actor's organization that are not shut out, by serial.
func (s *service) InUse(ctx context.Context) ([]gateway.Gateway, error) {
	rows, err := s.store.inUse(ctx)
	found := make([]gateway.Gateway, len(rows))
	for i, r := range rows {
		found[i] = r.contract()
	}
	return found, err
}

// PoliciesApplied notes which version of which policy agents of the gateway run on.
func (s *service) PoliciesApplied(ctx context.Context, gatewayID id.UUID, versions map[string]string) error {
	uids := map[string][]string{}
	for uid, version := range versions {
		uids[version] = append(uids[version], short(uid, maxText)) // as agents are kept
	}
	return s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		for version, of := range uids {
			slices.Sort(of)
			if err := s.store.applied(ctx, tx, gatewayID, short(version, maxPolicyVersion), of); err != nil {
				return err
			}
		}
		return nil
	})
}

// PolicyAppliedByAll notes which version of which policy all agents of the gateway run on.
func (s *service) PolicyAppliedByAll(ctx context.Context, gatewayID id.UUID, version string) error {
	return s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		return s.store.appliedByAll(ctx, tx, gatewayID, short(version, maxPolicyVersion))
	})
}

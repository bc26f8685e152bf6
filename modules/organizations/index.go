package organizations

import (
	"cmp"
	"context"
	"slices"

	"github.com/staff-control/staff-control/modules/organizations/organization"
)

// All returns the active organizations that the actor sees, in the order of their ids.
func (s *service) All(ctx context.Context) ([]organization.Organization, error) {
	snap, _, err := s.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	var list []organization.Organization
	for _, o := range snap.organizations {
		if o.Active {
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b organization.Organization) int { return cmp.Compare(a.ID, b.ID) })
	return list, nil
}

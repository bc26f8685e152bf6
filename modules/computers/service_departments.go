package computers

import (
	"context"
	"slices"
	"strings"

	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/grid"
)

// inDepartments has a list of computers that is asked for departments show those of the people in them and below them.
func (s *service) inDepartments(ctx context.Context, q grid.Query) (grid.Query, error) {
	asked := q.IDs("departmentId")
	if asked == nil {
		return q, nil
	}
	a, _ := actor.From(ctx)
	names := make([]string, len(asked))
	for i, id := range asked {
		if a.Role == actor.DepartmentLead && !slices.Contains(a.DepartmentIDs, id) { // whose name is not for a lead of others
			return q, organization.ErrDepartmentUnknown
		}
		d, err := s.tree.Department(ctx, id)
		if err != nil {
			return q, err
		}
		names[i] = d.Name
	}
	below, err := s.tree.Below(ctx, asked)
	if err != nil {
		return q, err
	}
	people, err := s.staff.InDepartments(ctx, below)
	now := s.clock()
	return q.Widen("departmentId", asked[:1], strings.Join(names, ", ")).Bind("departmentId", now, now, people, asked[0]), err
}

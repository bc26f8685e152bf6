package computers

import (
	"context"

	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/grid"
)

// inDepartments has a list of computers that is asked for departments show those of the people in them and below them.
func (s *service) inDepartments(ctx context.Context, q grid.Query) (grid.Query, error) {
	asked := q.IDs("departmentId")
	if asked == nil {
		return q, nil
	}
	below, called, err := organization.Asked(ctx, s.tree, asked)
	if err != nil {
		return q, err
	}
	people, err := s.staff.InDepartments(ctx, below)
	now := s.clock()
	return q.Widen("departmentId", asked[:1], called).Bind("departmentId", now, now, people, asked[0]), err
}

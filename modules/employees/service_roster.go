package employees

import (
	"context"

	"github.com/staff-control/staff-control/modules/employees/employee"
)

// Departments returns where they are; see employee.Roster.
func (s *service) Departments(ctx context.Context) ([]int64, error) {
	return s.store.departments(ctx, sightOf(ctx))
}

// Active returns the active employees that the actor may see; see employee.Roster.
func (s *service) Active(ctx context.Context, departmentIDs []int64) ([]employee.Employee, error) {
	rows, err := s.store.active(ctx, sightOf(ctx), departmentIDs)
	if err != nil {
		return nil, err
	}
	list := make([]employee.Employee, len(rows))
	for i, r := range rows {
		list[i] = asEmployee(r)
	}
	return list, nil
}

package employees

import (
	"context"
	"slices"

	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/platform/db"
)

// Given returns all employees with their own policies; see employee.Policies.
func (s *service) Given(ctx context.Context) ([]employee.Given, error) {
	rows, err := s.store.given(ctx)
	list := make([]employee.Given, len(rows))
	for i, r := range rows {
		list[i] = asGiven(r)
	}
	return list, err
}

// GivenTo returns an employee with its own policy; see employee.Policies.
func (s *service) GivenTo(ctx context.Context, employeeID int64) (employee.Given, error) {
	rows, err := s.store.givenTo(ctx, sightOf(ctx), employeeID)
	if err == nil && len(rows) == 0 {
		return employee.Given{}, s.faultOf(ctx, "read", employeeID, db.ErrNotFound)
	}
	if err != nil {
		return employee.Given{}, err
	}
	return asGiven(rows[0]), nil
}

func asGiven(r givenRow) employee.Given {
	return employee.Given{EmployeeID: r.ID, DepartmentID: r.DepartmentID, PolicyID: r.PolicyID}
}

// Give gives employees a policy; see employee.Policies.
func (s *service) Give(ctx context.Context, tx db.Tx, policyID int64, employeeIDs []int64) (map[int64]int64, error) {
	ids, before := slices.Clone(employeeIDs), map[int64]int64{}
	slices.Sort(ids)
	for part := range slices.Chunk(slices.Compact(ids), db.MaxIDs) {
		rows, err := s.store.policies(ctx, tx, part)
		if err != nil {
			return nil, err
		}
		if len(rows) < len(part) {
			return nil, employee.ErrUnknown
		}
		for _, r := range rows {
			if r.PolicyID != policyID {
				before[r.ID] = r.PolicyID
			}
		}
		if err := s.store.give(ctx, tx, policyID, part, s.time()); err != nil {
			return nil, err
		}
	}
	return before, nil
}

// Holders returns who was given a policy; see employee.Policies.
func (s *service) Holders(ctx context.Context, tx db.Tx, policyID int64, most int) (int, []employee.Employee, error) {
	rows, count, err := s.store.holders(ctx, tx, policyID, most)
	list := make([]employee.Employee, len(rows))
	for i, r := range rows {
		list[i] = asEmployee(r)
	}
	return count, list, err
}

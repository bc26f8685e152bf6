package employee

import (
	"context"

	"github.com/staff-control/staff-control/platform/db"
)

// Given is an employee with the policy that it was given itself; 0 is none.
type Given struct {
	EmployeeID, DepartmentID, PolicyID int64
}

// Policies keeps which policies employees of the actor's organization were given themselves.
type Policies interface {
	// Given returns all employees, active or not, by id.
	Given(ctx context.Context) ([]Given, error)
	// GivenTo returns one of them, or ErrUnknown.
	GivenTo(ctx context.Context, employeeID int64) (Given, error)
	// Give gives these employees the policy within the caller's transaction; 0 takes theirs away. It returns those who had
	// another, with that, or ErrUnknown if one of them is not there.
	Give(ctx context.Context, tx db.Tx, policyID int64, employeeIDs []int64) (before map[int64]int64, err error)
	// Holders counts those who were given the policy, and returns the first of them by name, at most so many.
	Holders(ctx context.Context, tx db.Tx, policyID int64, most int) (count int, first []Employee, err error)
}

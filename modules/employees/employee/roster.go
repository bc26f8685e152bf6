package employee

import "context"

// Roster lists the people who work here now.
type Roster interface {
	// Active returns the active employees that the actor may see, by name; with departments only theirs.
	Active(ctx context.Context, departmentIDs []int64) ([]Employee, error)
	// Departments returns the departments of the active employees that the actor may see, in rising order.
	Departments(ctx context.Context) ([]int64, error)
}

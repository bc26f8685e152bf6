// Package employee is the contract of the people who work here.
package employee

import (
	"context"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
)

// The rights of this noun.
var (
	Read  = actor.Permission{Name: "employee.read", Roles: actor.People}
	Write = actor.Permission{Name: "employee.write", Roles: actor.Admin | actor.HR}
	// ReadHistory lets see who changed what of an employee.
	ReadHistory = actor.Permission{Name: "employee_history.read", Roles: actor.Admin | actor.HR}
	// ReadGroups lets see which groups of people there are.
	ReadGroups = actor.Permission{Name: "employee_group.read", Roles: actor.Admin | actor.HR | actor.DepartmentLead}
)

// ErrUnknown is returned for an employee who is not there or whom the actor may not see.
var ErrUnknown = fault.New(fault.NotFound, "employees.unknown")

// Employee is a person who works in a department.
type Employee struct {
	ID, OrganizationID, DepartmentID int64
	Name                             string
	Active                           bool
	PhotoVersion                     string // of the photo that was uploaded, another for each; empty where none was
}

// Directory finds employees that the actor may see: of its organization, and for a department lead
// of its departments.
type Directory interface {
	// ByID returns the employee, or ErrUnknown.
	ByID(ctx context.Context, id int64) (Employee, error)
	// ByIDs returns those of ids that there are.
	ByIDs(ctx context.Context, ids []int64) (map[int64]Employee, error)
	// InDepartments returns the ids of the employees of these departments.
	InDepartments(ctx context.Context, departmentIDs []int64) ([]int64, error)
}

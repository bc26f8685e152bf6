// Package organization is the contract of organizations and their departments.
package organization

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
)

// The rights of this noun.
var (
	Read            = actor.Permission{Name: "organization.read", Roles: actor.Admin | actor.HR | actor.DepartmentLead}
	Write           = actor.Permission{Name: "organization.write", Roles: actor.Admin}
	ReadDepartment  = actor.Permission{Name: "department.read", Roles: actor.Admin | actor.HR | actor.DepartmentLead}
	WriteDepartment = actor.Permission{Name: "department.write", Roles: actor.Admin | actor.HR}
	// ReadHistory lets see who changed what of an organization and its departments.
	ReadHistory = actor.Permission{Name: "organization_history.read", Roles: actor.Admin | actor.HR}
)

var (
	// ErrUnknown is returned for an organization that is not there or that the actor may not see.
	ErrUnknown = fault.New(fault.NotFound, "organizations.unknown")
	// ErrDepartmentUnknown is the same for a department.
	ErrDepartmentUnknown = fault.New(fault.NotFound, "organizations.department_unknown")
)

// Organization is a tenant.
type Organization struct {
	ID       int64
	Name     string
	Active   bool
	Language string         // of texts for people who chose none
	Zone     *time.Location // of its days
}

// Department is a node of the organization's tree.
type Department struct {
	ID, OrganizationID int64
	ParentID           int64 // 0 at the root
	Name               string
}

// Tree knows organizations and departments.
type Tree interface {
	// ByID returns the organization, or ErrUnknown.
	ByID(ctx context.Context, id int64) (Organization, error)
	// Department returns the department, or ErrDepartmentUnknown.
	Department(ctx context.Context, id int64) (Department, error)
	// Below returns those of ids that there are and all departments below them in the tree, in rising order.
	Below(ctx context.Context, ids []int64) ([]int64, error)
}

// Home is the organization of what the actor makes: its own, or the one that an actor names who crosses organizations, and
// who has to. ErrUnknown is returned as by the tree.
func Home(ctx context.Context, tree Tree, named int64) (int64, error) {
	a, _ := actor.From(ctx)
	if named == 0 && a.OrganizationID == 0 {
		var f fault.Fields
		f.Add("organizationId", "required", nil)
		return 0, f.Err()
	}
	if named == 0 {
		return a.OrganizationID, nil
	}
	o, err := tree.ByID(ctx, named)
	return o.ID, err
}

// Asked returns the departments by which the actor narrows what it reads, with all below them, and what they are called. A
// lead asks for its own: of others it is told ErrDepartmentUnknown, since their names are not for it either.
func Asked(ctx context.Context, tree Tree, ids []int64) (below []int64, called string, err error) {
	a, _ := actor.From(ctx)
	names := make([]string, len(ids))
	for i, id := range ids {
		if a.Role == actor.DepartmentLead && !slices.Contains(a.DepartmentIDs, id) {
			return nil, "", ErrDepartmentUnknown
		}
		d, err := tree.Department(ctx, id)
		if err != nil {
			return nil, "", err
		}
		names[i] = d.Name
	}
	below, err = tree.Below(ctx, ids)
	return below, strings.Join(names, ", "), err
}

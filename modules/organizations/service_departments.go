package organizations

import (
	"context"
	"errors"
	"fmt"

	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
)

// sight is which departments an actor may see of those in its organization.
type sight struct {
	all         bool
	departments []int64
}

func sightOf(ctx context.Context) sight {
	a, _ := actor.From(ctx)
	return sight{all: a.Role != actor.DepartmentLead, departments: a.DepartmentIDs}
}

func (s *service) department(ctx context.Context, id int64) (row departmentRow, err error) {
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err = s.store.department(ctx, tx, sightOf(ctx), id)
		return err
	})
	return row, s.departmentFault(ctx, "read", id, err)
}

func (s *service) createDepartment(ctx context.Context, in departmentInput) (departmentRow, error) {
	row := departmentRow{IsActive: true}
	if err := in.apply(&row); err != nil {
		return row, err
	}
	home, err := s.home(ctx, in.OrganizationID)
	if err != nil {
		return row, err
	}
	row.OrganizationID, row.CreatedAt, row.UpdatedAt = home, s.time(), s.time()
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.checkParent(ctx, tx, row); err != nil {
			return err
		}
		if err := s.store.insertDepartment(ctx, tx, &row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, departmentEntry("department.created", row, nil, asDepartment(row)))
	})
	s.snapshots.forget()
	return row, s.departmentFault(ctx, "create", 0, err)
}

// home is the organization of what the actor makes: its own, or the one that an actor names who crosses organizations.
func (s *service) home(ctx context.Context, named *int64) (int64, error) {
	a, _ := actor.From(ctx)
	switch {
	case named == nil && a.OrganizationID != 0:
		return a.OrganizationID, nil
	case named == nil:
		var f fault.Fields
		f.Add("organizationId", "required", nil)
		return 0, f.Err()
	}
	_, err := s.organization(ctx, *named)
	return *named, err
}

func (s *service) updateDepartment(ctx context.Context, id int64, in departmentInput) (row departmentRow, err error) {
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if row, err = s.store.department(ctx, tx, sightOf(ctx), id); err != nil {
			return err
		}
		before := row
		if err := in.apply(&row); err != nil {
			return err
		}
		row.UpdatedAt = s.time()
		if row.ParentID != before.ParentID {
			if err := s.checkParent(ctx, tx, row); err != nil {
				return err
			}
		}
		if err := s.store.updateDepartment(ctx, tx, &row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, departmentEntry("department.updated", row, asDepartment(before), asDepartment(row)))
	})
	s.snapshots.forget()
	return row, s.departmentFault(ctx, "update", id, err)
}

// checkParent refuses a parent of another organization, and one that stands below the department itself.
func (s *service) checkParent(ctx context.Context, tx db.Tx, row departmentRow) error {
	if row.ParentID == 0 {
		return nil
	}
	// Two moves at once could close a circle that neither sees, so they take turns.
	if err := s.store.lockOrganization(ctx, tx, row.OrganizationID); err != nil {
		return err
	}
	for id := row.ParentID; id != 0; {
		if id == row.ID {
			return errCycle
		}
		parent, err := s.store.department(ctx, tx, sight{all: true}, id)
		if errors.Is(err, db.ErrNotFound) || err == nil && parent.OrganizationID != row.OrganizationID {
			var f fault.Fields
			f.Add("parentId", "unknown_reference", nil)
			return f.Err()
		}
		if err != nil {
			return err
		}
		id = parent.ParentID
	}
	return nil
}

// removeDepartment deletes a department to which nothing refers; another it only makes inactive.
func (s *service) removeDepartment(ctx context.Context, id int64) (deleted bool, err error) {
	defer s.snapshots.forget()
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		before, err := s.store.department(ctx, tx, sightOf(ctx), id)
		if err != nil {
			return err
		}
		if err := s.store.deleteDepartment(ctx, tx, id); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, departmentEntry("department.deleted", before, asDepartment(before), nil))
	})
	if errors.Is(err, db.ErrMissingReference) {
		off := false
		_, err = s.updateDepartment(ctx, id, departmentInput{IsActive: &off})
		return false, err
	}
	return err == nil, s.departmentFault(ctx, "delete", id, err)
}

func (s *service) departmentFault(ctx context.Context, action string, id int64, err error) error {
	if !errors.Is(err, db.ErrNotFound) {
		return err
	}
	s.audit.Missed(ctx, (*departmentRow)(nil), id, "department", "department."+action)
	return organization.ErrDepartmentUnknown.Wrap(err)
}

// node is a department with those below it that the actor may see.
type node struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	Children []node `json:"children"`
}

// forest returns the departments of an organization, each under its parent. A department whose parent
// the actor may not see stands at the root.
func (s *service) forest(ctx context.Context, organizationID int64) ([]node, error) {
	rows, err := s.store.forest(ctx, sightOf(ctx), organizationID)
	if err != nil {
		return nil, err
	}
	seen := map[int64]bool{}
	for _, d := range rows {
		seen[d.ID] = d.IsActive
	}
	below := map[int64][]departmentRow{}
	for _, d := range rows {
		parent := d.ParentID
		if !seen[parent] {
			parent = 0
		}
		if d.IsActive {
			below[parent] = append(below[parent], d)
		}
	}
	return branches(below, 0), nil
}

// maxForest bounds one answer with a whole tree.
const maxForest = 10_000

func branches(below map[int64][]departmentRow, parent int64) []node {
	nodes := make([]node, 0, len(below[parent]))
	for _, d := range below[parent] {
		nodes = append(nodes, node{ID: d.ID, Name: d.FullName, Children: branches(below, d.ID)})
	}
	return nodes
}

// departmentInput is what a caller may say of a department; what is absent stays.
type departmentInput struct {
	OrganizationID    *int64  `json:"organizationId,omitempty" doc:"when made by an actor of no organization; it never changes"`
	ParentID          *int64  `json:"parentId,omitempty" doc:"0 at the root"`
	FullName          *string `json:"fullName,omitempty"`
	ShortName         *string `json:"shortName,omitempty"`
	Address           *string `json:"address,omitempty"`
	Phone             *string `json:"phone,omitempty"`
	Email             *string `json:"email,omitempty"`
	AdditionalDetails *string `json:"additionalDetails,omitempty"`
	IsActive          *bool   `json:"isActive,omitempty"`
}

func (in departmentInput) apply(row *departmentRow) error {
	setText(&row.FullName, in.FullName)
	setText(&row.ShortName, in.ShortName)
	setText(&row.Address, in.Address)
	setText(&row.Phone, in.Phone)
	setText(&row.Email, in.Email)
	setText(&row.AdditionalDetails, in.AdditionalDetails)
	if in.ParentID != nil {
		row.ParentID = *in.ParentID
	}
	if in.IsActive != nil {
		row.IsActive = *in.IsActive
	}
	var f fault.Fields
	checkPlace(&f, row.FullName, row.ShortName, row.Address, row.Phone, row.Email, row.AdditionalDetails)
	return f.Err()
}

func departmentEntry(action string, row departmentRow, before, after any) audit.Entry {
	return audit.Entry{
		Action: action, Permission: organization.WriteDepartment, Object: fmt.Sprintf("department:%d", row.ID),
		OrganizationID: row.OrganizationID, Before: before, After: after,
	}
}

package employees

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/fold"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/kernel"
)

const (
	maxName = 100
	maxText = 500
	maxNote = 2000
)

// service decides who may see and change which employees.
type service struct {
	store  store
	tree   organization.Tree
	files  file.Store
	audit  *audit.Log
	orders kernel.Orders
	studio studio
	now    func() time.Time

	importing *semaphore.Weighted // held while a file is read
}

// sight is which departments' employees an actor may see of those in its organization.
type sight struct {
	all         bool
	departments []int64
}

func sightOf(ctx context.Context) sight {
	a, _ := actor.From(ctx)
	return sight{all: a.Role != actor.DepartmentLead, departments: a.DepartmentIDs}
}

// time is the present as both databases keep it.
func (s *service) time() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// widen makes of the departments that were asked for those with all below them, and looks for groups that were asked for.
func (s *service) widen(ctx context.Context, q grid.Query) (grid.Query, error) {
	q, err := s.inGroups(ctx, q)
	if err != nil {
		return q, err
	}
	asked := q.IDs("departmentId")
	if asked == nil {
		return q, nil
	}
	below, called, err := organization.Asked(ctx, s.tree, asked)
	return q.Widen("departmentId", below, called), err
}

func (s *service) get(ctx context.Context, id int64) (row employeeRow, err error) {
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err = s.store.byID(ctx, tx, sightOf(ctx), id)
		return err
	})
	return row, s.faultOf(ctx, "read", id, err)
}

func (s *service) create(ctx context.Context, in employeeInput) (employeeRow, error) {
	row := employeeRow{IsActive: true}
	if err := in.apply(&row); err != nil {
		return row, err
	}
	d, err := s.department(ctx, row.DepartmentID)
	if err != nil {
		return row, err
	}
	row.OrganizationID, row.CreatedAt, row.UpdatedAt = d.OrganizationID, s.time(), s.time()
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.checkPolicy(ctx, tx, 0, row); err != nil {
			return err
		}
		return s.add(ctx, tx, &row)
	})
	return row, s.faultOf(ctx, "create", 0, err)
}

// add keeps a new employee, and who added it.
func (s *service) add(ctx context.Context, tx db.Tx, row *employeeRow) error {
	if err := s.store.insert(ctx, tx, row); err != nil {
		return err
	}
	return s.audit.Write(ctx, tx, entry("employee.created", *row, nil, recordOf(*row)))
}

func (s *service) update(ctx context.Context, id int64, in employeeInput) (row employeeRow, err error) {
	var target organization.Department
	if in.DepartmentID != nil { // before the transaction, which must not wait for another of this pool
		if target, err = s.department(ctx, *in.DepartmentID); err != nil {
			return row, err
		}
	}
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if in.Photo != nil {
			if err := holdPhoto(ctx, tx, id); err != nil {
				return err
			}
		}
		if row, err = s.store.held(ctx, tx, sightOf(ctx), id); err != nil {
			return err
		}
		before := row
		if err := in.apply(&row); err != nil {
			return err
		}
		if in.DepartmentID != nil && target.OrganizationID != row.OrganizationID {
			return errOtherOrganization
		}
		if err := s.checkPolicy(ctx, tx, before.PolicyID, row); err != nil {
			return err
		}
		row.UpdatedAt = s.time()
		return s.change(ctx, tx, before, &row)
	})
	return row, s.faultOf(ctx, "update", id, err)
}

// change keeps what is different of an employee, and who changed it.
func (s *service) change(ctx context.Context, tx db.Tx, before employeeRow, row *employeeRow) error {
	if err := s.store.update(ctx, tx, row); err != nil {
		return err
	}
	if row.PolicyID != before.PolicyID {
		if err := s.store.give(ctx, tx, row.PolicyID, []int64{row.ID}, row.UpdatedAt); err != nil {
			return err
		}
	}
	if err := s.photoWritten(ctx, tx, before, *row); err != nil {
		return err
	}
	return s.audit.Write(ctx, tx, entry("employee.updated", *row, recordOf(before), recordOf(*row)))
}

// checkPolicy refuses a policy that the employee did not have and that is none of its organization's.
func (s *service) checkPolicy(ctx context.Context, tx db.Tx, before int64, row employeeRow) error {
	if row.PolicyID == before || row.PolicyID == 0 {
		return nil
	}
	known, err := s.store.knowsPolicy(ctx, tx, row.OrganizationID, row.PolicyID)
	if err != nil || known {
		return err
	}
	var f fault.Fields
	f.Add("policyId", "unknown_reference", nil)
	return f.Err()
}

// remove deletes an employee to whom nothing refers; another it only makes inactive.
func (s *service) remove(ctx context.Context, id int64) (deleted bool, err error) {
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		before, err := s.store.byID(ctx, tx, sightOf(ctx), id)
		if err != nil {
			return err
		}
		if err := s.store.remove(ctx, tx, id); err != nil {
			return err
		}
		if err := s.eraseLater(ctx, tx, before); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, entry("employee.deleted", before, recordOf(before), nil))
	})
	if errors.Is(err, db.ErrMissingReference) {
		off := false
		_, err = s.update(ctx, id, employeeInput{IsActive: &off})
		return false, err
	}
	return err == nil, s.faultOf(ctx, "delete", id, err)
}

// department returns the department that a caller named, or the refusal of that field.
func (s *service) department(ctx context.Context, id int64) (organization.Department, error) {
	d, err := s.tree.Department(ctx, id)
	if errors.Is(err, organization.ErrDepartmentUnknown) {
		var f fault.Fields
		f.Add("departmentId", "unknown_reference", nil)
		return d, f.Err()
	}
	return d, err
}

// ByID returns the employee, or employee.ErrUnknown.
func (s *service) ByID(ctx context.Context, id int64) (employee.Employee, error) {
	row, err := s.get(ctx, id)
	return asEmployee(row), err
}

// ByIDs returns those of ids that there are.
func (s *service) ByIDs(ctx context.Context, ids []int64) (map[int64]employee.Employee, error) {
	found := map[int64]employee.Employee{}
	for part := range slices.Chunk(ids, db.MaxIDs) {
		rows, err := s.store.byIDs(ctx, sightOf(ctx), part)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			found[row.ID] = asEmployee(row)
		}
	}
	return found, nil
}

// InDepartments returns the ids of the employees of these departments.
func (s *service) InDepartments(ctx context.Context, departmentIDs []int64) ([]int64, error) {
	return s.store.inDepartments(ctx, sightOf(ctx), departmentIDs)
}

func asEmployee(e employeeRow) employee.Employee {
	return employee.Employee{
		ID: e.ID, OrganizationID: e.OrganizationID, DepartmentID: e.DepartmentID, Name: e.Name, Active: e.IsActive, PhotoVersion: e.photoVersion(),
	}
}

// employeeInput is what a caller may say of an employee; what is absent stays.
type employeeInput struct {
	DepartmentID      *int64  `json:"departmentId,omitempty"`
	PolicyID          *int64  `json:"-"` // v1's, 0 takes it away; /api/v2 gives policies to many at once
	PersonalID        *string `json:"personalId,omitempty" doc:"14 digits"`
	Position          *string `json:"position,omitempty"`
	Name              *string `json:"name,omitempty"`
	Address           *string `json:"address,omitempty"`
	Phone             *string `json:"phone,omitempty"`
	Email             *string `json:"email,omitempty"`
	Photo             *string `json:"photo,omitempty"`
	AdditionalDetails *string `json:"additionalDetails,omitempty"`
	IsActive          *bool   `json:"isActive,omitempty"`
}

func (in employeeInput) apply(row *employeeRow) error {
	setText(&row.Name, in.Name)
	setText(&row.Address, in.Address)
	setText(&row.Phone, in.Phone)
	setText(&row.Email, in.Email)
	if in.Photo != nil && strings.TrimSpace(*in.Photo) != row.Photo {
		row.Photo, row.PhotoFile = strings.TrimSpace(*in.Photo), "" // a text in place of what was uploaded
	}
	setText(&row.AdditionalDetails, in.AdditionalDetails)
	setText(&row.PersonalID, in.PersonalID)
	setText(&row.Position, in.Position)
	if in.PolicyID != nil {
		row.PolicyID = *in.PolicyID
	}
	if in.DepartmentID != nil {
		row.DepartmentID = *in.DepartmentID
	}
	if in.IsActive != nil {
		row.IsActive = *in.IsActive
	}
	row.NameSearch = fold.Name(row.Name)
	var f fault.Fields
	if row.DepartmentID == 0 {
		f.Add("departmentId", "required", nil)
	}
	f.Text("name", row.Name, 1, maxName)
	f.Text("address", row.Address, 0, maxText)
	f.Text("phone", row.Phone, 0, maxText)
	f.Text("email", row.Email, 0, maxText)
	f.Email("email", row.Email)
	f.Text("photo", row.Photo, 0, maxText)
	f.Text("additionalDetails", row.AdditionalDetails, 0, maxNote)
	f.Text("position", row.Position, 0, maxName)
	if row.PersonalID != "" && !personalID.MatchString(row.PersonalID) {
		f.Add("personalId", codePersonal, nil)
	}
	return f.Err()
}

// personalID is the number by which the state knows a person (PINFL).
var personalID = regexp.MustCompile(`^[0-9]{14}$`)

// setText sets a text without the space around it.
func setText(to, value *string) {
	if value != nil {
		*to = strings.TrimSpace(*value)
	}
}

func entry(action string, row employeeRow, before, after any) audit.Entry {
	return audit.Entry{
		Action: action, Permission: employee.Write, Object: fmt.Sprintf("employee:%d", row.ID),
		OrganizationID: row.OrganizationID, Before: before, After: after,
	}
}

// faultOf says what an error of the store means to the asker.
func (s *service) faultOf(ctx context.Context, action string, id int64, err error) error {
	if errors.Is(err, db.ErrConflict) {
		return errPersonalTaken.Wrap(err)
	}
	if !errors.Is(err, db.ErrNotFound) {
		return err
	}
	s.audit.Missed(ctx, (*employeeRow)(nil), id, "employee", "employee."+action)
	return employee.ErrUnknown.Wrap(err)
}

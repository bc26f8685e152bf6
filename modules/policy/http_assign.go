package policy

import (
	"context"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
)

// shownHolders is how many employees of a policy are shown; all of them are counted.
const shownHolders = 1000

type assignmentsResponse struct {
	IsDefault      bool             `json:"isDefault"`
	Employees      []holderResponse `json:"employees" doc:"who were given it themselves, the first thousand by name"`
	EmployeesTotal int              `json:"employeesTotal"`
	Departments    []holderResponse `json:"departments"`
}

type holderResponse struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

func (s *service) getAssignments(ctx context.Context, in idRequest) (out assignmentsResponse, err error) {
	ctx, row, err := s.enter(ctx, "read", in.ID)
	if err != nil {
		return out, err
	}
	out = assignmentsResponse{IsDefault: row.IsDefault, Employees: []holderResponse{}, Departments: []holderResponse{}}
	var departments []departmentRow
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		count, first, err := s.staff.Holders(ctx, tx, in.ID, shownHolders)
		if err != nil {
			return err
		}
		out.EmployeesTotal = count
		for _, e := range first {
			out.Employees = append(out.Employees, holderResponse{e.ID, e.Name})
		}
		departments, err = s.store.departments(ctx, tx)
		return err
	})
	if err != nil {
		return out, err
	}
	for _, d := range departments {
		if d.PolicyID != in.ID {
			continue
		}
		place, err := s.tree.Department(ctx, d.DepartmentID)
		if err != nil {
			return out, err
		}
		out.Departments = append(out.Departments, holderResponse{place.ID, place.Name})
	}
	return out, nil
}

type assignRequest struct {
	ID int64 `path:"id" json:"-"`
	holders
}

// Validate wants somebody.
func (r *assignRequest) Validate() error {
	var f fault.Fields
	r.check(&f)
	return f.Err()
}

func (s *service) postAssignments(ctx context.Context, in assignRequest) (struct{}, error) {
	ctx, _, err := s.enter(ctx, "assign", in.ID)
	if err != nil {
		return struct{}{}, err
	}
	return struct{}{}, s.give(ctx, in.ID, in.holders)
}

type unassignRequest struct {
	OrganizationID int64 `json:"organizationId,omitempty" doc:"for an actor of no organization"`
	holders
}

// Validate wants somebody.
func (r *unassignRequest) Validate() error {
	var f fault.Fields
	r.check(&f)
	return f.Err()
}

func (s *service) postUnassign(ctx context.Context, in unassignRequest) (struct{}, error) {
	ctx, err := s.one(ctx, in.OrganizationID)
	if err != nil {
		return struct{}{}, err
	}
	return struct{}{}, s.give(ctx, 0, in.holders)
}

func (s *service) postDefault(ctx context.Context, in idRequest) (struct{}, error) {
	ctx, _, err := s.enter(ctx, "default", in.ID)
	if err != nil {
		return struct{}{}, err
	}
	return struct{}{}, s.setDefault(ctx, in.ID)
}

type organizationRequest struct {
	OrganizationID int64 `query:"organizationId" doc:"for an actor of no organization"`
}

func (s *service) deleteDefault(ctx context.Context, in organizationRequest) (struct{}, error) {
	ctx, err := s.one(ctx, in.OrganizationID)
	if err != nil {
		return struct{}{}, err
	}
	return struct{}{}, s.setDefault(ctx, 0)
}

type effectiveRequest struct {
	EmployeeID int64 `query:"employeeId"`
}

// Validate wants an employee.
func (r *effectiveRequest) Validate() error {
	var f fault.Fields
	if r.EmployeeID == 0 {
		f.Add("employeeId", "required", nil)
	}
	return f.Err()
}

type effectiveResponse struct {
	EmployeeID int64  `json:"employeeId"`
	Employee   string `json:"employee"`
	PolicyID   int64  `json:"policyId,omitempty" doc:"0: nobody has decided, everything is kept"`
	Title      string `json:"title,omitempty"`
	From       string `json:"from" enum:"employee,department,default,nobody"`
	Steps      []step `json:"steps" doc:"all that could decide, the nearest first"`
}

func (s *service) getEffective(ctx context.Context, in effectiveRequest) (out effectiveResponse, err error) {
	e, steps, err := s.effective(ctx, in.EmployeeID)
	if err != nil {
		return out, err
	}
	out = effectiveResponse{EmployeeID: e.ID, Employee: e.Name, Steps: steps}
	for _, t := range steps {
		if t.InForce {
			out.PolicyID, out.Title, out.From = t.PolicyID, t.Title, t.From
		}
	}
	return out, nil
}

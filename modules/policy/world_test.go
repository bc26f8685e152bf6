package policy

import (
	"context"
	"fmt"
	"slices"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
)

// staff keeps who has which policy where module employees does.
type staff struct{ w *world }

type givenRow struct {
	db.Owned
	ID           int64
	DepartmentID int64
	PolicyID     *int64
	Name         string
}

func (r givenRow) given() employee.Given {
	g := employee.Given{EmployeeID: r.ID, DepartmentID: r.DepartmentID}
	if r.PolicyID != nil {
		g.PolicyID = *r.PolicyID
	}
	return g
}

func rowsOf(ctx context.Context, tx db.Tx) (rows []givenRow, err error) {
	err = tx.Raw("SELECT id, organization_id, department_id, policy_id, name FROM employees WHERE organization_id = ? ORDER BY id",
		tx.Actor().OrganizationID).Scan(ctx, &rows)
	return rows, err
}

func (s staff) Given(ctx context.Context) (list []employee.Given, err error) {
	if s.w.away != nil {
		return nil, s.w.away
	}
	err = s.w.d.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		rows, err := rowsOf(ctx, tx)
		for _, r := range rows {
			list = append(list, r.given())
		}
		return err
	})
	return list, err
}

func (s staff) GivenTo(ctx context.Context, employeeID int64) (employee.Given, error) {
	list, err := s.Given(ctx)
	i := slices.IndexFunc(list, func(g employee.Given) bool { return g.EmployeeID == employeeID })
	if i < 0 {
		return employee.Given{}, employee.ErrUnknown.Wrap(err)
	}
	return list[i], err
}

func (s staff) Give(ctx context.Context, tx db.Tx, policyID int64, employeeIDs []int64) (map[int64]int64, error) {
	before := map[int64]int64{}
	rows, err := rowsOf(ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, e := range employeeIDs {
		i := slices.IndexFunc(rows, func(r givenRow) bool { return r.ID == e })
		if i < 0 {
			return nil, employee.ErrUnknown
		}
		if had := rows[i].given().PolicyID; had != policyID {
			before[e] = had
		}
		if _, err := tx.Raw("UPDATE employees SET policy_id = NULLIF(?, 0) WHERE id = ?", policyID, e).Exec(ctx); err != nil {
			return nil, db.Translate(err)
		}
	}
	return before, nil
}

func (s staff) Holders(ctx context.Context, tx db.Tx, policyID int64, most int) (n int, first []employee.Employee, err error) {
	rows, err := rowsOf(ctx, tx)
	for _, r := range rows {
		if r.given().PolicyID != policyID {
			continue
		}
		if n++; n <= most {
			first = append(first, employee.Employee{ID: r.ID, OrganizationID: r.OrganizationID, DepartmentID: r.DepartmentID, Name: r.Name})
		}
	}
	return n, first, err
}

// people finds the employees.
type people struct {
	employee.Directory
	w *world
}

func (p people) ByID(ctx context.Context, employeeID int64) (e employee.Employee, err error) {
	a, _ := actor.From(ctx)
	organization := int64(1)
	if employeeID == 5 {
		organization = 2
	}
	if employeeID < 1 || employeeID > 5 || a.OrganizationID != 0 && a.OrganizationID != organization {
		return e, employee.ErrUnknown
	}
	g, err := staff{p.w}.GivenTo(actor.With(ctx, a.In(organization)), employeeID)
	return employee.Employee{ID: employeeID, OrganizationID: organization, DepartmentID: g.DepartmentID, Name: fmt.Sprint("employee ", employeeID)}, err
}

// seating says who sits where.
type seating struct{ w *world }

func (s seating) Seats(ctx context.Context) ([]computer.Seat, error) {
	a, _ := actor.From(ctx)
	return s.w.seats[a.OrganizationID], nil
}

// tree has the organizations and departments of the office.
type tree struct {
	organization.Tree
	w *world
}

func (tree) ByID(ctx context.Context, organizationID int64) (organization.Organization, error) {
	if a, _ := actor.From(ctx); organizationID < 1 || organizationID > 2 || a.OrganizationID != 0 && a.OrganizationID != organizationID {
		return organization.Organization{}, organization.ErrUnknown
	}
	return organization.Organization{ID: organizationID}, nil
}

// All is organization.Index.
func (tree) All(context.Context) ([]organization.Organization, error) {
	return []organization.Organization{{ID: 1}, {ID: 2}}, nil
}

var places = map[int64]organization.Department{
	10: {ID: 10, OrganizationID: 1, Name: "Bosh"}, 11: {ID: 11, OrganizationID: 1, ParentID: 10, Name: "Savdo"},
	12: {ID: 12, OrganizationID: 1, ParentID: 11, Name: "Kassa"}, 20: {ID: 20, OrganizationID: 2, Name: "Boshqa"},
}

func (tree) Department(ctx context.Context, departmentID int64) (organization.Department, error) {
	d, ok := places[departmentID]
	if a, _ := actor.From(ctx); !ok || a.OrganizationID != 0 && a.OrganizationID != d.OrganizationID {
		return organization.Department{}, organization.ErrDepartmentUnknown
	}
	return d, nil
}

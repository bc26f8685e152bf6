package employees

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/httpx"
)

func (s *service) routes(r httpx.Router) {
	const path = "/api/v2/employees"
	httpx.List(r, path, employee.Read, s.employees(), httpx.Doc("Employees that you may see, by name"))
	r.POST(path, employee.Write, httpx.Handle(201, s.postEmployee), httpx.Doc("Add an employee"))
	r.GET(path+"/:id", employee.Read, httpx.Handle(200, s.getEmployee), httpx.Doc("One employee"))
	r.PATCH(path+"/:id", employee.Write, httpx.Handle(200, s.patchEmployee), httpx.Doc("Change or move an employee"))
	r.DELETE(path+"/:id", employee.Write, httpx.Handle(200, s.deleteEmployee), httpx.Doc("Delete an employee, or make one inactive of whom there are records"))
	s.credentialRoutes(r)
	s.importRoutes(r)
	s.groupRoutes(r)
	s.photoRoutes(r)
	s.historyRoutes(r)
}

// badge is what everybody may know who may see employees at all: all that a guard sees.
type badge struct {
	ID             int64  `json:"id"`
	Name           string `json:"name"`
	Photo          string `json:"photo"`
	PhotoVersion   string `json:"photoVersion" doc:"another for each photo that was uploaded; empty where none was"`
	DepartmentID   int64  `json:"departmentId"`
	DepartmentName string `json:"departmentName"`
}

// record is the rest.
type record struct {
	OrganizationID    int64      `json:"organizationId,omitempty"`
	Address           string     `json:"address,omitempty"`
	Phone             string     `json:"phone,omitempty"`
	Email             string     `json:"email,omitempty"`
	AdditionalDetails string     `json:"additionalDetails,omitempty"`
	PersonalID        string     `json:"personalId,omitempty"`
	Position          string     `json:"position,omitempty"`
	Groups            []groupRef `json:"groups,omitzero"`
	IsActive          *bool      `json:"isActive,omitempty"`
	CreatedAt         time.Time  `json:"createdAt,omitzero"`
	UpdatedAt         time.Time  `json:"updatedAt,omitzero"`
}

type employeeResponse struct {
	badge
	record
}

func badgeOf(e employeeRow) badge {
	return badge{ID: e.ID, Name: e.Name, Photo: e.Photo, PhotoVersion: e.photoVersion(), DepartmentID: e.DepartmentID}
}

func recordOf(e employeeRow) employeeResponse {
	return employeeResponse{badgeOf(e), record{
		OrganizationID: e.OrganizationID, Address: e.Address, Phone: e.Phone, Email: e.Email,
		AdditionalDetails: e.AdditionalDetails, PersonalID: e.PersonalID, Position: e.Position, IsActive: &e.IsActive, CreatedAt: e.CreatedAt.UTC(), UpdatedAt: e.UpdatedAt.UTC(),
	}}
}

// show is the employees as the actor may see them.
func (s *service) show(ctx context.Context, rows ...employeeRow) ([]employeeResponse, error) {
	a, _ := actor.From(ctx)
	var groups map[int64][]groupRef
	if a.Role != actor.Guard {
		var err error
		if groups, err = s.groupsOf(ctx, rows); err != nil {
			return nil, err
		}
	}
	items := make([]employeeResponse, len(rows))
	for i, e := range rows {
		items[i] = recordOf(e)
		items[i].Groups = groups[e.ID]
		if a.Role == actor.Guard {
			items[i].record = record{}
		}
		d, err := s.tree.Department(ctx, e.DepartmentID)
		if err != nil {
			return nil, err
		}
		items[i].DepartmentName = d.Name
	}
	return items, nil
}

func (s *service) employees() grid.List[employeeResponse] {
	return grid.List[employeeResponse]{
		Name: "employees", Title: "employees.list", Columns: columns, Sort: "name", ID: idOfEmployee, Prepare: s.widen, Read: s.read, DB: s.store.db,
	}
}

func (s *service) read(ctx context.Context, q grid.Query) ([]employeeResponse, db.Found, error) {
	rows, found, err := s.store.list(ctx, sightOf(ctx), q.SQL())
	if err != nil {
		return nil, found, err
	}
	items, err := s.show(ctx, rows...)
	return items, found, err
}

func (s *service) postEmployee(ctx context.Context, in employeeInput) (employeeResponse, error) {
	return s.shown(ctx)(s.create(ctx, in))
}

type employeeRequest struct {
	ID int64 `path:"id" json:"-"`
}

func (s *service) getEmployee(ctx context.Context, in employeeRequest) (employeeResponse, error) {
	return s.shown(ctx)(s.get(ctx, in.ID))
}

type employeePatch struct {
	ID int64 `path:"id" json:"-"`
	employeeInput
}

func (s *service) patchEmployee(ctx context.Context, in employeePatch) (employeeResponse, error) {
	return s.shown(ctx)(s.update(ctx, in.ID, in.employeeInput))
}

// shown shows what a call of the service gave.
func (s *service) shown(ctx context.Context) func(employeeRow, error) (employeeResponse, error) {
	return func(e employeeRow, err error) (employeeResponse, error) {
		if err != nil {
			return employeeResponse{}, err
		}
		items, err := s.show(ctx, e)
		if err != nil {
			return employeeResponse{}, err
		}
		return items[0], nil
	}
}

type employeeRemoval struct {
	Outcome string `json:"outcome" enum:"deleted,deactivated"`
}

func (s *service) deleteEmployee(ctx context.Context, in employeeRequest) (employeeRemoval, error) {
	deleted, err := s.remove(ctx, in.ID)
	if deleted {
		return employeeRemoval{"deleted"}, err
	}
	return employeeRemoval{"deactivated"}, err
}

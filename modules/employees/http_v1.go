package employees

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx"
)

// routesV1 serves v1's clients, under the prefix of its last version and under the one before.
func (s *service) routesV1(r httpx.Router) {
	for _, path := range []string{"/api/v1/employees", "/api/employees"} {
		r.GET(path, employee.Read, httpx.Handle(200, s.getEmployeesV1), httpx.Lenient(), httpx.Doc("Employees, a page at a time"))
	}
}

// employeeV1 is an employee in v1's shape: what is not known, or is not for a guard, is null.
type employeeV1 struct {
	ID                int64        `json:"id"`
	DepartmentID      int64        `json:"departmentId"`
	OrganizationID    *int64       `json:"organizationId"`
	PolicyID          *int64       `json:"policyId"`
	Name              string       `json:"name"`
	Address           *string      `json:"address"`
	Phone             *string      `json:"phone"`
	Email             *string      `json:"email"`
	Photo             *string      `json:"photo"`
	AdditionalDetails *string      `json:"additionalDetails"`
	IsActive          *bool        `json:"isActive"`
	CreatedAt         *time.Time   `json:"createdAt"`
	UpdatedAt         *time.Time   `json:"updatedAt"`
	Department        departmentV1 `json:"department"`
}

type departmentV1 struct {
	ShortName string `json:"shortName"`
}

func (s *service) getEmployeesV1(ctx context.Context, in httpx.QueryV1) (page httpx.PageV1[employeeV1], err error) {
	a, _ := actor.From(ctx)
	everything := a.Role != actor.Guard
	sorts, newest := employeeSortsV1, "createdAt"
	if !everything { // an order tells, too
		sorts, newest = guardSortsV1, "id"
	}
	l, err := in.List(ctx, sorts...)
	if err != nil {
		return page, err
	}
	if l.Sort == "" { // the newest first, as in v1
		l.Sort, l.Desc = newest, true
	}
	rows, total, err := s.store.listV1(ctx, sightOf(ctx), l, everything)
	page.Total, page.Page, page.Limit = total, l.Page, l.Limit
	for _, e := range rows {
		item := employeeV1{ID: e.ID, DepartmentID: e.DepartmentID, Name: e.Name, Photo: e.Photo, Department: departmentV1{e.DepartmentShortName}}
		if everything {
			created, updated := e.CreatedAt.UTC().Truncate(time.Millisecond), e.UpdatedAt.UTC().Truncate(time.Millisecond)
			item.OrganizationID, item.PolicyID, item.IsActive, item.CreatedAt, item.UpdatedAt = &e.OrganizationID, e.PolicyID, &e.IsActive, &created, &updated
			item.Address, item.Phone, item.Email, item.AdditionalDetails = e.Address, e.Phone, e.Email, e.AdditionalDetails
		}
		page.Data = append(page.Data, item)
	}
	return page, err
}

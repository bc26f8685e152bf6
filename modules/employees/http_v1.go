package employees

import (
	"context"

	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
)

// routesV1 serves v1's clients, under the prefix of its last version and under the one before.
func (s *service) routesV1(r httpx.Router) {
	for _, path := range []string{"/api/v1/employees", "/api/employees"} {
		r.GET(path, employee.Read, httpx.Handle(200, s.getEmployeesV1), httpx.Lenient(), httpx.Doc("Employees, a page at a time"))
		r.POST(path, employee.Write, httpx.Handle(201, s.postEmployeeV1), httpx.BodyLimit(maxBodyV1), httpx.Doc("Add an employee"))
		r.GET(path+"/:id", employee.Read, httpx.Handle(200, s.getEmployeeV1), httpx.Doc("One employee"))
		r.PUT(path+"/:id", employee.Write, httpx.Handle(200, s.putEmployeeV1), httpx.BodyLimit(maxBodyV1), httpx.Doc("Change or move an employee"))
		r.DELETE(path+"/:id", employee.Write, httpx.Handle(200, s.deleteEmployeeV1), httpx.Doc("Delete an employee, or make one inactive of whom there are records"))
		r.POST(path+"/:id/assign-card", employee.Write, httpx.Handle(201, s.assignCardV1), httpx.Doc("Give an employee a card"))
		r.POST(path+"/:id/assign-car", employee.Write, httpx.Handle(201, s.assignCarV1), httpx.Doc("Give an employee a car"))
	}
}

// plainV1 is an employee in v1's shape: what is not known, or is not for a guard, is null.
type plainV1 struct {
	ID                int64         `json:"id"`
	DepartmentID      int64         `json:"departmentId"`
	OrganizationID    *int64        `json:"organizationId"`
	PolicyID          *int64        `json:"policyId"`
	Name              string        `json:"name"`
	Address           *string       `json:"address"`
	Phone             *string       `json:"phone"`
	Email             *string       `json:"email"`
	Photo             *string       `json:"photo"`
	AdditionalDetails *string       `json:"additionalDetails"`
	IsActive          *bool         `json:"isActive"`
	CreatedAt         *httpx.TimeV1 `json:"createdAt"`
	UpdatedAt         *httpx.TimeV1 `json:"updatedAt"`
}

// plain is the employee for those who may see everything, or for a guard.
func (e employeeRowV1) plain(everything bool) plainV1 {
	out := plainV1{ID: e.ID, DepartmentID: e.DepartmentID, Name: e.Name, Photo: e.Photo}
	if everything {
		created, updated := httpx.TimeV1(e.CreatedAt), httpx.TimeV1(e.UpdatedAt)
		out.OrganizationID, out.PolicyID, out.IsActive, out.CreatedAt, out.UpdatedAt = &e.OrganizationID, e.PolicyID, &e.IsActive, &created, &updated
		out.Address, out.Phone, out.Email, out.AdditionalDetails = e.Address, e.Phone, e.Email, e.AdditionalDetails
	}
	return out
}

// seesAll reports whether the actor may see more of an employee than a guard does.
func seesAll(ctx context.Context) bool {
	a, _ := actor.From(ctx)
	return a.Role != actor.Guard
}

type listedV1 struct {
	plainV1
	Department shortDepartmentV1 `json:"department"`
}

type shortDepartmentV1 struct {
	ShortName string `json:"shortName"`
}

func (s *service) getEmployeesV1(ctx context.Context, in httpx.QueryV1) (page httpx.PageV1[listedV1], err error) {
	everything := seesAll(ctx)
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
		page.Data = append(page.Data, listedV1{e.plain(everything), shortDepartmentV1{e.DepartmentShortName}})
	}
	return page, err
}

type employeeV1 struct {
	plainV1
	Department departmentV1 `json:"department"`
	Policy     *policyV1    `json:"policy"`
}

type departmentV1 struct {
	ID             int64  `json:"id"`
	FullName       string `json:"fullName"`
	ShortName      string `json:"shortName"`
	OrganizationID int64  `json:"organizationId"`
}

type policyV1 struct {
	ID    int64   `json:"id"`
	Title *string `json:"title"`
}

func (s *service) getEmployeeV1(ctx context.Context, in employeeRequest) (out employeeV1, err error) {
	row, err := s.store.oneV1(ctx, sightOf(ctx), in.ID)
	if err != nil {
		return out, s.faultOf(ctx, "read", in.ID, err)
	}
	everything := seesAll(ctx)
	out.plainV1 = row.plain(everything)
	out.Department = departmentV1{row.DepartmentID, row.DepartmentFullName, row.DepartmentShortName, row.OrganizationID}
	if everything && row.PolicyID != nil {
		out.Policy = &policyV1{*row.PolicyID, row.PolicyTitle}
	}
	return out, nil
}

// bodyV1 is what v1 let be said of an employee.
type bodyV1 struct {
	DepartmentID      *int64       `json:"departmentId,omitempty"`
	PolicyID          *int64       `json:"policyId,omitempty"`
	Name              *string      `json:"name,omitempty"`
	Address           httpx.TextV1 `json:"address,omitzero"`
	Phone             httpx.TextV1 `json:"phone,omitzero"`
	Email             httpx.TextV1 `json:"email,omitzero"`
	Photo             httpx.TextV1 `json:"photo,omitzero"`
	AdditionalDetails httpx.TextV1 `json:"additionalDetails,omitzero"`
	IsActive          *bool        `json:"isActive,omitempty"`
}

func (in *bodyV1) input() employeeInput {
	return employeeInput{
		DepartmentID: in.DepartmentID, PolicyID: in.PolicyID, Name: in.Name, Address: in.Address.Pointer(), Phone: in.Phone.Pointer(),
		Email: in.Email.Pointer(), Photo: in.Photo.Pointer(), AdditionalDetails: in.AdditionalDetails.Pointer(), IsActive: in.IsActive,
	}
}

// maxBodyV1 has room for a photo in base64.
const maxBodyV1 = maxPhoto*4/3 + 1<<20

// photoV1 takes the photo out of what v1's clients say, where it is a picture in base64 and not a path; nil where it is none.
func (s *service) photoV1(ctx context.Context, in *bodyV1) (*photos, error) {
	text := in.Photo.Pointer()
	if text == nil {
		return nil, nil
	}
	data, is := fromBase64(*text)
	if !is {
		return nil, nil
	}
	in.Photo = httpx.TextV1{}
	made, err := s.studio.develop(ctx, data, s.now)
	return &made, err
}

func (s *service) postEmployeeV1(ctx context.Context, in bodyV1) (employeeV1, error) {
	if in.DepartmentID != nil {
		if _, err := s.tree.Department(ctx, *in.DepartmentID); err != nil { // not found, where /api/v2 refuses the field
			return employeeV1{}, err
		}
	}
	made, err := s.photoV1(ctx, &in)
	if err != nil {
		return employeeV1{}, err
	}
	row, err := s.create(ctx, in.input())
	if err != nil {
		return employeeV1{}, err
	}
	if made != nil {
		if _, err := s.keepPhoto(ctx, row, *made); err != nil {
			_, _ = s.remove(ctx, row.ID) // or whoever comes again makes a second one
			return employeeV1{}, err
		}
	}
	return s.getEmployeeV1(ctx, employeeRequest{row.ID})
}

type changeV1 struct {
	ID int64 `path:"id" json:"-"`
	bodyV1
}

func (s *service) putEmployeeV1(ctx context.Context, in changeV1) (employeeV1, error) {
	made, err := s.photoV1(ctx, &in.bodyV1)
	if err != nil {
		return employeeV1{}, err
	}
	row, err := s.update(ctx, in.ID, in.input())
	if err != nil {
		return employeeV1{}, err
	}
	if made != nil {
		if _, err := s.keepPhoto(ctx, row, *made); err != nil {
			return employeeV1{}, err
		}
	}
	return s.getEmployeeV1(ctx, employeeRequest{in.ID})
}

func (s *service) deleteEmployeeV1(ctx context.Context, in employeeRequest) (httpx.MessageV1, error) {
	deleted, err := s.remove(ctx, in.ID)
	if deleted {
		return httpx.MessageV1{Message: "Employee deleted successfully."}, err
	}
	return httpx.MessageV1{Message: "Employee is in use and was deactivated."}, err
}

// assignmentV1 is v1's answer to a card or a car that was given out.
type assignmentV1 struct {
	EmployeeID int64              `json:"employeeId"`
	Credential credentialResponse `json:"credential"`
	Message    string             `json:"message"`
}

type cardV1 struct {
	ID     int64  `path:"id" json:"-"`
	CardID string `json:"cardId"`
}

func (s *service) assignCardV1(ctx context.Context, in cardV1) (assignmentV1, error) {
	return s.assignV1(ctx, in.ID, card, "cardId", in.CardID)
}

type carV1 struct {
	ID    int64  `path:"id" json:"-"`
	CarID string `json:"carId"`
}

func (s *service) assignCarV1(ctx context.Context, in carV1) (assignmentV1, error) {
	return s.assignV1(ctx, in.ID, car, "carId", in.CarID)
}

func (s *service) assignV1(ctx context.Context, id int64, kind, field, code string) (assignmentV1, error) {
	var f fault.Fields
	if f.Text(field, code, 1, maxName); len(f) > 0 { // by v1's name of it
		return assignmentV1{}, f.Err()
	}
	row, err := s.equip(ctx, id, credentialInput{Type: kind, Code: code})
	message := map[string]string{card: "Card", car: "Car"}[kind] + " assigned successfully"
	return assignmentV1{id, asCredential(row), message}, err
}

package organizations

import (
	"context"

	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
)

func (s *service) departmentRoutesV1(r httpx.Router) {
	for _, path := range []string{"/api/v1/departments", "/api/departments"} {
		r.GET(path, organization.ReadDepartment, httpx.Handle(200, s.getDepartmentsV1), httpx.Lenient(), httpx.Doc("Departments that you may see, a page at a time"))
		r.POST(path, organization.WriteDepartment, httpx.Handle(201, s.postDepartmentV1), httpx.Doc("Make a department"))
		r.GET(path+"/self", organization.ReadDepartment, httpx.Handle(200, s.getOwnDepartmentsV1), httpx.Doc("All departments that you may see"))
		r.GET(path+"/:id", organization.ReadDepartment, httpx.Handle(200, s.getDepartmentV1), httpx.Doc("One department with its organization, its neighbours in the tree and its people"))
		r.PUT(path+"/:id", organization.WriteDepartment, httpx.Handle(200, s.putDepartmentV1), httpx.Doc("Change or move a department"))
		r.DELETE(path+"/:id", organization.WriteDepartment, httpx.Handle(200, s.deleteDepartmentV1), httpx.Doc("Delete a department, or make it inactive if it is in use"))
		r.GET(path+"/:id/sub-departments", organization.ReadDepartment, httpx.Handle(200, s.getSubDepartmentsV1), httpx.Enveloped(httpx.API), httpx.Doc("The departments below one, with their people counted"))
	}
}

// departmentPlainV1 is a department in v1's shape: what is not known is null.
type departmentPlainV1 struct {
	ID                int64        `json:"id"`
	OrganizationID    int64        `json:"organizationId"`
	ParentID          *int64       `json:"parentId"`
	FullName          string       `json:"fullName"`
	ShortName         string       `json:"shortName"`
	Address           *string      `json:"address"`
	Phone             *string      `json:"phone"`
	Email             *string      `json:"email"`
	AdditionalDetails *string      `json:"additionalDetails"`
	IsActive          bool         `json:"isActive"`
	CreatedAt         httpx.TimeV1 `json:"createdAt"`
	UpdatedAt         httpx.TimeV1 `json:"updatedAt"`
}

func asDepartmentV1(d departmentRow) departmentPlainV1 {
	out := departmentPlainV1{
		ID: d.ID, OrganizationID: d.OrganizationID, FullName: d.FullName, ShortName: d.ShortName, Address: httpx.NullV1(d.Address),
		Phone: httpx.NullV1(d.Phone), Email: httpx.NullV1(d.Email), AdditionalDetails: httpx.NullV1(d.AdditionalDetails),
		IsActive: d.IsActive, CreatedAt: httpx.TimeV1(d.CreatedAt), UpdatedAt: httpx.TimeV1(d.UpdatedAt),
	}
	if d.ParentID != 0 {
		out.ParentID = &d.ParentID
	}
	return out
}

func asPlainV1(rows []countedDepartment) []departmentPlainV1 {
	list := make([]departmentPlainV1, len(rows))
	for i, d := range rows {
		list[i] = asDepartmentV1(d.departmentRow)
	}
	return list
}

type listedDepartmentV1 struct {
	departmentPlainV1
	Count departmentCountV1 `json:"_count"`
}

type departmentCountV1 struct {
	Employees int64 `json:"employees"`
	Children  int64 `json:"children"`
}

func asListedV1(rows []countedDepartment) []listedDepartmentV1 {
	list := make([]listedDepartmentV1, len(rows))
	for i, d := range rows {
		list[i] = listedDepartmentV1{asDepartmentV1(d.departmentRow), departmentCountV1{d.Employees, d.Children}}
	}
	return list
}

func (s *service) getDepartmentsV1(ctx context.Context, in httpx.QueryV1) (httpx.PageV1[listedDepartmentV1], error) {
	return s.departmentsPageV1(ctx, in, 0)
}

type departmentsOfRequest struct {
	ID int64 `path:"id" json:"-"`
	httpx.QueryV1
}

func (s *service) getDepartmentsOfV1(ctx context.Context, in departmentsOfRequest) (page httpx.PageV1[listedDepartmentV1], err error) {
	if _, err := s.organization(ctx, in.ID); err != nil {
		return page, err
	}
	return s.departmentsPageV1(ctx, in.QueryV1, in.ID)
}

// departmentsPageV1 is a page of the departments of an organization, or with 0 of all that the actor sees.
func (s *service) departmentsPageV1(ctx context.Context, in httpx.QueryV1, organizationID int64) (page httpx.PageV1[listedDepartmentV1], err error) {
	l, err := listOf(ctx, in, departmentSortsV1)
	if err != nil {
		return page, err
	}
	rows, total, err := s.store.departmentsV1(ctx, sightOf(ctx), organizationID, l)
	page.Data, page.Total, page.Page, page.Limit = asListedV1(rows), total, l.Page, l.Limit
	return page, err
}

func (s *service) getOwnDepartmentsV1(ctx context.Context, _ struct{}) ([]listedDepartmentV1, error) {
	rows, err := s.store.departmentsOfV1(ctx, sightOf(ctx), 0)
	return asListedV1(rows), err
}

type wholeDepartmentV1 struct {
	departmentPlainV1
	Organization organizationV1      `json:"organization"`
	Parent       *departmentPlainV1  `json:"parent"`
	Children     []departmentPlainV1 `json:"children"`
	Employees    []employeeV1        `json:"employees"`
}

// employeeV1 is an employee in v1's shape, within the department.
type employeeV1 struct {
	ID                int64        `json:"id"`
	DepartmentID      int64        `json:"departmentId"`
	OrganizationID    int64        `json:"organizationId"`
	PolicyID          *int64       `json:"policyId"`
	Name              string       `json:"name"`
	Address           *string      `json:"address"`
	Phone             *string      `json:"phone"`
	Email             *string      `json:"email"`
	Photo             *string      `json:"photo"`
	AdditionalDetails *string      `json:"additionalDetails"`
	IsActive          bool         `json:"isActive"`
	CreatedAt         httpx.TimeV1 `json:"createdAt"`
	UpdatedAt         httpx.TimeV1 `json:"updatedAt"`
}

func (s *service) getDepartmentV1(ctx context.Context, in idRequest) (out wholeDepartmentV1, err error) {
	row, err := s.department(ctx, in.ID)
	if err != nil {
		return out, err
	}
	home, err := s.organization(ctx, row.OrganizationID)
	if err != nil {
		return out, err
	}
	n, err := s.store.neighboursV1(ctx, sightOf(ctx), row)
	if err != nil {
		return out, err
	}
	out.departmentPlainV1, out.Organization, out.Children = asDepartmentV1(row), asOrganizationV1(home), asPlainV1(n.children)
	if n.parent != nil {
		parent := asDepartmentV1(*n.parent)
		out.Parent = &parent
	}
	out.Employees = make([]employeeV1, len(n.employees))
	for i, e := range n.employees {
		out.Employees[i] = employeeV1{
			e.ID, e.DepartmentID, e.OrganizationID, e.PolicyID, e.Name, e.Address, e.Phone, e.Email, e.Photo, e.AdditionalDetails,
			e.IsActive, httpx.TimeV1(e.CreatedAt), httpx.TimeV1(e.UpdatedAt),
		}
	}
	return out, nil
}

// departmentBodyV1 is what v1 let be said of a department.
type departmentBodyV1 struct {
	organizationBodyV1
	OrganizationID *int64 `json:"organizationId,omitempty"`
	ParentID       *int64 `json:"parentId,omitempty"`
}

func (in *departmentBodyV1) department() departmentInput {
	return departmentInput{
		OrganizationID: in.OrganizationID, ParentID: in.ParentID, FullName: in.FullName, ShortName: in.ShortName,
		Address: in.Address.Pointer(), Phone: in.Phone.Pointer(), Email: in.Email.Pointer(), AdditionalDetails: in.AdditionalDetails.Pointer(),
	}
}

func (s *service) postDepartmentV1(ctx context.Context, in departmentBodyV1) (departmentPlainV1, error) {
	if in.OrganizationID == nil { // v1 wanted it of everybody
		var f fault.Fields
		f.Add("organizationId", "required", nil)
		return departmentPlainV1{}, f.Err()
	}
	row, err := s.createDepartment(ctx, in.department())
	return asDepartmentV1(row), err
}

type departmentChangeV1 struct {
	ID int64 `path:"id" json:"-"`
	departmentBodyV1
}

func (s *service) putDepartmentV1(ctx context.Context, in departmentChangeV1) (departmentPlainV1, error) {
	if in.OrganizationID != nil {
		row, err := s.department(ctx, in.ID)
		if err != nil {
			return departmentPlainV1{}, err
		}
		if row.OrganizationID != *in.OrganizationID {
			return departmentPlainV1{}, errMoves
		}
	}
	row, err := s.updateDepartment(ctx, in.ID, in.department())
	return asDepartmentV1(row), err
}

func (s *service) deleteDepartmentV1(ctx context.Context, in idRequest) (httpx.MessageV1, error) {
	deleted, err := s.removeDepartment(ctx, in.ID)
	return removedV1("Department", deleted), err
}

// subDepartmentsV1 has the names of the specification, which v1 never built.
type subDepartmentsV1 struct {
	Department struct {
		ID               int64  `json:"id"`
		FullName         string `json:"full_name"`
		ShortName        string `json:"short_name"`
		OrganizationName string `json:"organization_name"`
	} `json:"department"`
	SubDepartments  []subDepartmentV1 `json:"sub_departments"`
	Total           int               `json:"total_sub_departments"`
	Active          int               `json:"active_sub_departments"`
	TotalEmployees  int64             `json:"total_employees"`
	UserPermissions subPermissionsV1  `json:"user_permissions"`
}

type subDepartmentV1 struct {
	ID                int64        `json:"id"`
	FullName          string       `json:"full_name"`
	ShortName         string       `json:"short_name"`
	Address           *string      `json:"address"`
	Phone             *string      `json:"phone"`
	Email             *string      `json:"email"`
	AdditionalDetails *string      `json:"additional_details"`
	IsActive          bool         `json:"is_active"`
	EmployeesCount    int64        `json:"employees_count"`
	PolicyID          *int64       `json:"policy_id"`
	PolicyName        *string      `json:"policy_name"`
	CreatedAt         httpx.TimeV1 `json:"created_at"`
	UpdatedAt         httpx.TimeV1 `json:"updated_at"`
}

type subPermissionsV1 struct {
	Create        bool `json:"can_create_sub_dept"`
	Edit          bool `json:"can_edit_sub_dept"`
	Delete        bool `json:"can_delete_sub_dept"`
	ViewEmployees bool `json:"can_view_employees"`
}

func (s *service) getSubDepartmentsV1(ctx context.Context, in idRequest) (out subDepartmentsV1, err error) {
	row, err := s.department(ctx, in.ID)
	if err != nil {
		return out, err
	}
	home, err := s.organization(ctx, row.OrganizationID)
	if err != nil {
		return out, err
	}
	rows, err := s.store.belowV1(ctx, sightOf(ctx), row)
	out.Department.ID, out.Department.FullName, out.Department.ShortName, out.Department.OrganizationName = row.ID, row.FullName, row.ShortName, home.FullName
	out.SubDepartments, out.Total = make([]subDepartmentV1, len(rows)), len(rows)
	for i, d := range rows {
		out.SubDepartments[i] = subDepartmentV1{
			d.ID, d.FullName, d.ShortName, httpx.NullV1(d.Address), httpx.NullV1(d.Phone), httpx.NullV1(d.Email), httpx.NullV1(d.AdditionalDetails),
			d.IsActive, d.Employees, d.PolicyID, d.PolicyName, httpx.TimeV1(d.CreatedAt), httpx.TimeV1(d.UpdatedAt),
		}
		out.TotalEmployees += d.Employees
		if d.IsActive {
			out.Active++
		}
	}
	a, _ := actor.From(ctx)
	may := organization.WriteDepartment.Roles&a.Role != 0
	out.UserPermissions = subPermissionsV1{may, may, may, true}
	return out, err
}

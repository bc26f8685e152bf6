package organizations

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/httpx"
)

func (s *service) routes(r httpx.Router) {
	const orgs, deps = "/api/v2/organizations", "/api/v2/departments"
	httpx.List(r, orgs, organization.Read, s.organizations(), httpx.Doc("Organizations that you may see"))
	r.POST(orgs, organization.Write, httpx.Handle(201, s.postOrganization), httpx.Doc("Make an organization"))
	r.GET(orgs+"/:id", organization.Read, httpx.Handle(200, s.getOrganization), httpx.Doc("One organization"))
	r.PATCH(orgs+"/:id", organization.Write, httpx.Handle(200, s.patchOrganization), httpx.Doc("Change what is given of an organization"))
	r.DELETE(orgs+"/:id", organization.Write, httpx.Handle(200, s.deleteOrganization), httpx.Doc("Delete an organization, or make it inactive if it is in use"))
	httpx.List(r, deps, organization.ReadDepartment, s.departments(), httpx.Doc("Departments that you may see"))
	r.GET(deps+"/tree", organization.ReadDepartment, httpx.Handle(200, s.getTree), httpx.Doc("Active departments, each under its parent"))
	r.POST(deps, organization.WriteDepartment, httpx.Handle(201, s.postDepartment), httpx.Doc("Make a department"))
	r.GET(deps+"/:id", organization.ReadDepartment, httpx.Handle(200, s.getDepartment), httpx.Doc("One department"))
	r.PATCH(deps+"/:id", organization.WriteDepartment, httpx.Handle(200, s.patchDepartment), httpx.Doc("Change or move a department"))
	r.DELETE(deps+"/:id", organization.WriteDepartment, httpx.Handle(200, s.deleteDepartment), httpx.Doc("Delete a department, or make it inactive if it is in use"))
	s.historyRoutes(r)
}

type idRequest struct {
	ID int64 `path:"id" json:"-"`
}

type removal struct {
	Outcome string `json:"outcome" enum:"deleted,deactivated"`
}

func outcome(deleted bool) removal {
	if deleted {
		return removal{"deleted"}
	}
	return removal{"deactivated"}
}

type organizationResponse struct {
	ID                int64     `json:"id"`
	FullName          string    `json:"fullName"`
	ShortName         string    `json:"shortName"`
	Address           string    `json:"address"`
	Phone             string    `json:"phone"`
	Email             string    `json:"email"`
	AdditionalDetails string    `json:"additionalDetails"`
	Language          string    `json:"language"`
	Zone              string    `json:"zone"`
	IsActive          bool      `json:"isActive"`
	CreatedAt         time.Time `json:"createdAt"`
	UpdatedAt         time.Time `json:"updatedAt"`
}

func asOrganization(o organizationRow) organizationResponse {
	return organizationResponse{
		ID: o.ID, FullName: o.FullName, ShortName: o.ShortName, Address: o.Address, Phone: o.Phone, Email: o.Email,
		AdditionalDetails: o.AdditionalDetails, Language: o.Language, Zone: o.Zone, IsActive: o.IsActive,
		CreatedAt: o.CreatedAt.UTC(), UpdatedAt: o.UpdatedAt.UTC(),
	}
}

func (s *service) organizations() grid.List[organizationResponse] {
	return grid.List[organizationResponse]{
		Name: "organizations", Title: "organizations.list", Columns: organizationColumns, Sort: "fullName", ID: idOfOrganization,
		Read: func(ctx context.Context, q grid.Query) ([]organizationResponse, db.Found, error) {
			rows, found, err := s.store.organizations(ctx, q.SQL())
			return grid.Items(rows, asOrganization), found, err
		},
	}
}

func (s *service) postOrganization(ctx context.Context, in organizationInput) (organizationResponse, error) {
	row, err := s.create(ctx, in)
	return asOrganization(row), err
}

func (s *service) getOrganization(ctx context.Context, in idRequest) (organizationResponse, error) {
	row, err := s.organization(ctx, in.ID)
	return asOrganization(row), err
}

type organizationPatch struct {
	ID int64 `path:"id" json:"-"`
	organizationInput
}

func (s *service) patchOrganization(ctx context.Context, in organizationPatch) (organizationResponse, error) {
	row, err := s.update(ctx, in.ID, in.organizationInput)
	return asOrganization(row), err
}

func (s *service) deleteOrganization(ctx context.Context, in idRequest) (removal, error) {
	deleted, err := s.remove(ctx, in.ID)
	return outcome(deleted), err
}

type departmentResponse struct {
	ID                int64     `json:"id"`
	OrganizationID    int64     `json:"organizationId"`
	ParentID          int64     `json:"parentId,omitzero"`
	FullName          string    `json:"fullName"`
	ShortName         string    `json:"shortName"`
	Address           string    `json:"address"`
	Phone             string    `json:"phone"`
	Email             string    `json:"email"`
	AdditionalDetails string    `json:"additionalDetails"`
	IsActive          bool      `json:"isActive"`
	CreatedAt         time.Time `json:"createdAt"`
	UpdatedAt         time.Time `json:"updatedAt"`
}

func asDepartment(d departmentRow) departmentResponse {
	return departmentResponse{
		ID: d.ID, OrganizationID: d.OrganizationID, ParentID: d.ParentID, FullName: d.FullName, ShortName: d.ShortName,
		Address: d.Address, Phone: d.Phone, Email: d.Email, AdditionalDetails: d.AdditionalDetails, IsActive: d.IsActive,
		CreatedAt: d.CreatedAt.UTC(), UpdatedAt: d.UpdatedAt.UTC(),
	}
}

func (s *service) departments() grid.List[departmentResponse] {
	return grid.List[departmentResponse]{
		Name: "departments", Title: "organizations.departments", Columns: departmentColumns, Sort: "fullName", ID: idOfDepartment,
		Read: func(ctx context.Context, q grid.Query) ([]departmentResponse, db.Found, error) {
			rows, found, err := s.store.departments(ctx, sightOf(ctx), q.SQL())
			return grid.Items(rows, asDepartment), found, err
		},
	}
}

type treeRequest struct {
	OrganizationID int64 `query:"organizationId"`
}

func (s *service) getTree(ctx context.Context, in treeRequest) (page httpx.Page[node], err error) {
	page.Items, err = s.forest(ctx, in.OrganizationID)
	return page, err
}

func (s *service) postDepartment(ctx context.Context, in departmentInput) (departmentResponse, error) {
	row, err := s.createDepartment(ctx, in)
	return asDepartment(row), err
}

func (s *service) getDepartment(ctx context.Context, in idRequest) (departmentResponse, error) {
	row, err := s.department(ctx, in.ID)
	return asDepartment(row), err
}

type departmentPatch struct {
	ID int64 `path:"id" json:"-"`
	departmentInput
}

func (s *service) patchDepartment(ctx context.Context, in departmentPatch) (departmentResponse, error) {
	row, err := s.updateDepartment(ctx, in.ID, in.departmentInput)
	return asDepartment(row), err
}

func (s *service) deleteDepartment(ctx context.Context, in idRequest) (removal, error) {
	deleted, err := s.removeDepartment(ctx, in.ID)
	return outcome(deleted), err
}

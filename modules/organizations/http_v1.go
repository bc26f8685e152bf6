package organizations

import (
	"context"
	"regexp"
	"strings"

	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
)

// The rights that v1 gave to its administrators alone, and to those who have people.
var (
	listV1       = actor.Permission{Name: "organization.list", Roles: actor.Admin}
	ownV1        = actor.Permission{Name: "organization.own", Roles: actor.Admin | actor.HR | actor.DepartmentLead}
	departmentV1 = actor.Permission{Name: "organization.departments", Roles: actor.Admin | actor.HR}
)

// routesV1 serves v1's clients, under the prefix of its last version and under the one before.
func (s *service) routesV1(r httpx.Router) {
	for _, path := range []string{"/api/v1/organizations", "/api/organizations"} {
		r.GET(path, listV1, httpx.Handle(200, s.getOrganizationsV1), httpx.Lenient(), httpx.Doc("All organizations, a page at a time"))
		r.POST(path, organization.Write, httpx.Handle(201, s.postOrganizationV1), httpx.Doc("Make an organization"))
		r.GET(path+"/self", ownV1, httpx.Handle(200, s.getOwnV1), httpx.Doc("The organizations that you see, the newest first"))
		r.GET(path+"/:id", listV1, httpx.Handle(200, s.getOrganizationV1), httpx.Doc("One organization with its departments"))
		r.PUT(path+"/:id", organization.Write, httpx.Handle(200, s.putOrganizationV1), httpx.Doc("Change what is given of an organization"))
		r.DELETE(path+"/:id", organization.Write, httpx.Handle(200, s.deleteOrganizationV1), httpx.Doc("Delete an organization, or make it inactive if it is in use"))
		r.GET(path+"/:id/departments", departmentV1, httpx.Handle(200, s.getDepartmentsOfV1), httpx.Lenient(), httpx.Doc("The departments of an organization, a page at a time"))
	}
	s.departmentRoutesV1(r)
}

// organizationV1 is an organization in v1's shape: what is not known is null.
type organizationV1 struct {
	ID                int64        `json:"id"`
	FullName          string       `json:"fullName"`
	ShortName         string       `json:"shortName"`
	Address           *string      `json:"address"`
	Phone             *string      `json:"phone"`
	Email             *string      `json:"email"`
	Logo              *string      `json:"logo"`
	AdditionalDetails *string      `json:"additionalDetails"`
	IsActive          bool         `json:"isActive"`
	CreatedAt         httpx.TimeV1 `json:"createdAt"`
	UpdatedAt         httpx.TimeV1 `json:"updatedAt"`
}

func asOrganizationV1(o organizationRow) organizationV1 {
	return organizationV1{
		ID: o.ID, FullName: o.FullName, ShortName: o.ShortName, Address: httpx.NullV1(o.Address), Phone: httpx.NullV1(o.Phone),
		Email: httpx.NullV1(o.Email), Logo: httpx.NullV1(o.Logo), AdditionalDetails: httpx.NullV1(o.AdditionalDetails), IsActive: o.IsActive,
		CreatedAt: httpx.TimeV1(o.CreatedAt), UpdatedAt: httpx.TimeV1(o.UpdatedAt),
	}
}

type listedOrganizationV1 struct {
	organizationV1
	Count organizationCountV1 `json:"_count"`
}

type organizationCountV1 struct {
	Departments int64 `json:"departments"`
	Employees   int64 `json:"employees"`
}

func (s *service) getOrganizationsV1(ctx context.Context, in httpx.QueryV1) (page httpx.PageV1[listedOrganizationV1], err error) {
	l, err := listOf(ctx, in, organizationSortsV1)
	if err != nil {
		return page, err
	}
	rows, total, err := s.store.organizationsV1(ctx, l)
	page.Total, page.Page, page.Limit = total, l.Page, l.Limit
	for _, o := range rows {
		page.Data = append(page.Data, listedOrganizationV1{asOrganizationV1(o.organizationRow), organizationCountV1{o.Departments, o.Employees}})
	}
	return page, err
}

// listOf reads the query of a list whose sort did nothing without an order.
func listOf(ctx context.Context, in httpx.QueryV1, sorts []string) (httpx.ListV1, error) {
	if in.Order == nil {
		in.Sort = nil
	}
	return in.List(ctx, sorts...)
}

func (s *service) getOwnV1(ctx context.Context, _ struct{}) ([]organizationV1, error) {
	rows, err := s.store.newestV1(ctx)
	list := make([]organizationV1, len(rows))
	for i, o := range rows {
		list[i] = asOrganizationV1(o)
	}
	return list, err
}

type wholeOrganizationV1 struct {
	organizationV1
	Departments []departmentPlainV1 `json:"departments"`
}

func (s *service) getOrganizationV1(ctx context.Context, in idRequest) (wholeOrganizationV1, error) {
	row, err := s.organization(ctx, in.ID)
	if err != nil {
		return wholeOrganizationV1{}, err
	}
	departments, err := s.store.departmentsOfV1(ctx, sightOf(ctx), in.ID)
	return wholeOrganizationV1{asOrganizationV1(row), asPlainV1(departments)}, err
}

// organizationBodyV1 is what v1 let be said of an organization.
type organizationBodyV1 struct {
	FullName          *string      `json:"fullName,omitempty"`
	ShortName         *string      `json:"shortName,omitempty"`
	Address           httpx.TextV1 `json:"address,omitzero"`
	Phone             httpx.TextV1 `json:"phone,omitzero" doc:"of Uzbekistan"`
	Email             httpx.TextV1 `json:"email,omitzero"`
	AdditionalDetails httpx.TextV1 `json:"additionalDetails,omitzero"`
}

// Validate checks what v1 did and the product itself does not.
func (in *organizationBodyV1) Validate() error { return checkPhoneV1(in.Phone) }

func (in *organizationBodyV1) input() organizationInput {
	return organizationInput{
		FullName: in.FullName, ShortName: in.ShortName, Address: in.Address.Pointer(), Phone: in.Phone.Pointer(),
		Email: in.Email.Pointer(), AdditionalDetails: in.AdditionalDetails.Pointer(),
	}
}

// phoneV1 is a number of Uzbekistan, with its country or as it is dialled within.
var phoneV1 = regexp.MustCompile(`^(\+?998|8)?(20|33|[5-9][0-9])[0-9]{7}$`)

func checkPhoneV1(phone httpx.TextV1) error {
	text := phone.Pointer()
	if text == nil || *text == "" {
		return nil
	}
	var f fault.Fields
	if !phoneV1.MatchString(strings.NewReplacer(" ", "", "-", "", "(", "", ")", "").Replace(*text)) {
		f.Add("phone", "wrong_format", nil)
	}
	return f.Err()
}

func (s *service) postOrganizationV1(ctx context.Context, in organizationBodyV1) (organizationV1, error) {
	row, err := s.create(ctx, in.input())
	return asOrganizationV1(row), err
}

type organizationChangeV1 struct {
	ID int64 `path:"id" json:"-"`
	organizationBodyV1
}

func (s *service) putOrganizationV1(ctx context.Context, in organizationChangeV1) (organizationV1, error) {
	row, err := s.update(ctx, in.ID, in.input())
	return asOrganizationV1(row), err
}

func (s *service) deleteOrganizationV1(ctx context.Context, in idRequest) (httpx.MessageV1, error) {
	deleted, err := s.remove(ctx, in.ID)
	return removedV1("Organization", deleted), err
}

// removedV1 says in v1's words what became of a row that should go.
func removedV1(what string, deleted bool) httpx.MessageV1 {
	if deleted {
		return httpx.MessageV1{Message: what + " deleted successfully."}
	}
	return httpx.MessageV1{Message: what + " is in use and was deactivated."}
}

package organizations

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx"
)

// listV1 is the right that v1 gave to its administrators alone.
var listV1 = actor.Permission{Name: "organization.list", Roles: actor.Admin}

// routesV1 serves v1's clients, under the prefix of its last version and under the one before.
func (s *service) routesV1(r httpx.Router) {
	for _, path := range []string{"/api/v1/organizations", "/api/organizations"} {
		r.GET(path, listV1, httpx.Handle(200, s.getOrganizationsV1), httpx.Lenient(), httpx.Doc("All organizations, a page at a time"))
	}
}

// organizationV1 is an organization in v1's shape: what is not known is null.
type organizationV1 struct {
	ID                int64     `json:"id"`
	FullName          string    `json:"fullName"`
	ShortName         string    `json:"shortName"`
	Address           *string   `json:"address"`
	Phone             *string   `json:"phone"`
	Email             *string   `json:"email"`
	Logo              *string   `json:"logo"`
	AdditionalDetails *string   `json:"additionalDetails"`
	IsActive          bool      `json:"isActive"`
	CreatedAt         time.Time `json:"createdAt"`
	UpdatedAt         time.Time `json:"updatedAt"`
	Count             countV1   `json:"_count"`
}

type countV1 struct {
	Departments int64 `json:"departments"`
	Employees   int64 `json:"employees"`
}

func (s *service) getOrganizationsV1(ctx context.Context, in httpx.QueryV1) (page httpx.PageV1[organizationV1], err error) {
	if in.Order == nil {
		in.Sort = nil // as in v1, where a name alone did nothing
	}
	l, err := in.List(ctx, organizationSortsV1...)
	if err != nil {
		return page, err
	}
	rows, total, err := s.store.organizationsV1(ctx, l)
	page.Total, page.Page, page.Limit = total, l.Page, l.Limit
	for _, o := range rows {
		page.Data = append(page.Data, organizationV1{
			ID: o.ID, FullName: o.FullName, ShortName: o.ShortName, Address: o.Address, Phone: o.Phone, Email: o.Email, Logo: o.Logo,
			AdditionalDetails: o.AdditionalDetails, IsActive: o.IsActive, CreatedAt: o.CreatedAt.UTC().Truncate(time.Millisecond),
			UpdatedAt: o.UpdatedAt.UTC().Truncate(time.Millisecond), Count: countV1{o.Departments, o.Employees},
		})
	}
	return page, err
}

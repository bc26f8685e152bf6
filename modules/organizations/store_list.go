package organizations

import (
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/grid"
)

const inOneOrganization = actor.HR | actor.DepartmentLead | actor.Guard

var (
	idOfOrganization = grid.Column{Name: "id", Kind: grid.ID, SQL: "o.id"}
	idOfDepartment   = grid.Column{Name: "id", Kind: grid.ID, SQL: "d.id"}
)

var organizationColumns = []grid.Column{
	idOfOrganization,
	{Name: "fullName", Kind: grid.Folded, SQL: "o.full_name_search", Search: true, Title: "organizations.column_full_name"},
	{Name: "shortName", Kind: grid.Folded, SQL: "o.short_name_search", Search: true, Title: "organizations.column_short_name"},
	{Name: "isActive", Kind: grid.Bool, SQL: "o.is_active"},
	{Name: "phone", Kind: grid.Text, SQL: "o.phone", Null: true},
	{Name: "email", Kind: grid.Text, SQL: "o.email", Null: true},
	{Name: "address", Kind: grid.Text, SQL: "o.address", Null: true},
	{Name: "additionalDetails", Kind: grid.Text, SQL: "o.additional_details", Null: true},
	{Name: "language", Kind: grid.Text, SQL: "o.language", Title: "organizations.column_language"},
	{Name: "zone", Kind: grid.Text, SQL: "o.zone", Title: "organizations.column_zone"},
	{Name: "createdAt", Kind: grid.Time, SQL: "o.created_at"},
	{Name: "updatedAt", Kind: grid.Time, SQL: "o.updated_at"},
}

var departmentColumns = []grid.Column{
	idOfDepartment,
	{Name: "fullName", Kind: grid.Folded, SQL: "d.full_name_search", Search: true, Title: "organizations.column_full_name"},
	{Name: "shortName", Kind: grid.Folded, SQL: "d.short_name_search", Search: true, Title: "organizations.column_short_name"},
	{Name: "parentId", Kind: grid.ID, SQL: "COALESCE(d.parent_id, 0)", Title: "organizations.column_parent", Doc: "0 for those at the root"},
	{Name: "isActive", Kind: grid.Bool, SQL: "d.is_active"},
	{Name: "phone", Kind: grid.Text, SQL: "d.phone", Null: true},
	{Name: "email", Kind: grid.Text, SQL: "d.email", Null: true},
	{Name: "address", Kind: grid.Text, SQL: "d.address", Null: true},
	{Name: "additionalDetails", Kind: grid.Text, SQL: "d.additional_details", Null: true},
	{Name: "organizationId", Kind: grid.ID, SQL: "d.organization_id", NotFor: inOneOrganization, FilterFor: inOneOrganization},
	{Name: "createdAt", Kind: grid.Time, SQL: "d.created_at"},
	{Name: "updatedAt", Kind: grid.Time, SQL: "d.updated_at"},
}

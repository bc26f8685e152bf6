package visitors

import (
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/grid"
)

const inOneOrganization = actor.HR | actor.DepartmentLead | actor.Guard

var (
	idOfVisitor = grid.Column{Name: "id", Kind: grid.ID, SQL: "v.id"}
	idOfCode    = grid.Column{Name: "id", Kind: grid.ID, SQL: "c.id"}
	idOfVisit   = grid.Column{Name: "id", Kind: grid.ID, SQL: "s.id"}
)

// The names of hosts are read where employees keeps them: row level security holds for that table as for ours, and the key
// is of one organization.
func hostName(alias string) string {
	return "SELECT e.name_search FROM employees AS e WHERE e.organization_id = " + alias + ".organization_id AND e.id = " + alias + ".host_id"
}

func visitorColumns() []grid.Column {
	return []grid.Column{
		idOfVisitor,
		{Name: "name", Kind: grid.Folded, SQL: "v.name_search", Search: true, Title: "visitors.column_name"},
		{Name: "firstName", Kind: grid.Text, SQL: "v.first_name", Only: grid.Filter | grid.Sort, Title: "visitors.column_first"},
		{Name: "lastName", Kind: grid.Text, SQL: "v.last_name", Only: grid.Filter | grid.Sort, Title: "visitors.column_last"},
		{Name: "workPlace", Kind: grid.Text, SQL: "v.work_place", Null: true, Search: true, Title: "visitors.column_work_place"},
		{Name: "hostName", Kind: grid.Folded, SQL: hostName("v"), Null: true, Search: true, Title: "visitors.column_host"},
		{Name: "hostId", Kind: grid.ID, SQL: "v.host_id", Null: true, Only: grid.Filter, Title: "visitors.column_host"},
		{Name: "inside", Kind: grid.Bool, SQL: insideSQL, Title: "visitors.column_inside"},
		{Name: "expected", Kind: grid.Bool, SQL: expectedSQL, Only: grid.Filter, Title: "visitors.column_expected_today", Doc: "may still come today, and is not here"},
		{Name: "isActive", Kind: grid.Bool, SQL: "v.is_active"},
		{Name: "phone", Kind: grid.Text, SQL: "v.phone", Null: true, Search: true},
		{Name: "birthday", Kind: grid.Text, SQL: "v.birthday", Null: true, Title: "visitors.column_birthday", NotFor: actor.Guard},
		{Name: "passportNumber", Kind: grid.Text, SQL: "v.passport_number", Null: true, Search: true, Title: "visitors.column_passport", NotFor: actor.Guard},
		{Name: "pinfl", Kind: grid.Text, SQL: "v.pinfl", Null: true, Search: true, Title: "visitors.column_pinfl", NotFor: actor.Guard},
		{Name: "additionalDetails", Kind: grid.Text, SQL: "v.additional_details", Null: true, NotFor: actor.Guard},
		{Name: "organizationId", Kind: grid.ID, SQL: "v.organization_id", Null: true, NotFor: inOneOrganization},
		{Name: "createdAt", Kind: grid.Time, SQL: "v.created_at"},
		{Name: "updatedAt", Kind: grid.Time, SQL: "v.updated_at"},
	}
}

func visitorName(alias string) string {
	return "SELECT n.name_search FROM visitors AS n WHERE n.id = " + alias + ".visitor_id"
}

func codeColumns() []grid.Column {
	const usableSQL = "c.is_active AND c.start_date <= ? AND c.end_date >= ? AND (c.max_uses IS NULL OR c.uses < c.max_uses)"
	return []grid.Column{
		idOfCode,
		{Name: "code", Kind: grid.Text, SQL: "c.code", Search: true, Title: "visitors.column_code"},
		{Name: "codeType", Kind: grid.Enum, SQL: "c.code_type", Values: []string{oneTime, multiple}, Title: "visitors.column_type"},
		{Name: "visitorName", Kind: grid.Folded, SQL: visitorName("c"), Search: true, Title: "visitors.column_visitor"},
		{Name: "visitorId", Kind: grid.ID, SQL: "c.visitor_id", Only: grid.Filter, Title: "visitors.column_visitor"},
		{Name: "startDate", Kind: grid.Time, SQL: "c.start_date", Title: "visitors.column_from"},
		{Name: "endDate", Kind: grid.Time, SQL: "c.end_date", Title: "visitors.column_until"},
		{Name: "usable", Kind: grid.Bool, SQL: usableSQL, Title: "visitors.column_usable", Doc: "lets in now"},
		{Name: "uses", Kind: grid.Number, SQL: "c.uses", Title: "visitors.column_uses"},
		{Name: "maxUses", Kind: grid.Number, SQL: "c.max_uses", Null: true, Title: "visitors.column_max_uses"},
		{Name: "lastUsedAt", Kind: grid.Time, SQL: "c.last_used_at", Null: true, Title: "visitors.column_used"},
		{Name: "isActive", Kind: grid.Bool, SQL: "c.is_active"},
		{Name: "additionalDetails", Kind: grid.Text, SQL: "c.additional_details", Null: true},
		{Name: "organizationId", Kind: grid.ID, SQL: "c.organization_id", Null: true, NotFor: inOneOrganization},
		{Name: "createdAt", Kind: grid.Time, SQL: "c.created_at"},
	}
}

func visitColumns() []grid.Column {
	return []grid.Column{
		idOfVisit,
		{Name: "visitorName", Kind: grid.Folded, SQL: visitorName("s"), Search: true, Title: "visitors.column_visitor"},
		{Name: "visitorId", Kind: grid.ID, SQL: "s.visitor_id", Only: grid.Filter, Title: "visitors.column_visitor"},
		{Name: "hostName", Kind: grid.Folded, SQL: hostName("s"), Null: true, Search: true, Title: "visitors.column_host"},
		{Name: "hostId", Kind: grid.ID, SQL: "s.host_id", Null: true, Only: grid.Filter, Title: "visitors.column_host"},
		{Name: "badge", Kind: grid.Text, SQL: "s.badge", Null: true, Search: true, Title: "visitors.column_badge"},
		{Name: "checkedInAt", Kind: grid.Time, SQL: "s.checked_in_at", Title: "visitors.column_in"},
		{Name: "expectedUntil", Kind: grid.Time, SQL: "s.expected_until", Title: "visitors.column_expected"},
		{Name: "checkedOutAt", Kind: grid.Time, SQL: "s.checked_out_at", Null: true, Title: "visitors.column_out"},
		{Name: "inside", Kind: grid.Bool, SQL: "s.checked_out_at IS NULL", Title: "visitors.column_inside"},
		{Name: "overstay", Kind: grid.Bool, SQL: "s.checked_out_at IS NULL AND s.expected_until < ?", Title: "visitors.column_overstay", Doc: "still here, and expected to have left"},
		{Name: "checkedInBy", Kind: grid.ID, SQL: "s.checked_in_by", Null: true, Only: grid.Filter, Title: "visitors.column_in_by", Doc: "the user; none for a door"},
		{Name: "checkedInByName", Kind: grid.Text, Title: "visitors.column_in_by"},
		{Name: "checkedOutBy", Kind: grid.ID, SQL: "s.checked_out_by", Null: true, Only: grid.Filter, Title: "visitors.column_out_by"},
		{Name: "checkedOutByName", Kind: grid.Text, Title: "visitors.column_out_by"},
		{Name: "note", Kind: grid.Text, SQL: "s.note", Null: true, Title: "visitors.column_note"},
		{Name: "organizationId", Kind: grid.ID, SQL: "s.organization_id", Null: true, NotFor: inOneOrganization},
	}
}

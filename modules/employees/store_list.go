package employees

import (
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/grid"
)

const inOneOrganization = actor.HR | actor.DepartmentLead | actor.Guard

var idOfEmployee = grid.Column{Name: "id", Kind: grid.ID, SQL: "e.id"}

// columns are those of the list. The name of the department is read where organizations keeps it: row level security holds
// for that table as for ours, and the key is of one organization.
var columns = []grid.Column{
	idOfEmployee,
	{Name: "name", Kind: grid.Folded, SQL: "e.name_search", Search: true, Title: "employees.column_name"},
	{
		Name: "departmentName", Kind: grid.Folded, Title: "employees.column_department",
		SQL: "SELECT d.full_name_search FROM departments AS d WHERE d.organization_id = e.organization_id AND d.id = e.department_id",
	},
	{Name: "departmentId", Kind: grid.ID, SQL: "e.department_id", Only: grid.Filter, Title: "employees.column_department", Doc: "with the departments below it"},
	{
		Name: "group", Kind: grid.ID, Null: true, Only: grid.Filter, NotFor: actor.Guard, Title: "employees.column_groups",
		SQL: `SELECT m.group_id FROM employee_group_members AS m WHERE m.organization_id = e.organization_id AND m.employee_id = e.id AND m.group_id IN (?) LIMIT 1`,
	},
	{Name: "isActive", Kind: grid.Bool, SQL: "e.is_active", NotFor: actor.Guard, FilterFor: actor.Guard},
	{Name: "phone", Kind: grid.Text, SQL: "e.phone", Null: true, Search: true, NotFor: actor.Guard},
	{Name: "email", Kind: grid.Text, SQL: "e.email", Null: true, Search: true, NotFor: actor.Guard},
	{Name: "address", Kind: grid.Text, SQL: "e.address", Null: true, NotFor: actor.Guard},
	{Name: "personalId", Kind: grid.Text, SQL: "e.personal_id", Null: true, Search: true, NotFor: actor.Guard, Title: "employees.column_personal"},
	{Name: "position", Kind: grid.Text, SQL: "e.position", Null: true, Search: true, NotFor: actor.Guard, Title: "employees.column_position"},
	{Name: "groups", Kind: grid.Text, NotFor: actor.Guard, Title: "employees.column_groups"},
	{Name: "additionalDetails", Kind: grid.Text, SQL: "e.additional_details", Null: true, NotFor: actor.Guard},
	{Name: "organizationId", Kind: grid.ID, SQL: "e.organization_id", NotFor: inOneOrganization},
	{Name: "createdAt", Kind: grid.Time, SQL: "e.created_at", NotFor: actor.Guard},
	{Name: "updatedAt", Kind: grid.Time, SQL: "e.updated_at", NotFor: actor.Guard},
}

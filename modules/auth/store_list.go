package auth

import "github.com/staff-control/staff-control/platform/grid"

var idOfUser = grid.Column{Name: "id", Kind: grid.ID, SQL: "u.id"}

var userColumns = []grid.Column{
	idOfUser,
	{Name: "name", Kind: grid.Folded, SQL: "u.name_search", Search: true, Title: "auth.column_name"},
	{Name: "username", Kind: grid.Text, SQL: "u.username", Search: true, Title: "auth.column_username"},
	{Name: "role", Kind: grid.Enum, SQL: "u.role", Values: []string{"ADMIN", "HR", "DEPARTMENT_LEAD", "GUARD"}, Title: "auth.column_role"},
	{Name: "isActive", Kind: grid.Bool, SQL: "u.is_active"},
	{Name: "secondStep", Kind: grid.Bool, SQL: "EXISTS (SELECT 1 FROM user_totp AS h WHERE h.user_id = u.id AND h.confirmed_at IS NOT NULL)", Title: "auth.column_second_step"},
	{Name: "lockedUntil", Kind: grid.Time, SQL: "u.locked_until", Null: true, Title: "auth.column_locked"},
	{Name: "organizationId", Kind: grid.ID, SQL: "u.organization_id", Null: true},
	{Name: "createdAt", Kind: grid.Time, SQL: "u.created_at"},
	{Name: "updatedAt", Kind: grid.Time, SQL: "u.updated_at"},
}

package policy

import (
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/grid"
)

const (
	countEmployees   = "SELECT count(*) FROM employees AS e WHERE e.organization_id = p.organization_id AND e.policy_id = p.id"
	countDepartments = "SELECT count(*) FROM policy_departments AS d WHERE d.organization_id = p.organization_id AND d.policy_id = p.id"
	countPolicies    = "SELECT count(*) FROM policy_group_rules AS o WHERE o.organization_id = g.organization_id AND o.group_id = g.id AND o.is_active"
	countValues      = "SELECT count(*) FROM resource_groups AS m WHERE m.organization_id = g.organization_id AND m.group_id = g.id"
)

var idOfPolicy = grid.Column{Name: "id", Kind: grid.ID, SQL: "p.id"}

var policyColumns = []grid.Column{
	idOfPolicy,
	{Name: "title", Kind: grid.Folded, SQL: "p.title_search", Search: true, Title: "policy.column_title"},
	{Name: "isDefault", Kind: grid.Bool, SQL: "p.is_default", Title: "policy.column_default"},
	{Name: "isActive", Kind: grid.Bool, SQL: "p.is_active"},
	{Name: "version", Kind: grid.Number, SQL: "p.latest_version", Title: "policy.column_version"},
	{Name: "releasedVersion", Kind: grid.Number, SQL: "p.released_version", Title: "policy.column_released"},
	{Name: "activeWindows", Kind: grid.Bool, SQL: "p.active_window", Title: "policy.column_windows"},
	{Name: "visitedSites", Kind: grid.Bool, SQL: "p.visited_sites", Title: "policy.column_sites"},
	{Name: "screenshots", Kind: grid.Bool, SQL: "p.screenshot", Title: "policy.column_screenshots"},
	{Name: "screenshotSeconds", Kind: grid.Number, SQL: "p.screenshot_interval", Null: true, Title: "policy.column_interval"},
	{Name: "employees", Kind: grid.Number, SQL: countEmployees, Title: "policy.column_employees"},
	{Name: "departments", Kind: grid.Number, SQL: countDepartments, Title: "policy.column_departments"},
	{Name: "organizationId", Kind: grid.ID, SQL: "p.organization_id", NotFor: actor.HR},
	{Name: "createdAt", Kind: grid.Time, SQL: "p.created_at"},
	{Name: "updatedAt", Kind: grid.Time, SQL: "p.updated_at"},
}

var idOfGroup = grid.Column{Name: "id", Kind: grid.ID, SQL: "g.id"}

var groupColumns = []grid.Column{
	idOfGroup,
	{Name: "name", Kind: grid.Folded, SQL: "g.name_search", Search: true},
	{Name: "type", Kind: grid.Enum, SQL: "g.type", Values: []string{rule.Website, rule.Application}, Title: "policy.column_type"},
	{Name: "isActive", Kind: grid.Bool, SQL: "g.is_active"},
	{Name: "values", Kind: grid.Number, SQL: countValues, Title: "policy.column_values"},
	{Name: "policies", Kind: grid.Number, SQL: countPolicies, Title: "policy.column_policies"},
	{Name: "organizationId", Kind: grid.ID, SQL: "g.organization_id", NotFor: actor.HR},
	{Name: "createdAt", Kind: grid.Time, SQL: "g.created_at"},
	{Name: "updatedAt", Kind: grid.Time, SQL: "g.updated_at"},
}

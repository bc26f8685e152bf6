package computers

import (
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/grid"
)

var (
	idOfComputer = grid.Column{Name: "id", Kind: grid.ID, SQL: "c.id"}
	idOfUser     = grid.Column{Name: "id", Kind: grid.ID, SQL: "u.id"}
)

// The names of employees and gateways are read where their modules keep them: the keys are of one organization, and row level
// security holds there as here.
const (
	// employeeOfU is the name of the employee that a Windows user is now; it takes the time twice.
	employeeOfU = `SELECT e.name_search FROM computer_user_links AS l JOIN employees AS e ON e.organization_id = l.organization_id AND e.id = l.employee_id
		WHERE l.organization_id = u.organization_id AND l.computer_user_id = u.id AND ` + holds + ` ORDER BY l.id DESC LIMIT 1`
	// peopleOnC are the names of the Windows users of a computer and of the employees that they are now. It takes the time
	// twice, and then whether all are seen, or only these employees.
	peopleOnC = `SELECT string_agg(COALESCE(e.name_search, '') || ' ' || u.search, ' ' ORDER BY u.id)
		FROM users_on_computers AS p
		JOIN computer_users AS u ON u.organization_id = p.organization_id AND u.id = p.computer_user_id
		LEFT JOIN computer_user_links AS l ON l.organization_id = u.organization_id AND l.computer_user_id = u.id AND ` + holds + `
		LEFT JOIN employees AS e ON e.organization_id = l.organization_id AND e.id = l.employee_id
		WHERE p.organization_id = c.organization_id AND p.computer_id IN (
			SELECT m.id FROM computers AS m WHERE m.organization_id = c.organization_id AND (m.id = c.id OR m.merged_into = c.id)
		) AND (? OR l.employee_id IN (?))`
	// departmentOfC is one department for the computers of its people, and 0 for the others. It takes the time twice, the
	// people, and the department.
	departmentOfC = "CASE WHEN EXISTS (" + linksOnC + " AND l.employee_id IN (?)) THEN CAST(? AS bigint) ELSE 0 END"
	computersOfU  = `SELECT string_agg(c.search, ' ' ORDER BY c.id) FROM users_on_computers AS p
		JOIN computers AS c ON c.organization_id = p.organization_id AND c.id = p.computer_id
		WHERE p.organization_id = u.organization_id AND p.computer_user_id = u.id`
)

// reasons are those of states that the product knows; agents may tell others.
var reasons = []string{reporting, noContact, gatewayOffline, "shutdown", "suspend", "logout", "update", "uninstall", "error", neverReported}

var computerColumns = []grid.Column{
	{Kind: grid.Words, SQL: "c.search", Search: true},
	{Name: "name", Kind: grid.Text, SQL: "COALESCE(NULLIF(c.name, ''), c.computer_uid)", Doc: "what it is called, else its id on the network"},
	{Name: "computerUid", Kind: grid.Text, SQL: "c.computer_uid", Title: "computers.column_uid"},
	{Name: "state", Kind: grid.Enum, SQL: "c.state", Values: []string{online, offline, unknown}, Title: "computers.column_state"},
	{Name: "stateReason", Kind: grid.Enum, SQL: "c.state_reason", Values: reasons, Title: "computers.column_reason"},
	{Name: "stateDetail", Kind: grid.Text, SQL: "c.state_detail", Title: "computers.column_detail"},
	{Name: "stateSince", Kind: grid.Time, SQL: "c.state_since", Null: true, Title: "computers.column_since"},
	{Name: "lastSeenAt", Kind: grid.Time, SQL: "c.last_seen_at", Null: true},
	{Name: "users", Kind: grid.Folded, SQL: peopleOnC, Null: true, Search: true, Title: "computers.column_users", Doc: "names of its Windows users and of the employees that they are"},
	{Name: "agentVersion", Kind: grid.Text, SQL: "c.agent_version", Null: true, Title: "computers.column_version"},
	{Name: "os", Kind: grid.Text, SQL: "c.os", Null: true, Title: "computers.column_os"},
	{Name: "ipAddress", Kind: grid.Text, SQL: "c.ip_address", Null: true, Search: true, Title: "computers.column_ip"},
	{Name: "macAddress", Kind: grid.Text, SQL: "c.mac_address", Null: true, Search: true, Title: "computers.column_mac"},
	{
		Name: "gatewayName", Kind: grid.Folded, Null: true, Title: "computers.column_gateway",
		SQL: "SELECT g.name_search FROM gateway_instances AS g WHERE g.organization_id = c.organization_id AND g.id = c.gateway_id",
	},
	{Name: "gatewayId", Kind: grid.UUID, SQL: "c.gateway_id", Null: true, Only: grid.Filter, Title: "computers.column_gateway"},
	{Name: "departmentId", Kind: grid.ID, SQL: departmentOfC, Only: grid.Filter, Title: "computers.column_department", Doc: "of who uses it; with the departments below"},
	{Name: "organizationId", Kind: grid.ID, SQL: "c.organization_id", NotFor: actor.HR | actor.DepartmentLead | actor.Guard},
	{Name: "isActive", Kind: grid.Bool, SQL: "c.is_active"},
	{Name: "createdAt", Kind: grid.Time, SQL: "c.created_at"},
	idOfComputer,
}

var userColumns = []grid.Column{
	{Kind: grid.Words, SQL: "u.search", Search: true},
	{Name: "sid", Kind: grid.Text, SQL: "u.sid", Title: "computers.column_sid"},
	{Name: "name", Kind: grid.Text, SQL: "u.name"},
	{Name: "username", Kind: grid.Text, SQL: "u.username", Title: "computers.column_username"},
	{Name: "domain", Kind: grid.Text, SQL: "u.domain", Null: true, Title: "computers.column_domain"},
	{Name: "employeeName", Kind: grid.Folded, SQL: employeeOfU, Null: true, Search: true, Title: "computers.column_employee"},
	{Name: "linked", Kind: grid.Bool, SQL: "EXISTS (" + linkOfU + ")", Only: grid.Filter, Title: "computers.column_linked", Doc: "false: those who are nobody yet"},
	{Name: "employeeId", Kind: grid.ID, SQL: linkOfU + " ORDER BY l.id DESC LIMIT 1", Null: true, Only: grid.Filter, Title: "computers.column_employee"},
	{Name: "computers", Kind: grid.Text, SQL: computersOfU, Null: true, Title: "computers.list"},
	{Name: "isAdmin", Kind: grid.Bool, SQL: "u.is_admin", Title: "computers.column_admin"},
	{Name: "isInDomain", Kind: grid.Bool, SQL: "u.is_in_domain", Title: "computers.column_in_domain"},
	{Name: "createdAt", Kind: grid.Time, SQL: "u.created_at"},
	idOfUser,
}

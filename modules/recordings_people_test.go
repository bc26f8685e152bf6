package modules_test

import (
	"github.com/staff-control/staff-control/platform/httpx/v1test"
)

// peopleMore are the rows of people that v1's clients made without a recording of it.
var peopleMore = map[string][]v1test.Row{
	"organizations": {lived("3", v1test.Row{"full_name": "Yangi Tashkilot", "short_name": "YANGI2", "phone": "+998901234567", "email": "y@x.uz", "additional_details": "d"})},
	"departments":   {lived("7", v1test.Row{"organization_id": "1", "full_name": "Yangi bo'lim", "short_name": "NBX"})},
	"users":         {lived("10", v1test.Row{"organization_id": "1", "name": "Boshqa", "username": "newuser", "role": "HR", "password": "-"})},
	"employees": {
		lived("21", v1test.Row{"organization_id": "1", "department_id": "2", "name": "Boshqa Ism", "address": "A", "phone": "+998901112233", "email": "yx@sector.uz", "additional_details": "x", "policy_id": "2"}),
		lived("22", v1test.Row{"organization_id": "1", "department_id": "1", "name": "Yangi Xodim"}),
		lived("23", v1test.Row{"organization_id": "1", "department_id": "1", "name": "Yangi Xodim"}),
	},
	"credentials": {lived("41", v1test.Row{"organization_id": "1", "employee_id": "21", "type": "CARD", "code": "CARD900001"})},
}

// lived is a row with what all rows have.
func lived(id string, r v1test.Row) v1test.Row {
	r["id"], r["is_active"], r["created_at"], r["updated_at"] = id, "t", "2025-10-04 00:00:00", "2025-10-04 00:00:00"
	return r
}

// The reasons that many recordings have.
var (
	scope     = []string{"HR and DEPARTMENT_LEAD see and change every organization"}
	listScope = []string{"HR and DEPARTMENT_LEAD see everybody's employees"}
	unknownID = []string{"an id of no row: 500"}
	noID      = []string{"an id that is no whole number (`abc`, `1.5`, `1e0`, a space) or a too large one: 500, or another's row"}
	badOrder  = []string{"an unknown `sort`, an `order` that is none: 500"}
	taken     = []string{"a name that is taken: 500"}
	reference = []string{"a reference to no row: 500"}
	kept      = []string{"deleting what is in use: 500"}
	hashes    = []string{"users are shown with the hash of their password"}
	tokens    = []string{"an access token without an end, or of an unknown role, is one"}
	selfOnly  = []string{"`users/me` is for ADMIN only"}
	leads     = []string{"DEPARTMENT_LEAD makes and changes departments"}
	linking   = []string{"`link-computer-user` always fails"}
)

var peopleDiffer = []otherwise{
	{name: "users.me no exp", status: 401, lines: tokens},
	{name: "users.me unknown role", status: 401, lines: tokens},
	{name: "users.me inactive user", status: 401, lines: tokens},
	{name: "users.me", role: "HR", status: 200, lines: selfOnly},
	{name: "users.me", role: "GUARD", status: 200, lines: selfOnly},
	{name: "users.me by HR", status: 200, lines: selfOnly},
	{name: "users.me name only", status: 200, lines: []string{"changing one's own name wants both passwords"}},
	{name: "users.list query", role: "ADMIN", was: 500, status: 400, lines: badOrder},
	{name: "users.list query", path: "/api/v1/users?page=1.9", fields: noPassword, lines: hashes},
	{name: "users.list query", path: "/api/v1/users?limit=100", was: 200, fields: noPassword, lines: hashes},
	{name: "users.list query", path: "/api/v1/users?sort=", was: 200, fields: noPassword, lines: hashes},
	{name: "users.list query", path: "/api/v1/users?startDate=", fields: noPassword, lines: hashes},
	{name: "users.list query", path: "/api/v1/users?page=1&page=2", fields: noPassword, lines: hashes},
	{name: "users.create no org", status: 400, lines: []string{"HR, DEPARTMENT_LEAD and GUARD may have no organization, and ADMIN one"}},
	{name: "users.update to taken username", status: 409, lines: taken},
	{name: "users.assign-department again", status: 201, lines: []string{"`assign-department` of one that is assigned: 500"}},
	{name: "users.assign-department missing dept", status: 400, lines: reference},
	{name: "users.delete bad id", status: 400, lines: noID},

	{name: "bad id", path: "/api/v1/users/abc", status: 400, lines: noID},
	{name: "bad id", path: "/api/v1/users/%20", status: 400, lines: noID},
	{name: "bad id", path: "/api/v1/users/99999999999999999999", status: 400, lines: noID},
	{name: "bad id", path: "/api/v1/users/", status: 404, lines: unknownID},
	{name: "bad id", path: "/api/v1/employees/abc", status: 400, lines: noID},
	{name: "bad id", path: "/api/v1/employees/1.5", status: 400, lines: noID},
	{name: "bad id", path: "/api/v1/employees/1e0", status: 400, lines: noID},
	{name: "bad id", path: "/api/v1/employees/2147483648", status: 404, lines: unknownID},
	{name: "bad id", path: "/api/v1/departments/1.5", status: 400, lines: noID},
	{name: "bad id", path: "/api/v1/departments/2147483648", status: 404, lines: unknownID},
	{name: "bad id", path: "/api/v1/organizations/1.5", status: 400, lines: noID},
	{name: "bad id", path: "/api/v1/organizations/99999999999999999999", status: 400, lines: noID},
	{name: "bad id", path: "/api/v1/organizations/%20", status: 400, lines: noID},
	{name: "bad id", path: "/api/v1/computer-users/abc", status: 400, lines: noID},

	{name: "organizations.update taken", status: 409, lines: taken},
	{name: "departments.get other org", role: "HR", status: 404, lines: scope},
	{name: "departments.create other org by HR", status: 404, lines: scope},
	{name: "departments.create ok", role: "DEPARTMENT_LEAD", status: 403, lines: leads},
	{name: "departments.update other org by LEAD", status: 403, lines: leads},
	{name: "departments.create missing parent", status: 400, lines: reference},
	{name: "departments.create missing org", status: 404, lines: reference},
	{name: "departments.update self parent", status: 409, lines: []string{"a department may stand below itself, or below one of another organization"}},
	{name: "departments.delete with children", status: 200, lines: kept},

	{name: "employees.list", role: "HR", was: 200, fields: []string{".data[0].policyId is number, v1's null"}, lines: listScope},
	{name: "employees.list", role: "DEPARTMENT_LEAD", was: 200, fields: []string{".data[0].policyId is number, v1's null"}, lines: listScope},
	{name: "employees.list query", path: "/api/v1/employees?sort=nope", status: 400, lines: badOrder},
	{name: "employees.list query", path: "/api/v1/employees?startDate=", status: 200, lines: []string{"`startDate`, `endDate`, `filters` on employees: 500"}},
	{name: "employees.get", role: "GUARD", was: 200, fields: notForGuards, lines: []string{
		"GUARD sees addresses, phones, e-mail addresses and notes", "GUARD sees `organizationId`, `policyId`, `isActive`, `createdAt` and `updatedAt`",
	}},
	{name: "employees.get other org", role: "HR", status: 404, lines: scope},
	{name: "employees.get other org", role: "DEPARTMENT_LEAD", status: 404, lines: scope},
	{name: "employees.update missing", status: 404, lines: unknownID},
	{name: "employees.update other org by HR", status: 404, lines: scope},
	{name: "employees.update to other org dept", status: 409, lines: []string{"an employee moves to a department of another organization, and stays in its own"}},
	{name: "employees.update missing dept", status: 400, lines: reference},
	{name: "employees.assign-card duplicate code", status: 409, lines: []string{"one card is several people's"}},
	{name: "employees.link-computer-user computerUserId", body: `"abc"`, was: 500, status: 400, lines: linking},
	{name: "employees.link-computer-user computerUserId", was: 500, path: "/api/v1/employees/21", status: 201, lines: linking},
	{name: "employees.unlink not linked", status: 404, lines: []string{"`unlink-computer-user` of a user who is not the employee's: 500"}},
	{name: "employees.unlink missing", status: 404, lines: []string{"`unlink-computer-user` of a user who is not the employee's: 500"}},
	{name: "employees.delete with data", status: 200, lines: kept},

	{name: "computers (no such controller)", status: 200, lines: []string{"`computers`, `computers/:id/users`, `departments/:id/sub-departments`, `organizations/:id/departments`, `users/:id/change-role`, `users/:id/assign-organization`: 404"}},
	{name: "computer-users.unlinked", role: "HR", status: 200, lines: []string{"`computer-users/unlinked`: 500"}},
	{name: "computer-users query", was: 500, status: 400, lines: badOrder},
	{name: "computer-users.update", status: 200, lines: []string{"`PUT computer-users/:id`: 500"}},
	{name: "computer-users.delete used", status: 200, lines: kept},
}

// noPassword is what is shown no more, and notForGuards what a guard does not see.
var (
	noPassword   = []string{".data[0].password is missing"}
	notForGuards = []string{
		".address is null, v1's string", ".createdAt is null, v1's time", ".email is null, v1's string", ".isActive is null, v1's boolean",
		".organizationId is null, v1's number", ".phone is null, v1's string", ".policy is null, v1's object", ".policyId is null, v1's number",
		".updatedAt is null, v1's time",
	}
)

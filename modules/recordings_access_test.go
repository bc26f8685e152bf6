package modules_test

import "github.com/staff-control/staff-control/platform/httpx/v1test"

// rowsBefore are rows that were there before a recording, by its number, though what made them was not recorded.
var rowsBefore = map[int]map[string][]v1test.Row{713: peopleMore}

// sentBefore is what was sent before a recording, and was not recorded.
var sentBefore = map[int][]v1test.Recording{
	805: {unrecorded("ADMIN", "PUT", "/api/v1/employees/21", `{"email":null}`)},
	841: {
		unrecorded("HR", "POST", "/api/v1/visitors", `{"firstName":"A","lastName":"B"}`),
		unrecorded("HR", "POST", "/api/v1/visitors", `{"firstName":"A","lastName":"B"}`),
	},
	863: {unrecorded("ADMIN", "DELETE", "/api/v1/visitors/241", "")},
	884: {unrecorded("HR", "POST", "/api/v1/policies/groups", `{"name":"G1","type":"WEBSITE"}`)},
	888: {unrecorded("ADMIN", "PUT", "/api/v1/policies/groups/5", `{"name":"G1b"}`)},
	893: {unrecorded("ADMIN", "POST", "/api/v1/policies/groups/5/resources", `{"resourceIds":[1,10,3]}`)},
	// v1's fourth option joined two organizations and cannot be here: another takes its number.
	918: {unrecorded("ADMIN", "POST", "/api/v1/policies/options", `{"policyId":2,"groupId":1,"type":"WEBSITE"}`)},
}

// accessDiffer are the differences of signing in, and of what belongs to no part.
var accessDiffer = []otherwise{
	{name: "outside prefix", fields: []string{".code is more", ".details is more", ".error is string, v1's object", ".message is more", ".traceId is more"}, lines: []string{"a path outside `/api`: 404"}},
	{name: "swagger html", fields: []string{" is no JSON"}, lines: []string{"`GET /api/docs` is a Swagger UI"}},
	{name: "auth.login body over 100kb", status: 401, lines: []string{"a body over 100 kB: 500"}},
	{name: "auth.login GET", status: 200, lines: []string{"`GET auth/login` 404"}},
	{name: "auth.refresh expired", status: 401, lines: []string{"bad refresh token: 500"}},
	{name: "auth.validate unknown role", status: 401, lines: tokens},
	{name: "auth.validate deleted user", status: 401, lines: tokens},
}

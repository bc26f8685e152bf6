package modules_test

import "slices"

// The reasons that many recordings of visitors and door terminals have.
var (
	othersVisitor = []string{"a visitor or a code of another organization: 403"}
	guarded       = []string{"GUARD sees passports, PINFL and notes in the list"}
	seenByGuard   = []string{"a GUARD sees everybody's visitors, an HR whose token was renewed likewise"}
	noRowsID      = []string{"an id that no row can have: 500"}
	served        = []string{"`onetime-codes`, `visitors/today`, `active-codes`, `:id/actions` are not mounted"}
	secondModule  = []string{"`visitors` had a second module that was never mounted: other shapes, everybody's visitors, `creatorId` in the body, `search` and `isActive`"}
	noPapers      = []string{".data[0].passportNumber is null, v1's string", ".data[0].pinfl is null, v1's string"}
	unseen        = []string{"a device is shown with its password, and to GUARD with its login"}
	notThere      = []string{".data[0]._count is missing", ".data[0].creator is missing", ".data[0].onetimeCodes is missing"}
)

// doorsDiffer are the differences of visitors, their codes, and door terminals.
var doorsDiffer = []otherwise{
	{name: "visitors.list", role: "GUARD", fields: noPapers, lines: guarded},
	{name: "visitors.list org2/other", role: "GUARD2", fields: noPapers, lines: guarded},
	{name: "visitors.get other org", role: "GUARD", status: 404, lines: seenByGuard},
	{name: "visitors.get other org", was: 403, status: 404, lines: othersVisitor},
	{name: "visitors.deactivate other org by HR", status: 404, lines: othersVisitor},
	{name: "visitors.get bad id", was: 500, status: 400, lines: noRowsID},
	{seqs: []int{838, 844}, status: 400, again: visitorOfFirst, lines: []string{"a visitor has the organization of its creator"}},
	{name: "visitors.generate-code end before start", status: 400, lines: []string{"`endDate` before `startDate` 201"}},
	{name: "onetime-codes (not imported)", status: 200, lines: served},
	{name: "onetime-codes query", was: 500, status: 400, lines: served},
	{name: "onetime-codes bad id", was: 500, status: 400, lines: noRowsID},

	{name: "devices.get", role: "ADMIN", fields: []string{".password is missing"}, lines: unseen},
	{name: "devices.get", role: "GUARD", fields: []string{".password is missing", ".login is null, v1's string"}, lines: unseen},
	{name: "devices query", was: 500, status: 400, lines: badOrder},
	{name: "devices bad id", was: 500, status: 400, lines: noID},
	{name: "devices.update empty", status: 200, lines: []string{"`POST devices` and `PUT devices/:id`: 500"}},

	{name: "visitors2.list", role: "ADMIN", fields: notThere, lines: secondModule},
	{name: "visitors2.list", role: "DEPARTMENT_LEAD", fields: notThere, lines: secondModule},
	{name: "visitors2.list", role: "GUARD", fields: slices.Concat(notThere, noPapers, []string{".data[0].middleName is null, v1's string"}), lines: secondModule},
	{name: "visitors query", was: 200, status: 400, lines: secondModule},
	{name: "visitors2.get", other: true, lines: secondModule},
	{name: "visitors2.validate-code", was: 200, other: true, lines: secondModule},
	{name: "visitors2.create", status: 400, lines: secondModule},
	{name: "visitors2.create missing creator", status: 400, lines: secondModule},
	{name: "visitors2.update", other: true, lines: secondModule},
	{name: "visitors2.delete with codes", status: 404, lines: secondModule},
}

// visitorOfFirst is the body of 838 with an organization.
const visitorOfFirst = `{"firstName":"Mehmon","lastName":"Yangi","phone":"+998911112233","passportNumber":"AC1234567","pinfl":"12345678901234","workPlace":"X",
	"birthday":"1990-01-01","organizationId":1}`

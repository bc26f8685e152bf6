package doors

import (
	"testing"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

func TestAnEmployeesPassesAreShownAsByV1(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		for _, at := range []string{"08:00:00", "09:00:00"} {
			mustTake(t, o, terminal(1), action(3, at, at == "08:00:00", named(11)))
		}
		server := kerneltest.Build(t, kernel.Dashboard, kerneltest.Options{DB: d}, provided(kernel.Dashboard)...)
		for _, path := range []string{"/api/v1/employees/11/entry-logs", "/api/employees/11/entry-logs"} {
			httptestx.Run(t, server,
				httptestx.Scenario{Name: "both", As: someone(actor.Guard, 1), Path: path, Status: 200, Contains: []string{
					`"entryType":null`, `"actionResult":"DENIED"`, `"actionResult":"SUCCESS"`, `"device":{"id":3,`, `"gate":null`, `"visitorType":"EMPLOYEE"`,
					`"meta":{"total":2,"page":1,"limit":10,"totalPages":1}}`,
				}},
				httptestx.Scenario{Name: "a page", As: someone(actor.HR, 1), Path: path + "?page=2&limit=1&search=x&sort=nope", Status: 200, Contains: []string{"08:00:00.000Z", `"meta":{"total":2,"page":2,"limit":1,"totalPages":2}}`}, Excludes: []string{"DENIED"}},
				httptestx.Scenario{Name: "no such page", As: someone(actor.HR, 1), Path: path + "?page=0", Status: 400},
				httptestx.Scenario{Name: "unknown name", As: someone(actor.HR, 1), Path: path + "?from=1", Status: 400},
				httptestx.Scenario{Name: "not theirs", As: someone(actor.HR, 2), Path: path, Status: 404},
				httptestx.Scenario{Name: "not a lead's", As: someone(actor.DepartmentLead, 1, 99), Path: path, Status: 404},
				httptestx.Scenario{Name: "nobody", Path: path, Status: 401},
			)
		}
	})
}

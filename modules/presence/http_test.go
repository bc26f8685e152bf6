package presence

import (
	"fmt"
	"testing"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/schedules/schedule"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

func TestRoute(t *testing.T) {
	t.Parallel()
	const role = kernel.Dashboard
	o := newOffice(on(11, 0))
	o.see(o.employ(1, 1, "Aziza"), on(9, 17).AddDate(-6, 0, 0), on(18, 5).AddDate(-6, 0, 0), activity.StateOff)
	o.employ(2, 3, "Bobur")
	server := kerneltest.Build(t, role, kerneltest.Options{}, New(),
		kerneltest.Provide[organization.Tree](role, o), kerneltest.Provide[organization.Index](role, o),
		kerneltest.Provide[employee.Roster](role, o), kerneltest.Provide[computer.Registry](role, links{o: o}),
		kerneltest.Provide[computer.Watch](role, o), kerneltest.Provide[activity.Reader](role, o),
		kerneltest.Provide[pass.Log](role, o), kerneltest.Provide[schedule.Book](role, o), kerneltest.Provide[schedule.Absences](role, o),
		kerneltest.Provide[gateway.Watch](role, o), kerneltest.Provide[alert.Board](role, o))
	scenarios := []httptestx.Scenario{
		{Name: "nobody", Path: "/api/v2/presence/today", Status: 401},
		{Name: "no date", Path: "/api/v2/presence/today?date=yesterday", As: of(actor.HR), Status: 400, Contains: []string{"presence.not_a_date"}},
		{Name: "the year 1", Path: "/api/v2/presence/today?date=0001-01-01", As: of(actor.HR), Status: 400, Contains: []string{"presence.not_a_date"}},
		{Name: "tomorrow's world", Path: "/api/v2/presence/today?date=2999-01-01", As: of(actor.HR), Status: 400, Contains: []string{"presence.not_a_date"}},
		{Name: "unknown department", Path: "/api/v2/presence/today?departmentId=77", As: of(actor.HR), Status: 404},
		{Name: "an empty department has lists", Path: "/api/v2/presence/today?date=2020-11-23&departmentId=2", As: of(actor.HR), Status: 200, Contains: []string{`"people":[]`, `"attention":[]`}},
	}
	for _, r := range []actor.Role{actor.Admin, actor.HR, actor.DepartmentLead, actor.Guard, actor.Gateway, actor.Agent, actor.Hikvision} {
		status := 403
		if r&actor.People != 0 {
			status = 200
		}
		scenarios = append(scenarios, httptestx.Scenario{Name: fmt.Sprint("as ", r), As: of(r), Path: "/api/v2/presence/today", Status: status})
	}
	httptestx.Run(t, server, scenarios...)
	// The module's own clock is now; that day's answer does not change.
	httptestx.Run(t, server,
		httptestx.Scenario{Name: "a day", As: of(actor.HR), Path: "/api/v2/presence/today?date=2020-11-23", Status: 200, Golden: "today"},
		httptestx.Scenario{Name: "a day for a guard", As: of(actor.Guard), Path: "/api/v2/presence/today?date=2020-11-23", Status: 403, Contains: []string{"presence.today_only"}})
}

func of(role actor.Role) *actor.Actor {
	return &actor.Actor{Role: role, ID: "user:1", UserID: 1, OrganizationID: 1, DepartmentIDs: []int64{1}}
}

package doors

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

// names of those who are inside, the last to come first.
func (o office) insideNow(t *testing.T, ctx context.Context, organization, department int64) string {
	t.Helper()
	list, err := o.insiders(ctx, organization, department)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, p := range list {
		ids = append(ids, fmt.Sprintf("%d since %s", p.ID, p.since.Format("15:04")))
	}
	return strings.Join(ids, ", ")
}

// Inside is whose last pass that counts was one in, as far as the actor sees, and not too long ago.
func TestWhoIsInside(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		mustTake(t, o, terminal(1), action(1, "08:00:00", true, named(11)), action(1, "08:30:00", true, named(12)), action(2, "09:00:00", false, named(12)))
		mustTake(t, o, terminal(2), action(1, "07:00:00", true, named(21)))
		want := func(ctx context.Context, organization, department int64, want string) {
			t.Helper()
			if got := o.insideNow(t, ctx, organization, department); got != want {
				t.Errorf("inside are %q, want %q", got, want)
			}
		}
		guard := as(actor.Guard, 1)
		want(guard, 0, 0, "12 since 08:30, 11 since 08:00")
		want(guard, 0, 1, "11 since 08:00")
		want(guard, 2, 0, "")
		want(guard, 0, 3, "")
		want(as(actor.DepartmentLead, 1, 1), 0, 0, "11 since 08:00")
		want(as(actor.DepartmentLead, 1, 1), 0, 2, "")
		want(as(actor.HR, 2), 0, 0, "") // the device is an exit
		want(as(actor.Admin, 0), 1, 0, "12 since 08:30, 11 since 08:00")
		mustTake(t, o, terminal(1), action(2, "10:00:00", true, named(11)))
		want(guard, 0, 0, "12 since 08:30")
		o.service.now = func() time.Time { return noon.Add(o.cfg.ForgetAfter) }
		want(guard, 0, 0, "")
	})
}

// A guard writes down what no terminal saw: once, with a reason, in the audit, and the passes after it turn.
func TestAPassIsWrittenDown(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		mustTake(t, o, terminal(1), action(3, "09:00:00", true, named(11)))
		eight := noon.Add(-4 * time.Hour)
		in := passInput{EmployeeID: 11, Direction: pass.Enter, Reason: "the turnstile was open", At: &eight}
		row, err := o.enter(as(actor.Guard, 1), in)
		if err != nil || row.EnteredBy != "user:2" || row.Reason != in.Reason || !row.At.Equal(eight) || row.directionBy() != byPerson {
			t.Fatalf("%+v, %v", row, err)
		}
		again, err := o.enter(as(actor.Guard, 1), in)
		if err != nil || again.ID != row.ID || ways(t, o, 11) != "IO" {
			t.Errorf("again it is %d, not %d, and the ways are %s; %v", again.ID, row.ID, ways(t, o, 11), err)
		}
		in.At, in.EmployeeID = nil, 21
		if row, err = o.enter(as(actor.Admin, 0), in); err != nil || row.OrganizationID != 2 || !row.At.Equal(noon) {
			t.Errorf("the operator's is %+v, %v", row, err)
		}
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action = 'pass.entered' AND reason = 'the turnstile was open' AND organization_id IN (1, 2)"); n != 2 {
			t.Errorf("%d entries of the audit, want 2", n)
		}
		early, ahead := noon.AddDate(0, 0, -8), noon.Add(time.Hour)
		for code, in := range map[string]passInput{
			"doors.person_inactive": {EmployeeID: 13, Direction: pass.Enter},
			"invalid":               {EmployeeID: 21, Direction: pass.Enter},
			"invalid ":              {EmployeeID: 11, Direction: pass.Enter, At: &early},
			"invalid  ":             {EmployeeID: 11, Direction: pass.Enter, At: &ahead},
		} {
			_, err := o.enter(as(actor.Guard, 1), in)
			if f := (*fault.Error)(nil); !errors.As(err, &f) || f.Code != strings.TrimSpace(code) {
				t.Errorf("%+v: %v, want %s", in, err, code)
			}
		}
	})
}

func TestRoutesOfToday(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		mustTake(t, o, terminal(1), action(1, "08:00:00", true, named(11)), action(1, "08:30:00", true, named(12)), action(2, "10:00:00", true, named(12)),
			action(1, "11:00:00", false, named(11)), action(1, "11:30:00", true, `{"name":"Nobody"}`))
		mustTake(t, o, terminal(2), action(1, "08:00:00", true, named(21)))
		today := New()
		server := kerneltest.Build(t, kernel.Dashboard, kerneltest.Options{DB: d}, append(others(kernel.Dashboard), today)...)
		today.service.now = func() time.Time { return noon }
		hr, guard, lead, theirs := someone(actor.HR, 1), someone(actor.Guard, 1), someone(actor.DepartmentLead, 1, 2), someone(actor.HR, 2)
		operator := someone(actor.Admin, 0)
		path := "/api/v2/passes"
		httptestx.Run(t, server,
			httptestx.Scenario{Name: "inside", As: guard, Path: path + "/inside", Status: 200,
				Contains: []string{`"employeeId":11,"employeeName":"Aziza Karimova","organizationId":1,"departmentId":1,"since":"2026-11-02T08:00:00Z","deviceId":1,"deviceName":"In","photoVersion":"0a1"`}, Excludes: []string{`"employeeId":12`}},
			httptestx.Scenario{Name: "passes of who has a photo", As: guard, Path: path + "?employee=11", Status: 200, Contains: []string{`"employeeName":"Aziza Karimova","photoVersion":"0a1"`}},
			httptestx.Scenario{Name: "passes of who has none", As: guard, Path: path + "?employee=12", Status: 200, Contains: []string{`"employeeId":12`}, Excludes: []string{"photoVersion"}},
			httptestx.Scenario{Name: "inside, of another tenant", As: theirs, Path: path + "/inside", Status: 200, Contains: []string{`"items":[]`}},
			httptestx.Scenario{Name: "today", As: hr, Path: path + "/today", Status: 200, Contains: []string{
				`"date":"2026-11-02","zone":"Asia/Tashkent","entries":3,"exits":1,"inside":1,"refused":1,"unknown":1`,
				`{"id":1,"name":"Department 1","people":1,"present":1,"inside":1}`, `{"id":2,"name":"Department 2","people":1,"present":1,"inside":0}`,
				`{"id":1,"name":"In","lastSeenAt":`,
			}, Excludes: []string{`Theirs`, `Retired`}},
			httptestx.Scenario{Name: "a lead's today", As: lead, Path: path + "/today", Status: 200, Contains: []string{`"entries":1,"exits":1,"inside":0`}, Excludes: []string{"Aziza"}},
			httptestx.Scenario{Name: "of a department", As: operator, Path: path + "/today?organization=1&department=1", Status: 200, Contains: []string{`"entries":1,"exits":0,"inside":1`}},
			httptestx.Scenario{Name: "of all", As: operator, Path: path + "/today", Status: 200, Contains: []string{`"zone":"UTC"`, `"exits":2`}},
			httptestx.Scenario{Name: "of a foreign organization", As: hr, Path: path + "/today?organization=2", Status: 404},
			httptestx.Scenario{Name: "passes of a department", As: guard, Path: path + "?department=2", Status: 200, Contains: []string{`"employeeId":12`, `"departmentId":2`}, Excludes: []string{`"employeeId":11`, `"Nobody"`}},
			httptestx.Scenario{Name: "passes out of a department", As: guard, Path: path + "?department=2&direction=EXIT", Status: 200, Contains: []string{`"direction":"EXIT"`}, Excludes: []string{`"direction":"ENTER"`}},
			httptestx.Scenario{Name: "passes of a department that a lead does not lead", As: lead, Path: path + "?department=1", Status: 200, Contains: []string{`"items":[]`}},
			httptestx.Scenario{Name: "passes of another tenant's department", As: theirs, Path: path + "?department=2", Status: 200, Contains: []string{`"items":[]`}},
			httptestx.Scenario{Name: "passes up", As: guard, Path: path + "?direction=UP", Status: 400, Contains: []string{`"field":"direction"`}},
			httptestx.Scenario{Name: "written down", As: guard, Path: path, Body: `{"employeeId":12,"direction":"ENTER","reason":" forgot the card "}`, Status: 201,
				Contains: []string{`"employeeName":"Шухрат Ўктамов"`, `"directionBy":"person","actionType":"USER"`, `"source":"person"`, `"reason":"forgot the card","enteredBy":"user:7"`}},
			httptestx.Scenario{Name: "a lead writes nothing down", As: lead, Path: path, Body: `{"employeeId":12,"direction":"ENTER","reason":"x"}`, Status: 403},
			httptestx.Scenario{Name: "of another tenant", As: theirs, Path: path, Body: `{"employeeId":12,"direction":"ENTER","reason":"x"}`, Status: 400, Contains: []string{"unknown_reference"}},
			httptestx.Scenario{Name: "of nobody, for nothing", As: guard, Path: path, Body: `{"direction":"UP"}`, Status: 400, Contains: []string{`"employeeId"`, `"direction"`, `"reason"`}},
		)
		path = "/api/entry-logs"
		httptestx.Run(t, server,
			httptestx.Scenario{Name: "logs", As: hr, Path: path, Status: 200, Contains: []string{
				`"success":true`, `"page":1,"total":4,"limit":50`, `"department":"Department 2","sub_department":null,"organization":"A"`,
				`"entry_type":"exit","action_type":"card","action_result":"success","device":{"id":2,"name":"Out","ip_address":"10.0.0.2","entry_type":"exit"}`,
				`"device_id":null`, `"organizations":[{"id":1,"name":"A"}]`,
			}, Excludes: []string{"Diyor", "Theirs"}},
			httptestx.Scenario{Name: "logs of v1's path", As: guard, Path: "/api/v1/entry-logs?employee_id=12&entry_type=exit&limit=1", Status: 200, Contains: []string{`"total":1,"limit":1`}},
			httptestx.Scenario{Name: "logs of a day", As: hr, Path: path + "?start_date=2026-11-01&end_date=2026-11-01", Status: 200, Contains: []string{`"entry_logs":[]`, `"total":0`, `"start_date":"2026-11-01"`}},
			httptestx.Scenario{Name: "logs until a day", As: hr, Path: path + "?start_date=2026-11-02T08:15:00Z&end_date=2026-11-02&page=2&limit=2", Status: 200, Contains: []string{`"page":2,"total":3`}},
			httptestx.Scenario{Name: "a lead's logs", As: lead, Path: path, Status: 200, Excludes: []string{"Aziza"}},
			httptestx.Scenario{Name: "another tenant's logs", As: theirs, Path: path + "?employee_id=11", Status: 200, Contains: []string{`"entry_logs":[]`}, Excludes: []string{"Aziza"}},
			httptestx.Scenario{Name: "wrong", As: hr, Path: path + "?limit=101&page=-1&start_date=x&entry_type=up", Status: 400},
			httptestx.Scenario{Name: "unknown", As: hr, Path: path + "?startDate=2026-11-01", Status: 400},
			httptestx.Scenario{Name: "today", As: hr, Path: path + "/today?group_by=department", Status: 200, Contains: []string{
				`"date":"2026-11-02","summary":{"total_entries":4,"total_exits":1,"current_occupancy":2,"late_arrivals":null,"early_departures":null,"avg_arrival_time":"13:15","avg_departure_time":null}`,
				`{"department":"Department 1","total_employees":1,"present":1,"absent":0,"late":null}`, `{"device_name":"In","status":"unknown","last_activity":`,
				`"entry_type":"exit","device":{"name":"Out"}`,
			}},
			httptestx.Scenario{Name: "another tenant's today", As: theirs, Path: path + "/today", Status: 200, Excludes: []string{"Aziza", `"In"`}},
		)
	})
}

package schedules

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/schedules/schedule"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/grid/gridtest"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

// absent is what a caller says of an absence.
func absent(kind, first, last string) absenceInput {
	return absenceInput{Kind: &kind, FirstDay: &first, LastDay: &last}
}

func mustBeAbsent(t *testing.T, s *service, ctx context.Context, employeeID int64, in absenceInput) int64 {
	t.Helper()
	row, err := s.addAbsence(ctx, employeeID, in)
	if err != nil {
		t.Fatal(err)
	}
	return row.ID
}

func TestAbsencesDoNotOverlap(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, hr := newService(t, d), as(actor.HR, 1)
		mustBeAbsent(t, s, hr, 1, absent("vacation", "2026-11-10", "2026-11-20"))
		mustBeAbsent(t, s, hr, 2, absent("vacation", "2026-11-10", "2026-11-20"))
		next := mustBeAbsent(t, s, hr, 1, absent("sick", "2026-11-21", "2026-11-21"))
		for _, days := range [][2]string{
			{"2026-11-20", "2026-11-20"}, {"2026-11-01", "2026-11-10"}, {"2026-11-12", "2026-11-13"}, {"2026-11-01", "2026-12-31"},
		} {
			_, err := s.addAbsence(hr, 1, absent("trip", days[0], days[1]))
			if f := fault.Of(err); !errors.Is(err, errOverlap) || f.Params["First"] != "2026-11-10" || f.Params["Last"] != "2026-11-20" {
				t.Errorf("%v: %v", days, err)
			}
		}
		from := "2026-11-20"
		if _, err := s.changeAbsence(hr, next, absenceInput{FirstDay: &from}); !errors.Is(err, errOverlap) {
			t.Errorf("a longer one: %v", err)
		}
		until := "2026-11-30"
		row, err := s.changeAbsence(hr, next, absenceInput{LastDay: &until}) // over its own days
		if err != nil || row.FirstDay != "2026-11-21" || row.LastDay != until || row.Kind != "sick" {
			t.Errorf("changed to %+v, %v", row, err)
		}
		if n := counted(t, d, "SELECT count(*) FROM absences"); n != 3 {
			t.Errorf("%d absences", n)
		}
	})
}

// Of several who enter an absence of the same days at once, one does.
func TestOneOfTwoAbsencesAtOnceWins(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, hr := newService(t, d), as(actor.HR, 1)
		faults := make([]error, 6)
		var all sync.WaitGroup
		for i := range faults {
			all.Go(func() {
				_, faults[i] = s.addAbsence(hr, 1, absent("vacation", "2026-11-10", fmt.Sprintf("2026-11-1%d", i)))
			})
		}
		all.Wait()
		entered := 0
		for _, err := range faults {
			if err == nil {
				entered++
			} else if !errors.Is(err, errOverlap) {
				t.Error(err)
			}
		}
		if n := counted(t, d, "SELECT count(*) FROM absences"); entered != 1 || n != 1 {
			t.Errorf("%d entered, %d there", entered, n)
		}
	})
}

func TestWhoIsAbsent(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, hr := newService(t, d), as(actor.HR, 1)
		mustBeAbsent(t, s, hr, 1, absent("vacation", "2026-11-10", "2026-11-20"))
		mustBeAbsent(t, s, hr, 1, absent("sick", "2026-11-23", "2026-11-23"))
		mustBeAbsent(t, s, hr, 2, absent("trip", "2026-11-20", "2026-11-24"))
		mustBeAbsent(t, s, as(actor.HR, 2), 3, absent("study", "2026-11-01", "2026-11-30"))
		for name, c := range map[string]struct {
			ctx         context.Context
			first, last string
			want        string
		}{
			"a day of one":     {hr, "2026-11-19", "2026-11-19", "[1 vacation]"},
			"the last day":     {hr, "2026-11-20", "2026-11-20", "[1 vacation 2 trip]"},
			"two days":         {hr, "2026-11-22", "2026-11-23", "[1 sick 2 trip]"},
			"a month":          {hr, "2026-11-01", "2026-11-30", "[1 vacation 1 sick 2 trip]"},
			"before":           {hr, "2026-11-01", "2026-11-09", "[]"},
			"of a department":  {as(actor.DepartmentLead, 1, 3), "2026-11-01", "2026-11-30", "[2 trip]"},
			"of no department": {as(actor.DepartmentLead, 1), "2026-11-01", "2026-11-30", "[]"},
			"of another":       {as(actor.HR, 2), "2026-11-01", "2026-11-30", "[3 study]"},
		} {
			list, err := s.Absent(c.ctx, c.first, c.last)
			var got []string
			for _, a := range list {
				got = append(got, fmt.Sprint(a.EmployeeID, " ", a.Kind))
			}
			if fmt.Sprint(got) != c.want || err != nil {
				t.Errorf("%s: %v, %v, want %s", name, got, err, c.want)
			}
		}
		if _, err := s.Absent(as(actor.Admin, 0), "2026-11-01", "2026-11-30"); !errors.Is(err, db.ErrNoOrganization) {
			t.Errorf("across organizations: %v", err)
		}
		a := schedule.Absence{FirstDay: "2026-11-10", LastDay: "2026-11-20"}
		if a.On("2026-11-09") || !a.On("2026-11-10") || !a.On("2026-11-20") || a.On("2026-11-21") {
			t.Error("an absence is not of its days")
		}
	})
}

func TestTheListOfAbsences(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, hr := newService(t, d), as(actor.HR, 1)
		one := mustBeAbsent(t, s, hr, 1, absent("vacation", "2026-11-10", "2026-11-20"))
		two := mustBeAbsent(t, s, hr, 1, absent("sick", "2026-12-01", "2026-12-05"))
		three := mustBeAbsent(t, s, as(actor.Admin, 0), 2, absent("trip", "2026-11-20", "2026-11-24"))
		other := mustBeAbsent(t, s, as(actor.HR, 2), 3, absent("study", "2026-11-01", "2026-11-30"))
		l, lead := s.absences(), as(actor.DepartmentLead, 1, 3)
		for _, c := range []struct {
			ctx   context.Context
			query string
			want  []int64
		}{
			{hr, "", []int64{two, three, one}},
			{hr, "sort=employeeName&limit=1", []int64{one, two, three}},
			{hr, "firstDay.to=2026-12-01&lastDay.from=2026-11-21", []int64{three}},
			{hr, "kind=sick,trip", []int64{two, three}},
			{hr, "employeeId=1", []int64{two, one}},
			{hr, "departmentId=3", []int64{three}},
			{hr, "q=alieva", []int64{two, one}},
			{lead, "", []int64{three}},
			{lead, "departmentId=3", []int64{three}},
			{lead, "employeeId=1", nil},
			{as(actor.Admin, 0), "organizationId=2", []int64{other}},
		} {
			var got []int64
			for _, a := range gridtest.All(t, c.ctx, l, c.query) {
				got = append(got, a.ID)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", c.query, got, c.want)
			}
		}
		if _, err := gridtest.Walk(lead, l, "departmentId=1"); !errors.Is(err, organization.ErrDepartmentUnknown) {
			t.Errorf("a lead asks about another department: %v", err)
		}
		seen := map[int64]string{}
		for _, a := range gridtest.All(t, hr, l, "") {
			seen[a.ID] = a.EmployeeName + " " + a.CreatedByName
		}
		if seen[one] != "Алиева Нодира Kadrlar" || seen[three] != "Karimov Olim Kadrlar" {
			t.Errorf("of whom and by whom: %v", seen)
		}
	})
}

// Each change is in the history of the employee, field by field; an employee with an absence is not deleted.
func TestTheHistoryTellsOfAbsences(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, hr := newService(t, d), as(actor.HR, 1)
		in, reason := absent("vacation", "2026-11-10", "2026-11-20"), " yearly "
		in.Reason = &reason
		id := mustBeAbsent(t, s, hr, 1, in)
		kind := "unpaid"
		if _, err := s.changeAbsence(hr, id, absenceInput{Kind: &kind}); err != nil {
			t.Fatal(err)
		}
		err := d.Write(as(actor.Admin, 0), func(ctx context.Context, tx db.Tx) error {
			_, err := tx.Raw("DELETE FROM employees WHERE id = 1").Exec(ctx)
			return db.Translate(err)
		})
		if !errors.Is(err, db.ErrMissingReference) {
			t.Errorf("an employee with an absence is deleted: %v", err)
		}
		if err := s.removeAbsence(hr, id); err != nil {
			t.Fatal(err)
		}
		var told []string
		err = d.Read(hr, func(ctx context.Context, tx db.Tx) error {
			changes, _, err := s.audit.History(ctx, tx, audit.Of{OrganizationID: 1, Object: "employee:1", Limit: 9})
			for _, c := range changes {
				told = append(told, fmt.Sprint(c.Action, " ", c.Fields))
			}
			return err
		})
		want := []string{
			"employee.absence_removed [{absenceKind unpaid <nil>} {firstDay 2026-11-10 <nil>} {lastDay 2026-11-20 <nil>} {reason yearly <nil>}]",
			"employee.absence_changed [{absenceKind vacation unpaid}]",
			"employee.absence_added [{absenceKind <nil> vacation} {firstDay <nil> 2026-11-10} {lastDay <nil> 2026-11-20} {reason <nil> yearly}]",
		}
		if err != nil || !slices.Equal(told, want) {
			t.Errorf("the history tells %q, %v", told, err)
		}
	})
}

func TestAbsenceRoutes(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	newService(t, d)
	server := kerneltest.Build(t, kernel.Dashboard, kerneltest.Options{DB: d}, New(),
		kerneltest.Provide[organization.Tree](kernel.Dashboard, tree{}), kerneltest.Provide[employee.Directory](kernel.Dashboard, people{}))
	hr := &actor.Actor{Role: actor.HR, ID: "user:2", UserID: 2, OrganizationID: 1}
	lead := &actor.Actor{Role: actor.DepartmentLead, ID: "user:2", UserID: 2, OrganizationID: 1, DepartmentIDs: []int64{3}}
	other := &actor.Actor{Role: actor.HR, ID: "user:3", UserID: 3, OrganizationID: 2}
	const path, body = absencesPath, `{"employeeId":1,"kind":"sick","firstDay":"2026-11-23","lastDay":"2026-11-27","reason":" gripp "}`
	httptestx.Run(t, server,
		httptestx.Scenario{Name: "none yet", As: hr, Path: path, Status: 200, Contains: []string{`"items":[]`}},
		httptestx.Scenario{Name: "enter", As: hr, Path: path, Body: body, Status: 201, Golden: "absence", Mask: []string{"createdAt", "updatedAt"}},
		httptestx.Scenario{Name: "again", As: hr, Path: path, Body: body, Status: 409, Contains: []string{"schedules.absence_overlap", "2026-11-23", "2026-11-27"}},
		httptestx.Scenario{Name: "nothing said", As: hr, Path: path, Body: `{"employeeId":1}`, Status: 400, Contains: []string{`"field":"kind"`, `"field":"firstDay"`, `"field":"lastDay"`}},
		httptestx.Scenario{Name: "backwards", As: hr, Path: path, Body: `{"employeeId":1,"kind":"sick","firstDay":"2026-12-02","lastDay":"2026-12-01"}`, Status: 400, Contains: []string{"schedules.ends_before"}},
		httptestx.Scenario{Name: "no day", As: hr, Path: path, Body: `{"employeeId":1,"kind":"hangover","firstDay":"2026-02-30","lastDay":"1999-12-31"}`, Status: 400, Contains: []string{`"field":"kind"`, `"field":"firstDay"`, `"field":"lastDay"`}},
		httptestx.Scenario{Name: "nobody", As: hr, Path: path, Body: `{"employeeId":3,"kind":"sick","firstDay":"2026-12-01","lastDay":"2026-12-01"}`, Status: 400, Contains: []string{`"field":"employeeId"`}},
		httptestx.Scenario{Name: "change", As: hr, Method: "PATCH", Path: path + "/1", Body: `{"lastDay":"2026-11-28","reason":""}`, Status: 200, Contains: []string{`"lastDay":"2026-11-28","reason":""`}},
		httptestx.Scenario{Name: "listed", As: hr, Path: path + "?lastDay.from=2026-11-28", Status: 200, Contains: []string{`"total":1`}},
		httptestx.Scenario{Name: "no date", As: hr, Path: path + "?lastDay.from=november", Status: 400, Contains: []string{"not_a_date"}},
		httptestx.Scenario{Name: "as a file", As: hr, Path: path + "/export?employeeId=1", Status: 200, Contains: []string{"Алиева Нодира", "2026-11-28"}},
		httptestx.Scenario{Name: "not the lead's", As: lead, Path: path, Status: 200, Contains: []string{`"items":[]`}},
		httptestx.Scenario{Name: "another tenant's", As: other, Path: path, Status: 200, Contains: []string{`"items":[]`}},
		httptestx.Scenario{Name: "not changed by others", As: other, Method: "PATCH", Path: path + "/1", Body: `{}`, Status: 404, Contains: []string{"schedules.absence_unknown"}},
		httptestx.Scenario{Name: "not removed by others", As: other, Method: "DELETE", Path: path + "/1", Status: 404, Contains: []string{"schedules.absence_unknown"}},
		httptestx.Scenario{Name: "removed", As: hr, Method: "DELETE", Path: path + "/1", Status: 204},
		httptestx.Scenario{Name: "gone", As: hr, Method: "DELETE", Path: path + "/1", Status: 404, Contains: []string{"schedules.absence_unknown"}},
	)
}

package presence

import (
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/schedules/schedule"
	"github.com/staff-control/staff-control/platform/actor"
)

// Who is absent for a reason is neither missing nor late nor expected, and nobody has to look at her computer.
func TestWhoIsExcusedIsNotMissing(t *testing.T) {
	t.Parallel()
	o := newOffice(on(11, 0))
	o.silence(o.employ(1, 1, "on leave"), "no_contact", on(-6, 0))
	o.silence(o.employ(2, 1, "missing"), "no_contact", on(-6, 0))
	o.see(o.employ(3, 1, "came all the same"), on(10, 0), on(10, 58), activity.StateActive)
	o.employ(4, 1, "was on leave")
	o.employ(5, 4, "without a schedule")
	o.away = []schedule.Absence{
		{EmployeeID: 1, Kind: "vacation", FirstDay: "2026-11-23", LastDay: "2026-12-04"},
		{EmployeeID: 3, Kind: "trip", FirstDay: "2026-11-20", LastDay: "2026-11-23"},
		{EmployeeID: 4, Kind: "sick", FirstDay: "2026-11-16", LastDay: "2026-11-22"},
		{EmployeeID: 5, Kind: "study", FirstDay: "2026-11-23", LastDay: "2026-11-23"},
	}
	day := mustAsk(t, o, as(actor.HR, 1), request{})
	for name, want := range map[string]string{
		"on leave": excused, "missing": absent, "came all the same": present, "was on leave": absent, "without a schedule": excused,
	} {
		if p := person(t, day, name); p.State != want {
			t.Errorf("%s is %s, want %s", name, p.State, want)
		}
	}
	if got, want := day.Counts, (Counts{Expected: 2, Present: 1, Absent: 2, Excused: 2}); got != want {
		t.Errorf("counts %+v, want %+v", got, want)
	}
	p := person(t, day, "on leave")
	if p.Absence == nil || *p.Absence != (Absence{"vacation", "2026-11-23", "2026-12-04"}) || p.ExpectedFrom != nil {
		t.Errorf("who is on leave is %+v", p)
	}
	if p := person(t, day, "came all the same"); p.LateMinutes != 0 || p.Absence == nil {
		t.Errorf("who came all the same is %+v", p)
	}
	if len(day.Attention) != 1 || day.Attention[0].EmployeeName != "missing" {
		t.Errorf("attention %+v", day.Attention)
	}
	guarded := mustAsk(t, o, as(actor.Guard, 1), request{})
	if p := person(t, guarded, "on leave"); p.State != excused || p.Absence != nil {
		t.Errorf("a guard sees %+v", p)
	}
}

// An absence is of the days of the organization's clocks, and of the shifts that begin on them.
func TestAnAbsenceIsOfTheShiftsOfItsDays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		at         time.Time
		department int64
		want       string
	}{
		"at 3, which is still the day before in UTC": {on(3, 0), 1, excused},
		"at the end of the day":                      {on(23, 59), 1, excused},
		"the day before":                             {on(-1, 0), 1, dayOff}, // Sunday
		"the day after":                              {on(25, 0), 1, later},
		"the night that began the day before":        {on(3, 0), 3, absent},
		"the night that begins on the day":           {on(23, 0), 3, excused},
		"and goes on the day after":                  {on(27, 0), 3, excused},
		"before the night after":                     {on(40, 0), 3, later},
	} {
		o := newOffice(c.at)
		o.book = everyDay{o}
		if c.want == dayOff {
			o.book = o
		}
		o.employ(1, c.department, "x")
		o.away = []schedule.Absence{{EmployeeID: 1, Kind: "vacation", FirstDay: "2026-11-23", LastDay: "2026-11-23"}}
		if p := person(t, mustAsk(t, o, as(actor.HR, 1), request{}), "x"); p.State != c.want {
			t.Errorf("%s: %s, want %s", name, p.State, c.want)
		}
	}
	o := newOffice(on(11, 0).AddDate(0, 0, 7))
	o.employ(1, 1, "x")
	o.away = []schedule.Absence{{EmployeeID: 1, Kind: "sick", FirstDay: "2026-11-23", LastDay: "2026-11-23"}}
	if p := person(t, mustAsk(t, o, as(actor.HR, 1), request{Date: "2026-11-23"}), "x"); p.State != excused {
		t.Errorf("of a past day: %s", p.State)
	}
}

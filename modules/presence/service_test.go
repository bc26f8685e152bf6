package presence

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
)

func mustAsk(t testing.TB, o *office, ctx context.Context, in request) Today {
	t.Helper()
	day, err := o.today(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	return day
}

// person returns the one with the name.
func person(t testing.TB, d Today, name string) Person {
	t.Helper()
	i := slices.IndexFunc(d.People, func(p Person) bool { return p.Name == name })
	if i < 0 {
		t.Fatalf("%s is not among %d people", name, len(d.People))
	}
	return d.People[i]
}

func TestStatesByDay(t *testing.T) {
	t.Parallel()
	o := newOffice(on(11, 0))
	seats := map[string]activity.Seat{}
	for i, name := range []string{"works", "late", "idle", "locked", "gone", "missing", "graced"} {
		seats[name] = o.employ(int64(i+1), 1, name)
	}
	o.employ(20, 4, "free")
	o.employ(21, 3, "night")
	volunteer := o.employ(22, 4, "volunteer")
	o.see(seats["works"], on(8, 55), on(10, 58), activity.StateActive)
	o.see(seats["late"], on(9, 17), on(10, 51), activity.StateActive)
	o.see(seats["graced"], on(9, 10), on(10, 55), activity.StateIdle)
	o.see(seats["idle"], on(8, 50), on(10, 40), activity.StateIdle)
	o.see(seats["locked"], on(8, 50), on(10, 49), activity.StateLocked)
	o.see(seats["gone"], on(8, 50), on(10, 30), activity.StateOff)
	o.see(volunteer, on(10, 0), on(11, 0), activity.StateActive)
	o.silence(seats["missing"], "shutdown", on(-6, 0))
	day := mustAsk(t, o, as(actor.HR, 1), request{})
	want := map[string]string{
		"works": present, "late": present, "graced": present, "idle": away, "locked": away, "gone": left, "missing": absent,
		"free": dayOff, "night": later, "volunteer": present,
	}
	for name, state := range want {
		if p := person(t, day, name); p.State != state {
			t.Errorf("%s is %s, want %s", name, p.State, state)
		}
	}
	if day.Date != "2026-11-23" || day.Zone != "Asia/Tashkent" || !day.At.Equal(on(11, 0)) {
		t.Errorf("the day is %s, %s, %v", day.Date, day.Zone, day.At)
	}
	if got, want := day.Counts, (Counts{Expected: 8, Present: 4, Away: 2, Left: 1, Late: 1, Absent: 1, Later: 1, DayOff: 1}); got != want {
		t.Errorf("counts %+v, want %+v", got, want)
	}
	if got := mustAsk(t, o, as(actor.Guard, 1), request{}).Counts; got.Late != 0 || got.Expected != 0 || got.Present != 4 {
		t.Errorf("a guard counts %+v", got)
	}
	if got := person(t, day, "late").LateMinutes; got != 17 {
		t.Errorf("late by %d minutes", got)
	}
	p := person(t, day, "missing")
	if p.Computer != "PC-missing" || p.ComputerID != 106 || p.ComputerState != "offline" || p.ComputerReason != "shutdown" || p.FirstAt != nil {
		t.Errorf("the missing one is %+v", p)
	}
	p = person(t, day, "idle")
	if p.Activity != "idle" || !p.FirstAt.Equal(on(8, 50)) || !p.LastAt.Equal(on(10, 40)) || p.ShiftName != "Kunduzgi" ||
		!p.ExpectedFrom.Equal(on(9, 0)) || !p.ExpectedUntil.Equal(on(18, 0)) || p.Inside != nil {
		t.Errorf("the idle one is %+v", p)
	}
}

// What a person is, hour by hour.
func TestStatesThroughTheDay(t *testing.T) {
	t.Parallel()
	type seen struct{ first, last time.Time }
	tests := []struct {
		name       string
		department int64
		seen       seen
		state      activity.State
		want       map[time.Time]string
	}{
		{"never came", 1, seen{}, "", map[time.Time]string{on(5, 0): later, on(9, 9): later, on(9, 10): absent, on(17, 0): absent, on(23, 0): absent}},
		{"works and goes", 1, seen{on(8, 50), on(18, 5)}, activity.StateOff, map[time.Time]string{on(18, 6): left, on(23, 59): left}},
		{"goes before the end", 1, seen{on(8, 50), on(16, 0)}, activity.StateOff, map[time.Time]string{on(16, 1): left, on(17, 0): left}},
		{"locks and forgets", 1, seen{on(8, 50), on(17, 0)}, activity.StateLocked, map[time.Time]string{on(17, 5): present, on(17, 30): away, on(18, 0): left}},
		{"night of yesterday", 3, seen{on(-4, 5), on(7, 30)}, activity.StateActive, map[time.Time]string{on(7, 35): present, on(7, 50): away, on(8, 30): left, on(9, 0): later, on(20, 5): later, on(20, 30): absent}},
		{"tonight", 3, seen{on(19, 50), on(23, 50)}, activity.StateActive, map[time.Time]string{on(23, 55): present, on(12, 0): later}},
	}
	for _, c := range tests {
		for at, want := range c.want {
			o := newOffice(at)
			o.shifts[3] = shift(20, 12, "Tungi")
			seat := o.employ(1, c.department, "x")
			if !c.seen.first.IsZero() && c.seen.first.Before(at) {
				o.see(seat, c.seen.first, earliest(c.seen.last, at), c.state)
			}
			// On Sundays nobody begins, but for this.
			o.book = everyDay{o}
			if got := person(t, mustAsk(t, o, as(actor.HR, 1), request{}), "x").State; got != want {
				t.Errorf("%s: at %s is %s, want %s", c.name, at.In(tashkent).Format("15:04"), got, want)
			}
		}
	}
}

// Who switches the computer off or signs out has gone, where who locks it may be back at once.
func TestWhoHasLeftIsNotPresentStill(t *testing.T) {
	t.Parallel()
	const locked, active = activity.StateLocked, activity.StateActive
	for name, c := range map[string]struct {
		state        activity.State
		seen, now    time.Time
		reason, want string // reason is empty for a computer that reports
	}{
		"switched off after the shift":      {active, on(18, 2), on(18, 3), "shutdown", left},
		"locked, then switched off":         {locked, on(18, 2), on(18, 3), "shutdown", left},
		"switched off just before the end":  {active, on(17, 58), on(18, 1), "shutdown", left},
		"closed the lid after the shift":    {active, on(18, 2), on(18, 3), "suspend", left},
		"restarts in the shift":             {active, on(11, 0), on(11, 3), "shutdown", present},
		"switched off in the shift":         {active, on(11, 0), on(11, 11), "shutdown", away},
		"the agent said that they left":     {active, on(11, 0), on(11, 1), "logout", left},
		"locked in the shift":               {locked, on(11, 0), on(11, 9), "", present},
		"locked in the shift, long ago":     {locked, on(11, 0), on(11, 11), "", away},
		"locked after the shift":            {locked, on(18, 2), on(18, 3), "", present},
		"the network is gone":               {active, on(18, 2), on(18, 3), "no_contact", present},
		"the agent broke":                   {active, on(18, 2), on(18, 3), "error", present},
		"the agent broke, and that is long": {active, on(11, 0), on(15, 0), "error", away},
	} {
		o := newOffice(c.now)
		seat := o.employ(1, 1, "x")
		o.see(seat, on(8, 50), c.seen, c.state)
		if c.reason != "" {
			o.silence(seat, c.reason, c.seen)
		}
		if got := person(t, mustAsk(t, o, as(actor.HR, 1), request{}), "x").State; got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// Of two computers the one that was signed out of says nothing while the other is used.
func TestWhoSignsOutOfOneComputerIsAtTheOther(t *testing.T) {
	t.Parallel()
	o := newOffice(on(11, 0))
	first := o.employ(1, 1, "x")
	second := activity.Seat{ComputerUID: "uid-second", UserSID: first.UserSID}
	o.linked = append(o.linked, computer.LinkPeriod{EmployeeID: 1, ComputerUID: second.ComputerUID, UserSID: second.UserSID})
	o.see(second, on(9, 0), on(10, 57), activity.StateActive)
	o.see(first, on(9, 0), on(10, 58), activity.StateOff)
	if got := person(t, mustAsk(t, o, as(actor.HR, 1), request{}), "x").State; got != present {
		t.Errorf("is %s", got)
	}
}

// How a computer is now says nothing of a past day.
func TestPastDayIsNotOfComputersNow(t *testing.T) {
	t.Parallel()
	o := newOffice(on(36, 0))
	seat := o.employ(1, 3, "night")
	o.see(seat, on(20, 0), on(31, 55), activity.StateActive) // until 7:55, and at 8:00 the shift ends
	o.silence(seat, "shutdown", on(33, 0))
	if p := person(t, mustAsk(t, o, as(actor.HR, 1), request{Date: "2026-11-23"}), "night"); p.State != present || p.ComputerState != "" {
		t.Errorf("at the end of the shift: %s, %q", p.State, p.ComputerState)
	}
}

func TestAbsenceHasItsReason(t *testing.T) {
	t.Parallel()
	for _, reason := range []string{"error", "update", "uninstall", "shutdown", "no_contact"} {
		o := newOffice(on(11, 0))
		o.silence(o.employ(1, 1, "x"), reason, on(3, 0))
		if p := person(t, mustAsk(t, o, as(actor.HR, 1), request{}), "x"); p.State != absent || p.ComputerState != "offline" || p.ComputerReason != reason {
			t.Errorf("is %s, the computer %s for %q", p.State, p.ComputerState, p.ComputerReason)
		}
	}
}

func TestNightShiftIsOfThoseStillInIt(t *testing.T) {
	t.Parallel()
	o := newOffice(on(3, 0))
	o.book = everyDay{o}
	o.see(o.employ(1, 3, "guard"), on(-3, -20), on(2, 55), activity.StateActive)
	o.employ(2, 3, "sleeper")
	o.employ(3, 1, "clerk")
	day := mustAsk(t, o, as(actor.HR, 1), request{})
	p := person(t, day, "guard")
	if p.State != present || p.LateMinutes != 40 || !p.ExpectedFrom.Equal(on(-4, 0)) || !p.ExpectedUntil.Equal(on(8, 0)) {
		t.Errorf("the guard is %+v, late by %d", p, p.LateMinutes)
	}
	if s := person(t, day, "sleeper").State; s != absent {
		t.Errorf("who never came is %s", s)
	}
	if s := person(t, day, "clerk").State; s != later {
		t.Errorf("the clerk is %s", s)
	}
	// The same people on the page of the day on which the shift began.
	o.at = on(12, 0)
	o.see(activity.Seat{ComputerUID: "uid-guard", UserSID: "S-guard"}, on(-3, -20), on(7, 58), activity.StateOff)
	past := mustAsk(t, o, as(actor.HR, 1), request{Date: "2026-11-22"})
	if p := person(t, past, "guard"); p.State != present && p.State != left || p.LateMinutes != 40 || !p.LastAt.Equal(on(7, 58)) {
		t.Errorf("yesterday's guard is %+v", p)
	}
	if !past.At.Equal(on(8, 0)) {
		t.Errorf("yesterday ended at %v", past.At)
	}
}

func TestPastDayIsItsEnd(t *testing.T) {
	t.Parallel()
	o := newOffice(on(11, 0).AddDate(0, 0, 2))
	o.see(o.employ(1, 1, "late"), on(9, 30), on(18, 2), activity.StateOff)
	o.employ(2, 1, "missing")
	o.employ(3, 4, "free")
	o.open = []alert.Alert{{ID: id.New(), Kind: alert.DataGap, Subject: "gateway:1"}}
	day := mustAsk(t, o, as(actor.HR, 1), request{Date: "2026-11-23"})
	for name, want := range map[string]string{"late": left, "missing": absent, "free": dayOff} {
		if got := person(t, day, name).State; got != want {
			t.Errorf("%s was %s, want %s", name, got, want)
		}
	}
	if !day.At.Equal(on(24, 0)) || day.Counts.Late != 1 || len(day.Attention) != 0 {
		t.Errorf("the day is %+v", day)
	}
	if _, err := o.today(as(actor.HR, 1), request{Date: "2026-11-26"}); !errors.Is(err, fault.ErrInvalid) {
		t.Errorf("tomorrow: %v", err)
	}
}

func TestDoorsCountAsPresence(t *testing.T) {
	t.Parallel()
	type at = pass.EmployeeBounds
	tests := map[string]struct {
		now    time.Time
		passes at
		last   time.Time // active at the computer
		want   string
		late   int
	}{
		"came, no computer":        {on(11, 0), at{FirstEnter: on(9, 20), LastAt: on(9, 20), Inside: true}, time.Time{}, present, 20},
		"came, reads a book":       {on(15, 0), at{FirstEnter: on(8, 55), LastAt: on(8, 55), Inside: true}, on(12, 0), present, 0},
		"went out":                 {on(15, 0), at{FirstEnter: on(8, 55), LastExit: on(14, 0), LastAt: on(14, 0)}, on(13, 58), left, 0},
		"went out, works remotely": {on(15, 0), at{FirstEnter: on(8, 55), LastExit: on(14, 0), LastAt: on(14, 0)}, on(14, 55), present, 0},
		"forgot to check out":      {on(20, 0), at{FirstEnter: on(8, 55), LastAt: on(8, 55), Inside: true}, on(17, 50), left, 0},
		"only seen going out":      {on(15, 0), at{LastExit: on(14, 0), LastAt: on(14, 0)}, time.Time{}, left, 300},
	}
	for name, c := range tests {
		o := newOffice(c.now)
		seat := o.employ(1, 1, "x")
		c.passes.EmployeeID = 1
		o.went = []pass.EmployeeBounds{c.passes}
		if !c.last.IsZero() {
			o.see(seat, on(9, 5), c.last, activity.StateIdle)
		}
		p := person(t, mustAsk(t, o, as(actor.HR, 1), request{}), "x")
		if p.State != c.want || p.LateMinutes != c.late || p.Inside == nil || *p.Inside != c.passes.Inside {
			t.Errorf("%s: %s, late %d, inside %v; want %s, %d", name, p.State, p.LateMinutes, p.Inside, c.want, c.late)
		}
	}
	o := newOffice(on(15, 0)) // a day off
	o.employ(1, 4, "x")
	o.went = []pass.EmployeeBounds{{EmployeeID: 1, FirstEnter: on(1, 0), LastAt: on(1, 0), Inside: true}}
	if p := person(t, mustAsk(t, o, as(actor.HR, 1), request{}), "x"); p.State != left {
		t.Errorf("who came 14 hours ago and has no shift is %s", p.State)
	}
}

func TestEverybodySeesNoMoreThanTheirs(t *testing.T) {
	t.Parallel()
	o := newOffice(on(11, 0))
	for i, department := range []int64{1, 2, 3, 4, 5} {
		o.silence(o.employ(int64(i+1), department, fmt.Sprint("d", department)), "no_contact", on(9, 30))
	}
	o.troubles = []gateway.Trouble{{ID: id.New(), Name: "GW", Reason: "no_heartbeat"}}
	o.open = []alert.Alert{{ID: id.New(), Kind: alert.DataGap, Severity: alert.Critical, At: on(10, 0), Subject: "gateway:1"}}
	names := func(d Today) string {
		var list []string
		for _, p := range d.People {
			list = append(list, p.Name)
		}
		return strings.Join(list, " ")
	}
	kinds := func(d Today) string {
		var list []string
		for _, a := range d.Attention {
			list = append(list, a.Kind)
		}
		return strings.Join(list, " ")
	}
	for _, c := range []struct {
		who           string
		ctx           context.Context
		in            request
		people, kinds string
	}{
		{"HR", as(actor.HR, 1), request{}, "d1 d2 d3 d4", "gateway agent agent alert"},
		{"HR of a department", as(actor.HR, 1), request{DepartmentID: 1}, "d1 d2", "gateway agent agent alert"},
		{"lead", as(actor.DepartmentLead, 1, 2, 3), request{}, "d2 d3", "agent"},
		{"lead of nothing", as(actor.DepartmentLead, 1), request{}, "", ""},
		{"guard", as(actor.Guard, 1), request{}, "d1 d2 d3 d4", ""},
		{"operator", as(actor.Admin, 0), request{}, "d1 d2 d3 d4 d5", "gateway agent agent alert gateway agent alert"},
		{"operator in one", as(actor.Admin, 0), request{Organization: 2}, "d5", "gateway agent alert"},
		{"operator in a department", as(actor.Admin, 0), request{DepartmentID: 4}, "d4", "gateway alert"},
	} {
		day := mustAsk(t, o, c.ctx, c.in)
		if names(day) != c.people || kinds(day) != c.kinds {
			t.Errorf("%s sees %q and %q, want %q and %q", c.who, names(day), kinds(day), c.people, c.kinds)
		}
	}
	day := mustAsk(t, o, as(actor.Guard, 1), request{})
	if p := person(t, day, "d1"); p.State != absent || p.Department != "Savdo" || p.details != (details{}) {
		t.Errorf("a guard sees %+v", p)
	}
	if day.Counts.Absent != 2 {
		t.Errorf("a guard counts %+v", day.Counts)
	}
	if _, err := o.today(as(actor.Guard, 1), request{Date: "2026-11-22"}); !errors.Is(err, errNotToday) {
		t.Errorf("yesterday for a guard: %v", err)
	}
	if _, err := o.today(as(actor.HR, 1), request{DepartmentID: 5}); !errors.Is(err, organization.ErrDepartmentUnknown) {
		t.Errorf("a department of another organization: %v", err)
	}
	if _, err := o.today(as(actor.Admin, 0), request{Organization: 9}); !errors.Is(err, organization.ErrUnknown) {
		t.Errorf("an organization that is not there: %v", err)
	}
}

// A computer that changed hands shows each of its people no more than their own time.
func TestComputerThatChangedHands(t *testing.T) {
	t.Parallel()
	o := newOffice(on(15, 0))
	seat := o.employ(1, 1, "first")
	o.employ(2, 1, "second")
	o.linked[0].Until = on(12, 0)
	o.linked[1] = computer.LinkPeriod{EmployeeID: 2, ComputerUID: seat.ComputerUID, UserSID: seat.UserSID, From: on(12, 0)}
	o.see(seat, on(9, 0), on(14, 55), activity.StateActive)
	day := mustAsk(t, o, as(actor.HR, 1), request{})
	if p := person(t, day, "first"); !p.LastAt.Equal(on(12, 0)) || p.State != away {
		t.Errorf("the first is %s, last seen %v", p.State, p.LastAt)
	}
	if p := person(t, day, "second"); !p.FirstAt.Equal(on(12, 0)) || p.State != present {
		t.Errorf("the second is %s, first seen %v", p.State, p.FirstAt)
	}
}

func TestOperatorOfManyChooses(t *testing.T) {
	t.Parallel()
	o := newOffice(on(11, 0))
	o.index = many{}
	var f *fault.Error
	if _, err := o.today(as(actor.Admin, 0), request{}); !errors.As(err, &f) || f.Details[0].Code != codeChoose {
		t.Errorf("got %v", err)
	}
	if day := mustAsk(t, o, as(actor.Admin, 0), request{Organization: 1}); len(day.People) != 0 {
		t.Errorf("got %+v", day)
	}
}

type many struct{}

func (many) All(context.Context) ([]organization.Organization, error) {
	return make([]organization.Organization, maxOrganizations+1), nil
}

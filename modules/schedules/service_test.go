package schedules

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/schedules/schedule"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
)

var tashkent = time.FixedZone("Asia/Tashkent", 5*3600)

func TestDepartmentsInheritTheirShifts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		hr := as(actor.HR, 1)
		all := []int64{1, 2, 3, 4, 99}
		if shifts, err := s.On(hr, all, "2026-11-23", tashkent); err != nil || len(shifts) != 0 {
			t.Errorf("without schedules: %v, %v", shifts, err)
		}
		day := of("Kunduzgi", "09:00", "18:00", 1, 2, 3, 4, 5)
		standard, grace := true, int64(10)
		day.IsDefault, day.GraceMinutes = &standard, &grace
		mustMake(t, s, 1, day)
		night := mustMake(t, s, 1, of("Tungi", "20:00", "08:00", 1, 3, 7))
		mustMake(t, s, 2, day)
		if err := s.assign(hr, 2, night); err != nil {
			t.Fatal(err)
		}
		shifts, err := s.On(hr, all, "2026-11-23", tashkent) // a Monday
		if err != nil {
			t.Fatal(err)
		}
		at := func(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 0, 0, 0, tashkent).UTC() }
		byDay := schedule.Shift{From: at(23, 9), Until: at(23, 18), Grace: 10 * time.Minute, Name: "Kunduzgi"}
		byNight := schedule.Shift{From: at(23, 20), Until: at(24, 8), Name: "Tungi"}
		for id, want := range map[int64]schedule.Shift{1: byDay, 2: byNight, 3: byNight, 4: byDay} {
			if shifts[id] != want {
				t.Errorf("department %d has %+v, want %+v", id, shifts[id], want)
			}
		}
		if len(shifts) != 4 {
			t.Errorf("shifts %v", shifts)
		}
		if shifts, err = s.On(hr, all, "2026-11-24", tashkent); err != nil || len(shifts) != 2 { // the night has its day off
			t.Errorf("on Tuesday: %v, %v", shifts, err)
		}
		if shifts, err = s.On(hr, all, "2026-11-28", tashkent); err != nil || len(shifts) != 0 {
			t.Errorf("on Saturday: %v, %v", shifts, err)
		}
		if shifts, err = s.On(as(actor.HR, 2), []int64{5, 2}, "2026-11-23", tashkent); err != nil || len(shifts) != 1 {
			t.Errorf("of organization 2: %v, %v", shifts, err)
		}
		if _, err := s.On(as(actor.Admin, 0), all, "2026-11-23", tashkent); !errors.Is(err, db.ErrNoOrganization) {
			t.Errorf("across organizations: %v", err)
		}
		if _, err := s.On(hr, all, "monday", tashkent); err == nil {
			t.Error("a date that is none was taken")
		}
		if err := s.assign(hr, 2, 0); err != nil { // back to the parent's
			t.Fatal(err)
		}
		if shifts, _ = s.On(hr, all, "2026-11-23", tashkent); shifts[3] != byDay {
			t.Errorf("without its own, department 3 has %+v", shifts[3])
		}
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action = 'schedule.assigned' AND object = 'department:2'"); n != 2 {
			t.Errorf("%d assignments in the audit", n)
		}
	})
}

// A shift is of the clocks on the wall: on the night in which they change it is an hour longer or shorter.
func TestShiftsFollowTheClocks(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	night := scheduleRow{Start: 22 * 60, End: 6 * 60}
	for date, want := range map[string]time.Duration{"2026-03-28": 7 * time.Hour, "2026-10-24": 9 * time.Hour, "2026-06-01": 8 * time.Hour} {
		day, err := time.Parse(time.DateOnly, date)
		if err != nil {
			t.Fatal(err)
		}
		sh := night.shift(day, berlin)
		if got := sh.Until.Sub(sh.From); got != want || sh.From.In(berlin).Hour() != 22 || sh.Until.In(berlin).Hour() != 6 {
			t.Errorf("the night of %s takes %v, from %v to %v", date, got, sh.From.In(berlin), sh.Until.In(berlin))
		}
	}
	whole := scheduleRow{Start: 8 * 60, End: 8 * 60}
	if sh := whole.shift(noon, tashkent); sh.Until.Sub(sh.From) != 24*time.Hour {
		t.Errorf("a whole day takes %v", sh.Until.Sub(sh.From))
	}
}

func TestInputIsChecked(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	number := func(n int64) *int64 { return &n }
	days := func(d ...int64) *[]int64 { return &d }
	good := of("x", "20:00", "08:00", 1, 7)
	for name, c := range map[string]struct {
		change func(*input)
		field  string // empty: it is good
	}{
		"good":                {func(*input) {}, ""},
		"break past midnight": {func(in *input) { in.BreakStart, in.BreakEnd = text("23:30"), text("00:30") }, ""},
		"break to the end":    {func(in *input) { in.BreakStart, in.BreakEnd = text("07:00"), text("08:00") }, ""},
		"no name":             {func(in *input) { in.Name = text(" ") }, "name"},
		"no days":             {func(in *input) { in.Days = nil }, "days"},
		"empty days":          {func(in *input) { in.Days = days() }, "days"},
		"eighth day":          {func(in *input) { in.Days = days(8) }, "days"},
		"day zero":            {func(in *input) { in.Days = days(0) }, "days"},
		"day twice":           {func(in *input) { in.Days = days(1, 1) }, "days"},
		"no start":            {func(in *input) { in.Start = nil }, "start"},
		"hour 24":             {func(in *input) { in.Start = text("24:00") }, "start"},
		"short hour":          {func(in *input) { in.End = text("8:00") }, "end"},
		"with seconds":        {func(in *input) { in.End = text("08:00:00") }, "end"},
		"half a break":        {func(in *input) { in.BreakStart = text("23:00") }, "breakStart"},
		"break outside":       {func(in *input) { in.BreakStart, in.BreakEnd = text("12:00"), text("13:00") }, "breakStart"},
		"break over the end":  {func(in *input) { in.BreakStart, in.BreakEnd = text("07:30"), text("08:30") }, "breakStart"},
		"break backwards":     {func(in *input) { in.BreakStart, in.BreakEnd = text("23:00"), text("22:00") }, "breakStart"},
		"break not a time":    {func(in *input) { in.BreakStart, in.BreakEnd = text("x"), text("22:00") }, "breakStart"},
		"negative grace":      {func(in *input) { in.GraceMinutes = number(-1) }, "graceMinutes"},
		"grace of a day":      {func(in *input) { in.GraceMinutes = number(1440) }, "graceMinutes"},
	} {
		in := good
		c.change(&in)
		err := in.apply(&scheduleRow{})
		var f *fault.Error
		switch {
		case c.field == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.field != "" && (!errors.As(err, &f) || f.Details[0].Field != c.field):
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Of people who make a default at once, or change one, the last has it, and none is refused.
func TestDefaultsFollowEachOther(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		const n = 8
		yes, errs := true, make(chan error, 2*n)
		for i := range int64(n) {
			known := mustMake(t, s, 1, of(fmt.Sprint("Eski ", i), "09:00", "18:00", 1))
			in := of(fmt.Sprint("Yangi ", i), "09:00", "18:00", 1)
			in.IsDefault = &yes
			go func() {
				_, err := s.create(as(actor.HR, 1), 0, in)
				errs <- err
			}()
			go func() {
				_, err := s.update(as(actor.Admin, 0), known, input{IsDefault: &yes})
				errs <- err
			}()
		}
		for range 2 * n {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		if n := counted(t, d, "SELECT count(*) FROM work_schedules WHERE is_default"); n != 1 {
			t.Errorf("%d defaults", n)
		}
	})
}

func TestSchedulesAreChangedAndKept(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		hr, yes := as(actor.HR, 1), true
		first := of("Birinchi", "09:00", "18:00", 1)
		first.IsDefault = &yes
		one := mustMake(t, s, 1, first)
		second := of("Ikkinchi", "10:00", "19:00", 1)
		second.IsDefault = &yes
		two := mustMake(t, s, 1, second)
		if row, err := s.get(hr, one); err != nil || row.IsDefault {
			t.Errorf("the first is the default still: %+v, %v", row, err)
		}
		if _, err := s.update(hr, one, input{IsDefault: &yes}); err != nil {
			t.Fatal(err)
		}
		if n := counted(t, d, "SELECT count(*) FROM work_schedules WHERE is_default AND organization_id = 1"); n != 1 {
			t.Errorf("%d defaults", n)
		}
		from, to, none := "13:00", "14:00", ""
		if row, err := s.update(hr, one, input{BreakStart: &from, BreakEnd: &to}); err != nil || *row.BreakStart != 780 || row.Start != 540 {
			t.Errorf("with a break: %+v, %v", row, err)
		}
		if row, err := s.update(hr, one, input{BreakStart: &none, BreakEnd: &none}); err != nil || row.BreakStart != nil {
			t.Errorf("without it: %+v, %v", row, err)
		}
		if _, err := s.create(hr, 0, first); !errors.Is(err, errNameTaken) {
			t.Errorf("the same name: %v", err)
		}
		if err := s.assign(hr, 4, two); err != nil {
			t.Fatal(err)
		}
		if err := s.remove(hr, two); !errors.Is(err, errInUse) {
			t.Errorf("one in use: %v", err)
		}
		if err := s.remove(hr, one); err != nil {
			t.Errorf("one not in use: %v", err)
		}
		if _, err := s.get(hr, one); !errors.Is(err, schedule.ErrUnknown) {
			t.Errorf("one that was deleted: %v", err)
		}
		write(t, d, "DELETE FROM departments WHERE id = 4") // takes its assignment along
		if err := s.remove(hr, two); err != nil {
			t.Errorf("one whose department is gone: %v", err)
		}
	})
}

func TestStrangersAreRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		mine, theirs := mustMake(t, s, 1, of("a", "09:00", "18:00", 1)), mustMake(t, s, 2, of("a", "09:00", "18:00", 1))
		field := func(name string, err error) {
			t.Helper()
			var f *fault.Error
			if !errors.As(err, &f) || len(f.Details) != 1 || f.Details[0].Field != name {
				t.Errorf("want a fault of %s, got %v", name, err)
			}
		}
		hr := as(actor.HR, 1)
		field("departmentId", s.assign(hr, 5, mine))
		field("scheduleId", s.assign(hr, 1, theirs))
		field("scheduleId", s.assign(as(actor.Admin, 0), 1, theirs)) // sees both, and they have nothing to do with each other
		if _, err := s.get(hr, theirs); !errors.Is(err, schedule.ErrUnknown) {
			t.Errorf("reads another organization's: %v", err)
		}
		if _, err := s.update(hr, theirs, input{}); !errors.Is(err, schedule.ErrUnknown) {
			t.Errorf("changes another organization's: %v", err)
		}
		if err := s.remove(hr, theirs); !errors.Is(err, schedule.ErrUnknown) {
			t.Errorf("deletes another organization's: %v", err)
		}
		if _, err := s.create(hr, 2, of("b", "09:00", "18:00", 1)); err == nil {
			t.Error("makes one in another organization")
		}
		_, err := s.create(as(actor.Admin, 0), 0, of("b", "09:00", "18:00", 1))
		field("organizationId", err)
	})
}

package schedules

import (
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

func TestPublicCalendarIsWhole(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for year := 2024; year <= 2026; year++ {
		feasts, days := 0, public().of(year)
		for i, d := range days {
			date, err := time.Parse(time.DateOnly, d.Date)
			if err != nil || date.Year() != year || i > 0 && d.Date < days[i-1].Date {
				t.Errorf("%s of %d: %v", d.Date, year, err)
			}
			if d.Names.UZ == "" || d.Names.RU == "" || d.Names.EN == "" || d.Kind != holiday && d.Kind != dayOff && d.Kind != workday {
				t.Errorf("%+v", d)
			}
			if d.Source == "" != d.Expected {
				t.Errorf("%s has no source, or is expected with one", d.Date)
			}
			if d.Kind == holiday {
				feasts++
			}
			if seen[d.Date] {
				t.Errorf("%s is there twice", d.Date)
			}
			seen[d.Date] = true
			if weekend := date.Weekday() == time.Saturday || date.Weekday() == time.Sunday; d.Kind == workday && !weekend {
				t.Errorf("%s is worked anyway", d.Date)
			}
		}
		if feasts != 9 {
			t.Errorf("%d has %d holidays, want 7 fixed ones and 2 feasts", year, feasts)
		}
	}
	if seen["2026-01-14"] {
		t.Error("14 January is worked")
	}
}

// The dates are those that decrees and newspapers name for people who work five and six days a week.
func TestWhoWorksOnWhichDays(t *testing.T) {
	t.Parallel()
	week := func(days ...int64) (w scheduleRow) {
		for _, d := range days {
			w.Days |= dayBit(d)
		}
		w.KeepsHolidays = true
		return w
	}
	five, six, two, always := week(1, 2, 3, 4, 5), week(1, 2, 3, 4, 5, 6), week(1, 2), week(1, 2, 3, 4, 5, 6, 7)
	always.KeepsHolidays = false
	own := []dayRow{{Day: "2026-11-27", Kind: dayOff}, {Day: "2026-10-01", Kind: usual}, {Day: "2026-11-28", Kind: workday}, {Day: "2026-03-20", Kind: holiday}}
	for _, c := range []struct {
		date           string
		own            []dayRow
		five, six, two bool
	}{
		{"2026-11-23", nil, true, true, true},    // a Monday like others
		{"2026-11-28", nil, false, true, false},  // a Saturday
		{"2026-01-14", nil, true, true, false},   // worked
		{"2025-03-08", nil, false, false, false}, // Women's Day, a Saturday
		{"2025-03-10", nil, false, true, false},  // made good to those who are off on Saturdays
		{"2025-03-11", nil, true, true, true},
		{"2025-03-30", nil, false, false, false}, // Ramazon hayit, a Sunday
		{"2025-03-31", nil, false, false, false}, // made good to all
		{"2025-04-01", nil, true, true, true},
		{"2025-06-06", nil, false, false, false}, // Qurbon hayit
		{"2025-06-07", nil, false, false, false}, // off for those who work six days
		{"2025-01-02", nil, false, false, false}, // moved from 4 January
		{"2025-01-04", nil, true, true, false},
		{"2024-06-17", nil, false, false, false}, // Qurbon hayit was a Sunday
		{"2024-06-18", nil, false, false, false}, // by decree
		{"2026-03-09", nil, false, false, false}, // 8 March is a Sunday
		{"2026-03-23", nil, false, true, false},  // 21 March is a Saturday
		{"2026-05-11", nil, false, true, false},  // 9 May is a Saturday
		{"2026-12-12", nil, true, true, false},   // worked for 31 December
		{"2026-12-31", nil, false, false, false},
		{"2026-03-20", nil, true, true, false},   // expected, and not announced
		{"2026-03-20", own, false, false, false}, // entered
		{"2026-10-01", nil, false, false, false},
		{"2026-10-01", own, true, true, false}, // the organization works
		{"2026-11-27", own, false, false, false},
		{"2026-11-28", own, true, true, false},
	} {
		date, _ := time.Parse(time.DateOnly, c.date)
		days := kindsOf(date, c.own)
		for name, is := range map[string][2]bool{"five": {five.works(date, days), c.five}, "six": {six.works(date, days), c.six}, "always": {always.works(date, days), true}} {
			if is[0] != is[1] {
				t.Errorf("%s on %s (%s): works %v", name, c.date, date.Weekday(), is[0])
			}
		}
		if weekday := date.Weekday(); two.works(date, days) && weekday != time.Monday && weekday != time.Tuesday {
			t.Errorf("who works on two days works on %s", c.date)
		}
	}
}

// Who works on Mondays alone is off for as many Mondays as there were holidays between them.
func TestALongRunOfHolidaysIsMadeGood(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		yes := true
		mondays := of("Dushanbalik", "09:00", "18:00", 1)
		mondays.IsDefault = &yes
		mustMake(t, s, 1, mondays)
		for _, date := range []string{"2026-06-02", "2026-06-03", "2026-06-04", "2026-06-05", "2026-06-06", "2026-06-07"} {
			if _, err := s.addDay(as(actor.HR, 1), dayInput{Date: date, Kind: holiday}); err != nil {
				t.Fatal(err)
			}
		}
		for date, want := range map[string]bool{
			"2026-06-01": true, "2026-06-08": false, "2026-06-15": false, "2026-06-22": false, "2026-06-29": false, "2026-07-06": false, "2026-07-13": false,
			"2026-07-20": true, "2026-07-21": false, "2026-07-27": true,
		} {
			shifts, err := s.On(as(actor.HR, 1), []int64{1}, date, time.UTC)
			if err != nil {
				t.Fatal(err)
			}
			if _, works := shifts[1]; works != want {
				t.Errorf("on %s: works %v", date, works)
			}
		}
	})
}

func TestHolidaysAreInTheBook(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		yes, no := true, false
		day := of("Kunduzgi", "09:00", "18:00", 1, 2, 3, 4, 5)
		day.IsDefault = &yes
		mustMake(t, s, 1, day)
		guards := of("Soqchilar", "08:00", "08:00", 1, 2, 3, 4, 5, 6, 7)
		guards.Holidays = &no
		if err := s.assign(as(actor.HR, 1), 1, mustMake(t, s, 1, guards)); err != nil {
			t.Fatal(err)
		}
		working := func(date string) (all []int64) {
			t.Helper()
			shifts, err := s.On(as(actor.HR, 1), []int64{1, 4}, date, time.UTC)
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range []int64{1, 4} {
				if _, works := shifts[id]; works {
					all = append(all, id)
				}
			}
			return all
		}
		if got := working("2026-12-08"); len(got) != 1 || got[0] != 1 {
			t.Errorf("on Constitution Day work %v", got)
		}
		row, err := s.addDay(as(actor.HR, 1), dayInput{Date: "2026-12-08", Kind: usual})
		if err != nil {
			t.Fatal(err)
		}
		if got := working("2026-12-08"); len(got) != 2 {
			t.Errorf("where the organization works on it, work %v", got)
		}
		if err := s.removeDay(as(actor.HR, 1), row.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := s.addDay(as(actor.HR, 2), dayInput{Date: "2026-12-09", Kind: dayOff}); err != nil {
			t.Fatal(err)
		}
		if got := working("2026-12-09"); len(got) != 2 {
			t.Errorf("on another organization's day off work %v", got)
		}
	})
}

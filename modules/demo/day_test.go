package demo

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

var tashkent = time.FixedZone("Asia/Tashkent", 5*60*60)

// days calls fn for the days of a company in four weeks.
func days(t *testing.T, seed int64, employees int, fn func(p person, date time.Time, d day)) {
	t.Helper()
	for _, p := range company(seed, employees) {
		for date := time.Date(2026, 11, 2, 0, 0, 0, 0, tashkent); date.Month() == time.November && date.Day() < 30; date = date.AddDate(0, 0, 1) {
			if d, comes := dayOf(seed, p, date); comes {
				fn(p, date, d)
			}
		}
	}
}

func TestTheSameSeedMakesTheSamePeopleDoTheSame(t *testing.T) {
	t.Parallel()
	if !reflect.DeepEqual(company(7, 60), company(7, 60)) {
		t.Error("the people differ")
	}
	if company(7, 60)[0].uid == company(8, 60)[0].uid {
		t.Error("another seed makes the same computers")
	}
	days(t, 7, 40, func(p person, date time.Time, d day) {
		if again, _ := dayOf(7, p, date); !reflect.DeepEqual(again, d) {
			t.Fatalf("person %d does something else on %s the second time", p.number, date.Format(time.DateOnly))
		}
	})
}

func TestADayIsBelievable(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	days(t, 3, 40, func(p person, date time.Time, d day) {
		if !d.come.Before(d.leave) {
			t.Errorf("person %d leaves at %s and comes at %s", p.number, d.leave, d.come)
		}
		var windows time.Time // until when windows are known
		var locked bool
		for _, e := range d.events {
			if seen[e.ID] {
				t.Fatalf("the event %+v has the key of another", e)
			}
			seen[e.ID] = true
			if e.At.Before(d.come) || e.over().After(d.leave.Add(31*time.Minute)) || e.Duration < 0 || e.Duration > 30*60 {
				t.Errorf("%+v, where the day is from %s to %s", e, d.come, d.leave)
			}
			switch e.Type {
			case "active_window":
				if e.At.Before(windows) || locked {
					t.Errorf("%+v begins before the last window ends (%s), or is locked: %v", e, windows, locked)
				}
				windows = e.over()
			case "user_session":
				locked = e.Session == "lock"
			}
		}
		if hours := windows.Sub(d.come).Hours(); hours < 5 || hours > 15 {
			t.Errorf("person %d is seen for %.1f hours", p.number, hours)
		}
	})
}

func TestACompanyHasShiftsLateComersAndBothScripts(t *testing.T) {
	t.Parallel()
	people := company(1, 40)
	of := map[string]int{}
	for _, p := range people {
		of[p.department.short]++
	}
	for _, d := range departments {
		if d.share > 0 && of[d.short] == 0 {
			t.Errorf("nobody is in %s", d.name)
		}
	}
	if !slices.ContainsFunc(people, func(p person) bool { return strings.ContainsAny(p.name, "ЎўА") }) {
		t.Error("no name is in Cyrillic")
	}
	total, late, weekend, night := 0, 0, 0, 0
	days(t, 1, 40, func(p person, date time.Time, d day) {
		total++
		if d.come.Sub(date) > time.Duration(p.department.shift.from+10)*time.Minute {
			late++
		}
		if date.Weekday() == time.Sunday {
			weekend++
		}
		if d.leave.In(tashkent).Day() != date.Day() {
			night++
		}
	})
	if late*100 < total*8 || late*100 > total*30 || weekend == 0 || night == 0 {
		t.Errorf("of %d days %d begin late, %d are Sundays, %d end after midnight", total, late, weekend, night)
	}
}

func TestASmallCompanyHasTheSilentComputer(t *testing.T) {
	t.Parallel()
	for _, p := range company(1, minEmployees) {
		if p.number == silent && p.linked {
			return
		}
	}
	t.Errorf("nobody is number %d", silent)
}

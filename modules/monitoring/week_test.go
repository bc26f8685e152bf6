package monitoring

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

func TestWeekIsItsDays(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		s.now = func() time.Time { return at(4*1440 + 700) } // in the middle of the fifth day
		s.staff = directory{1: {ID: 1, OrganizationID: 1}}
		links := []computer.LinkPeriod{}
		for pc := range 3 {
			for user := range 2 {
				links = append(links, computer.LinkPeriod{EmployeeID: 1, ComputerUID: fmt.Sprint("PC-", pc), UserSID: fmt.Sprint("S-", user)})
			}
		}
		s.computers = registry{links: map[int64][]computer.LinkPeriod{1: links}}
		s.history = stops{{UID: "PC-1", From: at(600), Until: at(3000)}, {UID: "PC-2", From: at(4000)}}
		a := newAdversary(1)
		for i := range 7 {
			a.from = dayFrom.AddDate(0, 0, i)
			mustPut(t, s, agent(1), activity.Batch{Events: a.asEvents(a.day())})
		}
		hr := as(actor.HR, 1)
		week, err := s.week(hr, weekRequest{From: "2026-11-02", Employee: 1})
		if err != nil || len(week.Days) != 7 {
			t.Fatalf("%d days, %v", len(week.Days), err)
		}
		var sum WeekTotals
		for i, got := range week.Days {
			day, err := s.day(hr, dayRequest{Date: got.Date, Employee: 1})
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got.Totals, day.Totals) || !slices.Equal(got.TopApplications, day.TopApplications[:min(3, len(day.TopApplications))]) ||
				!got.From.Equal(day.From) || !got.To.Equal(day.To) {
				t.Errorf("%s of the week is %+v, the day %+v", got.Date, got, day.Totals)
			}
			if (got.Totals.ActiveSeconds > 0) != (i < 5) {
				t.Errorf("day %d: %+v", i, got.Totals)
			}
			sum.ActiveSeconds += day.Totals.ActiveSeconds
			sum.IdleSeconds += day.Totals.IdleSeconds
			sum.LockedSeconds += day.Totals.LockedSeconds
		}
		if sum != week.Totals || sum.ActiveSeconds == 0 {
			t.Errorf("the days are %+v, the week %+v", sum, week.Totals)
		}
	})
}

func TestLanesOfAWeekAreCoarse(t *testing.T) {
	t.Parallel()
	d := weekDayOf(wholeDay, longest, reported{
		windows: []row{newRow("PC", 540, 10), newRow("PC", 551, 9), newRow("PC", 600, 30), process(newRow("PC-2", 610, 10), "other.exe"), {ComputerUID: "PC", UserSID: "S", Datetime: at(700), DurationSeconds: 20}},
		idle:    []row{newRow("PC", 630, 30)},
	})
	if want := []Span{{at(540), at(560)}, {at(600), at(630)}}; !slices.Equal(d.Lanes.Active, want) {
		t.Errorf("active %v", d.Lanes.Active)
	}
	if want := []Span{{at(630), at(660)}}; !slices.Equal(d.Lanes.Idle, want) {
		t.Errorf("idle %v", d.Lanes.Idle)
	}
	if d.Lanes.Locked == nil || len(d.TopApplications) != 2 {
		t.Errorf("day %+v", d)
	}
	var rows []row
	for i := range 700 { // a minute of work, a minute of nothing
		rows = append(rows, process(newRow("PC", 2*i, 1), fmt.Sprint(i%5)))
	}
	if d := weekDayOf(wholeDay, longest, reported{windows: rows}); len(d.Lanes.Active) != 1 || len(d.TopApplications) != 3 || d.Totals.ActiveSeconds != 700*60 {
		t.Errorf("%d spans, %d names, %+v", len(d.Lanes.Active), len(d.TopApplications), d.Totals)
	}
}

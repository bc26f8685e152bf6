package schedules

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/schedules/schedule"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
)

const minutesOfDay = 24 * 60

// clockTime reads 09:00 as a minute of the day.
func clockTime(text string) (minute int64, ok bool) {
	t, err := time.Parse("15:04", text)
	if err != nil || len(text) != len("15:04") {
		return 0, false
	}
	return int64(t.Hour()*60 + t.Minute()), true
}

func clockText(minute int64) string { return fmt.Sprintf("%02d:%02d", minute/60, minute%60) }

// dayBit is the bit of a weekday from 1 (Monday) to 7.
func dayBit(day int64) int64 { return 1 << (day - 1) }

// worksOn reports whether a shift begins on the date, as far as the day of the week decides.
func (w scheduleRow) worksOn(date time.Time) bool {
	weekday := (int64(date.Weekday())+6)%7 + 1
	return w.Days&dayBit(weekday) != 0
}

// length is of the shift in minutes of the clock: one that ends when it begins is a whole day.
func (w scheduleRow) length() int64 {
	if w.End <= w.Start {
		return w.End - w.Start + minutesOfDay
	}
	return w.End - w.Start
}

// offset is how many minutes after its beginning the shift reaches a time of the clock.
func (w scheduleRow) offset(minute int64) int64 {
	return (minute - w.Start + minutesOfDay) % minutesOfDay
}

// shift is the schedule's working time that begins on the date, on the clocks of the zone.
func (w scheduleRow) shift(date time.Time, zone *time.Location) schedule.Shift {
	at := func(minute int64) time.Time {
		return time.Date(date.Year(), date.Month(), date.Day(), 0, int(minute), 0, 0, zone).UTC()
	}
	return schedule.Shift{
		From: at(w.Start), Until: at(w.Start + w.length()), Grace: time.Duration(w.GraceMinutes) * time.Minute, Name: w.Name,
	}
}

// On returns the shifts that begin on the date; see schedule.Book.
func (s *service) On(ctx context.Context, departmentIDs []int64, date string, zone *time.Location) (map[int64]schedule.Shift, error) {
	if a, _ := actor.From(ctx); a.OrganizationID == 0 {
		return nil, db.ErrNoOrganization
	}
	day, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return nil, err
	}
	rows, assigned, own, err := s.store.book(ctx, decides(day).Format(time.DateOnly), date)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	days, chosenBy := kindsOf(day, own), map[int64]int64{}
	for _, a := range assigned {
		chosenBy[a.DepartmentID] = a.ScheduleID
	}
	working, fallback := map[int64]scheduleRow{}, int64(0)
	for _, w := range rows {
		if w.works(day, days) {
			working[w.ID] = w
		}
		if w.IsDefault {
			fallback = w.ID
		}
	}
	shifts := map[int64]schedule.Shift{}
	for _, id := range departmentIDs {
		chosen, err := s.inherited(ctx, id, chosenBy, fallback)
		if errors.Is(err, organization.ErrDepartmentUnknown) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if w, ok := working[chosen]; ok {
			shifts[id] = w.shift(day, zone)
		}
	}
	return shifts, nil
}

// inherited is the department's own schedule, else the nearest above it, else the fallback.
func (s *service) inherited(ctx context.Context, departmentID int64, own map[int64]int64, fallback int64) (int64, error) {
	for id := departmentID; id != 0; {
		if chosen, ok := own[id]; ok {
			return chosen, nil
		}
		d, err := s.tree.Department(ctx, id)
		if err != nil {
			return 0, err
		}
		id = d.ParentID
	}
	return fallback, nil
}

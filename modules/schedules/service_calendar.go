package schedules

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/schedules/schedule"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
)

// The years of which calendars are kept.
const minYear, maxYear = 2000, 2100

// calendarDay is a day that is not like others of its weekday.
type calendarDay struct {
	ID       int64  `json:"id,omitempty" doc:"of an organization's own day"`
	Date     string `json:"date"`
	Kind     string `json:"kind" enum:"holiday,off,work,usual" doc:"usual: a public day that the organization does not have"`
	Name     string `json:"name,omitempty" doc:"of an organization's own day"`
	Names    *names `json:"names,omitempty" doc:"of a public day"`
	Source   string `json:"source,omitempty"`
	Own      bool   `json:"own"`
	Expected bool   `json:"expected" doc:"its date is not announced yet, and it counts for nothing until it is entered"`
}

// calendar returns the days of a year: the public ones, and an organization's own, which stand in their place.
func (s *service) calendar(ctx context.Context, organizationID int64, year int) (days []calendarDay, err error) {
	home, err := organization.Home(ctx, s.tree, organizationID)
	if err != nil {
		return nil, err
	}
	var own []dayRow
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		own, err = s.store.days(ctx, tx, home, fmt.Sprintf("%04d-01-01", year), fmt.Sprintf("%04d-12-31", year))
		return err
	})
	taken := map[string]dayRow{}
	for _, row := range own {
		taken[row.Day] = row
	}
	for _, d := range public().of(year) {
		if row, is := taken[d.Date]; is {
			day := asDay(row)
			day.Names = &d.Names
			days = append(days, day)
			delete(taken, d.Date)
			continue
		}
		days = append(days, calendarDay{Date: d.Date, Kind: d.Kind, Names: &d.Names, Source: d.Source, Expected: d.Expected})
	}
	for _, row := range taken {
		days = append(days, asDay(row))
	}
	slices.SortStableFunc(days, func(a, b calendarDay) int { return strings.Compare(a.Date, b.Date) })
	return days, err
}

func asDay(row dayRow) calendarDay {
	return calendarDay{ID: row.ID, Date: row.Day, Kind: row.Kind, Name: row.Name, Own: true}
}

// dayInput is a day as a caller says it.
type dayInput struct {
	OrganizationID int64  `json:"organizationId,omitempty" doc:"for an actor of no organization"`
	Date           string `json:"date" doc:"as in 2026-03-20"`
	Kind           string `json:"kind" enum:"holiday,off,work,usual"`
	Name           string `json:"name,omitempty"`
}

// Validate returns all that is wrong.
func (in *dayInput) Validate() error {
	in.Name = strings.TrimSpace(in.Name)
	var f fault.Fields
	date, err := time.Parse(time.DateOnly, in.Date)
	if err != nil || date.Year() < minYear || date.Year() > maxYear {
		f.Add("date", codeNotADate, nil)
	}
	if !slices.Contains(dayKinds, in.Kind) {
		f.Add("kind", "not_one_of", fault.Params{"Values": strings.Join(dayKinds, ", ")})
	}
	f.Text("name", in.Name, 0, maxName)
	return f.Err()
}

func (s *service) addDay(ctx context.Context, in dayInput) (row dayRow, err error) {
	home, err := organization.Home(ctx, s.tree, in.OrganizationID)
	if err != nil {
		return row, err
	}
	row = dayRow{Owned: db.Owned{OrganizationID: home}, Day: in.Date, Kind: in.Kind, Name: in.Name, CreatedAt: s.time(), UpdatedAt: s.time()}
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.store.addDay(ctx, tx, &row); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, dayEntry("calendar.day_added", row, nil, asDay(row)))
	})
	if errors.Is(err, db.ErrConflict) {
		return row, errDayTaken.Wrap(err)
	}
	return row, err
}

func (s *service) removeDay(ctx context.Context, id int64) error {
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err := s.store.day(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := s.store.dropDay(ctx, tx, id); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, dayEntry("calendar.day_removed", row, asDay(row), nil))
	})
	if errors.Is(err, db.ErrNotFound) {
		s.audit.Missed(ctx, (*dayRow)(nil), id, "calendar_day", "calendar.remove")
		return errDayUnknown.Wrap(err)
	}
	return err
}

func dayEntry(action string, row dayRow, before, after any) audit.Entry {
	return audit.Entry{
		Action: action, Permission: schedule.Write, Object: fmt.Sprintf("calendar_day:%d", row.ID),
		OrganizationID: row.OrganizationID, Before: before, After: after,
	}
}

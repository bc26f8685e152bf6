package presence

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/schedules/schedule"
	"github.com/staff-control/staff-control/platform/fault"
)

const (
	// early is how long before a shift its people may come and be seen for it.
	early = 3 * time.Hour
	// overtime is how long after its end a shift is still that of its people, if the next has not begun.
	overtime = time.Hour
)

// moment is the time of an answer: now, or the end of a past day.
type moment struct {
	date  string
	zone  *time.Location
	now   time.Time
	today bool
	// periods are those of the departments.
	periods map[int64]period
}

// period is when people of a department are looked for, and the shift that they have then, if any.
type period struct {
	from, until time.Time
	date        string // on which the shift began, or would have
	shift       schedule.Shift
	works       bool
}

func (s *service) momentOf(home organization.Organization, date string) (moment, error) {
	m := moment{date: date, zone: home.Zone, now: s.now().UTC().Truncate(time.Microsecond)}
	current := m.now.In(home.Zone).Format(time.DateOnly)
	if m.date == "" {
		m.date = current
	}
	m.today = m.date == current
	if m.date > current {
		var f fault.Fields
		f.Add("date", codeNotADate, nil)
		return m, f.Err()
	}
	return m, nil
}

// day returns the bounds of the date on the organization's clocks.
func (m *moment) day() (from, until time.Time) {
	midnight, _ := time.ParseInLocation(time.DateOnly, m.date, m.zone) // it was checked
	return midnight.UTC(), midnight.AddDate(0, 0, 1).UTC()
}

// dayBefore is the date before.
func (m *moment) dayBefore() string {
	from, _ := m.day()
	return from.In(m.zone).AddDate(0, 0, -1).Format(time.DateOnly)
}

// excuse takes the shifts away from the people who are absent on the days on which these began.
func (s *service) excuse(ctx context.Context, m moment, found map[int64]*traces) error {
	absences, err := s.absences.Absent(ctx, m.dayBefore(), m.date)
	for i, a := range absences {
		if t, ok := found[a.EmployeeID]; ok && a.On(t.date) {
			t.absence, t.works = &absences[i], false
		}
	}
	return err
}

// settle decides which shift each department has at the moment, and, for a past day, when that day ended.
func (s *service) settle(ctx context.Context, m *moment, people []employee.Employee) error {
	var departments []int64
	m.periods = map[int64]period{}
	for _, e := range people {
		if _, ok := m.periods[e.DepartmentID]; !ok {
			m.periods[e.DepartmentID] = period{}
			departments = append(departments, e.DepartmentID)
		}
	}
	from, until := m.day()
	ending, err := s.book.On(ctx, departments, m.dayBefore(), m.zone)
	if err != nil {
		return err
	}
	beginning, err := s.book.On(ctx, departments, m.date, m.zone)
	if err != nil {
		return err
	}
	if !m.today {
		m.end(until, beginning)
	}
	for _, d := range departments {
		before, had := ending[d]
		next, has := beginning[d]
		p := period{from: from, until: until, date: m.date, shift: next, works: has}
		switch {
		case m.today && had && stillOn(before, next, has, m.now): // a night shift is of those still in it
			p.shift, p.works, p.date = before, true, m.dayBefore()
			p.from = before.From.Add(-early)
		case has:
			p.from = latest(next.From.Add(-early), before.Until)
			p.until = latest(until, next.Until)
		default:
			p.from = latest(from, before.Until)
		}
		p.until = earliest(p.until, m.now)
		m.periods[d] = p
	}
	return nil
}

// end puts the moment to the end of its past day, or of the last shift that began on it.
func (m *moment) end(midnight time.Time, shifts map[int64]schedule.Shift) {
	end := midnight
	for _, sh := range shifts {
		end = latest(end, sh.Until)
	}
	m.now = earliest(end, m.now)
}

// stillOn reports whether the shift that began the day before is still that of its people.
func stillOn(before, next schedule.Shift, has bool, now time.Time) bool {
	return now.Before(before.Until.Add(overtime)) && (!has || now.Before(next.From))
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

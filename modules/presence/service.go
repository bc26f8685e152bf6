package presence

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/modules/schedules/schedule"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
)

// service answers who is at work. It keeps nothing.
type service struct {
	tree      organization.Tree
	index     organization.Index
	roster    employee.Roster
	links     computer.Registry
	computers computer.Watch
	seen      activity.Reader
	passes    pass.Log
	book      schedule.Book
	absences  schedule.Absences
	gateways  gateway.Watch
	alerts    alert.Board
	now       func() time.Time
}

// maxOrganizations bounds those of one answer; the operator of more chooses one.
const maxOrganizations = 20

func (s *service) today(ctx context.Context, in request) (Today, error) {
	homes, err := s.homes(ctx, in)
	if err != nil {
		return Today{}, err
	}
	all := Today{People: []Person{}, Attention: []Attention{}}
	for i, home := range homes {
		a, _ := actor.From(ctx)
		day, err := s.dayOf(actor.With(ctx, a.In(home.ID)), home, in)
		if err != nil {
			return Today{}, err
		}
		if i == 0 {
			all.Date, all.Zone = day.Date, day.Zone
		}
		if day.At.After(all.At) {
			all.At = day.At
		}
		all.Counts.add(day.Counts)
		all.People = append(all.People, day.People...)
		all.Attention = append(all.Attention, day.Attention...)
	}
	return all, nil
}

// homes are the organizations that are asked for.
func (s *service) homes(ctx context.Context, in request) ([]organization.Organization, error) {
	a, _ := actor.From(ctx)
	one := in.Organization
	if one == 0 {
		one = a.OrganizationID
	}
	if one == 0 && in.DepartmentID != 0 {
		d, err := s.tree.Department(ctx, in.DepartmentID)
		if err != nil {
			return nil, err
		}
		one = d.OrganizationID
	}
	if one != 0 {
		o, err := s.tree.ByID(ctx, one)
		return []organization.Organization{o}, err
	}
	all, err := s.index.All(ctx)
	if err == nil && len(all) > maxOrganizations {
		var f fault.Fields
		f.Add("organization", codeChoose, nil)
		err = f.Err()
	}
	return all, err
}

// dayOf answers for the one organization of the actor.
func (s *service) dayOf(ctx context.Context, home organization.Organization, in request) (Today, error) {
	m, err := s.momentOf(home, in.Date)
	if err != nil {
		return Today{}, err
	}
	a, _ := actor.From(ctx)
	if a.Role == actor.Guard && !m.today {
		return Today{}, errNotToday
	}
	people, err := s.people(ctx, in.DepartmentID)
	if err != nil {
		return Today{}, err
	}
	if err := s.settle(ctx, &m, people); err != nil {
		return Today{}, err
	}
	found, standings, err := s.trace(ctx, m, people)
	if err != nil {
		return Today{}, err
	}
	if err := s.excuse(ctx, m, found); err != nil {
		return Today{}, err
	}
	day, then := Today{Date: m.date, Zone: home.Zone.String(), At: m.now}, standings
	if !m.today { // how computers are is known of now alone
		then = nil
	}
	for _, e := range people {
		d, err := s.tree.Department(ctx, e.DepartmentID)
		if err != nil {
			return Today{}, err
		}
		t := found[e.ID]
		day.People = append(day.People, Person{
			EmployeeID: e.ID, OrganizationID: e.OrganizationID, Name: e.Name, DepartmentID: e.DepartmentID, Department: d.Name,
			State: t.state(then), details: t.details(standings, m.today),
		})
	}
	day.Counts = count(day.People)
	if m.today {
		day.Attention, err = s.attention(ctx, m, people, found, standings)
	}
	if a.Role == actor.Guard {
		day.hide()
	}
	return day, err
}

// hide leaves what a guard may see.
func (d *Today) hide() {
	d.Counts.Expected, d.Counts.Late = 0, 0
	for i := range d.People {
		d.People[i].details = details{}
	}
}

// people are those of the department and of those below it, or all whom the actor may see.
func (s *service) people(ctx context.Context, departmentID int64) ([]employee.Employee, error) {
	if departmentID == 0 {
		return s.roster.Active(ctx, nil)
	}
	if _, err := s.tree.Department(ctx, departmentID); err != nil {
		return nil, err
	}
	below, err := s.tree.Below(ctx, []int64{departmentID})
	if err != nil {
		return nil, err
	}
	return s.roster.Active(ctx, below)
}

// count counts people by state.
func count(people []Person) (c Counts) {
	by := map[string]*int{present: &c.Present, away: &c.Away, left: &c.Left, absent: &c.Absent, later: &c.Later, excused: &c.Excused, dayOff: &c.DayOff}
	for _, p := range people {
		*by[p.State]++
		if p.ExpectedFrom != nil {
			c.Expected++
		}
		if p.LateMinutes > 0 {
			c.Late++
		}
	}
	return c
}

func (c *Counts) add(more Counts) {
	c.Expected += more.Expected
	c.Present += more.Present
	c.Away += more.Away
	c.Left += more.Left
	c.Late += more.Late
	c.Absent += more.Absent
	c.Later += more.Later
	c.Excused += more.Excused
	c.DayOff += more.DayOff
}

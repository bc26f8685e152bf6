package presence

import (
	"context"
	"slices"
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
)

var tashkent = time.FixedZone("Asia/Tashkent", 5*3600)

// on is a time of Monday, 23 November 2026, in Tashkent; hours before 0 and after 24 are of the days around it.
func on(hour, minute int) time.Time {
	return time.Date(2026, 11, 23, hour, minute, 0, 0, tashkent).UTC()
}

// office is an organization with everything that presence asks of others.
type office struct {
	*service
	at        time.Time
	people    []employee.Employee
	shifts    map[int64]func(midnight time.Time) schedule.Shift // by department; begins every day but on Sundays
	away      []schedule.Absence
	linked    []computer.LinkPeriod
	saw       map[activity.Seat]activity.SeenUser
	went      []pass.EmployeeBounds
	standings map[string]computer.Standing
	troubles  []gateway.Trouble
	open      []alert.Alert
}

// The departments: 1 works by day and has 2 below it, 3 works at night, 4 has no schedule, and 5 is organization 2's.
var departments = map[int64]organization.Department{
	1: {ID: 1, OrganizationID: 1, Name: "Savdo"}, 2: {ID: 2, OrganizationID: 1, ParentID: 1, Name: "Doʻkon"},
	3: {ID: 3, OrganizationID: 1, Name: "Qorovul"}, 4: {ID: 4, OrganizationID: 1, Name: "Maslahat"}, 5: {ID: 5, OrganizationID: 2, Name: "Boshqa"},
}

func shift(from, hours int, name string) func(time.Time) schedule.Shift {
	return func(midnight time.Time) schedule.Shift {
		begins := midnight.Add(time.Duration(from) * time.Hour)
		return schedule.Shift{From: begins, Until: begins.Add(time.Duration(hours) * time.Hour), Grace: 10 * time.Minute, Name: name}
	}
}

func newOffice(now time.Time) *office {
	o := &office{at: now, saw: map[activity.Seat]activity.SeenUser{}, standings: map[string]computer.Standing{}}
	day, night := shift(9, 9, "Kunduzgi"), shift(20, 12, "Tungi")
	o.shifts = map[int64]func(time.Time) schedule.Shift{1: day, 2: day, 3: night, 5: day}
	o.service = &service{
		tree: o, index: o, roster: o, links: links{o: o}, computers: o, seen: o, passes: o, book: o, absences: o, gateways: o, alerts: o,
		now: func() time.Time { return o.at },
	}
	return o
}

// employ adds a person with a computer that last reported a minute ago.
func (o *office) employ(id, department int64, name string) activity.Seat {
	o.people = append(o.people, employee.Employee{
		ID: id, OrganizationID: departments[department].OrganizationID, DepartmentID: department, Name: name, Active: true,
	})
	seat := activity.Seat{ComputerUID: "uid-" + name, UserSID: "S-" + name}
	o.linked = append(o.linked, computer.LinkPeriod{EmployeeID: id, ComputerUID: seat.ComputerUID, UserSID: seat.UserSID})
	o.standings[seat.ComputerUID] = computer.Standing{ID: 100 + id, UID: seat.ComputerUID, Name: "PC-" + name, State: "online", Reason: "reporting"}
	return seat
}

// see says that somebody was active at the seat.
func (o *office) see(seat activity.Seat, first, last time.Time, state activity.State) {
	o.saw[seat] = activity.SeenUser{Seat: seat, FirstAt: first, LastAt: last, KnownAt: last, State: state}
}

// silence makes the computer of a seat offline.
func (o *office) silence(seat activity.Seat, reason string, since time.Time) {
	c := o.standings[seat.ComputerUID]
	c.State, c.Reason, c.Since = "offline", reason, since
	o.standings[seat.ComputerUID] = c
}

func (o *office) ByID(_ context.Context, id int64) (organization.Organization, error) {
	if id > 2 {
		return organization.Organization{}, organization.ErrUnknown
	}
	return organization.Organization{ID: id, Active: true, Zone: tashkent}, nil
}

func (o *office) All(ctx context.Context) (list []organization.Organization, err error) {
	for id := range int64(2) {
		org, _ := o.ByID(ctx, id+1)
		list = append(list, org)
	}
	return list, nil
}

func (o *office) Department(ctx context.Context, id int64) (organization.Department, error) {
	a, _ := actor.From(ctx)
	d, ok := departments[id]
	if !ok || a.OrganizationID != 0 && a.OrganizationID != d.OrganizationID {
		return d, organization.ErrDepartmentUnknown
	}
	return d, nil
}

func (o *office) Below(_ context.Context, ids []int64) ([]int64, error) {
	if slices.Contains(ids, 1) {
		ids = append(ids, 2)
	}
	return ids, nil
}

func (o *office) Departments(ctx context.Context) (ids []int64, err error) {
	people, err := o.Active(ctx, nil)
	for _, e := range people {
		ids = append(ids, e.DepartmentID)
	}
	slices.Sort(ids)
	return slices.Compact(ids), err
}

func (o *office) Active(ctx context.Context, departmentIDs []int64) (list []employee.Employee, err error) {
	a, _ := actor.From(ctx)
	for _, e := range o.people {
		lead := a.Role != actor.DepartmentLead || slices.Contains(a.DepartmentIDs, e.DepartmentID)
		if e.OrganizationID == a.OrganizationID && lead && (departmentIDs == nil || slices.Contains(departmentIDs, e.DepartmentID)) {
			list = append(list, e)
		}
	}
	return list, nil
}

func (o *office) On(_ context.Context, ids []int64, date string, zone *time.Location) (map[int64]schedule.Shift, error) {
	midnight, err := time.ParseInLocation(time.DateOnly, date, zone)
	found := map[int64]schedule.Shift{}
	for _, id := range ids {
		if make, ok := o.shifts[id]; ok && midnight.Weekday() != time.Sunday {
			found[id] = make(midnight.UTC())
		}
	}
	return found, err
}

func (o *office) Absent(_ context.Context, first, last string) (list []schedule.Absence, err error) {
	for _, a := range o.away {
		if a.FirstDay <= last && a.LastDay >= first {
			list = append(list, a)
		}
	}
	return list, nil
}

// links is the registry of the office's computers.
type links struct {
	computer.Registry
	o *office
}

func (l links) LinksOf(_ context.Context, ids []int64, from, until time.Time) (list []computer.LinkPeriod, err error) {
	for _, p := range l.o.linked {
		if slices.Contains(ids, p.EmployeeID) && p.From.Before(until) && (p.Until.IsZero() || p.Until.After(from)) {
			list = append(list, p)
		}
	}
	return list, nil
}

func (o *office) Standings(context.Context, []string) (map[string]computer.Standing, error) {
	return o.standings, nil
}

// Seen shows what was seen within the time, as monitoring does.
func (o *office) Seen(_ context.Context, seats []activity.Seat, from, until time.Time) (list []activity.SeenUser, err error) {
	for _, s := range seats {
		if u, ok := o.saw[s]; ok && u.FirstAt.Before(until) && !u.LastAt.Before(from) {
			u.FirstAt, u.LastAt = latest(u.FirstAt, from), earliest(u.LastAt, until)
			list = append(list, u)
		}
	}
	return list, nil
}

func (o *office) Bounds(_ context.Context, from, until time.Time) (list []pass.EmployeeBounds, err error) {
	for _, b := range o.went {
		if !b.LastAt.Before(from) && b.LastAt.Before(until) {
			list = append(list, b)
		}
	}
	return list, nil
}

func (o *office) Troubled(context.Context, time.Time) ([]gateway.Trouble, error) {
	return o.troubles, nil
}

func (o *office) Open(context.Context, int) ([]alert.Alert, error) { return o.open, nil }

func as(role actor.Role, organizationID int64, departmentIDs ...int64) context.Context {
	a := actor.Actor{Role: role, ID: "user:1", UserID: 1, OrganizationID: organizationID, DepartmentIDs: departmentIDs}
	return actor.With(context.Background(), a)
}

// everyDay is a book in which work begins on Sundays too.
type everyDay struct{ o *office }

func (b everyDay) On(_ context.Context, ids []int64, date string, zone *time.Location) (map[int64]schedule.Shift, error) {
	midnight, err := time.ParseInLocation(time.DateOnly, date, zone)
	found := map[int64]schedule.Shift{}
	for _, id := range ids {
		if make, ok := b.o.shifts[id]; ok {
			found[id] = make(midnight.UTC())
		}
	}
	return found, err
}

package doors

import (
	"context"
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/visitors/visitor"
	"github.com/staff-control/staff-control/platform/actor"
)

// sight is whose passes are seen: all of the organization's, or those of some employees.
type sight struct {
	all       bool
	employees []int64
}

// sight is the whole organization, but for a department lead the people of the departments.
func (s *service) sight(ctx context.Context) (sight, error) {
	a, _ := actor.From(ctx)
	if a.Role != actor.DepartmentLead {
		return sight{all: true}, nil
	}
	people, err := s.staff.InDepartments(ctx, a.DepartmentIDs)
	return sight{employees: people}, err
}

// Bounds returns the ends of the passes of each employee whom the actor may see.
func (s *service) Bounds(ctx context.Context, from, until time.Time) ([]pass.EmployeeBounds, error) {
	v, err := s.sight(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := s.store.ways(ctx, v, from, until)
	if err != nil {
		return nil, err
	}
	var all []pass.EmployeeBounds
	for _, r := range rows {
		if n := len(all); n == 0 || all[n-1].EmployeeID != r.EmployeeID {
			all = append(all, pass.EmployeeBounds{EmployeeID: r.EmployeeID})
		}
		b, at := &all[len(all)-1], r.At.UTC()
		b.LastAt, b.Inside = at, r.EntryType == pass.Enter
		switch {
		case !b.Inside:
			b.LastExit = at
		case b.FirstEnter.IsZero():
			b.FirstEnter = at
		}
	}
	return all, nil
}

// list returns a page of passes, and one more; of one department's people unless that is 0.
func (s *service) list(ctx context.Context, q passQuery, department int64) (rows []passRow, err error) {
	if q.sight, err = s.sightOf(ctx, department); err != nil {
		return nil, err
	}
	return s.store.passes(ctx, q)
}

// names are people, and the names of devices, by their ids.
type names struct {
	people   map[int64]employee.Employee
	visitors map[int64]visitor.Visitor
	devices  map[int64]string
}

func (s *service) namesOf(ctx context.Context, rows []passRow) (n names, err error) {
	var people, visitors, devices []int64
	for _, r := range rows {
		if r.EmployeeID != 0 && !slices.Contains(people, r.EmployeeID) {
			people = append(people, r.EmployeeID)
		}
		if r.VisitorID != 0 && !slices.Contains(visitors, r.VisitorID) {
			visitors = append(visitors, r.VisitorID)
		}
		if r.DeviceID != 0 && !slices.Contains(devices, r.DeviceID) {
			devices = append(devices, r.DeviceID)
		}
	}
	if n.people, err = s.staff.ByIDs(ctx, people); err != nil {
		return n, err
	}
	if n.visitors, err = s.guests.ByIDs(ctx, visitors); err != nil {
		return n, err
	}
	n.devices, err = s.store.deviceNames(ctx, devices)
	return n, err
}

package presence

import (
	"context"
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
)

// times are a period without its shift: people of one are looked for at once.
type times struct{ from, until time.Time }

// trace looks for the people, each in the period of their department, and for their computers.
func (s *service) trace(ctx context.Context, m moment, people []employee.Employee) (map[int64]*traces, map[string]computer.Standing, error) {
	found := make(map[int64]*traces, len(people))
	groups := map[times][]int64{}
	ids := make([]int64, len(people))
	var whole times
	for i, e := range people {
		p := m.periods[e.DepartmentID]
		ids[i], found[e.ID] = e.ID, &traces{period: p}
		group := times{p.from, p.until}
		groups[group] = append(groups[group], e.ID)
		if i == 0 || p.from.Before(whole.from) {
			whole.from = p.from
		}
		whole.until = latest(whole.until, p.until)
	}
	if len(people) == 0 {
		return found, nil, nil
	}
	links, err := s.links.LinksOf(ctx, ids, whole.from, whole.until.Add(time.Microsecond))
	if err != nil {
		return nil, nil, err
	}
	of := map[int64][]computer.LinkPeriod{}
	var uids []string
	for _, l := range links {
		of[l.EmployeeID] = append(of[l.EmployeeID], l)
		uids = append(uids, l.ComputerUID)
	}
	for group, members := range groups {
		if err := s.follow(ctx, group, members, of, found); err != nil {
			return nil, nil, err
		}
	}
	slices.Sort(uids)
	standings, err := s.computers.Standings(ctx, slices.Compact(uids))
	return found, standings, err
}

// follow adds what computers and doors saw of the members in the time.
func (s *service) follow(ctx context.Context, in times, members []int64, of map[int64][]computer.LinkPeriod, found map[int64]*traces) error {
	if !in.from.Before(in.until) { // the time has not begun
		for _, id := range members {
			found[id].usual = usual(of[id], in.until)
		}
		return nil
	}
	var seats []activity.Seat
	asked := map[activity.Seat]bool{}
	for _, id := range members {
		for _, l := range of[id] {
			if seat := (activity.Seat{ComputerUID: l.ComputerUID, UserSID: l.UserSID}); !asked[seat] {
				asked[seat] = true
				seats = append(seats, seat)
			}
		}
	}
	seen := map[activity.Seat]activity.SeenUser{}
	if len(seats) > 0 {
		list, err := s.seen.Seen(ctx, seats, in.from, in.until)
		if err != nil {
			return err
		}
		for _, u := range list {
			seen[u.Seat] = u
		}
	}
	for _, id := range members {
		t := found[id]
		t.usual = usual(of[id], in.until)
		for _, l := range of[id] {
			if u, ok := seen[activity.Seat{ComputerUID: l.ComputerUID, UserSID: l.UserSID}]; ok {
				if u, ok = within(u, l); ok {
					t.seats = append(t.seats, u)
				}
			}
		}
	}
	passes, err := s.passes.Bounds(ctx, in.from, in.until)
	for _, b := range passes {
		if t, ok := found[b.EmployeeID]; ok && (times{t.from, t.until}) == in {
			t.passes = b
		}
	}
	return err
}

// usual are the computers that are still the person's at the time.
func usual(links []computer.LinkPeriod, at time.Time) (uids []string) {
	for _, l := range links {
		if l.Until.IsZero() || l.Until.After(at) {
			uids = append(uids, l.ComputerUID)
		}
	}
	return uids
}

// within leaves of what was seen at a seat what was in the time in which it was the person's.
func within(u activity.SeenUser, l computer.LinkPeriod) (activity.SeenUser, bool) {
	if u.FirstAt.IsZero() {
		return u, true
	}
	if u.LastAt.Before(l.From) || !l.Until.IsZero() && !u.FirstAt.Before(l.Until) {
		return u, false
	}
	u.FirstAt = latest(u.FirstAt, l.From)
	if !l.Until.IsZero() {
		u.LastAt = earliest(u.LastAt, l.Until)
	}
	return u, true
}

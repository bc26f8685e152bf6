package monitoring

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
)

// asked is whose events a reader asks for, and of when.
type asked struct {
	organization, employee int64
	computer               string
	from, until            time.Time
	// merged are the uids that the computer had before it was set up anew: what they reported is its own.
	merged []string
}

// isOn reports whether a computer is one of those that are asked for.
func (q asked) isOn(uid string) bool {
	return q.computer == "" || uid == q.computer || slices.Contains(q.merged, uid)
}

// view is what of that the reader may see.
type view struct {
	actor  actor.Actor
	sights []sight
	// links are who the people of the sights are, where the sights come from people.
	links []computer.LinkPeriod
}

// narrow puts the reader into the organization that it asks for.
func narrow(ctx context.Context, organizationID int64) (context.Context, actor.Actor, error) {
	a, _ := actor.From(ctx)
	switch {
	case organizationID == 0 || organizationID == a.OrganizationID:
		return ctx, a, nil
	case a.CrossesOrganizations():
		a = a.In(organizationID)
		return actor.With(ctx, a), a, nil
	}
	return ctx, a, organization.ErrUnknown
}

// view finds what the reader may see: an employee's events are those of the Windows users who the employee was at
// the time, and a department lead sees those of the employees of the departments and of none else.
func (s *service) view(ctx context.Context, k activity.Kind, q asked) (context.Context, view, error) {
	ctx, a, err := s.enter(ctx, q)
	if err != nil {
		return ctx, view{}, err
	}
	v, err := s.viewFrom(ctx, a, k, q)
	return ctx, v, err
}

// enter puts the reader into the organization that it asks for, or that of the employee.
func (s *service) enter(ctx context.Context, q asked) (context.Context, actor.Actor, error) {
	ctx, a, err := narrow(ctx, q.organization)
	if err != nil || q.employee == 0 {
		return ctx, a, err
	}
	e, err := s.staff.ByID(ctx, q.employee)
	if err != nil {
		return ctx, a, err
	}
	return narrow(ctx, e.OrganizationID)
}

// viewFrom is view for a reader who is in the organization.
func (s *service) viewFrom(ctx context.Context, a actor.Actor, k activity.Kind, q asked) (v view, err error) {
	if q.employee != 0 {
		return s.viewOf(ctx, a, []int64{q.employee}, q)
	}
	if a.Role == actor.DepartmentLead {
		people, err := s.led(ctx, a)
		if err != nil {
			return v, err
		}
		return s.viewOf(ctx, a, people, q)
	}
	v.actor = a
	organizations := []int64{a.OrganizationID}
	if a.CrossesOrganizations() {
		if organizations, err = s.store.organizations(ctx, k); err != nil {
			return v, err
		}
	}
	for _, o := range organizations {
		if q.merged, err = s.mergedInto(ctx, a, o, q.computer); err != nil {
			return v, err
		}
		for _, uid := range append([]string{q.computer}, q.merged...) {
			v.sights = append(v.sights, sight{organization: o, computer: uid, from: q.from, until: q.until})
		}
	}
	return v, nil
}

// mergedInto returns what was merged into the computer in an organization.
func (s *service) mergedInto(ctx context.Context, a actor.Actor, organizationID int64, uid string) ([]string, error) {
	if uid == "" {
		return nil, nil
	}
	return s.computers.Merged(actor.With(ctx, a.In(organizationID)), uid)
}

// led returns the employees of the lead's departments and of those below them.
func (s *service) led(ctx context.Context, a actor.Actor) ([]int64, error) {
	if len(a.DepartmentIDs) == 0 {
		return nil, nil
	}
	departments, err := s.tree.Below(ctx, a.DepartmentIDs)
	if err != nil {
		return nil, err
	}
	return s.staff.InDepartments(ctx, departments)
}

func (s *service) viewOf(ctx context.Context, a actor.Actor, people []int64, q asked) (view, error) {
	if len(people) == 0 {
		return view{actor: a}, nil
	}
	until := q.until
	if until.IsZero() {
		until = s.now().Add(s.cfg.Ahead)
	}
	links, err := s.computers.LinksOf(ctx, people, q.from, until)
	if err != nil {
		return view{}, err
	}
	if q.merged, err = s.mergedInto(ctx, a, a.OrganizationID, q.computer); err != nil {
		return view{}, err
	}
	return view{actor: a, links: links, sights: sightsOf(a.OrganizationID, links, q)}, nil
}

// sightsOf makes one sight of the periods of a Windows user on a computer that touch, so that no event is in two.
func sightsOf(organizationID int64, links []computer.LinkPeriod, q asked) []sight {
	links = slices.DeleteFunc(slices.Clone(links), func(l computer.LinkPeriod) bool {
		return !q.isOn(l.ComputerUID)
	})
	slices.SortFunc(links, func(a, b computer.LinkPeriod) int {
		return cmp.Or(cmp.Compare(a.ComputerUID, b.ComputerUID), cmp.Compare(a.UserSID, b.UserSID), a.From.Compare(b.From))
	})
	var out []sight
	for _, l := range links {
		next := sight{
			organization: organizationID, computer: l.ComputerUID, user: l.UserSID, someUser: true,
			from: later(l.From, q.from), until: earlier(l.Until, q.until),
		}
		if last := len(out) - 1; last >= 0 && out[last].joins(next) {
			if !out[last].until.IsZero() && (next.until.IsZero() || next.until.After(out[last].until)) {
				out[last].until = next.until
			}
			continue
		}
		out = append(out, next)
	}
	return out
}

func (s sight) joins(next sight) bool {
	return s.computer == next.computer && s.user == next.user && (s.until.IsZero() || !next.from.After(s.until))
}

// later takes the zero time as the beginning of all time, earlier as its end.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// faces says who the people in rows were.
type faces map[int64][]computer.LinkPeriod

// whoIs returns who the people in rows were, asking once for each organization.
func (s *service) whoIs(ctx context.Context, v view, rows []row) (faces, error) {
	found := faces{}
	if v.links != nil {
		found[v.actor.OrganizationID] = v.links
		return found, nil
	}
	users := map[int64][]string{}
	for _, r := range rows {
		if !slices.Contains(users[r.OrganizationID], r.UserSID) {
			users[r.OrganizationID] = append(users[r.OrganizationID], r.UserSID)
		}
	}
	for o, sids := range users {
		oldest, newest := rows[len(rows)-1].Datetime, rows[0].Datetime
		links, err := s.computers.EmployeesBehind(actor.With(ctx, v.actor.In(o)), sids, oldest, newest.Add(time.Microsecond))
		if err != nil {
			return nil, err
		}
		found[o] = links
	}
	return found, nil
}

// of returns the employee of the row; 0 if nobody is known.
func (f faces) of(r row) int64 {
	for _, l := range f[r.OrganizationID] {
		inside := !r.Datetime.Before(l.From) && (l.Until.IsZero() || r.Datetime.Before(l.Until))
		if inside && l.UserSID == r.UserSID {
			return l.EmployeeID
		}
	}
	return 0
}

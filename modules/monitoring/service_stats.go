package monitoring

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/employees/employee"
	"github.com/staff-control/staff-control/modules/organizations/organization"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
)

// stats is one question for statistics, understood.
type stats struct {
	statsRequest
	dates
	home  organization.Organization
	usage usage
	only  string
	// people are those of whom the reader asks, or all if everybody is set: then also what nobody is known to have used.
	people    []int64
	everybody bool
}

func usageNamed(kind string) usage {
	if kind == kindSites {
		return sites
	}
	return applications
}

// statsOf finds out whom the reader may ask for and does. The returned context is in their organization.
func (s *service) statsOf(ctx context.Context, in statsRequest, kind, only string) (context.Context, stats, error) {
	q := stats{statsRequest: in, usage: usageNamed(kind), only: only}
	q.dates, _ = in.read(new(fault.Fields)) // it was checked
	if in.Organization == 0 && in.Employee == 0 && in.Department != 0 {
		d, err := s.tree.Department(ctx, in.Department)
		if err != nil {
			return ctx, q, err
		}
		in.Organization = d.OrganizationID
	}
	ctx, home, err := s.home(ctx, dayRequest{Employee: in.Employee, Organization: in.Organization})
	if err != nil {
		return ctx, q, reading(err)
	}
	q.home = home
	q.people, q.everybody, err = s.peopleOf(ctx, in)
	return ctx, q, err
}

// peopleOf returns the employees whom the reader asks for and may see.
func (s *service) peopleOf(ctx context.Context, in statsRequest) (people []int64, everybody bool, err error) {
	a, _ := actor.From(ctx)
	switch {
	case in.Department != 0:
		people, err = s.inDepartment(ctx, a, in.Department)
	case a.Role == actor.DepartmentLead:
		people, err = s.led(ctx, a)
	default:
		everybody = in.Employee == 0
	}
	if err != nil || in.Employee == 0 {
		return people, everybody, err
	}
	e, err := s.staff.ByID(ctx, in.Employee)
	if err != nil {
		return nil, false, err
	}
	if in.Department != 0 && !slices.Contains(people, e.ID) {
		return nil, false, nil
	}
	return []int64{e.ID}, false, nil
}

// inDepartment returns the employees of a department that the reader may see, and of those below it.
func (s *service) inDepartment(ctx context.Context, a actor.Actor, id int64) ([]int64, error) {
	if _, err := s.tree.Department(ctx, id); err != nil {
		return nil, err
	}
	if a.Role == actor.DepartmentLead {
		led, err := s.tree.Below(ctx, a.DepartmentIDs)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(led, id) {
			return nil, organization.ErrDepartmentUnknown
		}
	}
	below, err := s.tree.Below(ctx, []int64{id})
	if err != nil {
		return nil, err
	}
	return s.staff.InDepartments(ctx, below)
}

// group is people whose time is one part of an answer.
type group []int64

// groupSights are where the groups are seen in the period. What two people of a group did at once at one computer is there
// once.
func (s *service) groupSights(ctx context.Context, q stats, p period, groups []group) ([]partSight, error) {
	a, _ := actor.From(ctx)
	var all []int64
	for _, g := range groups {
		all = append(all, g...)
	}
	if len(all) == 0 {
		return nil, nil
	}
	links, err := s.computers.LinksOf(ctx, all, p.from, p.until)
	if err != nil {
		return nil, err
	}
	merged, err := s.mergedInto(ctx, a, q.home.ID, q.Computer)
	if err != nil {
		return nil, err
	}
	byPerson := map[int64][]computer.LinkPeriod{}
	for _, l := range links {
		byPerson[l.EmployeeID] = append(byPerson[l.EmployeeID], l)
	}
	asks := asked{computer: q.Computer, merged: merged, from: p.from, until: p.until}
	var list []partSight
	for part, g := range groups {
		var theirs []computer.LinkPeriod
		for _, id := range g {
			theirs = append(theirs, byPerson[id]...)
		}
		for _, v := range sightsOf(q.home.ID, theirs, asks) {
			list = append(list, partSight{v, part})
		}
	}
	return list, nil
}

// used sums what those whom the question is about used in a time.
func (s *service) used(ctx context.Context, q stats, p period, byName, byTime bool) ([]used, error) {
	sights, err := s.sightsIn(ctx, q, p)
	if err != nil {
		return nil, err
	}
	list, err := s.store.used(ctx, usageQuery{usage: q.usage, sights: sights, only: q.only, byName: byName, byTime: byTime})
	return list, reading(err)
}

func (s *service) sightsIn(ctx context.Context, q stats, p period) ([]partSight, error) {
	if !q.everybody {
		return s.groupSights(ctx, q, p, []group{q.people})
	}
	a, _ := actor.From(ctx)
	merged, err := s.mergedInto(ctx, a, q.home.ID, q.Computer)
	if err != nil {
		return nil, err
	}
	var list []partSight
	for _, uid := range append([]string{q.Computer}, merged...) {
		list = append(list, partSight{sight: sight{organization: q.home.ID, computer: uid, from: p.from, until: p.until}})
	}
	return list, nil
}

func (q stats) head(kind string) Stats {
	return Stats{Period: q.period(), Zone: q.home.Zone.String(), Kind: kind}
}

func (s *service) topApplications(ctx context.Context, in topRequest) (Top, error) {
	return s.top(ctx, in, kindApplications)
}

func (s *service) topSites(ctx context.Context, in topRequest) (Top, error) {
	return s.top(ctx, in, kindSites)
}

func (s *service) top(ctx context.Context, in topRequest, kind string) (Top, error) {
	ctx, q, err := s.statsOf(ctx, in.statsRequest, kind, "")
	if err != nil {
		return Top{}, err
	}
	now, err := s.used(ctx, q, q.in(q.home.Zone), true, false)
	if err != nil {
		return Top{}, err
	}
	before, err := s.used(ctx, q, q.before().in(q.home.Zone), true, false)
	if err != nil {
		return Top{}, err
	}
	t := Top{Stats: q.head(kind), Previous: q.before().period()}
	t.fill(now, before, in.Limit)
	return t, nil
}

func (s *service) timeline(ctx context.Context, in timelineRequest) (Timeline, error) {
	ctx, q, err := s.statsOf(ctx, in.statsRequest, in.Kind, in.Name)
	if err != nil {
		return Timeline{}, err
	}
	p := q.in(q.home.Zone)
	list, err := s.used(ctx, q, p, false, true)
	if err != nil {
		return Timeline{}, err
	}
	t := Timeline{Stats: q.head(in.Kind), Step: in.Step, Name: in.Name, Points: points(p, in.Step, q.home.Zone)}
	t.fill(list)
	return t, nil
}

func (s *service) heatmap(ctx context.Context, in heatmapRequest) (Heatmap, error) {
	ctx, q, err := s.statsOf(ctx, in.statsRequest, in.Kind, in.Name)
	if err != nil {
		return Heatmap{}, err
	}
	list, err := s.used(ctx, q, q.in(q.home.Zone), false, true)
	if err != nil {
		return Heatmap{}, err
	}
	h := Heatmap{Stats: q.head(in.Kind), Name: in.Name}
	h.fill(q.dates, list, q.home.Zone)
	return h, nil
}

func (s *service) comparison(ctx context.Context, in comparisonRequest) (Comparison, error) {
	ctx, q, err := s.statsOf(ctx, in.statsRequest, in.Kind, in.Name)
	if err != nil {
		return Comparison{}, err
	}
	c := Comparison{Stats: q.head(in.Kind), Of: in.Of, Name: in.Name, Items: []ComparedItem{}}
	if in.Of == ofPeriods {
		return c, s.comparePeriods(ctx, q, &c, in.Periods)
	}
	people, err := s.compared(ctx, q)
	if err != nil {
		return Comparison{}, err
	}
	groups := c.people(people)
	if in.Of == ofDepartments {
		if groups, err = s.departments(ctx, &c, people); err != nil {
			return Comparison{}, err
		}
	}
	if err := s.compareGroups(ctx, q, &c, groups); err != nil {
		return Comparison{}, err
	}
	c.rank(in.Limit)
	return c, nil
}

// comparePeriods compares the days with those before them.
func (s *service) comparePeriods(ctx context.Context, q stats, c *Comparison, n int) error {
	var all []used
	for i, d := 0, q.dates; i < n; i, d = i+1, d.before() {
		list, err := s.used(ctx, q, d.in(q.home.Zone), true, false)
		if err != nil {
			return err
		}
		for _, u := range list {
			u.Part = i
			all = append(all, u)
		}
		if i == 0 {
			c.count(list)
		}
		p := d.period()
		c.Items = append(c.Items, ComparedItem{From: p.From, To: p.To})
	}
	c.Count = n
	c.fill(all, nil)
	return nil
}

// compareGroups compares people or departments, with what they were in the period before.
func (s *service) compareGroups(ctx context.Context, q stats, c *Comparison, groups []group) error {
	read := func(d dates, byName bool) ([]used, error) {
		sights, err := s.groupSights(ctx, q, d.in(q.home.Zone), groups)
		if err != nil {
			return nil, err
		}
		list, err := s.store.used(ctx, usageQuery{usage: q.usage, sights: sights, only: q.only, byName: byName})
		return list, reading(err)
	}
	all, err := s.everything(ctx, q, q.dates)
	if err != nil {
		return err
	}
	now, err := read(q.dates, true)
	if err != nil {
		return err
	}
	allBefore, err := s.everything(ctx, q, q.before())
	if err != nil {
		return err
	}
	before, err := read(q.before(), false)
	if err != nil {
		return err
	}
	previous := q.before().period()
	previous.count(before)
	previous.atLeast(allBefore)
	c.Previous = &previous
	c.count(now)
	c.UnlinkedSeconds = c.atLeast(all)
	c.fill(now, before)
	return nil
}

// everything is what was used in the days, whoever did; none where the question is about some people only.
func (s *service) everything(ctx context.Context, q stats, d dates) ([]used, error) {
	if !q.everybody {
		return nil, nil
	}
	return s.used(ctx, q, d.in(q.home.Zone), false, false)
}

// compared returns the people to compare, by name.
func (s *service) compared(ctx context.Context, q stats) ([]employee.Employee, error) {
	ids := q.people
	if q.everybody {
		here, err := s.roster.Active(ctx, nil)
		if err != nil {
			return nil, err
		}
		var departments []int64
		for _, e := range here {
			departments = append(departments, e.DepartmentID)
		}
		slices.Sort(departments)
		// Those who left count too, where they are known to have been.
		if ids, err = s.staff.InDepartments(ctx, slices.Compact(departments)); err != nil {
			return nil, err
		}
	}
	found, err := s.staff.ByIDs(ctx, ids)
	if err != nil {
		return nil, err
	}
	people := make([]employee.Employee, 0, len(found))
	for _, id := range ids {
		if e, ok := found[id]; ok {
			people = append(people, e)
		}
	}
	slices.SortFunc(people, func(a, b employee.Employee) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return people, nil
}

func (c *Comparison) people(people []employee.Employee) (groups []group) {
	for _, e := range people {
		groups = append(groups, group{e.ID})
		c.Items = append(c.Items, ComparedItem{ID: e.ID, Name: e.Name, DepartmentID: e.DepartmentID, gone: !e.Active})
	}
	return groups
}

// departments makes an item of each department with its own people.
func (s *service) departments(ctx context.Context, c *Comparison, people []employee.Employee) (groups []group, err error) {
	place := map[int64]int{}
	c.Items = []ComparedItem{}
	for _, e := range people {
		i, ok := place[e.DepartmentID]
		if !ok {
			d, err := s.tree.Department(ctx, e.DepartmentID)
			if err != nil {
				return nil, err
			}
			i = len(c.Items)
			place[e.DepartmentID] = i
			c.Items, groups = append(c.Items, ComparedItem{ID: d.ID, Name: d.Name, gone: true}), append(groups, nil)
		}
		groups[i] = append(groups[i], e.ID)
		if e.Active {
			c.Items[i].Employees++
			c.Items[i].gone = false
		}
	}
	return groups, nil
}

package modules_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/kernel"
)

// Every route that people and machines can ask the server, asked by each of them for rows of their own department, of
// another department of their organization and of another organization, answers as testdata/matrix.txt says.
func TestMatrix(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		everybodyAsks(t, newSite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		everybodyAsks(t, onPostgres(t))
	})
}

func everybodyAsks(t *testing.T, s *site) {
	t.Helper()
	s.serve(t, "role=agent-api,dashboard")
	ready(t, s.agentAPI, s.dashboard)
	s.signIn(t)
	m := newMatrix(t, s)
	people, machines := m.side(t, kernel.Dashboard), m.side(t, kernel.AgentAPI)
	people.askAsNobody(t)
	machines.askAsNobody(t, people.askers...)
	before := everythingOf(t, s, m.foreign)
	people.ask(reads, people.askers[:1]) // first, as the others are to see a part of what ADMIN sees
	var others sync.WaitGroup
	for _, c := range people.askers[1:] {
		others.Go(func() { people.ask(reads, []*asker{c}) })
	}
	others.Wait()
	machines.ask(reads, machines.askers)
	people.ask(changes, people.askers[1:])
	machines.ask(changes, machines.askers)
	if after := everythingOf(t, s, m.foreign); after != before {
		t.Errorf("what the other organization has was changed:\n%s\nwas\n%s", after, before)
	}
	people.ask(changes, people.askers[:1])
	people.compare(t)
	machines.compare(t)
	m.violationsAreCounted(t)
	t.Logf("%d requests", m.asked.Load())
}

func reads(r httpx.Route) bool   { return r.Method == http.MethodGet }
func changes(r httpx.Route) bool { return r.Method != http.MethodGet }

// matrix is a site of two organizations of two departments each.
type matrix struct {
	s *site
	// own and other are the departments of one organization, on behalf of which everything is asked; foreign and its
	// second department are those of another.
	own, other, foreign, fourth tenant
	// absent has ids that are nobody's.
	absent tenant
	asked  atomic.Int64
	unique atomic.Int64
}

// side is what one role of the process serves, with those who can ask it.
type side struct {
	*matrix
	host   string
	askers []*asker
	routes []httpx.Route
	table  *sights
	mu     sync.Mutex
	found  map[string]map[string]finding // by route and asker
}

// finding is what one asker got of one route.
type finding struct {
	sight  string
	status int // of the own department's row
	marks  []string
	hides  bool     // that which a guard must not see
	faults []string // what no table can allow
}

// Sights. See testdata/matrix.txt.
const (
	refused = "-"
	all     = "all"
	org     = "org"
	dep     = "dep"
	basic   = "basic"
	self    = "self"
	yes     = "yes"
	none    = "none"
)

// ask asks the routes on behalf of the askers.
func (d *side) ask(which func(httpx.Route) bool, askers []*asker) {
	for _, route := range d.routes {
		if route.Permission == public || !which(route) {
			continue
		}
		for _, c := range askers {
			f := d.look(route, c)
			d.mu.Lock()
			d.found[name(route)][c.name] = f
			d.mu.Unlock()
		}
	}
}

func name(r httpx.Route) string { return r.Method + " " + r.Path }

// look asks one route for everybody's rows on behalf of one asker.
func (d *side) look(route httpx.Route, c *asker) finding {
	l := d.table.line(route)
	q := &asking{side: d, route: route, line: l, asker: c, forms: l.forms(route), got: map[string][]answer{}, absent: map[string][]answer{}}
	q.named, q.names = strings.Contains(route.Path, ":"), slices.ContainsFunc(q.forms, form.names)
	if lacks := strings.Index(d.path(route, d.own), unknown); lacks >= 0 {
		q.fail("cannot be asked: give newTenant ids[%q]", d.path(route, d.own)[lacks+len(unknown):])
	}
	for _, p := range q.places() {
		q.askFor(p)
	}
	if q.got[d.own.mark][0].status == http.StatusForbidden {
		q.judgeRefusal()
		return q.finding
	}
	q.judge()
	if q.named && q.names && q.reached(d.own) && !l.apart {
		q.join()
	}
	return q.finding
}

// asking is one route asked by one asker.
type asking struct {
	*side
	route        httpx.Route
	line         *line
	asker        *asker
	forms        []form
	named, names bool                // does the path, or a form, name a row
	got, absent  map[string][]answer // by the mark of whose row was asked for; and of what is not there
	finding
}

func (q *asking) fail(format string, args ...any) {
	q.faults = append(q.faults, q.asker.name+" "+fmt.Sprintf(format, args...))
}

// places are those for whose rows the route can be asked differently.
func (q *asking) places() []tenant {
	switch {
	case !q.named && !q.names:
		return []tenant{q.own}
	case q.sameFor(q.route, q.forms):
		return []tenant{q.own, q.foreign}
	}
	return []tenant{q.own, q.other, q.foreign}
}

// within reports whether the place is in an organization that the asker may see.
func (q *asking) within(p tenant) bool {
	return q.asker.crosses || p.organization == q.own.organization
}

// askFor asks for what is not there, and then for the place's row.
func (q *asking) askFor(p tenant) {
	nobody := q.side.absent
	if p.organization == q.own.organization {
		nobody.organization = p.organization
	}
	for _, f := range q.forms {
		a := answer{}
		if q.named || q.names {
			a = q.send(q.route, q.asker, nobody, nobody, f)
		}
		q.absent[p.mark] = append(q.absent[p.mark], a)
	}
	row := p
	p.renews = q.within(p)
	if denied := q.absent[p.mark][0].status == http.StatusForbidden; !denied && changes(q.route) && q.within(p) {
		row = q.renewed(p)
	}
	told := q.asker.violations(q.s)
	for _, f := range q.forms {
		q.got[p.mark] = append(q.got[p.mark], q.send(q.route, q.asker, row, p, f))
	}
	if hasID(q.route) && q.asker.person != "" && q.got[p.mark][0].status != http.StatusForbidden {
		q.judgeViolations(p, q.asker.violations(q.s)-told)
	}
}

func (q *asking) renewed(p tenant) tenant {
	row, err := q.fresh(q.route, q.asker, p)
	if err != nil {
		q.fail("has no row to change: %v", err)
	}
	return row
}

// judgeViolations wants one to be written down of a row of another organization, or two where the body names one too.
func (q *asking) judgeViolations(p tenant, told int) {
	least, most := 0, 0
	if !q.within(p) {
		least, most = 1, 1
		if q.names {
			most++
		}
	}
	if told < least || told > most {
		q.fail("asks for the row of %s: written down as a violation %d times, want %d", p.mark, told, least)
	}
}

// judgeRefusal wants a refusal to be one whosever the row is, and to tell nothing.
func (q *asking) judgeRefusal() {
	q.sight = refused
	for mark, told := range q.got {
		for i, a := range told {
			if !a.denies() || a.marks(q.matrix) != nil {
				q.fail("is refused, but of %s: %s", mark, a)
			}
			if (q.named || q.names) && !a.same(q.absent[mark][i]) {
				q.fail("is refused %s, which differs from what is not there: %s", a, q.absent[mark][i])
			}
		}
	}
}

// judge says what the asker sees, and wants what it does not see to be as what is not there.
func (q *asking) judge() {
	q.status = q.got[q.own.mark][0].status
	for mark, told := range q.got {
		for i, a := range told {
			q.marks = append(q.marks, a.marks(q.matrix)...)
			q.hides = q.hides || strings.Contains(a.text, private)
			switch {
			case a.status >= http.StatusInternalServerError, a.status == http.StatusUnauthorized && q.line.status != a.status:
				q.fail("of %s: %s", mark, a)
			case mark == q.other.mark && a.denies(): // v1's way to say that it is another department's
			case (q.named || q.names) && !q.took(mark, i) && !q.keptHome(mark) && !a.same(q.absent[mark][i]):
				q.fail("of %s: %s, which differs from what is not there: %s", mark, a, q.absent[mark][i])
			}
		}
	}
	slices.Sort(q.marks)
	q.marks = slices.Compact(q.marks)
	q.sight = q.sightOf()
	for _, mark := range q.marks {
		if !q.asker.crosses && (mark == q.foreign.mark || mark == q.fourth.mark) || q.sight == dep && mark == q.other.mark {
			q.fail("is shown %s", mark)
		}
	}
}

// took reports whether the route did what it was asked.
func (q *asking) took(mark string, i int) bool {
	a := q.got[mark][i]
	return q.line.takes(a.status) && !(q.named && a.same(q.absent[mark][i])) && !q.keptHome(mark)
}

// keptHome reports whether the route took another's name for the asker's own.
func (q *asking) keptHome(mark string) bool {
	return q.line.home && mark == q.foreign.mark && !q.asker.crosses
}

func (q *asking) reached(p tenant) bool {
	for i := range q.got[p.mark] {
		if q.took(p.mark, i) {
			return true
		}
	}
	return false
}

func (q *asking) sightOf() (sight string) {
	base := q.base(q.route, q.finding)
	switch {
	case q.named || changes(q.route) && q.names:
		sight = q.sightOfIDs()
	case !q.reached(q.own):
		return none
	case changes(q.route):
		sight = yes
	default:
		sight = sightOfList(q.finding, base, q.matrix)
	}
	switch {
	case (sight == org || sight == yes) && aboutAsker(q.route):
		return self
	case sight == org && !q.hides && base.hides:
		return basic
	}
	return sight
}

// join asks for a row of its own to be joined with another organization's: nobody is to do that, and nobody who does not
// see the other is to learn that it is there.
func (q *asking) join() {
	var told [2]answer
	for i, in := range []tenant{q.foreign, q.side.absent} {
		told[i] = q.send(q.route, q.asker, q.renewed(q.own), in, q.forms[0])
	}
	if told[0].status < 300 || !told[0].same(told[1]) && !q.asker.crosses {
		q.fail("joins a row of its own with one of another organization: %s; with what is not there: %s", told[0], told[1])
	}
}

// sameFor reports whether the route asks the same for both departments of an organization.
func (d *side) sameFor(route httpx.Route, forms []form) bool {
	ask := func(p tenant) string {
		text := d.path(route, p)
		for _, f := range forms {
			text += d.fill(strings.ReplaceAll(f.query+strings.ReplaceAll(f.body, "{mark}", ""), "{n}", ""), p)
		}
		return text
	}
	return ask(d.own) == ask(d.other)
}

// hasID reports whether the path has the id of a row; what people type, as a code, is none.
func hasID(route httpx.Route) bool {
	return strings.Contains(route.Path, ":") && !strings.HasSuffix(route.Path, "/:code")
}

// base is what ADMIN, or whoever comes first, got of the route.
func (d *side) base(route httpx.Route, f finding) finding {
	d.mu.Lock()
	defer d.mu.Unlock()
	if b, asked := d.found[name(route)][d.askers[0].name]; asked {
		return b
	}
	return f
}

func (q *asking) sightOfIDs() string {
	_, apart := q.got[q.other.mark]
	own, foreign := q.reached(q.own), q.reached(q.foreign)
	other := q.reached(q.other) || own && !apart
	switch {
	case own && other && foreign:
		return all
	case own && other:
		return org
	case own && !foreign:
		return dep
	case !other && !foreign:
		return none
	}
	return fmt.Sprintf("odd:%t,%t,%t", own, other, foreign)
}

// sightOfList says what the marks in a list mean, to whom sees all of base.
func sightOfList(f, base finding, m *matrix) string {
	has := func(of finding, p tenant) bool { return slices.Contains(of.marks, p.mark) }
	switch {
	case has(f, m.foreign):
		return all
	case len(base.marks) == 0 || !has(base, m.own):
		return yes
	case has(f, m.other):
		return org
	case has(f, m.own) && has(base, m.other):
		return dep
	case has(f, m.own):
		return org
	}
	return none
}

// compare compares what was found with the table.
func (d *side) compare(t *testing.T) {
	t.Helper()
	var wrong []string
	for _, route := range d.routes {
		l := d.table.line(route)
		is := d.table.write(route, l, d.found[name(route)])
		if want := d.table.write(route, l, nil); is != want {
			note := ""
			if l.route != "" {
				note = "\n        not " + want
			}
			wrong = append(wrong, is+note)
		}
		for _, f := range d.found[name(route)] {
			for _, fault := range f.faults {
				t.Errorf("%s: %s", name(route), fault)
			}
		}
	}
	for _, l := range d.table.unused(d.routes) {
		wrong = append(wrong, "no such route: "+l)
	}
	if len(wrong) > 0 {
		t.Errorf("testdata/matrix.txt, for %s, should have these lines, if they are right by the specification (and a request that the route takes):\n%s",
			d.host, strings.Join(wrong, "\n"))
	}
}

package monitoring

import (
	"cmp"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
)

// Day is what happened at the computers of one person, or at one computer, on one day of the organization.
type Day struct {
	Date string    `json:"date"`
	Zone string    `json:"zone"`
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Sessions, Windows, Sites and Idle are lanes: on each computer the spans of one lane do not overlap.
	Sessions []SessionSpan `json:"sessions"`
	Windows  []WindowSpan  `json:"windows"`
	Sites    []SiteSpan    `json:"sites"`
	Idle     []IdleSpan    `json:"idle"`
	// The tops count the time in front of which somebody was: not idle, not locked, and no moment twice.
	TopApplications []Share `json:"topApplications"`
	TopSites        []Share `json:"topSites"`
	Totals          Totals  `json:"totals"`
	// Truncated is true when there was more than one answer holds.
	Truncated bool `json:"truncated"`
}

// SessionSpan is a time of a Windows session, in use or locked.
type SessionSpan struct {
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	State    string    `json:"state"`
	Computer string    `json:"computer"`
}

// WindowSpan is a time of one window in front.
type WindowSpan struct {
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Process  string    `json:"process"`
	Title    string    `json:"title"`
	Computer string    `json:"computer"`
}

// SiteSpan is a time on one page.
type SiteSpan struct {
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Host     string    `json:"host"`
	URL      string    `json:"url"`
	Title    string    `json:"title"`
	Computer string    `json:"computer"`
}

// IdleSpan is a time without input.
type IdleSpan struct {
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Computer string    `json:"computer"`
}

// Share is one application or site among those of the day.
type Share struct {
	Name    string  `json:"name"`
	Seconds int64   `json:"seconds"`
	Share   float64 `json:"share"`
}

// Totals divide the day: no moment is in two of them. Who is active at one computer is active, whatever the others do.
type Totals struct {
	ActiveSeconds int64      `json:"activeSeconds"`
	IdleSeconds   int64      `json:"idleSeconds"`
	LockedSeconds int64      `json:"lockedSeconds"`
	FirstAt       *time.Time `json:"firstAt,omitempty"`
	LastAt        *time.Time `json:"lastAt,omitempty"`
}

// The states of a session.
const (
	inUse    = "active"
	isLocked = "locked"
)

// maxTop is how many applications and sites of a day are named.
const maxTop = 10

// dayOf puts a day together, as far as it has come: its lanes are clipped to the bounds.
func dayOf(bounds span, longest time.Duration, r reported) Day {
	d := Day{Sessions: []SessionSpan{}, Windows: []WindowSpan{}, Sites: []SiteSpan{}, Idle: []IdleSpan{}}
	n := newNormal(bounds, longest, r)
	d.addSessions(n)
	d.addIdle(n)
	d.addWindows(n)
	d.addSites(n)
	d.TopApplications = n.top(n.windows, n.windowParts, maxTop, func(e row) string { return e.ProcessName })
	d.TopSites = n.top(n.sites, n.siteParts, maxTop, func(e row) string { return host(e.URL) })
	d.Totals = totals(n.seats)
	return d
}

func micros(t time.Time) int64 { return t.UnixMicro() }

func moment(us int64) time.Time { return time.UnixMicro(us).UTC() }

func seatOf(e row) pair { return pair{e.ComputerUID, e.UserSID} }

func (d *Day) addSessions(n *normal) {
	for i, parts := range n.sessionParts {
		e := n.sessions[i]
		for _, p := range parts {
			d.Sessions = append(d.Sessions, SessionSpan{moment(p.from), moment(p.to), stateAfter(e.SessionType), e.ComputerUID})
		}
	}
	slices.SortStableFunc(d.Sessions, func(a, b SessionSpan) int { return a.From.Compare(b.From) })
}

func stateAfter(session string) string {
	switch session {
	case activity.Login, activity.Unlock:
		return inUse
	case activity.Lock:
		return isLocked
	}
	return ""
}

func (d *Day) addIdle(n *normal) {
	for _, at := range n.order {
		for _, p := range n.seats[at].idle {
			d.Idle = append(d.Idle, IdleSpan{moment(p.from), moment(p.to), at.uid})
		}
	}
	slices.SortStableFunc(d.Idle, func(a, b IdleSpan) int { return a.From.Compare(b.From) })
}

func (d *Day) addWindows(n *normal) {
	lane(n.windows, n.windowParts, func(s span, e row) {
		w := WindowSpan{moment(s.from), moment(s.to), e.ProcessName, e.Title, e.ComputerUID}
		if i := len(d.Windows) - 1; i >= 0 && touching(d.Windows[i].To, w.From) && d.Windows[i].same(w) {
			d.Windows[i].To = w.To
			return
		}
		d.Windows = append(d.Windows, w)
	})
	slices.SortStableFunc(d.Windows, func(a, b WindowSpan) int { return a.From.Compare(b.From) })
}

func (a WindowSpan) same(b WindowSpan) bool {
	return a.Computer == b.Computer && a.Process == b.Process && a.Title == b.Title
}

func (d *Day) addSites(n *normal) {
	lane(n.sites, n.siteParts, func(s span, e row) {
		w := SiteSpan{moment(s.from), moment(s.to), host(e.URL), e.URL, e.Title, e.ComputerUID}
		if i := len(d.Sites) - 1; i >= 0 && touching(d.Sites[i].To, w.From) && d.Sites[i].same(w) {
			d.Sites[i].To = w.To
			return
		}
		d.Sites = append(d.Sites, w)
	})
	slices.SortStableFunc(d.Sites, func(a, b SiteSpan) int { return a.From.Compare(b.From) })
}

func (a SiteSpan) same(b SiteSpan) bool {
	return a.Computer == b.Computer && a.URL == b.URL && a.Title == b.Title
}

// touching joins reports of the same thing that follow each other: agents report in steps.
func touching(end, begin time.Time) bool {
	gap := begin.Sub(end)
	return gap >= 0 && gap <= time.Second
}

// lane calls add for the pieces of each seat in order. An event without length is a piece without length.
func lane(events []row, parts []spans, add func(span, row)) {
	var order []pair
	bySeat := map[pair][]piece{}
	for i, e := range events {
		p := seatOf(e)
		if _, ok := bySeat[p]; !ok {
			order = append(order, p)
		}
		for _, s := range parts[i] {
			bySeat[p] = append(bySeat[p], piece{s, i})
		}
	}
	for _, p := range order {
		pieces := paint(inOrder(bySeat[p]))
		for _, e := range bySeat[p] {
			if e.from == e.to {
				pieces = append(pieces, e)
			}
		}
		slices.SortStableFunc(pieces, func(a, b piece) int { return cmp.Compare(a.from, b.from) })
		for _, e := range pieces {
			add(e.span, events[e.event])
		}
	}
}

// inOrder drops empty pieces and puts the others in the order of their beginnings, which clipping may have changed.
func inOrder(list []piece) []piece {
	list = slices.DeleteFunc(slices.Clone(list), func(p piece) bool { return p.from >= p.to })
	slices.SortStableFunc(list, func(a, b piece) int { return cmp.Compare(a.from, b.from) })
	return list
}

// top adds up the time in front of each name, in which somebody was there.
func (n *normal) top(events []row, parts []spans, most int, name func(row) string) []Share {
	var present []piece
	for i, e := range events {
		for _, s := range parts[i].minus(n.seats[seatOf(e)].idle) {
			present = append(present, piece{s, i})
		}
	}
	micro, sum := map[string]int64{}, int64(0)
	for _, p := range paint(inOrder(present)) {
		micro[name(events[p.event])] += p.to - p.from
		sum += p.to - p.from
	}
	return ranked(micro, sum, most)
}

func ranked(micro map[string]int64, sum int64, most int) []Share {
	list := make([]Share, 0, len(micro))
	for name, us := range micro {
		list = append(list, Share{name, us / 1e6, math.Round(float64(us)/float64(sum)*1e4) / 1e4})
	}
	slices.SortFunc(list, func(a, b Share) int {
		return cmp.Or(cmp.Compare(micro[b.Name], micro[a.Name]), strings.Compare(a.Name, b.Name))
	})
	return list[:min(len(list), most)]
}

// totals divides the day.
func totals(seats map[pair]*seat) Totals {
	a, i, l := divided(seats)
	t := Totals{ActiveSeconds: a.length() / 1e6, IdleSeconds: i.length() / 1e6, LockedSeconds: l.length() / 1e6}
	if len(a) > 0 {
		first, last := moment(a[0].from), moment(a[len(a)-1].to)
		t.FirstAt, t.LastAt = &first, &last
	}
	return t
}

// divided is the time of all seats together: active at any computer, else idle at any, else locked.
func divided(seats map[pair]*seat) (a, i, l spans) {
	var active, idle, locked []span
	for _, s := range seats {
		locked = append(locked, s.locked...)
		idle = append(idle, s.idle.minus(s.locked)...)
		active = append(active, s.used.minus(s.idle).minus(s.locked)...)
	}
	a = union(active)
	i = union(idle).minus(a)
	l = union(locked).minus(a).minus(i)
	return a, i, l
}

// host is the site of a page, as people name it.
func host(page string) string {
	u, err := url.Parse(page)
	if err != nil || u.Hostname() == "" {
		return page
	}
	return strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
}

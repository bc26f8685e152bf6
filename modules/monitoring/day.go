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

// maxTop is how many applications and sites are named.
const maxTop = 10

// reported are the events of a day, each kind in the order of time.
type reported struct{ windows, sites, idle, sessions []row }

// seat is one Windows user at one computer during the day, as spans.
type seat struct {
	inUse, locked, idle []span // of sessions, and without input
	shown               []span // windows and sites
	last                int64  // the newest moment of which something is known
}

// dayOf puts a day together. Its lanes are clipped to it.
func dayOf(bounds span, r reported) Day {
	d := Day{Sessions: []SessionSpan{}, Windows: []WindowSpan{}, Sites: []SiteSpan{}, Idle: []IdleSpan{}}
	seats := seatsOf(bounds, r)
	d.addSessions(bounds, r.sessions, seats)
	d.addIdle(r.idle, seats)
	d.addWindows(bounds, r.windows)
	d.addSites(bounds, r.sites)
	away := map[pair]spans{}
	for p, s := range seats {
		away[p] = union(append(slices.Clone(s.idle), s.locked...))
	}
	d.TopApplications = top(bounds, r.windows, away, func(e row) string { return e.ProcessName })
	d.TopSites = top(bounds, r.sites, away, func(e row) string { return host(e.URL) })
	d.Totals = totals(seats)
	return d
}

func micros(t time.Time) int64 { return t.UnixMicro() }

func moment(us int64) time.Time { return time.UnixMicro(us).UTC() }

func seatOf(e row) pair { return pair{e.ComputerUID, e.UserSID} }

// timed is the span of an event with a duration.
func timed(e row) span {
	from := micros(e.Datetime)
	return span{from, from + e.DurationSeconds*int64(time.Second/time.Microsecond)}
}

// seatsOf collects what is not a session.
func seatsOf(bounds span, r reported) map[pair]*seat {
	seats := map[pair]*seat{}
	at := func(e row) *seat {
		s, ok := seats[seatOf(e)]
		if !ok {
			s = &seat{}
			seats[seatOf(e)] = s
		}
		return s
	}
	for _, list := range [][]row{r.windows, r.sites} {
		for _, e := range list {
			s, whole := at(e), timed(e)
			s.shown = append(s.shown, whole.clip(bounds))
			s.last = max(s.last, whole.to)
		}
	}
	for _, e := range r.idle {
		s, whole := at(e), timed(e)
		s.idle = append(s.idle, whole.clip(bounds))
		s.last = max(s.last, whole.to)
	}
	for _, e := range r.sessions {
		s := at(e)
		s.last = max(s.last, micros(e.Datetime))
	}
	return seats
}

// addSessions turns events into states. Each lasts until its own end, else until the next of its seat, and the last as
// long as anything is known of the seat: what nobody reported is not shown.
func (d *Day) addSessions(bounds span, sessions []row, seats map[pair]*seat) {
	whole, next := make([]span, len(sessions)), map[pair]int64{}
	for i, e := range slices.Backward(sessions) {
		p, from := seatOf(e), micros(e.Datetime)
		whole[i] = span{from, seats[p].last}
		if n, ok := next[p]; ok {
			whole[i].to = n
		}
		if !e.EndTime.IsZero() {
			whole[i].to = micros(e.EndTime)
		}
		if stateAfter(e.SessionType) == "" {
			whole[i].to = from
		}
		next[p] = from
	}
	lane(sessions, func(i int) span { return whole[i].clip(bounds) }, func(part span, e row) {
		s, state := seats[seatOf(e)], stateAfter(e.SessionType)
		if part.from >= part.to {
			return
		}
		if state == isLocked {
			s.locked = append(s.locked, part)
		} else {
			s.inUse = append(s.inUse, part)
		}
		d.Sessions = append(d.Sessions, SessionSpan{moment(part.from), moment(part.to), state, e.ComputerUID})
	})
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

func (d *Day) addIdle(idle []row, seats map[pair]*seat) {
	done := map[pair]bool{}
	for _, e := range idle {
		p := seatOf(e)
		if done[p] {
			continue
		}
		done[p] = true
		for _, s := range union(seats[p].idle) {
			d.Idle = append(d.Idle, IdleSpan{moment(s.from), moment(s.to), e.ComputerUID})
		}
	}
	slices.SortStableFunc(d.Idle, func(a, b IdleSpan) int { return a.From.Compare(b.From) })
}

func (d *Day) addWindows(bounds span, windows []row) {
	lane(windows, clipped(bounds, windows), func(s span, e row) {
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

func (d *Day) addSites(bounds span, sites []row) {
	lane(sites, clipped(bounds, sites), func(s span, e row) {
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

func clipped(bounds span, events []row) func(int) span {
	return func(i int) span { return timed(events[i]).clip(bounds) }
}

// lane calls add for the pieces of each seat in order. An event without length is a piece without length.
func lane(events []row, at func(int) span, add func(span, row)) {
	var order []pair
	bySeat := map[pair][]piece{}
	for i, e := range events {
		p := seatOf(e)
		if _, ok := bySeat[p]; !ok {
			order = append(order, p)
		}
		bySeat[p] = append(bySeat[p], piece{at(i), i})
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

// top adds up the time in front of each name, leaving out what each seat was away.
func top(bounds span, events []row, away map[pair]spans, name func(row) string) []Share {
	var present []piece
	for i, e := range events {
		part := timed(e).clip(bounds)
		if part.from >= part.to {
			continue
		}
		for _, s := range (spans{part}).minus(away[seatOf(e)]) {
			present = append(present, piece{s, i})
		}
	}
	micro, sum := map[string]int64{}, int64(0)
	for _, p := range paint(inOrder(present)) {
		micro[name(events[p.event])] += p.to - p.from
		sum += p.to - p.from
	}
	return ranked(micro, sum)
}

func ranked(micro map[string]int64, sum int64) []Share {
	list := make([]Share, 0, len(micro))
	for name, us := range micro {
		list = append(list, Share{name, us / 1e6, math.Round(float64(us)/float64(sum)*1e4) / 1e4})
	}
	slices.SortFunc(list, func(a, b Share) int {
		return cmp.Or(cmp.Compare(micro[b.Name], micro[a.Name]), strings.Compare(a.Name, b.Name))
	})
	return list[:min(len(list), maxTop)]
}

// totals divides the day: active at any computer, else idle at any, else locked.
func totals(seats map[pair]*seat) Totals {
	var active, idle, locked []span
	for _, s := range seats {
		l, i := union(s.locked), union(s.idle)
		locked = append(locked, l...)
		idle = append(idle, i.minus(l)...)
		active = append(active, union(append(slices.Clone(s.shown), s.inUse...)).minus(union(append(slices.Clone(s.locked), s.idle...)))...)
	}
	a := union(active)
	i := union(idle).minus(a)
	l := union(locked).minus(a).minus(i)
	t := Totals{ActiveSeconds: a.length() / 1e6, IdleSeconds: i.length() / 1e6, LockedSeconds: l.length() / 1e6}
	if len(a) > 0 {
		first, last := moment(a[0].from), moment(a[len(a)-1].to)
		t.FirstAt, t.LastAt = &first, &last
	}
	return t
}

// host is the site of a page, as people name it.
func host(page string) string {
	u, err := url.Parse(page)
	if err != nil || u.Hostname() == "" {
		return page
	}
	return strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
}

package monitoring

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
)

// reported are the events of a day, each kind in the order of time, and the times in which agents did not run, by
// computer.
type reported struct {
	windows, sites, idle, sessions []row
	stops                          map[string][]span
}

// normal is what was reported, brought to what can have happened: see docs/decisions/0017-normalising.md. Each event
// of the lists has its parts; the same event twice is there once.
type normal struct {
	bounds  span
	longest int64
	windows, sites, idle,
	sessions []row
	windowParts, siteParts, sessionParts []spans
	seats                                map[pair]*seat
	order                                []pair // of the seats
}

// seat is one Windows user at one computer during the day. Off is when its agent did not run; nothing else is in it.
// Used is when a window, a site or a session says that it was in use.
type seat struct {
	off, locked, idle, used spans
	shown, inUse            []span // what used is made of
	known                   []span // whatever was reported, whole
	moments                 []int64
	last                    int64 // the newest moment of which something is known
}

// quiet is how long after the last report a session that nobody ended counts as in use: agents that report windows
// report them all the time.
const quiet = int64(15 * time.Minute / time.Microsecond)

// newNormal brings events to what can have happened within the bounds, which do not reach past now.
func newNormal(bounds span, longest time.Duration, r reported) *normal {
	n := &normal{bounds: bounds, longest: int64(longest / time.Microsecond), seats: map[pair]*seat{}}
	n.windows, n.sites, n.idle, n.sessions = ordered(r.windows), ordered(r.sites), ordered(r.idle), ordered(r.sessions)
	n.sit(r.stops)
	windows, sites := n.credible(n.windows), n.credible(n.sites)
	n.know(windows, sites)
	n.useSessions()
	n.windowParts, n.siteParts = n.partsOf(n.windows, windows), n.partsOf(n.sites, sites)
	for _, s := range n.seats {
		s.used = union(append(slices.Clone(s.shown), s.inUse...)).minus(s.off)
	}
	return n
}

// ordered returns the events in one order, whatever order they came in, and each event once.
func ordered(list []row) []row {
	list = slices.Clone(list)
	slices.SortFunc(list, compareEvents)
	return slices.CompactFunc(list, func(a, b row) bool { return compareEvents(a, b) == 0 })
}

// compareEvents orders events by time. Of those that begin together the longer comes first, so that the shorter stands
// before it, and of sessions one in use last.
func compareEvents(a, b row) int {
	return cmp.Or(
		a.Datetime.Compare(b.Datetime), cmp.Compare(b.DurationSeconds, a.DurationSeconds),
		cmp.Compare(weight(a.SessionType), weight(b.SessionType)), strings.Compare(a.SessionType, b.SessionType), b.EndTime.Compare(a.EndTime),
		strings.Compare(a.ComputerUID, b.ComputerUID), strings.Compare(a.UserSID, b.UserSID),
		strings.Compare(a.ProcessName, b.ProcessName), strings.Compare(a.Title, b.Title), strings.Compare(a.URL, b.URL),
	)
}

// weight is which of sessions that begin together is believed: the greatest. A contradiction must not hide what was
// done, so a session in use weighs most.
func weight(session string) int {
	switch session {
	case activity.Lock:
		return 0
	case activity.Logout:
		return 1
	}
	return 2
}

// sit makes the seats.
func (n *normal) sit(stops map[string][]span) {
	for _, list := range [][]row{n.windows, n.sites, n.idle, n.sessions} {
		for _, e := range list {
			at := seatOf(e)
			if n.seats[at] == nil {
				n.seats[at] = &seat{off: union(stops[e.ComputerUID])}
				n.order = append(n.order, at)
			}
		}
	}
}

// mostSeconds is the longest duration that is stored.
const mostSeconds = 1<<31 - 1

// timed is the span of an event with a duration.
func timed(e row) span {
	from := micros(e.Datetime)
	return span{from, from + min(max(e.DurationSeconds, 0), mostSeconds)*int64(time.Second/time.Microsecond)}
}

// credible are the spans of windows or sites. One that is longer than any can be was reported by an agent that slept
// meanwhile: it lasts until the next of its seat, and no longer than the longest.
func (n *normal) credible(events []row) []span {
	list, following := make([]span, len(events)), map[pair]beginnings{}
	for i, e := range slices.Backward(events) {
		at, s := seatOf(e), timed(e)
		b := following[at].before(s.from)
		following[at] = b
		if s.to-s.from > n.longest {
			s.to = min(s.from+n.longest, b.next)
		}
		list[i] = s
	}
	return list
}

// beginnings are when an event begins, and when the first begins of those that begin later.
type beginnings struct{ own, next int64 }

// before are the beginnings of an event that begins no later.
func (b beginnings) before(from int64) beginnings {
	switch {
	case b == beginnings{}:
		return beginnings{from, math.MaxInt64}
	case b.own == from:
		return b
	}
	return beginnings{from, b.own}
}

// know notes at each seat what was reported of it.
func (n *normal) know(windows, sites []span) {
	note := func(e row, s span) {
		at := n.seats[seatOf(e)]
		at.known = append(at.known, s)
		at.last = max(at.last, s.to)
	}
	for i, e := range n.windows {
		note(e, windows[i])
	}
	for i, e := range n.sites {
		note(e, sites[i])
	}
	idle := map[pair][]span{}
	for _, e := range n.idle {
		note(e, timed(e))
		idle[seatOf(e)] = append(idle[seatOf(e)], timed(e).clip(n.bounds))
	}
	for _, e := range n.sessions {
		at := n.seats[seatOf(e)]
		at.moments = append(at.moments, micros(e.Datetime))
		at.last = max(at.last, micros(e.Datetime))
	}
	for at, s := range n.seats {
		s.idle = union(idle[at]).minus(s.off)
	}
}

// useSessions turns sessions into states. Each lasts until its own end, else until the next of its seat, and the last as
// long as anything is known of the seat: what nobody reported is not shown.
func (n *normal) useSessions() {
	whole, next := make([]spans, len(n.sessions)), map[pair]int64{}
	for i, e := range slices.Backward(n.sessions) {
		at, from := seatOf(e), micros(e.Datetime)
		s := span{from, n.seats[at].last}
		if begins, ok := next[at]; ok {
			s.to = begins
		}
		if !e.EndTime.IsZero() {
			s.to = micros(e.EndTime)
		}
		next[at] = from
		if stateAfter(e.SessionType) != "" && s.from < s.to {
			whole[i] = spans{s.clip(n.bounds)}
		}
	}
	n.sessionParts = make([]spans, len(n.sessions))
	bySeat := map[pair][]piece{}
	for i, e := range n.sessions {
		for _, s := range whole[i] {
			bySeat[seatOf(e)] = append(bySeat[seatOf(e)], piece{s, i})
		}
	}
	for at, pieces := range bySeat {
		for _, p := range paint(inOrder(pieces)) {
			n.sessionParts[p.event] = append(n.sessionParts[p.event], p.span)
		}
		n.live(at, pieces)
	}
}

// live notes when the seat was locked and when in use.
func (n *normal) live(at pair, pieces []piece) {
	s := n.seats[at]
	var locked []span
	seen := s.reports()
	for _, p := range pieces {
		e := n.sessions[p.event]
		parts := n.sessionParts[p.event].minus(s.off)
		n.sessionParts[p.event] = parts
		switch {
		case stateAfter(e.SessionType) == isLocked:
			locked = append(locked, parts...)
		case !e.EndTime.IsZero():
			s.inUse = append(s.inUse, parts...)
		case len(s.known) > 0:
			s.inUse = append(s.inUse, parts.and(seen)...)
		default: // the agent reports nothing but sessions
			from := micros(e.Datetime)
			s.inUse = append(s.inUse, parts.and(spans{{from, from + n.longest}})...)
		}
	}
	s.locked = union(locked)
}

// reports is the time of all reports and a little after each.
func (s *seat) reports() spans {
	list := make([]span, 0, len(s.known)+len(s.moments))
	for _, k := range s.known {
		list = append(list, span{k.from, k.to + quiet})
	}
	for _, m := range s.moments {
		list = append(list, span{m, m + quiet})
	}
	return union(list)
}

// partsOf are the spans of windows or sites within the bounds, without what was behind a lock or with the agent off.
// An event without length has a part without length.
func (n *normal) partsOf(events []row, whole []span) []spans {
	parts := make([]spans, len(events))
	for i, e := range events {
		s := n.seats[seatOf(e)]
		part := whole[i].clip(n.bounds)
		if part.from == part.to && !s.locked.has(part.from) && !s.off.has(part.from) {
			parts[i] = spans{part}
		}
		if part.from < part.to {
			parts[i] = spans{part}.minus(s.locked).minus(s.off)
			s.shown = append(s.shown, parts[i]...)
		}
	}
	return parts
}

package monitoring

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
)

// Seen tells where somebody was seen; see activity.Reader. Most seats are told by their outermost events. Where these
// may have happened in front of nobody, as at a computer that was left on over night, the times without input and
// behind the lock are read too.
func (s *service) Seen(ctx context.Context, seats []activity.Seat, from, until time.Time) ([]activity.SeenUser, error) {
	if a, _ := actor.From(ctx); a.OrganizationID == 0 {
		return nil, db.ErrNoOrganization
	}
	all, err := s.store.ends(ctx, seats, s.cfg.LongestEvent, from, until)
	if err != nil {
		return nil, reading(err)
	}
	var seen []activity.SeenUser
	hard := map[pair]*presence{}
	for _, e := range all {
		p := presenceOf(e, from, until)
		if p.doubtful() {
			hard[pair{e.UID, e.SID}] = p
			continue
		}
		seen = append(seen, p.seen())
	}
	if err := s.askMore(ctx, hard, from, until); err != nil {
		return nil, reading(err)
	}
	for _, p := range hard {
		if p.resolve(); p.known > 0 {
			seen = append(seen, p.seen())
		}
	}
	return seen, nil
}

// askMore reads of these seats what their outermost events do not tell.
func (s *service) askMore(ctx context.Context, hard map[pair]*presence, from, until time.Time) error {
	var seats, blank []activity.Seat
	for k, p := range hard {
		seats = append(seats, activity.Seat{ComputerUID: k.uid, UserSID: k.sid})
		if p.FirstWindow == nil {
			blank = append(blank, seats[len(seats)-1])
		}
	}
	for _, l := range []struct {
		kind  activity.Kind
		seats []activity.Seat
		from  time.Time
		add   func(*presence, row)
	}{
		{activity.VisitedSite, blank, from, func(p *presence, e row) { p.use(timed(e)) }},
		{activity.UserSession, seats, from.Add(-day), func(p *presence, e row) { p.sessions = append(p.sessions, e) }},
	} {
		if len(l.seats) == 0 {
			continue
		}
		rows, err := s.store.at(ctx, l.kind, l.seats, l.from, until)
		if err != nil {
			return err
		}
		for _, e := range rows {
			l.add(hard[seatOf(e)], e)
		}
	}
	return s.askIdle(ctx, hard, seats, from, until)
}

func (s *service) askIdle(ctx context.Context, hard map[pair]*presence, seats []activity.Seat, from, until time.Time) error {
	if len(seats) == 0 {
		return nil
	}
	rows, err := s.store.emptiness(ctx, seats, from, until)
	if err != nil {
		return err
	}
	for _, e := range rows {
		times, err := e.spans()
		if err != nil {
			return err
		}
		p := hard[pair{e.UID, e.SID}]
		p.away = append(p.away, times...)
	}
	return nil
}

// presence is what is known of a seat in a time; moments are in microseconds of the epoch, 0 is none.
type presence struct {
	ends
	bounds      span
	first, last int64 // of somebody's activity
	known       int64
	idle        int64 // when the last idle time ended
	session     int64
	away        []span
	sessions    []row
}

// fresh is how recent a report is that others of the same minute may still follow: agents report in steps of a minute,
// windows and idle time each in their own.
const fresh = int64(5 * time.Minute / time.Microsecond)

// step is how long after its last report idle time may go on unreported.
const step = int64(75 * time.Second / time.Microsecond)

// second is the gap that parts no two reports of one thing.
const second = int64(time.Second / time.Microsecond)

func presenceOf(e ends, from, until time.Time) *presence {
	p := &presence{ends: e, bounds: span{micros(from), micros(until)}}
	if e.FirstWindow != nil && e.LastWindow != nil {
		p.use(span{micros(*e.FirstWindow), inMicros(*e.LastWindow)})
	}
	if e.LastIdle != nil {
		p.idle = inMicros(*e.LastIdle)
		p.learn(p.idle)
	}
	if e.EarlyIdle != nil && e.FirstWindow != nil {
		p.away = append(p.away, span{micros(*e.FirstWindow), inMicros(*e.EarlyIdle)})
	}
	if e.LastSessionAt != nil {
		p.session = micros(*e.LastSessionAt)
		p.learn(p.session)
	}
	return p
}

func inMicros(seconds float64) int64 { return int64(math.Round(seconds * float64(second))) }

// use notes activity within the bounds.
func (p *presence) use(s span) {
	if s = s.clip(p.bounds); s.from > s.to {
		return
	}
	if p.first == 0 || s.from < p.first {
		p.first = s.from
	}
	p.last = max(p.last, s.to)
	p.learn(s.to)
}

// learn notes that something is known of the moment.
func (p *presence) learn(at int64) {
	if at >= p.bounds.from {
		p.known = max(p.known, min(at, p.bounds.to))
	}
}

// doubtful reports whether the first or the last window may have stood before nobody.
func (p *presence) doubtful() bool {
	if p.FirstWindow == nil {
		return true
	}
	idleAtFirst := p.EarlyIdle != nil && inMicros(*p.EarlyIdle) > p.first
	idleAtLast := p.idle >= p.last-p.slack()
	return idleAtFirst || idleAtLast || p.EarlySession == activity.Lock || p.LastSession == activity.Lock
}

// slack is how much earlier idle time may end than what is seen beside it.
func (p *presence) slack() int64 {
	if p.known > p.bounds.to-fresh {
		return step
	}
	return second
}

// resolve moves the first and the last moment out of the time in which nobody was there.
func (p *presence) resolve() {
	slices.SortFunc(p.sessions, compareEvents)
	for i, e := range p.sessions {
		at, end := micros(e.Datetime), p.bounds.to
		if i+1 < len(p.sessions) {
			end = micros(p.sessions[i+1].Datetime)
		}
		if !e.EndTime.IsZero() {
			end = min(end, micros(e.EndTime))
		}
		switch {
		case e.SessionType == activity.Lock:
			p.away = append(p.away, span{at, end})
		case stateAfter(e.SessionType) == inUse && at >= p.bounds.from:
			p.use(span{at, at})
		}
	}
	if p.first == 0 {
		return
	}
	slack := p.slack()
	for _, a := range joined(p.away) {
		if a.from <= p.first && p.first < a.to {
			p.first = a.to
		}
		if a.from < p.last && p.last <= a.to+slack {
			p.last = a.from
		}
	}
	if p.first > p.last || p.first >= p.bounds.to {
		p.first, p.last = 0, 0
	}
}

// joined is the union of spans, in which those no more than a second apart are one.
func joined(list []span) spans {
	list = slices.Clone(list)
	for i := range list {
		list[i].to += second
	}
	all := union(list)
	for i := range all {
		all[i].to -= second
	}
	return all
}

func (p *presence) seen() activity.SeenUser {
	u := activity.SeenUser{Seat: activity.Seat{ComputerUID: p.UID, UserSID: p.SID}, KnownAt: moment(p.known), State: p.state()}
	if u.State == activity.StateLocked || u.State == activity.StateOff {
		p.last = min(p.last, max(p.session, p.first))
	}
	if p.first > 0 {
		u.FirstAt, u.LastAt = moment(p.first), moment(p.last)
	}
	return u
}

// state is what is known of the last known moment: a lock beats a window, and idle time does.
func (p *presence) state() activity.State {
	switch {
	case p.LastSession == activity.Logout && p.known <= p.session+step:
		return activity.StateOff
	case p.LastSession == activity.Lock && p.lockedAt(p.known):
		return activity.StateLocked
	case p.idle > 0 && p.idle >= p.known-p.slack():
		return activity.StateIdle
	}
	return activity.StateActive
}

// lockedAt reports whether the lock, which is the last session, lasts until the moment: one may have an end of its own.
func (p *presence) lockedAt(moment int64) bool {
	if len(p.sessions) == 0 {
		return true
	}
	end := p.sessions[len(p.sessions)-1].EndTime
	return end.IsZero() || micros(end) >= moment
}

package monitoring

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/id"
)

// adversary makes days such as agents with wrong clocks, lost reports and bad sleep make them.
type adversary struct {
	*rand.Rand
	from  time.Time // midnight
	exact bool      // whole minutes, and nothing longer than one event can be
}

func newAdversary(seed uint64) *adversary {
	return &adversary{Rand: rand.New(rand.NewPCG(seed, 17)), from: dayFrom}
}

func (a *adversary) day() reported {
	r := reported{windows: a.events(50), sites: a.events(30), idle: a.events(15), sessions: a.events(15), stops: map[string][]span{}}
	for i := range r.sessions {
		s := &r.sessions[i]
		s.DurationSeconds, s.SessionType = 0, []string{activity.Login, activity.Logout, activity.Lock, activity.Unlock}[a.IntN(4)]
		if a.IntN(3) == 0 {
			s.EndTime = s.Datetime.Add(time.Duration(a.IntN(300)) * time.Minute)
		}
	}
	for range a.IntN(3) {
		uid := fmt.Sprint("PC-", a.IntN(3))
		from := micros(a.time())
		r.stops[uid] = append(r.stops[uid], span{from, from + a.Int64N(200)*60*second})
	}
	return r
}

// time is some time from the evening before to the morning after.
func (a *adversary) time() time.Time {
	t := a.from.Add(time.Duration(a.IntN(2000)-300) * time.Minute)
	if !a.exact {
		t = t.Add(time.Duration(a.IntN(60_000_000)) * time.Microsecond)
	}
	return t
}

func (a *adversary) events(most int) (rows []row) {
	for range a.IntN(most) {
		e := row{
			ID: id.New(), ComputerUID: fmt.Sprint("PC-", a.IntN(3)), UserSID: fmt.Sprint("S-", a.IntN(2)), Datetime: a.time(),
			DurationSeconds: int64(a.IntN(60)) * 60, ProcessName: fmt.Sprint(a.IntN(5)), URL: fmt.Sprintf("https://%d.uz/", a.IntN(5)),
		}
		if !a.exact {
			e.DurationSeconds += a.Int64N(60)
			e.DurationSeconds = []int64{e.DurationSeconds, e.DurationSeconds, e.DurationSeconds, 0, -e.DurationSeconds, 86400, 1 << 31, 1 << 62}[a.IntN(8)]
		}
		rows = append(rows, e)
		if a.IntN(5) == 0 { // the agent says it twice, or goes on from there, or its clock goes back
			again := e
			again.ID = id.New()
			again.Datetime = again.Datetime.Add([]time.Duration{0, time.Duration(e.DurationSeconds) * time.Second, -time.Hour}[a.IntN(3)] % (24 * time.Hour)).Truncate(time.Microsecond)
			rows = append(rows, again)
		}
	}
	return rows
}

// until is now: some moment of the day, or its end.
func (a *adversary) until(bounds span) span {
	if a.IntN(3) == 0 {
		return bounds
	}
	to := bounds.from + a.Int64N((bounds.to-bounds.from)/(60*second))*60*second
	return span{bounds.from, to}
}

func (a *adversary) split(e row) (pieces []row) {
	for e.DurationSeconds > 1 && a.IntN(4) > 0 {
		first := e
		first.DurationSeconds = 1 + a.Int64N(e.DurationSeconds-1)
		pieces = append(pieces, first)
		e.Datetime = e.Datetime.Add(time.Duration(first.DurationSeconds) * time.Second)
		e.DurationSeconds -= first.DurationSeconds
	}
	return append(pieces, e)
}

// asEvents are the day's rows as agents send them.
func (a *adversary) asEvents(r reported) (events []activity.Event) {
	for k, list := range map[activity.Kind][]row{
		activity.ActiveWindow: r.windows, activity.VisitedSite: r.sites, activity.IdlePeriod: r.idle, activity.UserSession: r.sessions,
	} {
		for _, e := range list {
			events = append(events, activity.Event{
				Kind: k, Key: e.ID.String(), ComputerUID: e.ComputerUID, UserSID: e.UserSID, At: e.Datetime, End: e.EndTime,
				Duration: e.DurationSeconds, Process: e.ProcessName, URL: e.URL, Session: e.SessionType,
			})
		}
	}
	return events
}

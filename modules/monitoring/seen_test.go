package monitoring

import (
	"fmt"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// reportOf is one of the kind, in minutes after midnight in Tashkent.
func reportOf(k activity.Kind, uid string, minute, minutes int) activity.Event {
	return activity.Event{
		Kind: k, Key: fmt.Sprint(k, uid, minute), ComputerUID: uid, UserSID: "S", At: at(minute), Duration: int64(minutes) * 60,
		Process: "excel.exe", URL: "https://kun.uz/",
	}
}

func session(kind, uid string, minute int) activity.Event {
	e := reportOf(activity.UserSession, uid, minute, 0)
	e.Session, e.Key = kind, fmt.Sprint(kind, uid, minute)
	return e
}

func TestWhereSomebodyWasSeen(t *testing.T) {
	t.Parallel()
	const window, site, idle = activity.ActiveWindow, activity.VisitedSite, activity.IdlePeriod
	now := 800
	tests := map[string]struct {
		events      []activity.Event
		first, last int // minutes; -1 for never
		state       activity.State
	}{
		"works":              {[]activity.Event{reportOf(window, "works", 540, 10), reportOf(window, "works", 790, 9)}, 540, 799, activity.StateActive},
		"reaches ahead":      {[]activity.Event{reportOf(window, "reaches ahead", 540, 10), reportOf(window, "reaches ahead", 700, 200)}, 540, 800, activity.StateActive},
		"slept":              {[]activity.Event{reportOf(window, "slept", 400, 600)}, 400, 640, activity.StateActive},
		"only sites":         {[]activity.Event{reportOf(site, "only sites", 545, 10), reportOf(site, "only sites", 600, 10)}, 545, 610, activity.StateActive},
		"was idle between":   {[]activity.Event{reportOf(window, "was idle between", 540, 10), reportOf(idle, "was idle between", 600, 30), reportOf(window, "was idle between", 640, 10)}, 540, 650, activity.StateActive},
		"is idle":            {[]activity.Event{reportOf(window, "is idle", 540, 255), reportOf(idle, "is idle", 750, 45)}, 540, 750, activity.StateIdle},
		"is idle in steps":   {steps("is idle in steps", 540, 260, 700, 99), 540, 700, activity.StateIdle},
		"left on over night": {steps("left on over night", -200, 900, -200, 755), 555, 700, activity.StateActive},
		"left on, nobody":    {steps("left on, nobody", -200, 1000, -200, 1000), -1, -1, activity.StateIdle},
		"locked":             {[]activity.Event{reportOf(window, "locked", 540, 60), session(activity.Lock, "locked", 600)}, 540, 600, activity.StateLocked},
		"window over lock":   {[]activity.Event{reportOf(window, "window over lock", 540, 60), session(activity.Lock, "window over lock", 590), reportOf(window, "window over lock", 700, 60)}, 540, 590, activity.StateLocked},
		"unlocked again":     {[]activity.Event{session(activity.Lock, "unlocked again", -300), reportOf(window, "unlocked again", 300, 5), session(activity.Unlock, "unlocked again", 550), reportOf(window, "unlocked again", 550, 60)}, 550, 610, activity.StateActive},
		"signed out":         {[]activity.Event{session(activity.Login, "signed out", 535), reportOf(window, "signed out", 540, 60), session(activity.Logout, "signed out", 600)}, 540, 600, activity.StateOff},
		"only sessions":      {[]activity.Event{session(activity.Login, "only sessions", 535), session(activity.Lock, "only sessions", 600)}, 535, 535, activity.StateLocked},
		"at once both":       {atOnce("at once both", 540, activity.Unlock, activity.Logout, activity.Lock), 540, 600, activity.StateActive},
		"both at last":       {atOnce("both at last", 600, activity.Lock, activity.Login, activity.Logout), 540, 600, activity.StateActive},
		"locked and out":     {atOnce("locked and out", 600, activity.Logout, activity.Lock), 540, 600, activity.StateOff},
		"yesterday":          {[]activity.Event{reportOf(window, "yesterday", -300, 60)}, -2, -2, ""},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		s.now = func() time.Time { return at(now) }
		var seats []activity.Seat
		for name, c := range tests {
			for _, e := range c.events { // the sink takes nothing of the future
				mustPut(t, s, agent(1), activity.Batch{Events: []activity.Event{e}})
			}
			seats = append(seats, activity.Seat{ComputerUID: name, UserSID: "S"})
		}
		seen, err := s.Seen(as(actor.HR, 1), append(seats, activity.Seat{ComputerUID: "none"}), dayFrom, at(now))
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]activity.SeenUser{}
		for _, u := range seen {
			got[u.ComputerUID] = u
		}
		for name, c := range tests {
			u, found := got[name]
			if c.first == -2 {
				if found {
					t.Errorf("%s: seen %+v", name, u)
				}
				continue
			}
			if minute(u.FirstAt) != c.first || minute(u.LastAt) != c.last || u.State != c.state {
				t.Errorf("%s: from minute %d to %d, %s; want %d to %d, %s", name, minute(u.FirstAt), minute(u.LastAt), u.State, c.first, c.last, c.state)
			}
		}
		if theirs, err := s.Seen(as(actor.HR, 2), seats, dayFrom, at(now)); err != nil || len(theirs) != 0 {
			t.Errorf("organization 2 sees %v, %v", theirs, err)
		}
		if _, err := s.Seen(as(actor.Admin, 0), seats, dayFrom, at(now)); err == nil {
			t.Error("asked across organizations")
		}
	})
}

// steps are a window and idle time, each reported in pieces of at most a quarter of an hour, as watchers do whose
// computer is left on: from a minute, so many minutes.
func steps(uid string, window, windows, idle, idles int) (events []activity.Event) {
	for _, l := range []struct {
		kind     activity.Kind
		from, to int
	}{{activity.ActiveWindow, window, window + windows}, {activity.IdlePeriod, idle, idle + idles}} {
		for m := l.from; m < l.to; m += 15 {
			events = append(events, reportOf(l.kind, uid, m, min(15, l.to-m)))
		}
	}
	return events
}

// atOnce is a window from nine to ten, and sessions of one instant.
func atOnce(uid string, minute int, kinds ...string) []activity.Event {
	events := []activity.Event{reportOf(activity.ActiveWindow, uid, 540, 60)}
	for _, k := range kinds {
		events = append(events, session(k, uid, minute))
	}
	return events
}

// minute is a time of the day in minutes; -1 for none.
func minute(t time.Time) int {
	if t.IsZero() {
		return -1
	}
	return int(t.Sub(dayFrom) / time.Minute)
}

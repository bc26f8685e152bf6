package rule_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/policy/rule"
)

const clock = "2006-01-02 15:04"

func in(t testing.TB, zone, text string) time.Time {
	t.Helper()
	z, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.ParseInLocation(clock, text, z)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func tashkent(t testing.TB, text string) time.Time {
	t.Helper()
	return in(t, "Asia/Tashkent", text)
}

// 2026-11-23 is a Monday.
func TestEventsAreCutToWorkingHours(t *testing.T) {
	t.Parallel()
	week := []int{1, 2, 3, 4, 5}
	for _, c := range []struct {
		name        string
		hours       rule.Hours
		from, until string // of the event
		left, right string // of what is kept; none if empty
	}{
		{"inside", rule.Hours{Days: week, From: "09:00", To: "18:00"}, "2026-11-23 10:00", "2026-11-23 11:00", "2026-11-23 10:00", "2026-11-23 11:00"},
		{"at the edges", rule.Hours{Days: week, From: "09:00", To: "18:00"}, "2026-11-23 09:00", "2026-11-23 18:00", "2026-11-23 09:00", "2026-11-23 18:00"},
		{"over the beginning", rule.Hours{Days: week, From: "09:00", To: "18:00"}, "2026-11-23 08:30", "2026-11-23 09:30", "2026-11-23 09:00", "2026-11-23 09:30"},
		{"over the end", rule.Hours{Days: week, From: "09:00", To: "18:00"}, "2026-11-23 17:30", "2026-11-23 19:30", "2026-11-23 17:30", "2026-11-23 18:00"},
		{"over both", rule.Hours{Days: week, From: "09:00", To: "18:00"}, "2026-11-23 08:30", "2026-11-23 19:30", "2026-11-23 09:00", "2026-11-23 18:00"},
		{"before", rule.Hours{Days: week, From: "09:00", To: "18:00"}, "2026-11-23 08:30", "2026-11-23 09:00", "", ""},
		{"after", rule.Hours{Days: week, From: "09:00", To: "18:00"}, "2026-11-23 18:00", "2026-11-23 18:30", "", ""},
		{"a moment inside", rule.Hours{Days: week, From: "09:00", To: "18:00"}, "2026-11-23 09:00", "2026-11-23 09:00", "2026-11-23 09:00", "2026-11-23 09:00"},
		{"a moment outside", rule.Hours{Days: week, From: "09:00", To: "18:00"}, "2026-11-23 18:00", "2026-11-23 18:00", "", ""},
		{"another day", rule.Hours{Days: week, From: "09:00", To: "18:00"}, "2026-11-22 10:00", "2026-11-22 11:00", "", ""},
		{"over the week-end", rule.Hours{Days: week, From: "09:00", To: "18:00"}, "2026-11-20 18:00", "2026-11-23 10:00", "2026-11-23 09:00", "2026-11-23 10:00"},
		{"over a night", rule.Hours{Days: week, From: "09:00", To: "18:00"}, "2026-11-23 17:00", "2026-11-24 10:00", "2026-11-23 17:00", "2026-11-23 18:00"},
		{"night shift, evening", rule.Hours{Days: []int{1}, From: "22:00", To: "06:00"}, "2026-11-23 23:00", "2026-11-24 07:00", "2026-11-23 23:00", "2026-11-24 06:00"},
		{"night shift, morning", rule.Hours{Days: []int{1}, From: "22:00", To: "06:00"}, "2026-11-24 05:00", "2026-11-24 05:30", "2026-11-24 05:00", "2026-11-24 05:30"},
		{"the morning before", rule.Hours{Days: []int{1}, From: "22:00", To: "06:00"}, "2026-11-23 05:00", "2026-11-23 05:30", "", ""},
		{"night shift of Sunday", rule.Hours{Days: []int{7}, From: "22:00", To: "06:00"}, "2026-11-23 05:00", "2026-11-23 08:00", "2026-11-23 05:00", "2026-11-23 06:00"},
		{"round the clock", rule.Hours{Days: []int{1, 2, 3, 4, 5, 6, 7}, From: "09:00", To: "09:00"}, "2026-11-22 05:00", "2026-11-24 13:00", "2026-11-22 05:00", "2026-11-24 13:00"},
		{"until midnight", rule.Hours{Days: []int{1}, From: "09:00", To: "00:00"}, "2026-11-23 23:00", "2026-11-24 00:30", "2026-11-23 23:00", "2026-11-24 00:00"},
		{"days that meet", rule.Hours{Days: []int{1, 2}, From: "00:00", To: "00:00"}, "2026-11-22 22:00", "2026-11-25 02:00", "2026-11-23 00:00", "2026-11-25 00:00"},
		{"clock put forward", rule.Hours{Zone: "Europe/Berlin", Days: []int{7}, From: "01:00", To: "04:00"}, "2026-03-29 00:00", "2026-03-29 05:00", "2026-03-29 01:00", "2026-03-29 04:00"},
		{"clock put back", rule.Hours{Zone: "Europe/Berlin", Days: []int{7}, From: "01:00", To: "04:00"}, "2026-10-25 00:00", "2026-10-25 05:00", "2026-10-25 01:00", "2026-10-25 04:00"},
		{"an hour that is not", rule.Hours{Zone: "Europe/Berlin", Days: []int{7}, From: "02:10", To: "02:50"}, "2026-03-29 00:00", "2026-03-29 01:00", "", ""},
	} {
		if c.hours.Zone == "" {
			c.hours.Zone = "Asia/Tashkent"
		}
		p := rule.Everything()
		p.Hours = &c.hours
		r := rules(t, p)
		from, until := in(t, c.hours.Zone, c.from), in(t, c.hours.Zone, c.until)
		window := activity.Event{Kind: activity.IdlePeriod, At: from.UTC(), Duration: int64(until.Sub(from) / time.Second)}
		session := activity.Event{Kind: activity.UserSession, At: from.UTC(), End: until.UTC()}
		ok, why := r.Keeps(&window)
		sessionKept, _ := r.Keeps(&session)
		if ok != (c.left != "") || sessionKept != ok || !ok && why != rule.WhyHours {
			t.Errorf("%s: kept %v, a session %v, why %q", c.name, ok, sessionKept, why)
			continue
		}
		if !ok {
			continue
		}
		left, right := in(t, c.hours.Zone, c.left), in(t, c.hours.Zone, c.right)
		if end := window.At.Add(time.Duration(window.Duration) * time.Second); !window.At.Equal(left) || !end.Equal(right) {
			t.Errorf("%s: kept from %v to %v, want from %v to %v", c.name, window.At, end, left, right)
		}
		if !session.At.Equal(left) || !session.End.Equal(right) {
			t.Errorf("%s: the session is kept from %v to %v", c.name, session.At, session.End)
		}
	}
}

// The night that is an hour longer is one shift of eleven hours, the one that is shorter one of nine.
func TestAShiftLastsByItsClock(t *testing.T) {
	t.Parallel()
	p := rule.Everything()
	p.Hours = &rule.Hours{Zone: "Europe/Berlin", Days: []int{6}, From: "20:00", To: "06:00"}
	r := rules(t, p)
	for day, want := range map[string]time.Duration{"2026-03-28": 9 * time.Hour, "2026-10-24": 11 * time.Hour, "2026-11-21": 10 * time.Hour} {
		e := activity.Event{Kind: activity.ActiveWindow, At: in(t, "Europe/Berlin", day+" 12:00"), Duration: 30 * 3600}
		if ok, why := r.Keeps(&e); !ok || time.Duration(e.Duration)*time.Second != want {
			t.Errorf("%s: kept %v %s for %ds, want %v", day, ok, why, e.Duration, want)
		}
	}
}

// Once a year there is no time between two and three.
func TestAShiftThatTheClockLeapsOverIsNone(t *testing.T) {
	t.Parallel()
	p := rule.Everything()
	p.Hours = &rule.Hours{Zone: "Europe/Berlin", Days: []int{7}, From: "02:00", To: "03:00"}
	r := rules(t, p)
	for day, want := range map[string]bool{"2026-03-29": false, "2026-03-22": true} {
		e := activity.Event{Kind: activity.ActiveWindow, At: in(t, "Europe/Berlin", day+" 00:30"), Duration: 6 * 3600}
		if ok, _ := r.Keeps(&e); ok != want {
			t.Errorf("%s: kept %v, left is %+v", day, ok, e)
		}
	}
}

// An event is cut to what a clock on the wall says: looked at minute by minute, what is left is the first run of minutes
// in working hours, whole.
func TestWhatIsLeftIsTheFirstRunOfWorkingMinutes(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	zones := [...]string{"Asia/Tashkent", "Asia/Kathmandu", "UTC", "Pacific/Kiritimati", "America/Phoenix"} // whose clocks are never changed
	for range 2000 {
		h := rule.Hours{Zone: zones[rng.IntN(len(zones))], From: fmt.Sprintf("%02d:%02d", rng.IntN(24), rng.IntN(4)*15), To: fmt.Sprintf("%02d:%02d", rng.IntN(24), rng.IntN(4)*15)}
		for d := 1; d <= 7; d++ {
			if rng.IntN(2) == 0 || d == 7 && h.Days == nil {
				h.Days = append(h.Days, d)
			}
		}
		p := rule.Everything()
		p.Hours = &h
		r := rules(t, p)
		began := in(t, h.Zone, "2026-11-20 00:00").Add(time.Duration(rng.IntN(7*24*60)) * time.Minute)
		e := activity.Event{Kind: activity.ActiveWindow, At: began.UTC(), Duration: int64(1+rng.IntN(40*60)) * 60}
		first, left := -1, 0
		for minute := range int(e.Duration / 60) {
			works := onTheWall(h, began.Add(time.Duration(minute)*time.Minute))
			if first >= 0 && !works {
				break
			}
			if works {
				if first < 0 {
					first = minute
				}
				left++
			}
		}
		was := e
		ok, _ := r.Keeps(&e)
		if ok != (first >= 0) || ok && (!e.At.Equal(was.At.Add(time.Duration(first)*time.Minute)) || e.Duration != int64(left)*60) {
			t.Fatalf("%+v: %v for %d min became (%v) %v for %d min, want %d min after %d", h, was.At, was.Duration/60, ok, e.At, e.Duration/60, left, first)
		}
	}
}

// onTheWall reports whether the clock shows working hours.
func onTheWall(h rule.Hours, at time.Time) bool {
	day := (int(at.Weekday())+6)%7 + 1
	yesterday := (day+5)%7 + 1
	now := at.Format("15:04")
	if h.From < h.To {
		return slices.Contains(h.Days, day) && now >= h.From && now < h.To
	}
	return slices.Contains(h.Days, day) && now >= h.From || slices.Contains(h.Days, yesterday) && now < h.To
}

func TestASessionThatHasNotEndedIsAMoment(t *testing.T) {
	t.Parallel()
	p := rule.Everything()
	p.Hours = &rule.Hours{Zone: "Asia/Tashkent", Days: []int{1}, From: "09:00", To: "18:00"}
	r := rules(t, p)
	for at, want := range map[string]bool{"2026-11-23 10:00": true, "2026-11-23 08:00": false} {
		e := activity.Event{Kind: activity.UserSession, At: tashkent(t, at), Session: activity.Login}
		if ok, _ := r.Keeps(&e); ok != want || !e.End.IsZero() {
			t.Errorf("%s: kept %v until %v", at, ok, e.End)
		}
	}
}

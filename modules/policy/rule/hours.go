package rule

import (
	"fmt"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
)

// shifts are working hours by the clock of a zone.
type shifts struct {
	zone     *time.Location
	days     [8]bool // by ISO weekday
	from, to int     // minutes of the day on which a shift begins; to may be on the next
}

const minutesOfDay = 24 * 60

func newShifts(h Hours) (*shifts, error) {
	zone, err := time.LoadLocation(h.Zone)
	if err != nil {
		return nil, fmt.Errorf("read zone %q: %w", h.Zone, err)
	}
	s := &shifts{zone: zone}
	for _, d := range h.Days {
		s.days[d] = true
	}
	s.from, _ = minutes(h.From)
	s.to, _ = minutes(h.To)
	if s.to <= s.from {
		s.to += minutesOfDay
	}
	return s, nil
}

// minutes reads a time of day.
func minutes(text string) (int, bool) {
	at, err := time.Parse("15:04", text)
	return at.Hour()*60 + at.Minute(), err == nil && len(text) == len("15:04")
}

// shift returns the shift that is at the time, or else the next one within most; ok is false if there is none. Of two
// that meet, or overlap where a clock is put back, it is the later.
func (s *shifts) shift(at time.Time, most time.Duration) (begin, end time.Time, ok bool) {
	year, month, day := at.In(s.zone).Date()
	for d := day; d >= day-1; d-- { // yesterday's may go on today
		if begin, end, ok = s.of(year, month, d); ok && !at.Before(begin) && at.Before(end) {
			return begin, end, true
		}
	}
	for d := day; d <= day+7; d++ {
		begin, end, ok = s.of(year, month, d)
		if begin.Sub(at) > most {
			break
		}
		if ok && begin.After(at) {
			return begin, end, true
		}
	}
	return begin, end, false
}

// of returns the shift that begins on a day; ok is false if none does, or the clock leaps over it.
func (s *shifts) of(year int, month time.Month, day int) (begin, end time.Time, ok bool) {
	begin = time.Date(year, month, day, 0, s.from, 0, 0, s.zone)
	weekday := time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Weekday()
	if !s.days[(int(weekday)+6)%7+1] {
		return begin, begin, false
	}
	end = time.Date(year, month, day, 0, s.to, 0, 0, s.zone)
	return begin, end, end.After(begin)
}

// holds reports whether the time is in working hours.
func (s *shifts) holds(at time.Time) bool {
	_, _, ok := s.shift(at, 0)
	return ok
}

// longest is how much of an event is looked at. What is longer has not happened.
const longest = 31 * 24 * time.Hour

// cut leaves of an event what is in the first working hours that it reaches; false if it reaches none. An event of one
// moment is in them or not.
func (s *shifts) cut(e *activity.Event) bool {
	lasts := time.Duration(min(max(e.Duration, 0), int64(longest/time.Second))) * time.Second
	if e.Kind == activity.UserSession && e.End.After(e.At) {
		lasts = min(e.End.Sub(e.At), longest)
	}
	begin, end, ok := s.shift(e.At, lasts)
	until := e.At.Add(lasts)
	if !ok || begin.After(e.At) && !until.After(begin) {
		return false
	}
	for until.After(end) { // shifts may meet
		_, more, ok := s.shift(end, 0)
		if !ok || !more.After(end) {
			break
		}
		end = more
	}
	if begin.Before(e.At) {
		begin = e.At
	}
	if begin.Equal(e.At) && !until.After(end) {
		return true
	}
	if end.After(until) {
		end = until
	}
	if e.Kind == activity.UserSession {
		e.At, e.End = begin.UTC(), end.UTC()
		return true
	}
	e.At, e.Duration = begin.UTC(), int64(end.Sub(begin)/time.Second)
	return true
}

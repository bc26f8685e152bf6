package monitoring

import (
	"context"
	"time"
)

const daysOfWeek = 7

// Week is seven days of one person or one computer, to be seen at one glance.
type Week struct {
	From   string     `json:"from"`
	Zone   string     `json:"zone"`
	Days   []WeekDay  `json:"days"`
	Totals WeekTotals `json:"totals"`
}

// WeekDay is a day of a week.
type WeekDay struct {
	Date            string    `json:"date"`
	From            time.Time `json:"from"`
	To              time.Time `json:"to"`
	Totals          Totals    `json:"totals"`
	Lanes           Lanes     `json:"lanes"`
	TopApplications []Share   `json:"topApplications"`
	// Truncated is true when there was more in the week than one answer holds.
	Truncated bool `json:"truncated"`
}

// Lanes are what Totals count, over all computers together. Between spans of one lane is room enough to be seen.
type Lanes struct {
	Active []Span `json:"active"`
	Idle   []Span `json:"idle"`
	Locked []Span `json:"locked"`
}

// Span is a time.
type Span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// WeekTotals are the sums of the days' totals.
type WeekTotals struct {
	ActiveSeconds int64 `json:"activeSeconds"`
	IdleSeconds   int64 `json:"idleSeconds"`
	LockedSeconds int64 `json:"lockedSeconds"`
}

const (
	// coarse is the shortest time that a week shows.
	coarse = int64(2 * time.Minute / time.Microsecond)
	// maxWeekTop is how many applications of each day a week names.
	maxWeekTop = 3
)

// week answers for seven days, which it reads at once.
func (s *service) week(ctx context.Context, in weekRequest) (Week, error) {
	y, err := s.calendar(ctx, dayRequest{Employee: in.Employee, Computer: in.Computer, Organization: in.Organization}, in.From, daysOfWeek)
	if err != nil {
		return Week{}, err
	}
	w := Week{From: in.From, Zone: y.home.Zone.String()}
	for i := range daysOfWeek {
		d := weekDayOf(y.bounds(i), y.longest, y.of(i))
		d.From, d.To, d.Truncated = y.midnights[i], y.midnights[i+1], y.truncated
		d.Date = d.From.In(y.home.Zone).Format(time.DateOnly)
		w.Days = append(w.Days, d)
		w.Totals.ActiveSeconds += d.Totals.ActiveSeconds
		w.Totals.IdleSeconds += d.Totals.IdleSeconds
		w.Totals.LockedSeconds += d.Totals.LockedSeconds
	}
	return w, nil
}

// weekDayOf puts a day of a week together.
func weekDayOf(bounds span, longest time.Duration, r reported) WeekDay {
	n := newNormal(bounds, longest, r)
	a, i, l := divided(n.seats)
	return WeekDay{
		Totals: totals(n.seats), Lanes: Lanes{coarsely(a), coarsely(i), coarsely(l)},
		TopApplications: n.top(n.windows, n.windowParts, maxWeekTop, func(e row) string { return e.ProcessName }),
	}
}

// coarsely joins spans that nobody could tell apart, and drops what nobody could see.
func coarsely(list spans) []Span {
	out := []Span{}
	var open span
	show := func() {
		if open.to-open.from >= coarse/2 {
			out = append(out, Span{moment(open.from), moment(open.to)})
		}
	}
	for _, s := range list {
		if open.to > 0 && s.from-open.to < coarse {
			open.to = s.to
			continue
		}
		show()
		open = s
	}
	show()
	return out
}

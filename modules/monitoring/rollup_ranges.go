package monitoring

import (
	"slices"
	"time"
)

// partSight is a sight whose sums count for one part of an answer: a person, a department.
type partSight struct {
	sight
	part int
}

// slot is a time of a sight that is read from one table.
type slot struct {
	partSight
	from, until time.Time
}

// stale says which sums are not those of their events, and since when there are events.
type stale struct {
	quarters []time.Time // in the order of time, none before the floor
	floor    time.Time
}

// ranges say where the sums of sights come from. No moment of a sight is in two of them.
type ranges struct {
	// Of the days and quarters the stale ones are left out: they are in the others.
	days, quarters, rows     []slot
	staleDays, staleQuarters []time.Time
}

// period is a time from a moment to another, which is outside it.
type period struct{ from, until time.Time }

// rangesOf divides the sights among the tables: whole days, if they serve; quarter hours; and events, for quarter hours
// that are stale or of which a sight has only a part. Where the events are gone, a quarter hour is the sight's that has
// its beginning.
func rangesOf(sights []partSight, old stale, days bool) ranges {
	r := ranges{staleQuarters: old.quarters}
	for _, q := range old.quarters {
		if d := q.Truncate(day); !slices.ContainsFunc(r.staleDays, d.Equal) {
			r.staleDays = append(r.staleDays, d)
		}
	}
	runs, staleDays := runsOf(old.quarters, quarter), runsOf(r.staleDays, day)
	for _, s := range sights {
		whole := r.split(s, old.floor)
		for _, stale := range runs {
			r.rows = with(r.rows, s, whole.and(stale))
		}
		inner := period{ceil(whole.from, day), whole.until.Truncate(day)}
		if !days || !inner.from.Before(inner.until) {
			r.quarters = with(r.quarters, s, whole)
			continue
		}
		r.days = with(r.days, s, inner)
		r.quarters = with(r.quarters, s, period{whole.from, inner.from})
		r.quarters = with(r.quarters, s, period{inner.until, whole.until})
		for _, stale := range staleDays {
			r.quarters = with(r.quarters, s, inner.and(stale))
		}
	}
	return r
}

// split takes the parts of quarter hours from the ends of a sight, and returns the whole ones between them.
func (r *ranges) split(s partSight, floor time.Time) period {
	whole := period{ceil(s.from, quarter), s.until.Truncate(quarter)}
	if !s.from.Truncate(quarter).Before(floor) {
		r.rows = with(r.rows, s, period{s.from, earlier(whole.from, s.until)})
	}
	switch {
	case whole.until.Before(whole.from): // all of it is in one quarter hour
	case !whole.until.Before(floor):
		r.rows = with(r.rows, s, period{whole.until, s.until})
	default:
		whole.until = ceil(s.until, quarter)
	}
	return whole
}

// with adds a time of the sight to the list, unless it is empty.
func with(list []slot, s partSight, p period) []slot {
	if !p.from.Before(p.until) {
		return list
	}
	return append(list, slot{s, p.from, p.until})
}

func (p period) and(other period) period {
	return period{later(p.from, other.from), earlier(p.until, other.until)}
}

// runsOf joins those that follow each other.
func runsOf(begins []time.Time, width time.Duration) (runs []period) {
	for _, b := range begins {
		if last := len(runs) - 1; last >= 0 && runs[last].until.Equal(b) {
			runs[last].until = b.Add(width)
			continue
		}
		runs = append(runs, period{b, b.Add(width)})
	}
	return runs
}

func ceil(t time.Time, width time.Duration) time.Time {
	if c := t.Truncate(width); c.Before(t) {
		return c.Add(width)
	}
	return t
}

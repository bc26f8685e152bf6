package monitoring

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// Every moment of a sight comes from one table: from sums only where they are those of the events, and from events only
// where those are.
func TestRangesDivideASight(t *testing.T) {
	t.Parallel()
	rnd := newRandom(t)
	for range 300 {
		from := noon.Truncate(day).Add(time.Duration(rnd.IntN(3000)) * time.Minute)
		s := partSight{sight: sight{computer: "PC-1", from: from, until: from.Add(time.Duration(rnd.IntN(10000)) * time.Minute)}}
		old := stale{}
		if rnd.IntN(2) == 0 {
			old.floor = noon.Truncate(day).Add(time.Duration(rnd.IntN(4)) * day)
		}
		for q := noon.Truncate(day); q.Before(noon.Add(10 * day)); q = q.Add(quarter) {
			if !q.Before(old.floor) && rnd.IntN(100) < 5 {
				old.quarters = append(old.quarters, q)
			}
		}
		days := rnd.IntN(2) == 0
		r := rangesOf([]partSight{s}, old, days)
		if !days && len(r.days) > 0 {
			t.Fatalf("reads days of %+v", r)
		}
		for m := from.Add(-day); m.Before(s.until.Add(day)); m = m.Add(time.Minute) {
			checkMoment(t, m, s, old, r)
		}
	}
}

func checkMoment(t *testing.T, m time.Time, s partSight, old stale, r ranges) {
	t.Helper()
	in := func(list []slot) (n int) {
		for _, l := range list {
			if !m.Before(l.from) && m.Before(l.until) {
				n++
			}
		}
		return n
	}
	q := m.Truncate(quarter)
	stale := slices.ContainsFunc(old.quarters, q.Equal)
	sums := 0
	if !slices.ContainsFunc(r.staleDays, m.Truncate(day).Equal) {
		sums += in(r.days)
	}
	if !stale {
		sums += in(r.quarters)
	}
	rows := in(r.rows)
	inside := !m.Before(s.from) && m.Before(s.until)
	gone := q.Before(old.floor)
	if gone { // then the quarter hour is the sight's that has its beginning
		inside = !q.Before(s.from) && q.Before(s.until)
	}
	whole := !q.Before(s.from) && !q.Add(quarter).After(s.until)
	want := 0
	if inside {
		want = 1
	}
	switch {
	case sums+rows != want:
		t.Fatalf("%v is in %d sums and %d rows of %v to %v, floor %v, stale %v", m, sums, rows, s.from, s.until, old.floor, stale)
	case sums > 0 && !gone && (stale || !whole), rows > 0 && (gone || whole && !stale):
		t.Fatalf("%v comes from %d sums and %d rows of %v to %v, floor %v, stale %v", m, sums, rows, s.from, s.until, old.floor, stale)
	}
}

// newRandom returns random numbers, and says how to have the same again.
func newRandom(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

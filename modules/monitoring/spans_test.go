package monitoring

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

const horizon = 60 // of the spans that these tests make

func randomSpans(r *rand.Rand, n int) []span {
	list := make([]span, r.IntN(n))
	for i := range list {
		from := r.Int64N(horizon)
		list[i] = span{from, from + r.Int64N(20)}
	}
	return list
}

// moments marks every moment of the spans, and fails if they are out of order, touch or are empty.
func moments(t *testing.T, list spans) (m [horizon + 20]bool) {
	t.Helper()
	for i, s := range list {
		if s.from >= s.to || i > 0 && s.from <= list[i-1].to {
			t.Fatalf("spans %v are not in order and apart", list)
		}
		for at := s.from; at < s.to; at++ {
			m[at] = true
		}
	}
	return m
}

func TestSpansAgreeWithCountingEveryMoment(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		left, right := randomSpans(r, 8), randomSpans(r, 8)
		var inLeft, inRight [horizon + 20]bool
		for _, s := range left {
			for at := s.from; at < s.to; at++ {
				inLeft[at] = true
			}
		}
		for _, s := range right {
			for at := s.from; at < s.to; at++ {
				inRight[at] = true
			}
		}
		a, b := union(left), union(right)
		if moments(t, a) != inLeft || moments(t, b) != inRight {
			t.Fatalf("union of %v is %v", left, a)
		}
		var want [horizon + 20]bool
		length := int64(0)
		for at := range want {
			if want[at] = inLeft[at] && !inRight[at]; want[at] {
				length++
			}
		}
		var got [horizon + 20]bool
		rest := a.minus(b)
		for _, s := range rest {
			for at := s.from; at < s.to; at++ {
				got[at] = true
			}
		}
		if got != want || rest.length() != length {
			t.Fatalf("%v minus %v is %v", a, b, rest)
		}
	}
}

func TestPaintGivesEveryMomentToTheLatest(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		var events []piece
		for i, s := range randomSpans(r, 10) {
			events = append(events, piece{s, i})
		}
		slices.SortStableFunc(events, func(a, b piece) int { return cmp.Compare(a.from, b.from) })
		want := [horizon + 20]int{}
		for _, e := range events { // later ones paint over
			for at := e.from; at < e.to; at++ {
				want[at] = e.event + 1
			}
		}
		got, last := [horizon + 20]int{}, int64(0)
		for _, p := range paint(events) {
			if p.from < last || p.from >= p.to {
				t.Fatalf("pieces of %v overlap or are empty", events)
			}
			last = p.to
			for at := p.from; at < p.to; at++ {
				got[at] = p.event + 1
			}
		}
		if got != want {
			t.Fatalf("paint %v\n got %v\nwant %v", events, got, want)
		}
	}
}

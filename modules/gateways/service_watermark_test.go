package gateways

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// Whatever the order of arrival, and however often each run comes, the watermark ends at the last position
// before the first hole, and the gaps are exactly what never came.
func TestWatermarkIsIndependentOfTheOrderOfArrival(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		total := int64(1 + rng.IntN(60))
		known, gone := make([]bool, total+2), make([]bool, total+2)
		var deliveries []gateway.Delivery
		for first := int64(1); first <= total; {
			last := min(total, first+int64(rng.IntN(8)))
			d := gateway.Delivery{Until: noon.Add(time.Duration(last) * time.Second)}
			switch rng.IntN(5) {
			case 0: // lost
			case 1:
				d.Dropped = []gateway.Dropped{{First: first, Last: last, Reason: "overflow"}}
			default:
				d.Stored = []gateway.Range{{First: first, Last: last}}
			}
			if d.Stored != nil || d.Dropped != nil {
				for i := first; i <= last; i++ {
					known[i], gone[i] = true, d.Dropped != nil
				}
				deliveries = append(deliveries, d)
				if rng.IntN(3) == 0 {
					deliveries = append(deliveries, d)
				}
			}
			first = last + 1
		}
		rng.Shuffle(len(deliveries), func(i, j int) { deliveries[i], deliveries[j] = deliveries[j], deliveries[i] })

		var a advanced
		lost := map[int64]bool{}
		for _, d := range deliveries {
			a = advance(a.watermark, append(a.beyond, runsOf(d, noon)...))
			for _, r := range a.lost {
				for i := r.first; i <= r.last; i++ {
					if r.state != dropped || !gone[i] || lost[i] {
						t.Fatalf("seed %d: position %d is lost: %v, told of before: %v", seed, i, gone[i], lost[i])
					}
					lost[i] = true
				}
			}
		}
		at, beyond := a.watermark, a.beyond
		for i := int64(1); i <= at; i++ {
			if gone[i] != lost[i] {
				t.Fatalf("seed %d: position %d was dropped: %v, is lost: %v", seed, i, gone[i], lost[i])
			}
		}
		var want int64
		for known[want+1] {
			want++
		}
		if at != want {
			t.Fatalf("seed %d: watermark %d, want %d", seed, at, want)
		}
		missing := map[int64]bool{}
		for _, g := range gapsOf(at, beyond) {
			for i := g.first; i <= g.last; i++ {
				missing[i] = true
			}
		}
		highest := at
		if n := len(beyond); n > 0 {
			highest = beyond[n-1].last
		}
		for i := want + 1; i <= highest; i++ {
			if known[i] == missing[i] {
				t.Fatalf("seed %d: position %d known %v, in a gap %v", seed, i, known[i], missing[i])
			}
		}
	}
}

func TestCompletenessIsTheTimeThatTheWatermarkPassed(t *testing.T) {
	t.Parallel()
	later := gateway.Delivery{Stored: []gateway.Range{{First: 3, Last: 4}}, Until: noon.Add(time.Hour)}
	a := advance(0, runsOf(later, noon))
	if a.watermark != 0 || !a.until.IsZero() || len(a.beyond) != 1 {
		t.Fatalf("with a hole before it: %+v", a)
	}
	first := gateway.Delivery{Stored: []gateway.Range{{First: 1, Last: 2}}, Until: noon}
	a = advance(a.watermark, append(a.beyond, runsOf(first, noon)...))
	if a.watermark != 4 || !a.until.Equal(noon.Add(time.Hour)) || len(a.beyond) != 0 {
		t.Errorf("the hole filled: %+v", a)
	}
}

func TestImpossibleRangesAreIgnored(t *testing.T) {
	t.Parallel()
	d := gateway.Delivery{Stored: []gateway.Range{{First: 0, Last: 9}, {First: 5, Last: 4}, {First: -3, Last: 2}}}
	if runs := runsOf(d, noon); len(runs) != 0 {
		t.Errorf("took %+v", runs)
	}
}

// Too many holes are not waited for: the first of them are lost for a reason that nobody knows.
func TestHolesAreBounded(t *testing.T) {
	t.Parallel()
	var news []run
	for i := range int64(10) {
		news = append(news, run{first: 2*i + 3, last: 2*i + 3, state: stored, since: noon, until: noon.Add(time.Duration(i) * time.Second)})
	}
	a := advance(1, news).giveUp(4, noon)
	if a.watermark != 13 || len(a.beyond) != 4 || len(a.lost) != 6 || !a.until.Equal(noon.Add(5*time.Second)) {
		t.Fatalf("with room for 4 runs: %+v", a)
	}
	if want := (run{first: 2, last: 2, state: dropped, reason: unknown, since: noon}); a.lost[0] != want || a.lost[5].first != 12 {
		t.Errorf("lost are %+v", a.lost)
	}
	if same := advance(1, news).giveUp(10, noon); same.watermark != 1 || len(same.beyond) != 10 || len(same.lost) != 0 {
		t.Errorf("with room enough: %+v", same)
	}
}

// What is dropped on two days is two runs: each has its alert, and its age.
func TestDroppedRunsAreJoinedWithinADay(t *testing.T) {
	t.Parallel()
	gone := func(first, last int64, reason string, since time.Time) run {
		return run{first: first, last: last, state: dropped, reason: reason, since: since}
	}
	for name, c := range map[string]struct {
		second run
		want   int
	}{
		"the same day":   {gone(4, 6, overflow, noon.Add(11*time.Hour)), 1},
		"the next day":   {gone(4, 6, overflow, noon.Add(12*time.Hour)), 2},
		"another reason": {gone(4, 6, refused, noon), 2},
		"told again":     {gone(1, 3, overflow, noon), 1},
		"apart":          {gone(5, 6, overflow, noon), 1}, // a hole is before it
	} {
		a := advance(0, []run{gone(1, 3, overflow, noon), c.second})
		if len(a.lost) != c.want {
			t.Errorf("%s: lost %+v, want %d", name, a.lost, c.want)
		}
		beyond := advance(-10, []run{gone(1, 3, overflow, noon), c.second}).beyond
		if len(beyond) != c.want && name != "apart" {
			t.Errorf("%s: beyond %+v, want %d", name, beyond, c.want)
		}
	}
}

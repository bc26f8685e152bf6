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
		known := make([]bool, total+2)
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
					known[i] = true
				}
				deliveries = append(deliveries, d)
				if rng.IntN(3) == 0 {
					deliveries = append(deliveries, d)
				}
			}
			first = last + 1
		}
		rng.Shuffle(len(deliveries), func(i, j int) { deliveries[i], deliveries[j] = deliveries[j], deliveries[i] })

		var at int64
		var beyond []run
		for _, d := range deliveries {
			at, _, beyond = advance(at, append(beyond, runsOf(d, noon)...))
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
	at, until, beyond := advance(0, runsOf(later, noon))
	if at != 0 || !until.IsZero() || len(beyond) != 1 {
		t.Fatalf("with a hole before it: watermark %d, until %v, %d runs", at, until, len(beyond))
	}
	first := gateway.Delivery{Stored: []gateway.Range{{First: 1, Last: 2}}, Until: noon}
	at, until, beyond = advance(at, append(beyond, runsOf(first, noon)...))
	if at != 4 || !until.Equal(noon.Add(time.Hour)) || len(beyond) != 0 {
		t.Errorf("the hole filled: watermark %d, until %v, %d runs", at, until, len(beyond))
	}
}

func TestImpossibleRangesAreIgnored(t *testing.T) {
	t.Parallel()
	d := gateway.Delivery{Stored: []gateway.Range{{First: 0, Last: 9}, {First: 5, Last: 4}, {First: -3, Last: 2}}}
	if runs := runsOf(d, noon); len(runs) != 0 {
		t.Errorf("took %+v", runs)
	}
}

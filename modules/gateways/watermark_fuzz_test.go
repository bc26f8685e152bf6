package gateways

import (
	"testing"
	"time"
)

// FuzzAdvance gives runs of any kind and order: every position that somebody told of stays told of, and what is kept
// beyond the watermark can be kept, since no two runs begin alike.
func FuzzAdvance(f *testing.F) {
	f.Add(int64(0), []byte{1, 2, 0, 3, 4, 1, 9, 9, 0})
	f.Add(int64(5), []byte{7, 3, 2, 7, 1, 1, 7, 5, 0, 6, 0, 0})
	f.Fuzz(func(t *testing.T, watermark int64, in []byte) {
		watermark = min(max(watermark, 0), 20)
		told := map[int64]bool{}
		for i := int64(1); i <= watermark; i++ {
			told[i] = true
		}
		var all []run
		for ; len(in) >= 3; in = in[3:] {
			r := run{first: int64(in[0]%60) + 1, state: stored, since: noon, until: noon.Add(time.Duration(in[0]) * time.Second)}
			r.last = r.first + int64(in[1]%10)
			if in[2]%3 > 0 {
				r.state, r.reason, r.until = dropped, string('a'+rune(in[2]%3)), time.Time{}
			}
			for i := r.first; i <= r.last; i++ {
				told[i] = true
			}
			all = append(all, r)
		}
		a := advance(watermark, all)
		at, beyond := a.watermark, a.beyond
		for i, r := range a.lost {
			if r.state != dropped || r.first <= watermark || r.last > at || r.last < r.first || i > 0 && r.first <= a.lost[i-1].last {
				t.Fatalf("from %d to %d are lost %+v", watermark, at, a.lost)
			}
		}
		if at < watermark {
			t.Fatalf("the watermark went back from %d to %d", watermark, at)
		}
		end := at
		for _, r := range beyond {
			if r.first <= end || r.last < r.first || r.first == at+1 {
				t.Fatalf("after %d come %+v", end, beyond)
			}
			end = r.last
		}
		missing := map[int64]bool{}
		for _, g := range gapsOf(at, beyond) {
			for i := g.first; i <= g.last; i++ {
				missing[i] = true
			}
		}
		for i := int64(1); i <= end; i++ {
			if told[i] == missing[i] {
				t.Fatalf("position %d: told of %v, missing %v", i, told[i], missing[i])
			}
		}
		for i := range told {
			if i > end {
				t.Fatalf("position %d is forgotten", i)
			}
		}
	})
}

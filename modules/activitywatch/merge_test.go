package activitywatch

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/buffer/bucket"
	"github.com/staff-control/staff-control/modules/buffer/bucket/buckettest"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
)

// reference is ActivityWatch's server as reference/activitywatch.md describes it, in its own units: seconds since noon.
type reference struct{ events []refEvent }

type refEvent struct {
	at, duration float64
	data         string
}

func (r *reference) heartbeat(h refEvent, pulse float64) refEvent {
	if n := len(r.events); n > 0 {
		last := &r.events[n-1]
		if last.data == h.data && last.duration >= 0 && last.at <= h.at && micro(h.at) <= micro(last.at+last.duration+pulse) {
			last.duration = max(last.duration, h.at-last.at+h.duration)
			return *last
		}
	}
	r.events = append(r.events, h)
	return h
}

// micro compares as Python's timedelta does, which has microseconds.
func micro(seconds float64) int64 { return int64(seconds*1e6 + 0.5) }

// stream are heartbeats as watchers send them and worse: held back, merged before, repeated, a little out of order.
func stream(r *rand.Rand, n int) (beats []refEvent) {
	at, data := 0.0, 0
	for range n {
		at += float64(r.IntN(4000)) / 1000
		if r.IntN(4) == 0 {
			data = r.IntN(4)
		}
		h := refEvent{at: at, data: fmt.Sprintf(`{"app":"a","title":"%d"}`, data)}
		switch r.IntN(8) {
		case 0:
			h.duration = float64(r.IntN(12000)) / 1000
			at += h.duration
		case 1:
			h.at = max(0, h.at-0.001)
		case 2:
			h.at = max(0, h.at-float64(r.IntN(3000))/1000)
		case 3:
			at += float64(r.IntN(90))
		case 4:
			h.duration = -0.25
		}
		h.at = float64(int64(h.at*1000+0.5)) / 1000
		beats = append(beats, h)
	}
	return beats
}

func eventOf(h refEvent) bucket.Event {
	return bucket.Event{
		At: noon.Add(time.Duration(micro(h.at)) * time.Microsecond), Duration: time.Duration(micro(h.duration+1000)-1000e6) * time.Microsecond, Data: h.data,
	}
}

// Whatever comes, the answers and the events are those of ActivityWatch's own server.
func TestHeartbeatsMergeAsActivityWatchMergesThem(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 1))
		m, ref := buckettest.NewMemory(), &reference{}
		s, _ := newTestService(t, m)
		for i, h := range stream(r, 300) {
			pulse := []float64{0, 2, 2, 65}[r.IntN(4)]
			want := eventOf(ref.heartbeat(h, pulse))
			got := s.beat(t.Context(), pc1, "aw-watcher-window_PC-001", eventOf(h), time.Duration(pulse*1e9))
			if !near(got, want) || got.ID != int64(len(ref.events)) {
				t.Fatalf("seed %d, beat %d: got %+v, want %d: %+v", seed, i, got, len(ref.events), want)
			}
		}
		all, err := s.events(t.Context(), pc1, "aw-watcher-window_PC-001", bucket.Range{Limit: -1})
		if err != nil || len(all) != len(ref.events) {
			t.Fatalf("seed %d: %d events (%v), want %d", seed, len(all), err, len(ref.events))
		}
		for _, e := range all {
			if want := eventOf(ref.events[e.ID-1]); !near(e, want) {
				t.Errorf("seed %d: got %+v, want %+v", seed, e, want)
			}
		}
	}
}

// near allows for the sum of floating numbers on the reference's side.
func near(got, want bucket.Event) bool {
	d := got.Duration - want.Duration
	return got.At.Equal(want.At) && got.Data == want.Data && d.Abs() <= 2*time.Microsecond
}

// However short the windows are and however often they change: the seconds of the events add up to the time that
// passed, within one second at each end of an unbroken stretch; no two overlap; and each has a key of its own.
func TestNoTimeIsLostOrCountedTwiceByRounding(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 2))
		m := buckettest.NewMemory()
		s, _ := newTestService(t, m)
		const total = 600_000 // ten minutes
		at := int64(r.IntN(1000))
		first := at
		for title := 0; at < total; title++ {
			stay := at + int64(r.IntN([]int{300, 1500, 20_000, 200_000}[r.IntN(4)])) + 1
			for ; at < stay; at += 900 + int64(r.IntN(200)) {
				s.beat(t.Context(), pc1, "w_PC-001", beatAt(at, 0, fmt.Sprintf(`{"app":"a","title":"%d"}`, title)), 2*time.Second)
			}
		}
		s.beat(t.Context(), pc1, "w_PC-001", beatAt(at, 0, `{"app":"a","title":"last"}`), 2*time.Second)
		checkTiling(t, fmt.Sprint("seed ", seed), reported(m, 3), noon.Add(time.Duration(first)*time.Millisecond), noon.Add(time.Duration(at)*time.Millisecond))
	}
}

func checkTiling(t *testing.T, what string, events []activity.Event, from, until time.Time) {
	t.Helper()
	var sum int64
	end, seen := from.Round(time.Second), map[string]bool{}
	for _, e := range events {
		if !e.At.Equal(end) || e.Duration < 0 {
			t.Fatalf("%s: %+v does not begin at %v", what, e, end)
		}
		if seen[e.Key] {
			t.Fatalf("%s: two events have the key of %+v", what, e)
		}
		if e.Duration > 65 {
			t.Errorf("%s: a piece of %d seconds", what, e.Duration)
		}
		seen[e.Key] = true
		end = e.At.Add(time.Duration(e.Duration) * time.Second)
		sum += e.Duration
	}
	if drift := time.Duration(sum)*time.Second - until.Sub(from); drift.Abs() > time.Second {
		t.Errorf("%s: the events have %d s, %v passed", what, sum, until.Sub(from))
	}
}

// A gap that is longer than the pulse is nobody's time.
func TestWhatTheWatcherDidNotSeeIsNotCounted(t *testing.T) {
	t.Parallel()
	const a, b = `{"app":"a","title":"A"}`, `{"app":"b","title":"B"}`
	for _, c := range []struct {
		name string
		next int64
		want int64
	}{{"next look", 11_000, 11}, {"at the end of the pulse", 12_000, 12}, {"later", 12_001, 10}, {"before its end", 8_000, 10}, {"before it began", -5_000, 10}} {
		m := buckettest.NewMemory()
		s, _ := newTestService(t, m)
		for _, ms := range []int64{0, 1000} {
			s.beat(t.Context(), pc1, "w_PC-001", beatAt(ms, 9, a), 2*time.Second)
		}
		s.beat(t.Context(), pc1, "w_PC-001", beatAt(c.next, 0, b), 2*time.Second)
		if got := reported(m, 3); len(got) != 1 || got[0].Duration != c.want || !got[0].At.Equal(noon) {
			t.Errorf("%s: %+v, want %d seconds", c.name, got, c.want)
		}
	}
}

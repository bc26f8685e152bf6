package activitywatch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/modules/buffer/bucket"
	"github.com/staff-control/staff-control/modules/buffer/bucket/buckettest"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/fault"
)

const (
	window  = "aw-watcher-window_PC-001"
	pulse   = 2 * time.Second
	windowA = `{"app":"a","title":"A"}`
	windowB = `{"app":"b","title":"B"}`
)

var errFull = fault.New(fault.TooMany, "buffer.full")

func dropped(s *service, reason string) float64 {
	return testutil.ToFloat64(s.metrics.dropped.WithLabelValues(reason))
}

// An event that goes on is in the buffer piece by piece, each a minute or more, and none of them changes.
func TestALongEventEntersTheBufferInPieces(t *testing.T) {
	t.Parallel()
	m := buckettest.NewMemory()
	s, _ := newTestService(t, m)
	for ms := int64(0); ms <= 200_000; ms += 11_000 {
		s.beat(t.Context(), pc1, window, beatAt(ms, 10, windowA), pulse)
	}
	s.beat(t.Context(), pc1, window, beatAt(209_500, 0, windowB), pulse)
	var got []string
	for _, e := range reported(m, 3) {
		got = append(got, fmt.Sprint(e.At.Sub(noon), "+", e.Duration))
	}
	if want := "[0s+65 1m5s+66 2m11s+66 3m17s+13]"; fmt.Sprint(got) != want {
		t.Errorf("pieces %v, want %s", got, want)
	}
	if all, err := s.events(t.Context(), pc1, window, bucket.Range{Limit: -1}); err != nil || len(all) != 2 || all[1].Duration != 208*time.Second {
		t.Errorf("to who reads the bucket it is %+v (%v)", all, err)
	}
}

// A computer with one window open for an hour, while its user is there or is not, is heard of all the time: computers
// take what is silent for ten minutes for offline.
func TestAComputerOnWhichNothingChangesIsHeardOf(t *testing.T) {
	t.Parallel()
	for _, step := range []time.Duration{time.Second, 10 * time.Second, time.Minute} { // how often watchers say so
		m := buckettest.NewMemory()
		s, c := newTestService(t, m)
		longest, heard := time.Duration(0), noon
		for at := time.Duration(0); at <= time.Hour; at += step {
			c.pass(step)
			s.beat(t.Context(), pc1, window, bucket.Event{At: noon.Add(at), Data: windowA}, step+pulse)
			if events := reported(m, 3); len(events) > 0 {
				heard = events[len(events)-1].At
			}
			longest = max(longest, c.now().Sub(heard))
		}
		if longest > 4*time.Minute {
			t.Errorf("told each %v, it was silent for %v", step, longest)
		}
	}
}

// A draft that nobody continues goes into the buffer by itself; what comes late still continues it.
func TestASilentDraftEntersTheBuffer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := buckettest.NewMemory()
		s, err := newService(t.Context(), defaults(), m, newPolicies(), discard, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.run(ctx) }()
		start := time.Now().Truncate(time.Second)
		beat := func(after, length time.Duration) {
			s.beat(t.Context(), pc1, window, bucket.Event{At: start.Add(after), Duration: length, Data: windowA}, pulse)
		}
		beat(0, 10*time.Second)
		for range 10 {
			time.Sleep(time.Second)
			synctest.Wait()
		}
		if got := reported(m, 3); len(got) != 0 {
			t.Errorf("after 10 s it is in the buffer: %+v", got)
		}
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if got := reported(m, 3); len(got) != 1 || got[0].Duration != 10 {
			t.Errorf("after 30 s the buffer has %+v", got)
		}
		beat(12*time.Second, 5*time.Second) // it was on its way for long
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if got := reported(m, 3); len(got) != 2 || got[1].Duration != 7 || !got[1].At.Equal(start.Add(10*time.Second)) || got[0].Key == got[1].Key {
			t.Errorf("in the end the buffer has %+v", got)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// One report alone is an event too, and what it grows by later is another.
func TestALonelyReportIsKept(t *testing.T) {
	t.Parallel()
	m := buckettest.NewMemory()
	s, c := newTestService(t, m)
	s.beat(t.Context(), pc1, window, beatAt(0, 0, windowA), pulse)
	c.pass(time.Minute)
	s.look(t.Context())
	s.look(t.Context())
	s.beat(t.Context(), pc1, window, beatAt(2000, 30, windowA), pulse)
	c.pass(time.Minute)
	s.look(t.Context())
	got := reported(m, 3)
	if len(got) != 2 || got[0].Duration != 0 || got[1].Duration != 32 || got[0].Key == got[1].Key {
		t.Errorf("got %+v", got)
	}
}

func TestBucketsThatNobodyFillsAreForgotten(t *testing.T) {
	t.Parallel()
	m := buckettest.NewMemory()
	s, c := newTestService(t, m)
	s.beat(t.Context(), pc1, window, beatAt(0, 5, windowA), pulse)
	if _, err := s.open(t.Context(), pc1, bucket.Bucket{Name: "empty", Type: typeWindow}); err != nil {
		t.Fatal(err)
	}
	c.pass(forgetAfter - time.Second)
	if s.look(t.Context()); s.count() != 2 {
		t.Errorf("%d buckets are left", s.count())
	}
	c.pass(time.Second)
	if s.look(t.Context()); s.count() != 0 {
		t.Errorf("%d buckets are left", s.count())
	}
	if all, _ := m.All(t.Context()); len(all) != 0 || len(reported(m, 3)) != 1 {
		t.Errorf("on the disk are %+v, in the buffer %+v", all, reported(m, 3))
	}
	s.beat(t.Context(), pc1, window, beatAt(0, 5, windowA), pulse)
	if all, _ := m.All(t.Context()); len(all) != 1 {
		t.Errorf("afterwards there are %+v", all)
	}
}

// After a restart everything goes on as if there had been none.
func TestARestartChangesNothing(t *testing.T) {
	t.Parallel()
	run := func(restart bool) []activity.Event {
		m := buckettest.NewMemory()
		s, _ := newTestService(t, m)
		for ms := int64(0); ms < 300_000; ms += 11_000 {
			data := windowA
			if ms%55_000 == 0 {
				data = windowB
			}
			s.beat(t.Context(), pc1, window, beatAt(ms, 10, data), pulse)
			if restart {
				s, _ = newTestService(t, m)
			}
		}
		return reported(m, 3)
	}
	a, b := run(false), run(true)
	if fmt.Sprint(a) != fmt.Sprint(b) || len(a) < 8 {
		t.Errorf("without: %d %+v\nwith:    %d %+v", len(a), a, len(b), b)
	}
}

// What is imported twice has the same keys twice, so that it is stored once.
func TestImportedTwiceIsStoredOnce(t *testing.T) {
	t.Parallel()
	m := buckettest.NewMemory()
	s, _ := newTestService(t, m)
	history := []bucket.Event{beatAt(0, 10, windowA), beatAt(10_000, 120, windowB), beatAt(10_000, 120, windowA), beatAt(200_000, 0, windowA)}
	for range 2 {
		s.add(t.Context(), pc1, window, history)
	}
	keys := map[string]int{}
	for _, e := range reported(m, 3) {
		keys[e.Key]++
	}
	if len(keys) != len(history) {
		t.Errorf("%d keys of %d events", len(keys), len(history))
	}
	for key, n := range keys {
		if n != 2 {
			t.Errorf("key %s came %d times", key, n)
		}
	}
	if e := s.beat(t.Context(), pc1, window, beatAt(201_000, 0, windowA), pulse); e.Duration != time.Second || e.ID != 8 {
		t.Errorf("a heartbeat makes of the last of them %+v", e)
	}
}

func TestPrivateWindowsAreNotKept(t *testing.T) {
	t.Parallel()
	const hidden = `{"incognito":true,"title":"hidden","url":"https://hidden.example/"}`
	m := buckettest.NewMemory()
	s, c := newTestService(t, m)
	const web = "aw-watcher-web-firefox_PC-001"
	open := `{"incognito":false,"title":"Kun.uz","url":"https://kun.uz/"}`
	s.beat(t.Context(), pc1, web, beatAt(0, 0, hidden), pulse)
	s.beat(t.Context(), pc1, web, beatAt(1000, 9, open), pulse)
	for ms := int64(11_000); ms < 20_000; ms += 1000 {
		if e := s.beat(t.Context(), pc1, web, beatAt(ms, 0, hidden), pulse); e.Data != hidden {
			t.Errorf("answered with %+v", e)
		}
	}
	s.beat(t.Context(), pc1, web, beatAt(20_000, 5, open), time.Minute)
	s.add(t.Context(), pc1, web, []bucket.Event{beatAt(40_000, 5, hidden)})
	c.pass(time.Hour)
	s.look(t.Context())
	got := reported(m, 3)
	if len(got) != 2 || got[0].Duration != 10 || got[1].Duration != 5 || !got[1].At.Equal(noon.Add(20*time.Second)) || got[0].Process != "firefox" {
		t.Errorf("got %+v", got)
	}
	all, err := s.events(t.Context(), pc1, web, bucket.Range{Limit: -1})
	if err != nil || len(all) != 2 || all[0].Data != open || all[1].Data != open {
		t.Errorf("to be read are %+v (%v)", all, err)
	}
}

// What finds no room is dropped and counted, and what was there goes on.
func TestAFullBufferDropsAndCounts(t *testing.T) {
	t.Parallel()
	m := buckettest.NewMemory()
	s, _ := newTestService(t, m)
	s.beat(t.Context(), pc1, window, beatAt(0, 50, windowA), pulse)
	m.Fill(errFull)
	e := s.beat(t.Context(), pc1, window, beatAt(51_000, 20, windowA), pulse)
	if e.Duration != 71*time.Second || dropped(s, full) != 0 || len(reported(m, 3)) != 0 {
		t.Errorf("growth: %+v, %v dropped, %+v", e, dropped(s, full), reported(m, 3))
	}
	if e := s.beat(t.Context(), pc1, window, beatAt(72_000, 3, windowB), pulse); e.Data != windowB || dropped(s, full) != 1 {
		t.Errorf("another window: %+v, %v dropped", e, dropped(s, full))
	}
	s.beat(t.Context(), pc1, "new_PC-001", beatAt(72_000, 3, windowB), pulse)
	s.add(t.Context(), pc1, window, []bucket.Event{beatAt(0, 1, windowA), beatAt(0, 1, windowB)})
	if dropped(s, full) != 4 || s.count() != 1 {
		t.Errorf("%v dropped, %d buckets", dropped(s, full), s.count())
	}
	m.Fill(nil)
	s.beat(t.Context(), pc1, window, beatAt(76_000, 0, windowB), pulse)
	if got := reported(m, 3); len(got) != 1 || got[0].Duration != 71 {
		t.Errorf("when there is room again: %+v", got)
	}
	m.Fail(errors.New("the disk is gone"))
	for range 2 {
		s.beat(t.Context(), pc1, window, beatAt(77_000, 0, windowB), pulse)
	}
	s.beat(t.Context(), pc1, window, beatAt(78_000, 0, `{"app":"c","incognito":true}`), pulse)
	if dropped(s, unavailable) != 2 {
		t.Errorf("%v dropped for a broken disk", dropped(s, unavailable))
	}
	if _, err := s.open(t.Context(), pc1, bucket.Bucket{Name: "more", Type: "x"}); err == nil {
		t.Error("a bucket is made on a broken disk: its watcher would not try again")
	}
	if _, err := s.events(t.Context(), pc1, window, bucket.Range{Limit: -1}); err == nil {
		t.Error("a broken disk is read")
	}
	s.look(t.Context())
}

func TestBucketsAreBounded(t *testing.T) {
	t.Parallel()
	m := buckettest.NewMemory()
	s, _ := newTestService(t, m)
	for n := range 25 {
		from := sender{organizationID: 3, owner: fmt.Sprint("key:", n)}
		s.beat(t.Context(), from, fmt.Sprint("w", n), beatAt(0, 0, windowA), pulse)
	}
	if s.count() != 20 || dropped(s, noBucket) != 5 {
		t.Errorf("%d buckets, %v dropped", s.count(), dropped(s, noBucket))
	}
}

// The first event of a bucket takes room too.
func TestAFullBufferTakesNoFirstEvent(t *testing.T) {
	t.Parallel()
	m := buckettest.NewMemory()
	s, _ := newTestService(t, m)
	if _, err := s.open(t.Context(), pc1, bucket.Bucket{Name: "w", Type: "notes"}); err != nil {
		t.Fatal(err)
	}
	m.Fill(errFull)
	s.beat(t.Context(), pc1, "w", beatAt(0, 0, windowA), pulse)
	s.add(t.Context(), pc1, "w", []bucket.Event{beatAt(0, 0, windowA)})
	if all, _ := m.All(t.Context()); all[0].Draft != nil || dropped(s, full) != 2 {
		t.Errorf("the draft is %+v, %v dropped", all[0].Draft, dropped(s, full))
	}
}

// Whoever makes up names, of buckets or of computers, leaves room for others: also after a restart.
func TestNobodyTakesTheBucketsOfOthers(t *testing.T) {
	t.Parallel()
	for id, most := range map[string]int{"key:1": 200, unidentifiedID: 40, localID: 40} {
		m := buckettest.NewMemory()
		cfg := defaults()
		cfg.MaxBuckets = 400
		fill := func() *service {
			s := must(newService(t.Context(), cfg, m, newPolicies(), discard, func() time.Time { return noon }))
			for computer := range 8 {
				from := sender{organizationID: 3, owner: fmt.Sprint(id, " PC-", computer), computer: fmt.Sprint("PC-", computer)}
				for n := range maxPerComputer + 10 {
					s.beat(t.Context(), from, fmt.Sprint("w", n), beatAt(0, 0, windowA), pulse)
				}
				if n := len(s.list(from)); n > maxPerComputer {
					t.Errorf("%s: one computer has %d buckets", id, n)
				}
			}
			if s.count() != most {
				t.Errorf("%s has %d buckets of 400, want %d", id, s.count(), most)
			}
			return s
		}
		fill()
		s := fill()
		if _, err := s.open(t.Context(), sender{organizationID: 3, owner: "key:2 PC-0", computer: "PC-0"}, bucket.Bucket{Name: "w", Type: "x"}); err != nil {
			t.Errorf("beside %s there is no room: %v", id, err)
		}
	}
}

// A bucket that is forgotten makes room.
func TestForgottenBucketsMakeRoom(t *testing.T) {
	t.Parallel()
	s, c := newTestService(t, buckettest.NewMemory())
	for round := range 3 {
		for n := range 10 {
			s.beat(t.Context(), pc1, fmt.Sprint("w", round, n), bucket.Event{At: c.now(), Data: windowA}, pulse)
		}
		if s.count() != 10 || dropped(s, noBucket) != 0 {
			t.Errorf("round %d: %d buckets, %v dropped", round, s.count(), dropped(s, noBucket))
		}
		c.pass(forgetAfter)
		s.look(t.Context())
	}
}

// changes counts them, and the events of the largest.
type changes struct {
	*buckettest.Memory
	n, largest int
}

func (c *changes) Keep(ctx context.Context, b bucket.Bucket, change bucket.Change) error {
	c.n++
	c.largest = max(c.largest, len(change.Events), len(change.Closed))
	return c.Memory.Keep(ctx, b, change)
}

// A long import is many changes, between which others have their turn; what comes of it is as if it were one.
func TestALongImportIsKeptInParts(t *testing.T) {
	t.Parallel()
	m := &changes{Memory: buckettest.NewMemory()}
	s, _ := newTestService(t, m)
	history := make([]bucket.Event, 2*maxPart+500)
	for i := range history {
		history[i] = beatAt(int64(i)*1000, 1, fmt.Sprintf(`{"app":"a","title":"%d"}`, i))
	}
	s.add(t.Context(), pc1, window, history)
	if m.n != 3 || m.largest > maxPart {
		t.Errorf("%d changes, the largest of %d events", m.n, m.largest)
	}
	keys := map[string]bool{}
	for _, e := range reported(m.Memory, 3) {
		keys[e.Key] = true
	}
	all, err := s.events(t.Context(), pc1, window, bucket.Range{Limit: -1})
	if err != nil || len(all) != len(history) || len(keys) != len(history) || len(reported(m.Memory, 3)) != len(history) {
		t.Errorf("%d events to read and %d keys of %d (%v)", len(all), len(keys), len(history), err)
	}
	if all[0].ID != int64(len(history)) || all[0].Data != history[len(history)-1].Data {
		t.Errorf("the last is %+v", all[0])
	}
}

// Many at once: nothing is lost between those who make the same bucket.
func TestWatchersAtOnce(t *testing.T) {
	t.Parallel()
	m := buckettest.NewMemory()
	s, _ := newTestService(t, m)
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			for i := range 50 {
				s.beat(t.Context(), pc1, window, beatAt(0, 0, fmt.Sprintf(`{"app":"%d","title":"%d"}`, n, i)), pulse)
				s.list(pc1)
				s.look(t.Context())
			}
		})
	}
	all.Wait()
	if stored, _ := m.All(t.Context()); len(stored) != 1 {
		t.Errorf("%d buckets", len(stored))
	}
	if got := reported(m, 3); len(got) != 399 {
		t.Errorf("%d events of 400 are closed, want all but the last", len(got))
	}
}

func TestMapping(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ kind, name, data, want string }{
		{typeWindow, window, `{"app":"EXCEL.EXE","title":"O‘zbekiston"}`, "active_window EXCEL.EXE|O‘zbekiston|"},
		{typeWindow, window, `{"app":"Safari","title":"T","url":"https://a.uz/"}`, "active_window Safari|T|https://a.uz/"},
		{typeWindow, window, `{"app":"Terminal","title":"excluded"}`, "active_window Terminal|excluded|"},
		{typeWindow, window, `{"app":7,"title":null}`, ""},
		{typeWeb, "aw-watcher-web-chrome", `{"title":"T","url":"https://a.uz/","audible":false}`, "visited_site chrome|T|https://a.uz/"},
		{typeWeb, "other_PC", `{"title":"T","url":"u"}`, "visited_site |T|u"},
		{typeWeb, "aw-watcher-web-chrome", `{"title":"T"}`, ""},
		{typeAFK, "aw-watcher-afk_PC", `{"status":"afk"}`, "idle_period ||"},
		{typeAFK, "aw-watcher-afk_PC", `{"status":"not-afk"}`, ""},
		{"app.editor.activity", "aw-watcher-vim_PC", `{"file":"a","title":"T","app":"vim"}`, ""},
	} {
		e, ok := mapped(bucket.Bucket{Type: c.kind, Name: c.name, ComputerUID: "PC-1"}, &bucket.Draft{Event: bucket.Event{Data: c.data, At: noon}})
		got := ""
		if ok {
			got = fmt.Sprintf("%s %s|%s|%s", e.Kind, e.Process, e.Title, e.URL)
		}
		if got != c.want || ok && (e.UserSID != "activitywatch:PC-1" || e.Source != "activitywatch" || e.Key == "") {
			t.Errorf("%s %s is %q, want %q (%+v)", c.kind, c.data, got, c.want, e)
		}
	}
}

func TestNamesOfBucketsSayWhose(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"aw-watcher-window_PC-001": "PC-001", "aw-watcher-window_MY_PC": "MY_PC", "aw-watcher-web-chrome": "", "my_own_PC-1": "PC-1", "w": "",
	} {
		if got := hostOf(name); got != want {
			t.Errorf("%s is of %q, want %q", name, got, want)
		}
	}
	for data, want := range map[string]string{
		`{"status":"not-afk"}`: typeAFK, `{"app":"a","title":"t","url":"u"}`: typeWindow, `{"url":"u","title":"t"}`: typeWeb, `{"file":"f"}`: "unknown", `{}`: "unknown",
	} {
		if got := guess(data); got != want {
			t.Errorf("%s is %s, want %s", data, got, want)
		}
	}
}

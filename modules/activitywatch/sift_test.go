package activitywatch

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/modules/buffer/bucket"
	"github.com/staff-control/staff-control/modules/buffer/bucket/buckettest"
	"github.com/staff-control/staff-control/modules/policy/rule"
)

// without leaves out titles with "secret", bank.uz, chat.exe and private windows.
func without() rule.Policy {
	p := rule.Everything()
	p.Exclude = rule.Exclusions{Titles: []string{"secret"}, Sites: []string{"bank.uz"}, Applications: []string{"chat"}, PrivateWindows: true}
	return p
}

// holdings is all that the shelf holds, as text.
func holdings(t *testing.T, m *buckettest.Memory) string {
	t.Helper()
	all, err := m.All(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, s := range all {
		fmt.Fprintf(&b, "%+v\n", s.Bucket)
		if s.Draft != nil {
			fmt.Fprintf(&b, "%+v\n", *s.Draft)
		}
		closed, err := m.Events(t.Context(), s.ID, bucket.Range{Limit: -1})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%+v\n", closed)
	}
	for _, organization := range []int64{0, 3} {
		fmt.Fprintf(&b, "%+v\n", m.Taken(organization))
	}
	return b.String()
}

// ruled is the service with policies that a test changes.
func ruled(t *testing.T) (*service, *policies, *buckettest.Memory, *clock) {
	t.Helper()
	m := buckettest.NewMemory()
	s, c := newTestService(t, m)
	return s, s.rules.(*policies), m, c
}

func TestWhatIsExcludedIsNoPartOfAnyBucket(t *testing.T) {
	t.Parallel()
	const web, editor = "aw-watcher-web-firefox_PC-001", "aw-watcher-vim_PC-001"
	for name, c := range map[string]struct{ bucket, hidden, open, why string }{
		"title":           {window, `{"app":"EXCEL.EXE","title":"My Secret"}`, windowA, rule.WhyTitle},
		"application":     {window, `{"app":"Chat.exe","title":"hidden secretly"}`, windowA, rule.WhyTitle},
		"process":         {window, `{"app":"Chat.exe","title":"hidden"}`, windowA, rule.WhyApplication},
		"site":            {web, `{"title":"hidden","url":"https://my.bank.uz/hidden"}`, `{"title":"x","url":"https://kun.uz/"}`, rule.WhySite},
		"mark":            {window, `{"app":"chrome.exe","title":"hidden - Google Chrome (Incognito)"}`, windowA, rule.WhyPrivate},
		"flag":            {web, `{"incognito":true,"title":"hidden","url":"https://kun.uz/hidden"}`, `{"title":"x","url":"https://kun.uz/"}`, rule.WhyPrivate},
		"another watcher": {editor, `{"file":"/home/u/secret/hidden.txt","language":"go"}`, `{"file":"x.go"}`, rule.WhyTitle},
		"deep":            {editor, `{"tabs":[{"hidden":"https://bank.uz/"}]}`, `{"file":"x.go"}`, rule.WhySite},
		"a name":          {editor, `{"secret hidden":1}`, `{"file":"x.go"}`, rule.WhyTitle},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p, m, clock := ruled(t)
			p.are(t, without())
			for n := range int64(3) {
				s.beat(t.Context(), pc1, c.bucket, beatAt(n*4000, 0, c.hidden), pulse)
				s.beat(t.Context(), pc1, c.bucket, beatAt(n*4000+1000, 1, c.open), pulse)
				if e := s.beat(t.Context(), pc1, c.bucket, beatAt(n*4000+2000, 1, c.hidden), pulse); e.Data != c.hidden {
					t.Errorf("answered with %+v", e)
				}
			}
			s.add(t.Context(), pc1, c.bucket, []bucket.Event{beatAt(20_000, 5, c.open), beatAt(30_000, 5, c.hidden)})
			s.add(t.Context(), pc1, c.bucket, []bucket.Event{beatAt(40_000, 5, c.hidden)})
			clock.pass(time.Hour)
			s.look(t.Context())
			all := holdings(t, m)
			if strings.Contains(strings.ToLower(all), "hidden") || strings.Contains(strings.ToLower(all), "secret") || strings.Contains(all, "bank.uz") {
				t.Errorf("held is %s", all)
			}
			if n := strings.Count(all, strings.TrimSuffix(strings.TrimPrefix(c.open, "{"), "}")); n != 4 {
				t.Errorf("what is open is there %d times: %s", n, all)
			}
			if n := testutil.ToFloat64(s.metrics.excluded.WithLabelValues(c.why)); n != 8 {
				t.Errorf("%v are counted", n)
			}
		})
	}
}

// Some watchers tell of a browser's window which page it shows.
func TestWithoutSitesWindowsHaveNoAddress(t *testing.T) {
	t.Parallel()
	s, p, m, clock := ruled(t)
	const tab = `{"app":"Safari","n":1.5,"title":"open","url":"https://hidden.uz/"}`
	s.beat(t.Context(), pc1, window, beatAt(0, 1, tab), pulse)
	off := rule.Everything()
	off.VisitedSites = false
	p.are(t, off)
	for _, h := range s.all() {
		if err := s.blank(t.Context(), h); err != nil {
			t.Fatal(err)
		}
	}
	s.beat(t.Context(), pc1, window, beatAt(1000, 1, tab), pulse)
	s.add(t.Context(), pc1, window, []bucket.Event{beatAt(30_000, 5, tab), beatAt(40_000, 5, tab)})
	clock.pass(time.Hour)
	s.look(t.Context())
	all := holdings(t, m)
	if strings.Contains(all, "hidden") || strings.Count(all, `"n":1.5`) != 3 || strings.Count(all, "Title:open") != 3 {
		t.Errorf("held is %s", all)
	}
}

func TestWhatCannotBeReadIsNotQuoted(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"duration":"hidden"}`, `{"timestamp":"hidden"}`, `{"timestamp":"2026-11-02","data":"hidden"}`, `hidden`, `{"timestamp":"2026-11-02","duration":"1hidden"}`} {
		if _, err := decodeEvent([]byte(body)); err == nil || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// noon is 17:00 in Tashkent, on a Monday.
func TestReportsAreCutToWorkingHours(t *testing.T) {
	t.Parallel()
	s, p, m, clock := ruled(t)
	hours := rule.Everything()
	hours.Hours = &rule.Hours{Zone: "Asia/Tashkent", Days: []int{1}, From: "17:01", To: "17:02"}
	p.are(t, hours)
	for ms := int64(0); ms < 180_000; ms += 1000 {
		s.beat(t.Context(), pc1, window, beatAt(ms, 0, windowA), pulse)
	}
	s.add(t.Context(), pc1, "imported_PC-001", []bucket.Event{beatAt(30_000, 60, windowB), beatAt(200_000, 60, windowB)})
	clock.pass(time.Hour)
	s.look(t.Context())
	begin, end := noon.Add(time.Minute), noon.Add(2*time.Minute)
	got := reported(m, 3)
	var seconds int64
	for _, e := range got {
		if until := e.At.Add(time.Duration(e.Duration) * time.Second); e.At.Before(begin) || until.After(end) {
			t.Errorf("kept is %v for %d s", e.At, e.Duration)
		}
		seconds += e.Duration
	}
	if seconds != 60+30 {
		t.Errorf("kept are %d s: %+v", seconds, got)
	}
	stored, err := m.All(t.Context())
	if err != nil || len(stored) != 2 {
		t.Fatalf("%d buckets (%v)", len(stored), err)
	}
	for _, b := range stored {
		if d := b.Draft; d.At.Before(begin) || d.End().After(end) {
			t.Errorf("in the bucket %s: %v until %v", b.Name, d.At, d.End())
		}
	}
}

// What began before it was excluded ends there, and is not written again.
func TestNewRulesEndWhatTheyExclude(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := buckettest.NewMemory()
		p := newPolicies()
		p.changed = make(chan struct{}) // of this bubble
		s, err := newService(t.Context(), defaults(), m, p, discard, func() time.Time { return noon })
		if err != nil {
			t.Fatal(err)
		}
		go s.forgetExcluded(t.Context())
		hidden := `{"app":"x","title":"my secret"}`
		s.beat(t.Context(), pc1, window, beatAt(0, 5, hidden), pulse)
		s.beat(t.Context(), pc1, "other_PC-001", beatAt(0, 5, windowA), pulse)
		if !strings.Contains(holdings(t, m), "secret") {
			t.Fatal("it is not kept while nobody minds")
		}
		p.are(t, without())
		synctest.Wait()
		if all := holdings(t, m); strings.Contains(all, "secret") || !strings.Contains(all, windowA) {
			t.Errorf("held is %s", all)
		}
		s.beat(t.Context(), pc1, window, beatAt(6000, 0, hidden), pulse)
		s.beat(t.Context(), pc1, window, beatAt(7000, 0, windowA), pulse)
		s.look(t.Context())
		if all := holdings(t, m); strings.Contains(all, "secret") {
			t.Errorf("held is %s", all)
		}
		if e, err := s.events(t.Context(), pc1, window, bucket.Range{Limit: -1}); err != nil || len(e) != 2 || e[0].Data != windowA || e[1].Data != nothing {
			t.Errorf("to be read are %+v (%v)", e, err)
		}
	})
}

func TestWithoutRulesReportsAreLost(t *testing.T) {
	t.Parallel()
	s, p, m, _ := ruled(t)
	s.beat(t.Context(), pc1, window, beatAt(0, 50, windowA), pulse)
	p.mu.Lock()
	p.err = errors.New("lost")
	p.mu.Unlock()
	s.beat(t.Context(), pc1, window, beatAt(51_000, 0, windowB), pulse)
	s.add(t.Context(), pc1, window, []bucket.Event{beatAt(60_000, 5, windowB), beatAt(70_000, 5, windowB)})
	s.look(t.Context())
	if all := holdings(t, m); strings.Contains(all, windowB) || dropped(s, unavailable) != 3 || len(reported(m, 3)) != 0 {
		t.Errorf("%v dropped, held is %s", dropped(s, unavailable), all)
	}
}

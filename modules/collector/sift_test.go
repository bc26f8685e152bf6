package collector

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/fault"
)

// without is a policy that leaves out titles with "secret", bank.uz, chat.exe and private windows.
func without() rule.Policy {
	p := rule.Everything()
	p.Exclude = rule.Exclusions{Titles: []string{"secret"}, Sites: []string{"bank.uz"}, Applications: []string{"chat"}, PrivateWindows: true}
	return p
}

func titles(events []activity.Event) string {
	var list []string
	for _, e := range events {
		list = append(list, e.Title)
	}
	return strings.Join(list, " ")
}

func TestWhatIsExcludedReachesNobody(t *testing.T) {
	t.Parallel()
	s, p := &sink{}, &policies{}
	p.are(t, without(), "S-CHIEF")
	server := newRuled(t, s, keys, p)
	at := `"at":"2026-11-02T09:00:00Z"`
	body := `{"computerUid":"PC-1","userSid":"S-1","events":[` + strings.Join([]string{
		`{"type":"active_window","title":"one",` + at + `}`,
		`{"type":"active_window","title":"My SECRET",` + at + `}`,
		`{"type":"active_window","title":"hidden","private":true,` + at + `}`,
		`{"type":"active_window","title":"chat","processName":"Chat.EXE",` + at + `}`,
		`{"type":"visited_site","title":"account","url":"https://my.bank.uz/",` + at + `}`,
		`{"type":"active_window","title":"` + strings.Repeat("x", activity.MaxTitle-3) + `secret",` + at + `}`,
		`{"type":"active_window","title":"secret","userSid":"S-CHIEF",` + at + `}`,
		`{"type":"active_window","title":"two",` + at + `}`,
	}, ",") + `]}`
	w := post(t, server, "/v2/agent/events", []byte(body))
	if w.Code != 200 || !strings.Contains(w.Body.String(), `"accepted":8`) {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
	if got := titles(s.taken()); got != "one secret two" {
		t.Errorf("kept are %q", got)
	}
	if w := post(t, server, "/v2/agent/events", []byte(`{"computerUid":"PC-1","userSid":"S-1","events":[{"type":"active_window","title":"secret",`+at+`}]}`)); w.Code != 200 {
		t.Errorf("a batch of nothing else: %d %s", w.Code, w.Body)
	}
	if w := post(t, server, "/v2/agent/events", []byte(`{"computerUid":"PC-1","userSid":"S-1","events":[{"type":"active_window","private":7,`+at+`}]}`)); w.Code != 400 {
		t.Errorf("a flag that is none: %d %s", w.Code, w.Body)
	}
	if len(s.taken()) != 0 || len(s.states) != 1 {
		t.Errorf("told of agents: %+v", s.states)
	}
}

func TestV1sBatchesAreSifted(t *testing.T) {
	t.Parallel()
	s, p := &sink{}, &policies{}
	p.are(t, without())
	server := newRuled(t, s, keys, p)
	picture := "data:image/png;base64," + base64.StdEncoding.EncodeToString([]byte("\x89PNG\r\n\x1a\n1234"))
	for path, items := range map[string]string{
		"active-windows": `{"datetime":"2026-11-02T09:00:00Z","title":"%s","processName":"p","activeTime":5}`,
		"visited-sites":  `{"datetime":"2026-11-02T09:00:00Z","title":"%s","url":"https://x.uz","processName":"p","activeTime":5}`,
		"screenshots":    `{"datetime":"2026-11-02T09:00:00Z","title":"%s","filePath":"` + picture + `","processName":"p"}`,
	} {
		body := `{"computerUid":"PC-1","userSid":"S-1","timestamp":"2026-11-02T09:00:00Z","data":[` + fmt.Sprintf(items, "open") + "," + fmt.Sprintf(items, "A Secret") + `]}`
		if w := post(t, server, "/api/agent/"+path, []byte(body)); w.Code != 200 {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	if got := titles(s.taken()); got != "open open" {
		t.Errorf("kept are %q", got)
	}
	if len(s.shots) != 1 || s.shots[0].Title != "open" {
		t.Errorf("pictures %+v", s.shots)
	}
}

func TestPicturesThatMayNotBeKeptAreReadAndDropped(t *testing.T) {
	t.Parallel()
	off := rule.Everything()
	off.Screenshots = false
	late := rule.Everything()
	late.Hours = &rule.Hours{Zone: "Asia/Tashkent", Days: []int{7}, From: "09:00", To: "18:00"}
	for name, c := range map[string]struct {
		policy rule.Policy
		more   string
		kept   bool
	}{
		"nothing against it":  {without(), `"title":"open"`, true},
		"no window named":     {without(), `"x":1`, true},
		"title":               {without(), `"title":"Secret"`, false},
		"process":             {without(), `"processName":"chat.exe"`, false},
		"site":                {without(), `"url":"https://bank.uz"`, false},
		"private":             {without(), `"private":true`, false},
		"private by its mark": {without(), `"title":"x - Google Chrome (Incognito)"`, false},
		"switched off":        {off, `"title":"open"`, false},
		"out of hours":        {late, `"title":"open"`, false},
	} {
		s, p := &sink{}, &policies{}
		p.are(t, c.policy)
		server := newRuled(t, s, keys, p)
		metadata := `{"computerUid":"PC-1","userSid":"S-1","at":"2026-11-02T16:00:00Z",` + c.more + `}`
		body, contentType := form(t, "metadata", metadata, "file", strings.Repeat("x", 200_000))
		w := post(t, server, pictures, body, "Content-Type", contentType)
		if w.Code != 200 || !strings.Contains(w.Body.String(), `"success":true,"known":false`) || (len(s.shots) == 1) != c.kept {
			t.Errorf("%s: %d %s, taken are %d", name, w.Code, w.Body, len(s.shots))
		}
		if len(s.states) != 1 {
			t.Errorf("%s: told of agents: %+v", name, s.states)
		}
	}
}

// skipper is a body that can be skipped.
type skipper struct {
	io.Reader
	skipped int64
}

func (s *skipper) Skip(most int64) error { s.skipped = most; return nil }

func TestABodyThatCanBeSkippedIs(t *testing.T) {
	t.Parallel()
	c, metrics := newService(&sink{})
	p := &policies{}
	p.are(t, rule.Policy{})
	c.rules, c.maxPicture = p, 77
	body := &skipper{Reader: bytes.NewReader(nil)}
	if _, err := c.takePicture(t.Context(), sourceAPI, activity.Event{Kind: activity.Screenshot, ComputerUID: "PC-1"}, body); err != nil || body.skipped != 77 {
		t.Errorf("skipped %d (%v)", body.skipped, err)
	}
	if n, err := testutil.GatherAndCount(metrics, "excluded_total"); err != nil || n != len(rule.Whys) {
		t.Errorf("%d reasons are counted (%v)", n, err)
	}
}

// While nobody knows what may be kept agents are asked to come again; what they tell of themselves is taken.
func TestWithoutRulesNothingIsTaken(t *testing.T) {
	t.Parallel()
	s, p := &sink{}, &policies{err: fault.New(fault.Unavailable, "rules.lost")}
	server := newRuled(t, s, keys, p)
	at := `"at":"2026-11-02T09:00:00Z"`
	events := []byte(`{"computerUid":"PC-1","userSid":"S-1","events":[{"type":"active_window","title":"x",` + at + `}]}`)
	if w := post(t, server, "/v2/agent/events", events); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("events: %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	picture, contentType := form(t, "metadata", known, "file", "xxxxxxxx")
	if w := post(t, server, pictures, picture, "Content-Type", contentType); w.Code != 503 {
		t.Errorf("a picture: %d %s", w.Code, w.Body)
	}
	if len(s.taken()) != 0 || len(s.shots) != 0 || len(s.states) != 0 {
		t.Errorf("taken: %+v %+v %+v", s.events, s.shots, s.states)
	}
	if w := post(t, server, "/v2/agent/register", []byte(`{"computer":{"computerUid":"PC-1"}}`)); w.Code != 200 {
		t.Errorf("a registration: %d %s", w.Code, w.Body)
	}
}

// From the moment at which an exclusion is in force nothing of it is kept, whatever is under way.
func TestRulesChangeWhileEventsCome(t *testing.T) {
	t.Parallel()
	s, p := &sink{}, &policies{}
	server := newRuled(t, s, keys, p)
	body := []byte(`{"computerUid":"PC-1","userSid":"S-1","events":[{"type":"active_window","title":"Secret","at":"2026-11-02T09:00:00Z"},{"type":"active_window","title":"open","at":"2026-11-02T09:00:00Z"}]}`)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 50 {
				if w := post(t, server, "/v2/agent/events", body); w.Code != 200 {
					t.Errorf("%d %s", w.Code, w.Body)
				}
			}
		})
	}
	p.are(t, without())
	all.Wait()
	s.taken()
	post(t, server, "/v2/agent/events", body)
	if got := titles(s.taken()); got != "open" {
		t.Errorf("kept are %q", got)
	}
}

// clock is a time of Monday the second.
func clock(text string) time.Time {
	t, _ := time.Parse(time.DateTime, "2026-11-02 "+text+":00")
	return t
}

func TestTheKeyOfAnEventThatIsCutStays(t *testing.T) {
	t.Parallel()
	s, p := &sink{}, &policies{}
	hours := rule.Everything()
	hours.Hours = &rule.Hours{Zone: "UTC", Days: []int{1}, From: "09:00", To: "18:00"}
	p.are(t, hours)
	c, _ := newService(s)
	c.rules = p
	var first []activity.Event
	for range 2 {
		events := []activity.Event{{Kind: activity.ActiveWindow, At: clock("08:50"), Duration: 1200, ComputerUID: "PC-1", UserSID: "S-1", Title: "x"}}
		addKeys(events)
		if err := c.take(context.Background(), sourceV1, events); err != nil {
			t.Fatal(err)
		}
		got := s.taken()
		if len(got) != 1 || !got[0].At.Equal(clock("09:00")) || got[0].Duration != 600 {
			t.Fatalf("kept is %+v", got)
		}
		if first != nil && first[0].Key != got[0].Key {
			t.Error("sent again it is another event")
		}
		first = got
	}
}

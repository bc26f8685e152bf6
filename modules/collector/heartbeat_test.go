package collector

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
)

const heartbeats = "/v2/agent/heartbeat"

// post is where agents report, at a time that the test moves.
type postOffice struct {
	*service
	sink *sink
	at   time.Time
}

func newPost() *postOffice {
	p := &postOffice{sink: &sink{}, at: noon}
	p.service, _ = newService(p.sink)
	p.service.now = func() time.Time { return p.at }
	return p
}

func anAgent() context.Context {
	return actor.With(context.Background(), actor.Actor{Role: actor.Agent, ID: "key:7", OrganizationID: 3})
}

// says has an agent say something after a while, and returns what of it was told.
func (p *postOffice) says(t testing.TB, after time.Duration, w word) string {
	t.Helper()
	p.at = p.at.Add(after)
	w.uid = "PC-1"
	if err := p.hear(anAgent(), sourceAPI, w); err != nil {
		t.Fatal(err)
	}
	return p.told()
}

// reports has an agent report an event after a while, and returns what was told of the agent.
func (p *postOffice) reports(t testing.TB, after time.Duration, e activity.Event) string {
	t.Helper()
	p.at = p.at.Add(after)
	e.ComputerUID = "PC-1"
	if err := p.take(anAgent(), sourceAPI, []activity.Event{e}); err != nil {
		t.Fatal(err)
	}
	return p.told()
}

// told writes what was told of agents since the last call: when, in minutes, and what.
func (p *postOffice) told() string {
	var words []string
	for _, e := range p.sink.states {
		d := e.Details
		text := fmt.Sprintf("%v %s", e.At.Sub(noon).Minutes(), d[activity.DetailState])
		if since, err := time.Parse(time.RFC3339Nano, d[activity.DetailSince]); err == nil {
			text += fmt.Sprint(" since ", since.Sub(noon).Minutes())
		}
		for _, more := range []string{d[activity.DetailReason], d[activity.DetailDetail], d[activity.DetailAgentVersion], d[activity.DetailIPAddress], e.UserSID} {
			if more != "" {
				text += " " + more
			}
		}
		words = append(words, text)
	}
	p.sink.states = nil
	return strings.Join(words, ", ")
}

func TestOnlyNewsIsTold(t *testing.T) {
	t.Parallel()
	running := word{greeting: true, version: "2.0"}
	for name, steps := range map[string][]struct {
		after time.Duration
		word  word
		want  string
	}{
		"a quiet agent is told of every five minutes": {
			{0, running, "0 running since 0 2.0"}, {time.Minute, running, ""}, {3 * time.Minute, running, ""}, {time.Minute, running, "5 running since 0 2.0"},
			{9 * time.Minute, word{}, "14 running since 0 2.0"},
		},
		"another version or address is a new run": {
			{0, running, "0 running since 0 2.0"}, {time.Minute, word{version: "2.1"}, "1 running since 1 2.1"}, {time.Minute, word{address: "10.0.0.7"}, "2 running since 2 2.1 10.0.0.7"},
			{time.Minute, word{version: "2.1", address: "10.0.0.7"}, ""},
		},
		"a silence ends a run": {{0, running, "0 running since 0 2.0"}, {11 * time.Minute, running, "11 running since 11 2.0"}},
		"a goodbye is told once, and a greeting at once": {
			{0, running, "0 running since 0 2.0"}, {time.Minute, word{stopping: true, reason: "update", detail: "to 2.1"}, "1 stopping update to 2.1 2.0"},
			{time.Minute, word{stopping: true, reason: "update", detail: "to 2.1"}, ""}, {0, word{stopping: true, reason: "shutdown"}, "2 stopping shutdown 2.0"},
			{0, running, "2 running since 2 2.0"},
		},
		"the last batches after a goodbye are no new run": {
			{0, word{stopping: true, reason: "shutdown"}, "0 stopping shutdown"}, {9 * time.Second, word{}, ""}, {time.Minute - 9*time.Second, word{}, "1 running since 1"},
		},
		"an agent may have run before it could say so, but not for years": {
			{0, word{greeting: true, since: noon.AddDate(-3, 0, 0)}, "0 running since 0"}, {time.Minute, word{greeting: true, since: noon.Add(-time.Hour)}, "1 running since -60"},
			{time.Minute, word{greeting: true, since: noon.Add(-time.Hour)}, ""},
		},
		"each user is told of": {
			{0, word{sid: "S-1"}, "0 running since 0 S-1"}, {0, word{sid: "S-1"}, ""}, {0, word{sid: "S-2"}, "0 running since 0 S-2"}, {0, word{sid: "S-1"}, ""},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPost()
			for i, s := range steps {
				if got := p.says(t, s.after, s.word); got != s.want {
					t.Errorf("step %d tells %q, want %q", i, got, s.want)
				}
			}
		})
	}
}

func TestWhateverAnAgentSendsIsAContact(t *testing.T) {
	t.Parallel()
	p := newPost()
	window := activity.Event{Kind: activity.ActiveWindow, At: noon.Add(-24 * time.Hour)} // from the agent's own buffer
	if got := p.reports(t, 0, window); got != "0 running since 0" {
		t.Errorf("a batch tells %q", got)
	}
	introduction := activity.Event{Kind: activity.Computer, Details: map[string]string{activity.DetailAgentVersion: "2.0", activity.DetailIPAddress: "10.0.0.7"}}
	if got := p.reports(t, time.Minute, introduction); got != "1 running since 1 2.0 10.0.0.7" {
		t.Errorf("a registration tells %q", got)
	}
	for name, e := range map[string]activity.Event{
		"a user of no computer":  {Kind: activity.ComputerUser, UserSID: "S-1"},
		"an agent without a key": {Kind: activity.ActiveWindow, ComputerUID: "PC-2", Aside: activity.UnidentifiedAgent},
	} {
		if err := p.take(anAgent(), sourceAPI, []activity.Event{e}); err != nil || p.told() != "" {
			t.Errorf("%s is told of (%v)", name, err)
		}
	}
	p.sink.taken()
	many := []activity.Event{{Kind: activity.ActiveWindow, ComputerUID: "PC-3"}, {Kind: activity.ActiveWindow, ComputerUID: "PC-4"}, {Kind: activity.ActiveWindow, ComputerUID: "PC-3"}}
	if err := p.take(anAgent(), sourceAPI, many); err != nil {
		t.Fatal(err)
	}
	if got := p.told(); strings.Count(got, "running") != 2 || len(p.sink.taken()) != 3 {
		t.Errorf("a batch of two computers tells %q", got)
	}
}

// What could not be kept is told by the next contact.
func TestWhatIsNotKeptIsToldAgain(t *testing.T) {
	t.Parallel()
	p := newPost()
	p.sink.err = errors.New("full")
	running := word{uid: "PC-1", version: "2.0"}
	if p.hear(anAgent(), sourceAPI, running) == nil || p.take(anAgent(), sourceAPI, []activity.Event{{Kind: activity.ActiveWindow, ComputerUID: "PC-1"}}) == nil {
		t.Fatal("what was not kept is told as taken")
	}
	p.sink.err = nil
	if got := p.says(t, time.Minute, word{version: "2.0"}); got != "1 running since 0 2.0" {
		t.Errorf("told %q", got)
	}
	p.sink.err = errors.New("full")
	goodbye := word{uid: "PC-1", stopping: true, reason: "shutdown"}
	if p.hear(anAgent(), sourceAPI, goodbye) == nil {
		t.Fatal("a goodbye that was not kept is told as taken")
	}
	p.sink.err = nil
	if got := p.says(t, 0, goodbye); got != "1 stopping shutdown 2.0" {
		t.Errorf("told %q", got)
	}
}

// putting is a sink of one function.
type putting func() error

func (p putting) Put(context.Context, activity.Batch) (activity.Receipt, error) {
	return activity.Receipt{}, p()
}

// Who asks while the news is written gets no yes that its own writing does not give.
func TestNothingIsTakenBeforeItIsKept(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		version string // of the second contact
		first   error
	}{
		"a second contact while the first fails":       {"2.0", errors.New("full")},
		"a change that fails while the first succeeds": {"2.1", nil},
	} {
		p := newPost()
		puts, second := 0, error(nil)
		p.service.sink = putting(func() error {
			if puts++; puts > 1 {
				return errors.New("full")
			}
			second = p.hear(anAgent(), sourceAPI, word{uid: "PC-1", version: c.version})
			return c.first
		})
		if err := p.hear(anAgent(), sourceAPI, word{uid: "PC-1", version: "2.0"}); !errors.Is(err, c.first) || second == nil {
			t.Errorf("%s: %v and %v", name, err, second)
		}
		p.service.sink = p.sink
		if got := p.says(t, time.Minute, word{}); !strings.HasSuffix(got, c.version) {
			t.Errorf("%s: then told %q", name, got)
		}
	}
}

func TestMemoryOfAgentsIsBounded(t *testing.T) {
	t.Parallel()
	a := newAgents(time.Minute)
	for i := range maxAgents + 1 {
		if _, news := a.notice(1, word{uid: fmt.Sprint(i)}, noon); !news {
			t.Fatalf("agent %d is not told of", i)
		}
	}
	if len(a.known) != 1 {
		t.Errorf("%d agents are remembered", len(a.known))
	}
	for i := range 3 * maxUsers {
		a.notice(1, word{uid: "PC-1", sid: fmt.Sprint(i)}, noon)
	}
	if n := len(a.known[agentKey{1, "PC-1"}].users); n != maxUsers {
		t.Errorf("%d users are remembered", n)
	}
	if _, news := a.notice(2, word{uid: "PC-1"}, noon); !news {
		t.Error("another organization's computer of that name is taken for this one")
	}
}

func TestHeartbeats(t *testing.T) {
	t.Parallel()
	s := &sink{}
	server := newGateway(t, s, keys)
	agent := map[string]string{"X-API-Key": "agent"}
	wrong := func(field, code string) []string {
		return []string{fmt.Sprintf(`{"field":"%s","code":"%s"`, field, code)}
	}
	httptestx.Run(t, server,
		httptestx.Scenario{Name: "no key", Path: heartbeats, Body: `{"computerUid":"PC-1"}`, Status: 401},
		httptestx.Scenario{Name: "a device's key", Path: heartbeats, Body: `{"computerUid":"PC-1"}`, Header: map[string]string{"X-API-Key": "hikvision"}, Status: 403},
		httptestx.Scenario{Name: "no computer", Path: heartbeats, Body: `{}`, Header: agent, Status: 400, Contains: wrong("computerUid", "required")},
		httptestx.Scenario{Name: "a long user", Path: heartbeats, Body: `{"computerUid":"PC-1","userSid":"` + strings.Repeat("S", 256) + `"}`, Header: agent, Status: 400, Contains: wrong("userSid", "too_long")},
		httptestx.Scenario{Name: "a strange state", Path: heartbeats, Body: `{"computerUid":"PC-1","state":"asleep"}`, Header: agent, Status: 400, Contains: wrong("state", "collector.state_unknown")},
		httptestx.Scenario{Name: "no reason", Path: heartbeats, Body: `{"computerUid":"PC-1","state":"stopping"}`, Header: agent, Status: 400, Contains: wrong("reason", "required")},
		httptestx.Scenario{Name: "a strange reason", Path: heartbeats, Body: `{"computerUid":"PC-1","state":"stopping","reason":"coffee"}`, Header: agent, Status: 400, Contains: wrong("reason", "collector.reason_unknown")},
		httptestx.Scenario{Name: "running", Path: heartbeats, Body: `{"computerUid":"PC-1","userSid":"S-1","agentVersion":"2.0","ipAddress":"10.0.0.7","uptime":7}`, Header: agent, Status: 200, Contains: []string{`{"success":true,"serverTime":"`}},
		httptestx.Scenario{Name: "still", Path: heartbeats, Body: `{"computerUid":"PC-1","userSid":"S-1","state":"running"}`, Header: agent, Status: 200},
	)
	for _, reason := range reasons {
		if w := post(t, server, heartbeats, []byte(`{"computerUid":"PC-1","state":"stopping","reason":"`+reason+`","detail":"why"}`)); w.Code != 200 {
			t.Errorf("%s: %d %s", reason, w.Code, w.Body)
		}
	}
	if len(s.states) != 1+len(reasons) {
		t.Fatalf("told %+v", s.states)
	}
	first, last := s.states[0], s.states[len(reasons)]
	if first.UserSID != "S-1" || first.Details[activity.DetailAgentVersion] != "2.0" || first.Details[activity.DetailIPAddress] != "10.0.0.7" || first.Source != sourceAPI || first.Key == "" {
		t.Errorf("first told %+v", first)
	}
	if d := last.Details; d[activity.DetailState] != activity.Stopping || d[activity.DetailReason] != "error" || d[activity.DetailDetail] != "why" {
		t.Errorf("last told %+v", last)
	}
	s.err = context.DeadlineExceeded
	if w := post(t, server, heartbeats, []byte(`{"computerUid":"PC-1"}`)); w.Code < 500 || strings.Contains(w.Body.String(), `"success":true`) {
		t.Errorf("what was not kept: %d %s", w.Code, w.Body)
	}
}

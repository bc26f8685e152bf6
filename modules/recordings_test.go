package modules_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/httpx/v1test"
)

// believesAll makes a site take what recordings tell of, which is from long ago.
const believesAll = "STAFF_MONITORING__OLDEST_DAYS=36500"

// What v1's agents sent and v1 took, the gateway and agent-api take with the same status and envelope, and its rows
// are on the dashboard once, though every request comes twice: from one process on SQLite, and from one for each role
// on PostgreSQL.
func TestV1AgentsNeedOnlyAnotherHostName(t *testing.T) {
	t.Parallel()
	taken := v1test.Read(t, func(r v1test.Recording) bool {
		return r.App == "agent-api" && strings.HasPrefix(r.Path, "/api/agent/") && r.Status < 300
	})
	for name, open := range map[string]func(t *testing.T) *site{
		"all on SQLite": func(t *testing.T) *site {
			s := newSite(t, believesAll)
			s.serve(t)
			ready(t, s.gateway, s.agentAPI, s.dashboard)
			return s
		},
		"three on PostgreSQL": func(t *testing.T) *site {
			s := onPostgres(t, believesAll)
			s.spawnRoles(t)
			return s
		},
	} {
		for _, through := range []string{"gateway", "agent-api"} {
			t.Run(name+" through "+through, func(t *testing.T) {
				t.Parallel()
				s := open(t)
				host := map[string]string{"gateway": s.gateway, "agent-api": s.agentAPI}[through]
				takesRecordings(t, s, host, taken)
			})
		}
	}
}

func takesRecordings(t *testing.T, s *site, host string, taken []v1test.Recording) {
	t.Helper()
	s.signIn(t)
	old := strings.Repeat("0123456789abcdef", 4) // v1's keys were 64 hex digits
	s.command(t, "apikey", "create", "--type", "AGENT", "--organization", "1", "--key", old)
	until(t, "the key is known", func() bool {
		status, _ := call(t, http.MethodPost, host+"/api/agent/active-windows", agent(old), `{"computerUid":"x","userSid":"x","timestamp":"2025-10-01","data":[]}`)
		return status == http.StatusOK
	})
	want, seen := map[string]int{}, map[string]bool{}
	for range 2 {
		for _, r := range taken {
			replay(t, host, old, r)
		}
	}
	for _, r := range taken {
		countRows(t, r, want, seen)
	}
	for kind, n := range want {
		until(t, fmt.Sprintf("%d %s are there", n, kind), func() bool { return len(s.rows(t, kind, "from=2020-01-01T00:00:00Z")) >= n })
		if got := len(s.rows(t, kind, "from=2020-01-01T00:00:00Z")); got != n {
			t.Errorf("%s: %d rows, want %d", kind, got, n)
		}
	}
	daysOfRecordings(t, s)
}

// daysOfRecordings looks at what the recordings come to. At nine they say that a session began, was unlocked, was locked
// and ended, each until six in the evening; what was done until then is shown.
func daysOfRecordings(t *testing.T, s *site) {
	t.Helper()
	const begins, of = "2025-10-01T04:00:00Z", "computer=PC-0001&date=2025-10-01"
	var d struct {
		Sessions []struct{ From, To, State string }
		Windows  []struct{ From, To string }
		Totals   struct{ ActiveSeconds, LockedSeconds int }
	}
	s.get(t, "/api/v2/monitoring/day?"+of, &d)
	var sessions, windows string
	for _, one := range d.Sessions {
		sessions += fmt.Sprintln(one.From, one.To, one.State)
	}
	for _, one := range d.Windows {
		windows += fmt.Sprintln(one.From, one.To)
	}
	wantSessions := "2025-10-01T00:00:00Z " + begins + " active\n" + begins + " 2025-10-01T10:00:00Z active\n2025-10-01T10:00:00Z 2025-10-01T13:00:00Z active\n"
	wantWindows := begins + " 2025-10-01T04:02:00Z\n2025-10-01T09:00:00.5Z 2025-10-01T09:00:01.5Z\n2025-10-01T09:00:01.5Z 2025-10-01T09:02:00.5Z\n"
	if sessions != wantSessions || windows != wantWindows || d.Totals.LockedSeconds != 0 || d.Totals.ActiveSeconds != 13*60*60 {
		t.Errorf("sessions\n%swindows\n%s%+v", sessions, windows, d.Totals)
	}
}

func replay(t *testing.T, host, key string, r v1test.Recording) {
	t.Helper()
	status, answer := call(t, r.Method, host+r.Path, agent(key), []byte(r.Body))
	if status != r.Status {
		t.Errorf("%s: %d, v1 said %d: %s", r.Name, status, r.Status, answer)
		return
	}
	var ours, theirs any
	if err := json.Unmarshal(answer, &ours); err != nil {
		t.Fatalf("%s: %v", r.Name, err)
	}
	if err := json.Unmarshal(r.Response, &theirs); err != nil {
		t.Fatal(err)
	}
	for _, d := range v1test.Differences(ours, theirs) {
		t.Errorf("%s: %s", r.Name, d)
	}
}

// countRows adds to want the rows that the recording's items are. Equal requests are one.
func countRows(t *testing.T, r v1test.Recording, want map[string]int, seen map[string]bool) {
	t.Helper()
	kind := strings.TrimPrefix(r.Path, "/api/agent/")
	var body struct {
		ComputerUID, UserSID string
		Data                 json.RawMessage
	}
	if strings.HasPrefix(kind, "register") || json.Unmarshal(r.Body, &body) != nil {
		return
	}
	var items []json.RawMessage
	if json.Unmarshal(body.Data, &items) != nil {
		items = []json.RawMessage{body.Data}
	}
	equal := map[string]int{}
	for _, item := range items {
		var e struct {
			Datetime, StartTime, EndTime                   any
			Title, URL, ProcessName, FilePath, SessionType string
			ActiveTime                                     float64
		}
		if err := json.Unmarshal(item, &e); err != nil {
			t.Fatal(err)
		}
		at, end, impossible := instant(cmp.Or(e.Datetime, e.StartTime)), instant(e.EndTime), e.ActiveTime < 0
		if !end.IsZero() && end.Before(at) {
			impossible = true
		}
		if impossible || at.After(time.Now().Add(10*time.Minute)) || at.Before(time.Now().AddDate(-5, 0, 0)) {
			continue // these are set aside, with their reason
		}
		if kind == "user-sessions" {
			e.Title = "" // it has none
		}
		e.Datetime, e.StartTime, e.EndTime, e.ActiveTime = at, nil, end, math.Trunc(e.ActiveTime)
		content := fmt.Sprint(kind, body.ComputerUID, body.UserSID, e)
		equal[content]++
		if row := fmt.Sprint(content, equal[content]); !seen[row] {
			seen[row] = true
			want[kind]++
		}
	}
}

// instant reads the forms of time that the recordings have: a text, or milliseconds.
func instant(v any) time.Time {
	if ms, isNumber := v.(float64); isNumber {
		return time.UnixMilli(int64(ms)).UTC()
	}
	text, _ := v.(string)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateOnly, "2006-01-02 15:04:05"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC()
		}
	}
	return time.Time{}
}

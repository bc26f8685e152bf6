package collector

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx/v1test"
	"github.com/staff-control/staff-control/platform/js"
)

// recordings reads those of v1's agent routes.
func recordings(t *testing.T) []v1test.Recording {
	t.Helper()
	return v1test.Read(t, func(r v1test.Recording) bool { return r.App == "agent-api" && strings.HasPrefix(r.Path, "/api/agent/") })
}

// better is where we answer otherwise than v1, by the end of the recording's name, and why.
var better = []struct {
	name   string
	status int
	why    string
}{
	{"over 100kb", 200, "v1 broke at 100 kB"},
	{"known computer new user", 200, "v1 could not take unknown Windows users"},
	{"key as bearer", 200, "v1's guard took the key, its service then did not"},
	{"register-computer-user ok", 200, "v1 could not register Windows users"},
	{"register-computer-user new", 200, "v1 could not register Windows users"},
	{"register-computer-user no body", 400, "v1 broke"},
	{"register-computer-user array body", 400, "v1 broke"},
}

func TestRecordingsOfV1AreAnsweredAlike(t *testing.T) {
	t.Parallel()
	all := recordings(t)
	k := keyring{}
	for _, r := range all {
		if role, ok := actor.ParseRole(r.Role); ok {
			k[r.Headers["x-api-key"]] = role
		}
	}
	server := newGateway(t, &sink{}, k)
	used := map[string]bool{}
	for _, r := range all {
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r.Request())
		want, differs := r.Status, false
		for _, d := range better {
			if strings.HasSuffix(r.Name, d.name) {
				want, differs, used[d.name] = d.status, true, true
			}
		}
		if w.Code != want || differs == (r.Status == want) {
			t.Errorf("%s: %d, want %d, v1 said %d: %s", r.Name, w.Code, want, r.Status, w.Body)
			continue
		}
		if differs {
			continue
		}
		ours, theirs := parsed(t, w.Body.Bytes()), parsed(t, r.Response)
		for _, d := range v1test.Differences(ours, theirs) {
			t.Errorf("%s: %s", r.Name, d)
		}
		for _, field := range []string{"error.code", "message"} {
			if a, b := at(ours, field), at(theirs, field); a != b {
				t.Errorf("%s: %s is %v, v1's %v", r.Name, field, a, b)
			}
		}
		sameWords(t, r, at(ours, "error.message"), at(theirs, "error.message"))
	}
	for _, d := range better {
		if !used[d.name] {
			t.Errorf("no recording differs by %q", d.name)
		}
	}
}

// sameWords compares messages, but for those of v1's JSON parser and of its check for any body at all, and for the one
// that module auth words.
func sameWords(t *testing.T, r v1test.Recording, ours, theirs any) {
	t.Helper()
	text, _ := theirs.(string)
	others := strings.Contains(text, "JSON") || text == "Invalid data format" || text == "Invalid API key" || strings.HasSuffix(r.Name, "array body")
	if ours != theirs && !others {
		t.Errorf("%s: says %v, v1 %v", r.Name, ours, theirs)
	}
}

func parsed(t *testing.T, raw []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	return v
}

// at is the member at a path of names; nil if there is none.
func at(v any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		object, _ := v.(map[string]any)
		v = object[name]
	}
	return v
}

func TestItemsOfV1BecomeEvents(t *testing.T) {
	t.Parallel()
	s := &sink{}
	server := newGateway(t, s, keys)
	nine := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		route, item string
		want        activity.Event
	}{
		{"active-windows", `{"datetime":"2026-11-02T14:00:00+05:00","title":"T","processName":"p","icon":"data:","activeTime":1.9,"x":{}}`, activity.Event{Kind: activity.ActiveWindow, At: nine, Title: "T", Process: "p", Duration: 1}},
		{"active-windows", `{"datetime":1793610000000,"title":"","processName":"","activeTime":-5}`, activity.Event{Kind: activity.ActiveWindow, At: nine, Duration: -5}},
		{"visited-sites", `{"datetime":"2026-11-02 09:00:00","url":"https://kun.uz/1","processName":"chrome.exe","activeTime":30}`, activity.Event{Kind: activity.VisitedSite, At: nine, URL: "https://kun.uz/1", Process: "chrome.exe", Duration: 30}},
		{"visited-sites", `{"datetime":null,"title":null,"url":"u","processName":"p","activeTime":0}`, activity.Event{Kind: activity.VisitedSite, At: time.Unix(0, 0).UTC(), URL: "u", Process: "p"}},
		{"screenshots", `{"datetime":"2026-11-02T09:00","filePath":"/s/1.png","processName":"p","title":"T"}`, activity.Event{Kind: activity.Screenshot, At: nine, FilePath: "/s/1.png", Process: "p", Title: "T"}},
		{"user-sessions", `{"startTime":"2026-11-02T09:00:00Z","endTime":"2026-11-02T10:00:00Z","sessionType":"UNLOCKED"}`, activity.Event{Kind: activity.UserSession, At: nine, End: nine.Add(time.Hour), Session: activity.Unlock}},
		{"user-sessions", `{"startTime":"2026-11-02T09:00:00Z","endTime":null,"sessionType":"LOGOUT"}`, activity.Event{Kind: activity.UserSession, At: nine, Session: activity.Logout}},
		{"user-sessions", `{"startTime":"2026-11-02T09:00:00Z","endTime":"","sessionType":"LOCKED"}`, activity.Event{Kind: activity.UserSession, At: nine, Session: activity.Lock}},
		{"user-sessions", `{"startTime":"0001-01-01T00:00:00","sessionType":"LOGIN"}`, activity.Event{Kind: activity.UserSession, At: time.Time{}.Add(time.Microsecond), Session: activity.Login}},
	} {
		w := post(t, server, "/api/agent/"+c.route, []byte(batch(c.item)))
		got := s.taken()
		if w.Code != 200 || len(got) != 1 {
			t.Errorf("%s: %d %s, took %+v", c.item, w.Code, w.Body, got)
			continue
		}
		c.want.ComputerUID, c.want.UserSID, c.want.Source, c.want.Key = "PC-1", "S-1", "v1", got[0].Key
		if fmt.Sprint(got[0]) != fmt.Sprint(c.want) || len(got[0].Key) != 38 {
			t.Errorf("%s\n got %+v\nwant %+v", c.item, got[0], c.want)
		}
	}
}

// A bad item refuses the batch, and nothing of it is taken.
func TestBatchOfV1IsTakenWhole(t *testing.T) {
	t.Parallel()
	s := &sink{}
	server := newGateway(t, s, keys)
	const window = `{"datetime":"2026-11-02T11:00:00Z","title":"T","processName":"p","activeTime":1}`
	for route, items := range map[string][]string{
		"active-windows": {
			`{}`, `null`, `5`, `[]`, `"x"`,
			`{"datetime":"x","title":"T","processName":"p","activeTime":1}`, `{"datetime":"","title":"T","processName":"p","activeTime":1}`,
			`{"datetime":true,"title":"T","processName":"p","activeTime":1}`, `{"datetime":9e15,"title":"T","processName":"p","activeTime":1}`,
			`{"datetime":"2026-11-02","title":null,"processName":"p","activeTime":1}`, `{"datetime":"2026-11-02","title":5,"processName":"p","activeTime":1}`,
			`{"datetime":"2026-11-02","title":"T","activeTime":1}`, `{"datetime":"2026-11-02","title":"T","processName":"p"}`,
			`{"datetime":"2026-11-02","title":"T","processName":"p","activeTime":"1"}`, `{"datetime":"2026-11-02","title":"T","processName":"p","activeTime":2147483648}`,
			`{"datetime":1e300,"title":"T","processName":"p","activeTime":1}`, `{"datetime":253402300800000,"title":"T","processName":"p","activeTime":1}`,
		},
		"visited-sites": {`{"datetime":"2026-11-02","processName":"p","activeTime":1}`, `{"datetime":"2026-11-02","url":"u","processName":"p","activeTime":[]}`, `{"url":"u","processName":"p","activeTime":1}`},
		"screenshots":   {`{"datetime":"2026-11-02","processName":"p"}`, `{"datetime":"2026-11-02","filePath":"f"}`, `{"filePath":7}`},
		"user-sessions": {`{"startTime":"2026-11-02","sessionType":"SLEEP"}`, `{"startTime":"2026-11-02"}`, `{"sessionType":"LOGIN"}`, `{"startTime":"2026-11-02","endTime":"x","sessionType":"LOGIN"}`, `{"startTime":"2026-11-02","sessionType":3}`},
	} {
		good := map[string]string{"active-windows": window, "user-sessions": `{"startTime":"2026-11-02","sessionType":"LOGIN"}`}[route]
		for _, item := range items {
			all := item
			if good != "" {
				all = good + "," + item
			}
			w := post(t, server, "/api/agent/"+route, []byte(batch(all)))
			want := "Failed to process " + strings.ReplaceAll(route, "-", " ") + " data"
			if w.Code != 400 || !strings.Contains(w.Body.String(), `"error":{"code":"Bad Request","message":"`+want+`"}`) {
				t.Errorf("%s: %d %s", item, w.Code, w.Body)
			}
		}
	}
	for _, data := range []string{`5`, `"x"`, `{}`, `[{}`, `[[]]`} {
		w := post(t, server, "/api/agent/active-windows", []byte(`{"computerUid":"PC-1","userSid":"S-1","timestamp":"2026-11-02","data":`+data+`}`))
		if w.Code != 400 {
			t.Errorf("data %s: %d %s", data, w.Code, w.Body)
		}
	}
	if s.puts != 0 {
		t.Errorf("the sink was asked %d times", s.puts)
	}
}

func TestRegistrationsOfV1(t *testing.T) {
	t.Parallel()
	s := &sink{}
	server := newGateway(t, s, keys)
	for range 2 {
		w := post(t, server, "/api/agent/register-computer", []byte(`{"computerUid":"PC-1","os":"Windows 11","x":1}`))
		answer := parsed(t, w.Body.Bytes())
		if w.Code != 200 || at(answer, "data.computerUid") != "PC-1" || at(answer, "data.os") != "Windows 11" || at(answer, "data.macAddress") != nil || at(answer, "data.id") != float64(numberV1("PC-1")) {
			t.Errorf("computer: %d %s", w.Code, w.Body)
		}
		w = post(t, server, "/api/agent/register-computer-user", []byte(`{"sid":"S-1","name":"Aziza","username":"aziza","isAdmin":true,"isInDomain":false}`))
		answer = parsed(t, w.Body.Bytes())
		if w.Code != 200 || at(answer, "data.sid") != "S-1" || at(answer, "data.isAdmin") != true || at(answer, "data.domain") != nil || at(answer, "data.employeeId") != nil || at(answer, "message") != "Computer user registered successfully" {
			t.Errorf("user: %d %s", w.Code, w.Body)
		}
	}
	got := s.taken()
	if len(got) != 4 || got[0].Kind != activity.Computer || got[0].Details["os"] != "Windows 11" || got[1].Kind != activity.ComputerUser || got[1].UserSID != "S-1" || got[1].Details["isAdmin"] != "true" || got[1].Source != "v1" {
		t.Errorf("took %+v", got)
	}
	for path, body := range map[string]string{
		"/api/agent/register-computer": `{"computerUid":" "}`, "/api/agent/register-computer-user": `{"sid":"S-1"}`,
	} {
		if w := post(t, server, path, []byte(body)); w.Code != 400 || !strings.Contains(w.Body.String(), `"code":"Bad Request"`) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	if n := numberV1("PC-1"); n < 1 || n == numberV1("PC-2") {
		t.Errorf("the number of PC-1 is %d", n)
	}
}

// JavaScript's Date took these, so v1 did.
func TestTimesThatV1Took(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2026-11-02T09:05:07Z": "09:05:07", "2026-11-02T09:05:07.1234567Z": "09:05:07.123456", "2026-11-02T14:05:07+05:00": "09:05:07",
		"2026-11-02T14:05:07.5+0500": "09:05:07.5", "2026-11-02T09:05:07": "09:05:07", " 2026-11-02 09:05:07.25 ": "09:05:07.25",
		"2026-11-02 14:05:07+05:00": "09:05:07", "2026-11-02T09:05": "09:05:00", "2026-11-02T09:05Z": "09:05:00", "2026-11-02 09:05": "09:05:00",
		"2026-11-02": "00:00:00", "11/2/2026 9:05:07 AM": "09:05:07", "11/02/2026 09:05:07": "09:05:07", "11/2/2026 9:05": "09:05:00", "11/2/2026": "00:00:00",
		"2026/11/02 09:05:07": "09:05:07", "2026/11/2": "00:00:00", "Mon, 02 Nov 2026 09:05:07 GMT": "09:05:07", "Mon, 02 Nov 2026 14:05:07 +0500": "09:05:07",
		"Mon Nov 02 2026 14:05:07 GMT+0500 (Uzbekistan Standard Time)": "09:05:07", "Mon Nov 02 2026": "00:00:00",
		"Nov 2, 2026 09:05:07": "09:05:07", "Nov 2, 2026": "00:00:00", "2 Nov 2026 09:05:07": "09:05:07", "2 Nov 2026": "00:00:00",
	} {
		at, ok := js.ParseTime(text)
		if got := at.Format("15:04:05.999999"); !ok || got != want || at.Format(time.DateOnly) != "2026-11-02" || at.Location() != time.UTC {
			t.Errorf("%q is %v (%v), want %s", text, at, ok, want)
		}
	}
	for text, want := range map[string]string{"2026-11": "2026-11-01", "2026": "2026-01-01"} {
		if at, ok := js.ParseTime(text); !ok || at.Format(time.DateOnly) != want {
			t.Errorf("%q is %v", text, at)
		}
	}
	for _, text := range []string{"", "x", "garbage", "2026-13-02", "2026-11-02T25:00:00Z", "yesterday", "(comment)"} {
		if at, ok := js.ParseTime(text); ok {
			t.Errorf("%q is taken for %v", text, at)
		}
	}
}

// Whatever a batch holds: sent again it has the same keys, and equal items of it have different ones.
func TestKeysOfABatchAreStableAndEqualItemsStayApart(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 2))
		events := make([]activity.Event, 1+rng.IntN(40))
		for i := range events {
			events[i] = activity.Event{
				Kind: activity.Kinds[rng.IntN(2)], ComputerUID: fmt.Sprint("PC-", rng.IntN(2)), UserSID: fmt.Sprint("S-", rng.IntN(2)),
				At: noon.Add(time.Duration(rng.IntN(3)) * time.Second), Duration: int64(rng.IntN(2)), Title: strings.Repeat("x", rng.IntN(2)),
			}
		}
		again := slices.Clone(events)
		addKeys(events)
		addKeys(again)
		byKey := map[string]bool{}
		for i, e := range events {
			if e.Key != again[i].Key || e.Key == "" {
				t.Fatalf("seed %d: event %d has the key %q, and %q when sent again", seed, i, e.Key, again[i].Key)
			}
			if byKey[e.Key] {
				t.Fatalf("seed %d: two events have the key %q", seed, e.Key)
			}
			byKey[e.Key] = true
		}
		// In another order the same things happened, however many of each.
		rng.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
		for i := range again {
			again[i].Key = ""
		}
		addKeys(again)
		for _, e := range again {
			if !byKey[e.Key] {
				t.Fatalf("seed %d: in another order an event has a new key", seed)
			}
		}
	}
}

package collector

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/modules/screenshots/shot"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

func noonClock() time.Time { return noon }

const events = "/v2/agent/events"

// every has an event of each kind, and what a newer agent might say more.
const every = `{"computerUid":"PC-1","userSid":"S-1","agent":{"version":[3]},"events":[
	{"id":"0192F3A1-7C00-7000-8000-000000000001","type":"active_window","at":"2026-11-02T16:00:00+05:00","durationSeconds":12,"title":"\"Hisobot\" \u2014 Excel","processName":"EXCEL.EXE","mood":"good"},
	{"type":"visited_site","at":"2026-11-02T11:01:00.123456789Z","durationSeconds":30,"title":"Bosh sahifa","url":"https://example.uz/?q=1","processName":"chrome.exe"},
	{"type":"screenshot","userSid":"S-2","at":"2026-11-02T11:02:00Z","filePath":"shots/1.png","fileSize":1048576,"title":"Ekran"},
	{"type":"user_session","at":"2026-11-02T11:03:00Z","end":"2026-11-02T11:43:00Z","sessionType":"LOCKED"},
	{"type":"idle_period","at":"2026-11-02T11:04:00Z","durationSeconds":300.9}]}`

func TestEventsOfEveryKindAreTaken(t *testing.T) {
	t.Parallel()
	s := &sink{}
	server := newGateway(t, s, keys)
	w := post(t, server, events, []byte(every))
	if w.Code != 200 || !strings.Contains(w.Body.String(), `"success":true,"accepted":5,"serverTime":"`) {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if a := s.actors[0]; a.Role != actor.Agent || a.ID != "key:7" || a.OrganizationID != 3 {
		t.Errorf("taken on behalf of %+v", a)
	}
	at := func(minute, nanos int) time.Time { return time.Date(2026, 11, 2, 11, minute, 0, nanos, time.UTC) }
	want := []activity.Event{
		{Kind: activity.ActiveWindow, Key: "0192f3a1-7c00-7000-8000-000000000001", UserSID: "S-1", At: at(0, 0), Duration: 12, Title: `"Hisobot" — Excel`, Process: "EXCEL.EXE"},
		{Kind: activity.VisitedSite, UserSID: "S-1", At: at(1, 123456789), Duration: 30, Title: "Bosh sahifa", URL: "https://example.uz/?q=1", Process: "chrome.exe"},
		{Kind: activity.Screenshot, UserSID: "S-2", At: at(2, 0), FilePath: "shots/1.png", FileSize: 1 << 20, Title: "Ekran"},
		{Kind: activity.UserSession, UserSID: "S-1", At: at(3, 0), End: at(43, 0), Session: activity.Lock},
		{Kind: activity.IdlePeriod, UserSID: "S-1", At: at(4, 0), Duration: 300},
	}
	got := s.taken()
	if len(got) != len(want) {
		t.Fatalf("took %d events: %+v", len(got), got)
	}
	seen := map[string]bool{}
	for i := range want {
		want[i].ComputerUID, want[i].Source = "PC-1", "api"
		if i > 0 {
			want[i].Key = got[i].Key // made here, each another
		}
		if fmt.Sprint(got[i]) != fmt.Sprint(want[i]) {
			t.Errorf("event %d\n got %+v\nwant %+v", i, got[i], want[i])
		}
		if seen[got[i].Key] || len(got[i].Key) != 36 {
			t.Errorf("event %d has the key %q", i, got[i].Key)
		}
		seen[got[i].Key] = true
	}
}

func TestBodiesMayBeCompressed(t *testing.T) {
	t.Parallel()
	s := &sink{}
	server := newGateway(t, s, keys)
	packed := map[string][]byte{"identity": []byte(every)}
	var z bytes.Buffer
	write := func(w io.WriteCloser, err error) []byte {
		t.Helper()
		if err == nil {
			_, err = io.WriteString(w, every)
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Clone(z.Bytes())
	}
	packed["gzip"] = write(gzip.NewWriter(&z), nil)
	z.Reset()
	packed["zstd"] = write(zstd.NewWriter(&z))
	for coding, body := range packed {
		if w := post(t, server, events, body, "Content-Encoding", coding); w.Code != 200 {
			t.Errorf("%s: %d %s", coding, w.Code, w.Body)
		}
		if n := len(s.taken()); n != 5 {
			t.Errorf("%s: took %d events, want 5", coding, n)
		}
		if coding != "identity" {
			if w := post(t, server, events, body[:len(body)/2], "Content-Encoding", coding); w.Code != 400 {
				t.Errorf("half of %s: %d %s", coding, w.Code, w.Body)
			}
		}
	}
	if w := post(t, server, events, []byte(every), "Content-Encoding", "br"); w.Code != 400 || !strings.Contains(w.Body.String(), "encoding_unknown") {
		t.Errorf("br: %d %s", w.Code, w.Body)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s := &sink{}
	server := newGateway(t, s, keys)
	one := func(fields string) string {
		return `{"computerUid":"PC-1","userSid":"S-1","events":[{"type":"active_window","at":"2026-11-02T11:00:00Z"},{` + fields + `}]}`
	}
	key := func(k string) map[string]string { return map[string]string{"X-API-Key": k} }
	bearer := func(k string) map[string]string { return map[string]string{"Authorization": "bearer " + k} }
	agent := key("agent")
	const at = `"at":"2026-11-02T11:00:00Z"`
	huge := `{"computerUid":"PC-1","userSid":"S-1","events":[{"type":"active_window",` + at + `,"title":"` + strings.Repeat("x", 10<<20) + `"}]}`
	many := `{"computerUid":"PC-1","userSid":"S-1","events":[{"type":"idle_period",` + at + `}` + strings.Repeat(`,{"type":"idle_period",`+at+`}`, 10_000) + `]}`
	refused := func(field, code string) []string {
		return []string{fmt.Sprintf(`{"field":"%s","code":"%s"`, field, code)}
	}
	httptestx.Run(t, server,
		httptestx.Scenario{Name: "no key", Path: events, Body: every, Status: 401, Golden: "no_key"},
		httptestx.Scenario{Name: "wrong key", Path: events, Body: every, Header: key("x"), Status: 401, Contains: []string{"auth.key_invalid"}},
		httptestx.Scenario{Name: "another scheme", Path: events, Body: every, Header: map[string]string{"Authorization": "Basic agent"}, Status: 401},
		httptestx.Scenario{Name: "a key that cannot be checked now", Path: events, Body: every, Header: key("unchecked"), Status: 503, Contains: []string{"auth.key_unchecked"}},
		httptestx.Scenario{Name: "a device's key", Path: events, Body: every, Header: key("hikvision"), Status: 403, Contains: []string{"ACCESS_DENIED"}},
		httptestx.Scenario{Name: "malformed", Path: events, Body: `{"computerUid":`, Header: agent, Status: 400, Golden: "malformed"},
		httptestx.Scenario{Name: "half", Path: events, Body: every[:len(every)-2], Header: agent, Status: 400, Contains: []string{"malformed"}},
		httptestx.Scenario{Name: "two bodies", Path: events, Body: every + every, Header: agent, Status: 400, Contains: []string{"malformed"}},
		httptestx.Scenario{Name: "a list", Path: events, Body: `[]`, Header: agent, Status: 400, Contains: []string{"malformed"}},
		httptestx.Scenario{Name: "nothing", Path: events, Body: ``, Header: agent, Status: 400, Contains: refused("events", "required")},
		httptestx.Scenario{Name: "an empty object", Path: events, Body: `{}`, Header: agent, Status: 400, Golden: "nothing"},
		httptestx.Scenario{Name: "no events", Path: events, Body: `{"computerUid":"PC-1","events":[]}`, Header: agent, Status: 400, Contains: refused("events", "required")},
		httptestx.Scenario{Name: "10 MB", Path: events, Body: huge, Header: agent, Status: 413, Contains: []string{"too_large"}},
		httptestx.Scenario{Name: "too many", Path: events, Body: many, Header: agent, Status: 413, Contains: []string{"collector.batch_too_large", "10"}},
		httptestx.Scenario{Name: "unknown type", Path: events, Body: one(`"type":"coffee_break",` + at), Header: agent, Status: 400, Contains: refused("events[1].type", "collector.type_unknown")},
		httptestx.Scenario{Name: "a registration is no event", Path: events, Body: one(`"type":"computer",` + at), Header: agent, Status: 400, Contains: refused("events[1].type", "collector.type_unknown")},
		httptestx.Scenario{Name: "no type and no time", Path: events, Body: one(`"title":"x"`), Header: agent, Status: 400, Golden: "event_of_nothing"},
		httptestx.Scenario{Name: "wrong types", Path: events, Body: one(`"type":5,"at":7,"title":{},"durationSeconds":"12"`), Header: agent, Status: 400, Contains: append(refused("events[1].at", "not_text"), refused("events[1].durationSeconds", "not_a_number")...)},
		httptestx.Scenario{Name: "no time", Path: events, Body: one(`"type":"idle_period","at":"yesterday"`), Header: agent, Status: 400, Contains: refused("events[1].at", "not_a_time")},
		httptestx.Scenario{Name: "no url", Path: events, Body: one(`"type":"visited_site",` + at), Header: agent, Status: 400, Contains: refused("events[1].url", "required")},
		httptestx.Scenario{Name: "no path", Path: events, Body: one(`"type":"screenshot",` + at), Header: agent, Status: 400, Contains: refused("events[1].filePath", "required")},
		httptestx.Scenario{Name: "strange session", Path: events, Body: one(`"type":"user_session","sessionType":"SLEEP",` + at), Header: agent, Status: 400, Contains: refused("events[1].sessionType", "collector.session_type_unknown")},
		httptestx.Scenario{Name: "an id that is none", Path: events, Body: one(`"type":"idle_period","id":"7",` + at), Header: agent, Status: 400, Contains: refused("events[1].id", "collector.not_a_uuid")},
		httptestx.Scenario{Name: "no user", Path: events, Body: `{"computerUid":"PC-1","events":[{"type":"idle_period",` + at + `}]}`, Header: agent, Status: 400, Contains: refused("events[0].userSid", "required")},
		httptestx.Scenario{Name: "long user", Path: events, Body: one(`"type":"idle_period","userSid":"` + strings.Repeat("S", 256) + `",` + at), Header: agent, Status: 400, Contains: refused("events[1].userSid", "too_long")},
		httptestx.Scenario{Name: "long computer", Path: events, Body: `{"computerUid":"` + strings.Repeat("P", 256) + `","userSid":"S-1","events":[{"type":"idle_period",` + at + `}]}`, Header: agent, Status: 400, Contains: refused("computerUid", "too_long")},
		httptestx.Scenario{Name: "events of another type", Path: events, Body: `{"computerUid":"PC-1","events":{}}`, Header: agent, Status: 400, Contains: refused("events", "not_a_list")},
		httptestx.Scenario{Name: "register nothing", Path: "/v2/agent/register", Body: `{"users":[{}]}`, Header: agent, Status: 400, Contains: append(refused("computer.computerUid", "required"), refused("users[0].sid", "required")...)},
	)
	if s.puts != 0 {
		t.Errorf("the sink was asked %d times for what was refused", s.puts)
	}
	httptestx.Run(t, server,
		httptestx.Scenario{Name: "bearer key", Path: events, Body: every, Header: bearer("agent"), Status: 200},
		httptestx.Scenario{Name: "v1's ADMIN key", Path: events, Body: every, Header: key("admin"), Status: 200},
	)
}

// What the sink says, the agent hears, and nothing is half taken.
func TestAKeyIsGoodFromItsNetworksOnly(t *testing.T) {
	t.Parallel()
	s := &sink{}
	server := newGateway(t, s, keys)
	for from, want := range map[string]int{"10.1.2.3:50": 200, "[::ffff:10.1.2.3]:50": 200, "10.2.0.1:50": 403, "[2001:db8::1]:50": 403, "nowhere": 403} {
		for _, path := range []string{events, "/api/agent/active-windows"} {
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(every))
			r.RemoteAddr = from
			r.Header.Set("X-API-Key", "office")
			r.Header.Set("X-Forwarded-For", "10.1.2.3") // of no trusted proxy
			w := httptest.NewRecorder()
			server.ServeHTTP(w, r)
			if refused := w.Code == 403; refused != (want == 403) || path == events && w.Code != want {
				t.Errorf("%s from %s: %d %s, want %d", path, from, w.Code, w.Body, want)
			}
		}
	}
	if s.puts != 2 {
		t.Errorf("the sink was asked %d times, want 2", s.puts)
	}
}

func TestFaultsOfTheSinkArePassedOn(t *testing.T) {
	t.Parallel()
	s := &sink{}
	server := newGateway(t, s, keys)
	for _, c := range []struct {
		err    error
		status int
		retry  string
	}{
		{fault.New(fault.TooMany, "too_many").After(30 * time.Second), 429, "30"},
		{fault.New(fault.Unavailable, "unavailable"), 503, "5"},
		{fault.ErrInvalid, 400, ""},
		{io.ErrUnexpectedEOF, 500, ""},
	} {
		s.err = c.err
		for path, body := range map[string]string{
			events: every, "/v2/agent/register": `{"computer":{"computerUid":"PC-1"}}`,
			"/api/agent/active-windows": windows(1), "/api/agent/register-computer": `{"computerUid":"PC-1"}`, "/api/agent/register-computer-user": `{"sid":"S-1","name":"A","username":"a"}`,
		} {
			w := post(t, server, path, []byte(body))
			if w.Code != c.status || w.Header().Get("Retry-After") != c.retry || !strings.Contains(w.Body.String(), `"success":false`) {
				t.Errorf("%s, %v: %d, Retry-After %q, %s", path, c.err, w.Code, w.Header().Get("Retry-After"), w.Body)
			}
		}
	}
	if got := s.taken(); len(got) != 0 {
		t.Errorf("took %d events", len(got))
	}
}

func TestRegistrationIsCarriedLikeAnEvent(t *testing.T) {
	t.Parallel()
	s := &sink{}
	server := newGateway(t, s, keys)
	w := post(t, server, "/v2/agent/register", []byte(`{"computer":{"computerUid":"PC-1","name":"Kassa","os":"Windows 11","ipAddress":"10.0.0.7","macAddress":"00:11","agentVersion":"2.0","x":1},
		"users":[{"sid":"S-1","name":"Aziza","domain":"CORP","username":"aziza","isAdmin":true},{"sid":"S-2"}]}`))
	if w.Code != 200 || !strings.Contains(w.Body.String(), `"accepted":3`) {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	got := s.taken()
	if len(got) != 3 {
		t.Fatalf("took %+v", got)
	}
	for i, want := range []string{
		"computer PC-1  map[agentVersion:2.0 ipAddress:10.0.0.7 macAddress:00:11 name:Kassa os:Windows 11] api",
		"computer_user PC-1 S-1 map[domain:CORP isAdmin:true isInDomain:false name:Aziza username:aziza] api",
		"computer_user PC-1 S-2 map[isAdmin:false isInDomain:false] api",
	} {
		e := got[i]
		if text := fmt.Sprint(e.Kind, " ", e.ComputerUID, " ", e.UserSID, " ", e.Details, " ", e.Source); text != want || e.Key == "" || e.At.IsZero() {
			t.Errorf("event %d is %s at %v, want %s", i, text, e.At, want)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	s := &sink{}
	server := newGateway(t, s, keys, "collector.max_batch=4", "collector.max_body=1KiB")
	if w := post(t, server, events, []byte(every)); w.Code != 413 || !strings.Contains(w.Body.String(), "too_large") {
		t.Errorf("a body over the bound: %d %s", w.Code, w.Body)
	}
	five := strings.Repeat(`{"type":"idle_period","at":"2026-11-02T11:00:00Z"},`, 5)
	if w := post(t, server, events, []byte(`{"computerUid":"PC-1","userSid":"S-1","events":[`+five[:len(five)-1]+`]}`)); w.Code != 413 || !strings.Contains(w.Body.String(), "collector.batch_too_large") {
		t.Errorf("a batch over the bound: %d %s", w.Code, w.Body)
	}
	if w := post(t, server, "/api/agent/active-windows", []byte(windows(5))); w.Code != 413 {
		t.Errorf("a batch of v1 over the bound: %d %s", w.Code, w.Body)
	}
	off := newGateway(t, s, keys, "collector.enabled=false")
	if w := post(t, off, events, []byte(every)); w.Code != 404 {
		t.Errorf("switched off: %d %s", w.Code, w.Body)
	}
	if got := s.taken(); len(got) != 0 {
		t.Errorf("took %d events", len(got))
	}
	for _, c := range []Config{{MaxBatch: 0, MaxBody: 1 << 20, TellEvery: time.Minute}, {MaxBatch: 100_001, MaxBody: 1 << 20, TellEvery: time.Minute}, {MaxBatch: 1, MaxBody: 1, TellEvery: time.Minute},
		{MaxBatch: 1, MaxBody: 1 << 30, TellEvery: time.Minute}, {MaxBatch: 1, MaxBody: 1 << 20}, {MaxBatch: 1, MaxBody: 1 << 20, TellEvery: 2 * time.Hour},
	} {
		if err := c.Validate(); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
}

// On agent-api another module knows the keys; the routes are the same.
func TestAgentAPIHasTheSameRoutes(t *testing.T) {
	t.Parallel()
	s := &sink{}
	server := kerneltest.Build(t, kernel.AgentAPI, kerneltest.Options{DB: dbtest.SQLite(t)}, New(),
		kerneltest.Provide[activity.Sink](kernel.AgentAPI, s), kerneltest.Provide[shot.Taker](kernel.AgentAPI, s),
		kerneltest.Provide[identity.Keys](kernel.AgentAPI, keys), kerneltest.Provide[rule.Set](kernel.AgentAPI, &policies{}))
	gateway := newGateway(t, s, keys)
	if a, b := fmt.Sprint(paths(server)), fmt.Sprint(paths(gateway)); a != b {
		t.Errorf("agent-api has %s, the gateway %s", a, b)
	}
	agent := &actor.Actor{Role: actor.Agent, ID: "key:9", OrganizationID: 4}
	httptestx.Run(t, server,
		httptestx.Scenario{Name: "the module's own check of keys is not asked", Path: events, Body: every, Header: map[string]string{"X-API-Key": "agent"}, Status: 401},
		httptestx.Scenario{Name: "events", As: agent, Path: events, Body: every, Status: 200},
		httptestx.Scenario{Name: "v1", As: agent, Path: "/api/agent/active-windows", Body: windows(2), Status: 200},
	)
	if got := s.taken(); len(got) != 7 {
		t.Errorf("took %d events, want 7", len(got))
	}
}

// paths are the module's routes.
func paths(s *httpx.Server) (list []string) {
	for _, r := range s.Routes() {
		if r.Owner == "collector" {
			list = append(list, r.Method+" "+r.Path+" "+r.Permission)
		}
	}
	return list
}

// windows is a batch of v1 with n different windows.
func windows(n int) string {
	items := make([]string, n)
	for i := range items {
		items[i] = fmt.Sprintf(`{"datetime":"2026-11-02T11:%02d:00Z","title":"T","processName":"p","activeTime":1}`, i)
	}
	return batch(strings.Join(items, ","))
}

// batch is a batch of v1 around items.
func batch(items string) string {
	return `{"computerUid":"PC-1","userSid":"S-1","timestamp":"2026-11-02T11:59:00Z","data":[` + items + `]}`
}

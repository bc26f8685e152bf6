package modules_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/platform/httpx/v1test"
)

// difference is where agent-api answers otherwise than v1, on purpose.
type difference struct {
	// name is the end of the recordings' names, path the beginning of their paths.
	name, path string
	status     int      // ours; 0: v1's
	fields     []string // how the answers differ where the status is v1's
	lines      []string // of docs/v1-differences.md, where the reason stands
}

var differences = []difference{
	{"over 100kb", "", 200, nil, []string{"body over 100 kB: 500 `APPLICATION_ERROR`"}},
	{"known computer new user", "", 200, nil, []string{"unknown `userSid` 400"}},
	{"key as bearer", "", 200, nil, []string{"`Authorization: Bearer` alone 401"}},
	{"register-computer-user ok", "", 200, nil, []string{"`register-computer-user` always 500"}},
	{"register-computer-user new", "", 200, nil, []string{"`register-computer-user` always 500"}},
	{"register-computer-user no body", "", 400, nil, []string{"`register-computer` without `computerUid`, a registration without a body: 500"}},
	{"register-computer-user array body", "", 400, nil, []string{"`register-computer` without `computerUid`, a registration without a body: 500"}},
	{"batch empty", "/api/hikvision", 400, nil, []string{"a batch without its list, a heartbeat without a body: 500"}},
	{"batch no body", "/api/hikvision", 400, nil, []string{"a batch without its list, a heartbeat without a body: 500"}},
	{"heartbeat no body", "/api/hikvision", 400, nil, []string{"a batch without its list, a heartbeat without a body: 500"}},
	{"security empty body", "/api/security/ip-whitelist", 400, nil, []string{"`POST ip-whitelist` without an address: 201, and the list holds null"}},
	{"rate limit 2/min call 4", "", 429, nil, []string{"over rate: 403, and the key is refused for 300 s"}},
	{"unknown key type", "", 401, nil, []string{"`keyType` is any text"}},
	{"dp.jobs empty", "", 0, []string{".data.jobId is more"}, []string{"a job without `jobId` has none"}},
	{"dp.batch empty", "", 400, nil, []string{"a batch without its list: 500"}},
	{"dp.retry missing", "", 404, nil, []string{"`retry` and `cleanup` do nothing"}},
	{"dp.jobs pending", "", 0, jobDone, []string{"a job waits for the queue's next look, up to a second"}},
	{"dp.jobs status window invalid", "", 0, jobOver, []string{"a job that can never succeed is tried three times", "`error.stack` shows the inside"}},
	{"dp.jobs status hikvision type", "", 0, jobOver, []string{"a job that can never succeed is tried three times", "`HIKVISION_ACTION` and `HIKVISION_EVENT` are refused"}},
	{"dp.jobs status no raw", "", 0, jobOver, []string{"a job that can never succeed is tried three times", "`error.stack` shows the inside"}},
	{"dp.jobs status screenshot", "", 0, append([]string{".data.error is missing"}, jobDone...), []string{"windows, sites and screenshots of a user whom nobody knows fail"}},
	{"dp.jobs final site", "", 0, append([]string{".data.error is missing"}, jobDone...), []string{"windows, sites and screenshots of a user whom nobody knows fail"}},
	{"dp.jobs status session", "", 0, []string{
		".data.linkingResult.employeeId is null, v1's number", ".data.linkingResult.userId is number, v1's null", ".data.processedData.employeeId is missing",
	}, []string{"`employeeId` of `computerUserLink` is believed"}},
	{"dp.jobs final window invalid", "", 0, []string{".data.error.stack is missing"}, []string{"`error.stack` shows the inside"}},
	{"dp.jobs final hikvision type", "", 0, []string{".data.error.stack is missing"}, []string{"`error.stack` shows the inside"}},
	{"dp.jobs final skipValidation", "", 0, []string{".data.error.stack is missing"}, []string{"`error.stack` shows the inside"}},
	{"dp after", "/api/data-processing/stats", 200, nil, []string{"`stats` is 500 once a job has finished"}},
	{"docs", "/api/docs", 0, []string{" is no JSON"}, []string{"`GET /api/docs` is a Swagger UI"}},
}

// jobDone is what a finished job has more than one that waits, and jobOver what a failed one has more than one that is to
// be tried again, without the stack.
var (
	jobDone = []string{
		".data.databaseResult is more", ".data.duration is more", ".data.endTime is more", ".data.linkingResult is more", ".data.metrics is more",
		".data.processedData is more", ".data.validationResult is more",
	}
	jobOver = []string{".data.duration is more", ".data.endTime is more", ".data.error.stack is missing"}
)

// Every request of the recordings is answered by agent-api with v1's status, and with its names and types, or the
// difference and its reason are written down.
func TestEveryRecordingOfAgentAPI(t *testing.T) {
	t.Parallel()
	all := v1test.Read(t, func(r v1test.Recording) bool { return r.App == "agent-api" })
	for name, open := range map[string]func(t *testing.T) *site{
		"sqlite":   func(t *testing.T) *site { return newSite(t, believesAll) },
		"postgres": func(t *testing.T) *site { return onPostgres(t, believesAll) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			s.serve(t, "role=agent-api,dashboard", "http.trusted_proxies=127.0.0.1/32") // the recordings come by a proxy
			ready(t, s.agentAPI, s.dashboard)
			p := newPlayer(t, s, all)
			for _, r := range all {
				p.play(t, r)
			}
			for i, d := range differences {
				if !p.used[i] {
					t.Errorf("no recording differs by %q", d.name)
				}
			}
		})
	}
}

// Each difference stands in the document, with its reason.
func TestEveryDifferenceIsWrittenDown(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../docs/v1-differences.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range append(slices.Clone(differences), difference{name: "without a key", lines: []string{"`data-processing/*` needs no key"}}) {
		for _, line := range d.lines {
			if !bytes.Contains(document, []byte("\n| "+line+" | ")) {
				t.Errorf("docs/v1-differences.md has no line for %q: %s", d.name, line)
			}
		}
	}
}

// unrecordedJobs are jobs that were asked for in recordings, though what ordered them was not recorded.
var unrecordedJobs = []string{
	`{"jobId":"0222aa9f-e00e-400e-8952-86eee4244636","dataType":"USER_SESSION","rawData":{"sessionStart":"2025-10-01T10:00:00Z","username":"n1"},"timestamp":"2025-10-01T10:00:00Z",` + linkV1,
	`{"jobId":"e6003d9d-e1f9-42e0-9e0c-fa56772cae77","dataType":"HIKVISION_ACTION","rawData":{"a":1},"timestamp":"2025-10-01T10:00:00Z",` + linkV1,
	`{"jobId":"82e59131-4e4a-48c1-ad1f-2aa23c43aef9","dataType":"ACTIVE_WINDOW","timestamp":"2025-10-01T10:00:00Z"}`,
	`{"jobId":"b8bcc474-ced6-4eb7-9056-6cadd811e9e0","dataType":"VISITED_SITE","rawData":{"url":"https://x.uz/a","activeTime":5},"timestamp":"2025-10-01T10:00:00Z",` + linkV1,
	`{"jobId":"69c7dfaf-72e5-48d7-99b7-5fe12814e289","dataType":"ACTIVE_WINDOW","rawData":{"processName":"p"},"timestamp":"2025-10-01T10:00:00Z","options":{"skipValidation":true}}`,
}

const linkV1 = `"computerUserLink":{"computerIdentifier":"S-1-5-21-1000-2000-3000-1001","username":"n1","employeeId":1,"computerInfo":{"hostname":"PC-0001","macAddress":"00:1A:2B:3C:00:01","ipAddress":"192.168.0.2","operatingSystem":"W"}}}`

// player sends the recordings to a site in their order, with what lay between them.
type player struct {
	*site
	admin string            // v1's ADMIN key
	keys  map[string]string // ours, for those that v1 made
	used  map[int]bool      // differences that a recording has
}

func newPlayer(t *testing.T, s *site, all []v1test.Recording) *player {
	t.Helper()
	p := &player{site: s, keys: map[string]string{}, used: map[int]bool{}}
	s.signIn(t)
	flags := map[string][]string{
		"AGENT": {"--type", "AGENT"}, "HIKVISION": {"--type", "HIKVISION"}, "ADMIN": {"--type", "ADMIN"},
		"AGENT-limited": {"--type", "AGENT", "--rate-limit", "2"}, "ADMIN-inactive": {"--type", "ADMIN"}, "ADMIN-ip": {"--type", "ADMIN", "--allow", "203.0.113.77"},
	}
	for _, r := range all {
		key, more := r.Headers["x-api-key"], flags[r.Role]
		if more == nil || p.keys[key] != "" {
			continue
		}
		p.keys[key] = s.command(t, append([]string{"apikey", "create", "--organization", "1", "--key", key}, more...)...)
		if r.Role == "ADMIN" {
			p.admin = key
		}
	}
	p.employ(t)
	return p
}

// employ makes the terminal and the employee of v1's dump that most recordings name.
func (p *player) employ(t *testing.T) {
	t.Helper()
	for _, made := range []struct{ path, body string }{
		{"departments", `{"fullName":"IT","shortName":"IT","organizationId":1}`},
		{"employees", `{"name":"Aziz Rahimov","departmentId":1}`},
		{"devices", `{"name":"Kirish","ipAddress":"10.10.0.1","entryType":"BOTH","organizationId":1}`},
	} {
		header := map[string]string{"Authorization": "Bearer " + p.token}
		if status, answer := call(t, http.MethodPost, p.dashboard+"/api/v2/"+made.path, header, made.body); status != http.StatusCreated {
			t.Fatalf("%s: %d %s", made.path, status, answer)
		}
	}
}

// before does what v1's clients did before this recording and what was not recorded.
func (p *player) before(t *testing.T, r v1test.Recording) {
	t.Helper()
	security := func(method, path string, body string) {
		t.Helper()
		if status, answer := call(t, method, p.agentAPI+"/api/security/"+path, agent(p.admin), body); status >= 300 {
			t.Fatalf("before %s: %d %s", r.Name, status, answer)
		}
	}
	if job := strings.HasPrefix(r.Path, "/api/data-processing/jobs/") || strings.HasPrefix(r.Path, "/api/data-processing/batches/"); job && r.Method == http.MethodGet {
		until(t, r.Path+" is done", func() bool {
			_, answer := call(t, http.MethodGet, p.agentAPI+r.Path, agent(p.admin), nil)
			return !bytes.Contains(answer, []byte(`"PENDING"`)) && !bytes.Contains(answer, []byte(`"PROCESSING"`))
		})
	}
	switch r.Name {
	case "dp.batch ok":
		for _, job := range unrecordedJobs {
			if status, answer := call(t, http.MethodPost, p.agentAPI+"/api/data-processing/jobs", agent(p.admin), job); status != http.StatusAccepted {
				t.Fatalf("%s: %d %s", job, status, answer)
			}
		}
	case "rate limit 2/min call 4":
		for range 2 {
			call(t, r.Method, p.agentAPI+r.Path, r.Headers, nil)
		}
	case "inactive key", "updated key is inactive":
		security(http.MethodPut, "api-keys/"+p.idOf(t, r.Headers["x-api-key"]), `{"isActive":false}`)
	case "unblock address":
		security(http.MethodPost, "ip-blocked/203.0.113.50", `{"reason":"test"}`)
		header := map[string]string{"X-API-Key": "nobody's", "X-Forwarded-For": "203.0.113.50"}
		call(t, http.MethodPost, p.agentAPI+"/api/agent/active-windows", header, "{}")
	}
}

// idOf is the id of one of the keys that were taken over.
func (p *player) idOf(t *testing.T, key string) string {
	t.Helper()
	_, answer := call(t, http.MethodGet, p.agentAPI+"/api/security/api-keys", agent(p.admin), nil)
	var list struct {
		Data []struct{ KeyID, MaskedKey string }
	}
	if err := json.Unmarshal(answer, &list); err != nil {
		t.Fatal(err)
	}
	for _, k := range list.Data {
		if k.MaskedKey == key[:4]+"***" {
			return k.KeyID
		}
	}
	t.Fatalf("no key begins with %s: %s", key[:4], answer)
	return ""
}

func (p *player) play(t *testing.T, r v1test.Recording) {
	t.Helper()
	p.before(t, r)
	if open := strings.HasPrefix(r.Path, "/api/data-processing/") && r.Headers["x-api-key"] == ""; open {
		if status, answer := p.send(t, r); status != http.StatusUnauthorized {
			t.Errorf("%s %s %s is open to anybody: %d %.300s", r.Name, r.Method, r.Path, status, answer)
		}
		r.Headers = maps.Clone(r.Headers)
		r.Headers["x-api-key"] = p.admin
	}
	status, answer := p.send(t, r)
	want, allowed := r.Status, []string(nil)
	i := slices.IndexFunc(differences, func(d difference) bool {
		return strings.HasSuffix(r.Name, d.name) && strings.HasPrefix(r.Path, d.path)
	})
	if i >= 0 {
		p.used[i] = true
		allowed = differences[i].fields
		if differences[i].status != 0 {
			want = differences[i].status
		}
	}
	if status != want {
		t.Errorf("%d %s %s %s: %d, want %d, v1 said %d: %.300s", r.Seq, r.Name, r.Method, r.Path, status, want, r.Status, answer)
		return
	}
	if status != r.Status {
		return
	}
	found := differ(answer, r.Response)
	if i >= 0 && (differences[i].status != 0 || len(found) == 0) {
		t.Errorf("%s is answered as by v1; the difference is none", r.Name)
	}
	for _, d := range found {
		if !slices.Contains(allowed, d) {
			t.Errorf("%d %s %s %s: %s: %.300s", r.Seq, r.Name, r.Method, r.Path, d, answer)
		}
	}
	p.remember(answer, r.Response)
}

func differ(ours, theirs []byte) []string {
	var a, b any
	if json.Unmarshal(theirs, &b) != nil {
		return []string{"v1's answer is no JSON"}
	}
	if json.Unmarshal(ours, &a) != nil {
		return []string{" is no JSON"}
	}
	return v1test.Differences(a, b)
}

// remember takes the key that v1 made for the one that we have made.
func (p *player) remember(ours, theirs []byte) {
	var a, b struct{ Data struct{ APIKey string } }
	if json.Unmarshal(ours, &a) == nil && json.Unmarshal(theirs, &b) == nil && b.Data.APIKey != "" {
		p.keys[b.Data.APIKey] = a.Data.APIKey
	}
}

// send sends the recorded request with our keys in place of v1's.
func (p *player) send(t *testing.T, r v1test.Recording) (int, []byte) {
	t.Helper()
	req, err := http.NewRequest(r.Method, p.agentAPI+r.Path, bytes.NewReader(r.Sent()))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range r.Headers {
		if ours := p.keys[value]; ours != "" {
			value = ours
		}
		if name != "content-length" {
			req.Header.Set(name, value)
		}
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, answer
}

// The design document's smoke test asks for these on the dashboard, under v1's last prefix or the one before.
func TestEndpointsOfTheSmokeTestAnswer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.serve(t, "role=dashboard")
	ready(t, s.dashboard)
	s.signIn(t)
	for _, prefix := range []string{"/api", "/api/v1"} {
		for _, path := range []string{"/health", "/auth/login", "/organizations", "/employees"} {
			status, answer := call(t, http.MethodGet, s.dashboard+prefix+path, map[string]string{"Authorization": "Bearer " + s.token}, nil)
			if status != http.StatusOK || !json.Valid(answer) {
				t.Errorf("GET %s%s: %d %s", prefix, path, status, answer)
			}
		}
	}
}

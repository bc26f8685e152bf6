package modules_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules"
	"github.com/staff-control/staff-control/platform/config"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
)

const adminPassword = "Correct7!horse"

// site is the product as a customer runs it: the addresses of its roles, and a signed-in administrator.
type site struct {
	gateway, agentAPI, dashboard string
	env                          []string
	data                         string
	token                        string
	log                          *lines
}

// lines keeps what a process writes, for the message of a failed test.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// newSite finds addresses for a site in a directory of its own and runs nothing yet.
func newSite(t testing.TB, env ...string) *site {
	t.Helper()
	s := &site{data: t.TempDir(), log: &lines{}}
	addresses := freeAddresses(t, 3)
	s.gateway, s.agentAPI, s.dashboard = "http://"+addresses[0], "http://"+addresses[1], "http://"+addresses[2]
	s.env = append([]string{
		"STAFF_DATA=" + s.data, "STAFF_GATEWAY__LISTEN=" + addresses[0], "STAFF_AGENT_API__LISTEN=" + addresses[1],
		"STAFF_DASHBOARD__LISTEN=" + addresses[2], "STAFF_AUTH__ADMIN_PASSWORD=" + adminPassword, "STAFF_UPLINK__INTERVAL=100ms",
		"STAFF_UPLINK__HEARTBEAT_INTERVAL=1s",
	}, env...)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the site said:\n%s", s.log)
		}
	})
	return s
}

// onPostgres is a site on a PostgreSQL database of its own, which it uses as the app's own role.
func onPostgres(t testing.TB, env ...string) *site {
	t.Helper()
	return newSite(t, append(env, "DATABASE_URL="+dbtest.PostgresURL(t, "staff_app"), "STAFF_AUTH__TOKEN_KEY="+strings.Repeat("k", 40))...)
}

func freeAddresses(t testing.TB, n int) []string {
	t.Helper()
	var addresses []string
	for range n {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		addresses = append(addresses, ln.Addr().String())
	}
	return addresses
}

func (s *site) load(t testing.TB, set ...string) *modules.Process {
	t.Helper()
	p, err := modules.Load(config.Input{Env: s.env, Set: set}, modules.Build{Version: "test"}, s.log, false)
	if err != nil {
		t.Fatal(err)
	}
	p.Inspect = httptestx.Inspect(t)
	p.Cheap() // most of these tests' time would be that of signing in
	return p
}

// serve runs roles in this process until stop is called or the test ends.
func (s *site) serve(t testing.TB, set ...string) (stop func()) {
	t.Helper()
	p := s.load(t, set...)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Serve(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// command runs a sub-command and returns the last word that it prints.
func (s *site) command(t testing.TB, words ...string) string {
	t.Helper()
	var out bytes.Buffer
	known, err := s.load(t).Command(context.Background(), words, nil, &out)
	if err != nil || !known {
		t.Fatalf("%v: known %v, %v", words, known, err)
	}
	all := strings.Fields(out.String())
	if len(all) == 0 {
		t.Fatalf("%v printed nothing", words)
	}
	return all[len(all)-1]
}

// until asks again until ask returns true, and fails the test after a while.
func until(t testing.TB, what string, ask func() bool) {
	t.Helper()
	within(t, 30*time.Second, what, ask)
}

// within is until with a while of one's own.
func within(t testing.TB, while time.Duration, what string, ask func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.NewTimer(while)
	defer late.Stop()
	for !ask() {
		select {
		case <-late.C:
			t.Fatalf("waited too long for: %s", what)
		case <-tick.C:
		}
	}
}

// ready waits until the roles at these addresses are.
func ready(t testing.TB, addresses ...string) {
	t.Helper()
	for _, a := range addresses {
		until(t, a+" is ready", func() bool {
			res, err := http.Get(a + "/health/ready")
			if err != nil {
				return false
			}
			defer res.Body.Close()
			return res.StatusCode == http.StatusOK
		})
	}
}

// call sends a request and returns the status and the body.
func call(t testing.TB, method, url string, header map[string]string, body any) (int, []byte) {
	t.Helper()
	status, answer, err := send(method, url, header, body)
	if err != nil {
		t.Fatal(err)
	}
	return status, answer
}

var client = &http.Client{Timeout: 20 * time.Second}

func send(method, url string, header map[string]string, body any) (int, []byte, error) {
	var content io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		content = strings.NewReader(b)
	case []byte:
		content = bytes.NewReader(b)
	default:
		j, err := json.Marshal(b)
		if err != nil {
			return 0, nil, err
		}
		content = bytes.NewReader(j)
	}
	req, err := http.NewRequest(method, url, content)
	if err != nil {
		return 0, nil, err
	}
	if content != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	return res.StatusCode, answer, err
}

// signIn signs the administrator in.
func (s *site) signIn(t testing.TB) {
	t.Helper()
	s.token = s.signInAs(t, "admin", adminPassword)
}

func (s *site) signInAs(t testing.TB, username, password string) string {
	t.Helper()
	status, body := call(t, http.MethodPost, s.dashboard+"/api/v1/auth/login", nil, map[string]string{"username": username, "password": password})
	var in struct{ AccessToken string }
	if err := json.Unmarshal(body, &in); err != nil || status != http.StatusOK || in.AccessToken == "" {
		t.Fatalf("sign in: %d %s", status, body)
	}
	return in.AccessToken
}

// get reads a JSON answer of the dashboard into out.
func (s *site) get(t testing.TB, path string, out any) {
	t.Helper()
	status, body := call(t, http.MethodGet, s.dashboard+path, map[string]string{"Authorization": "Bearer " + s.token}, nil)
	if status != http.StatusOK {
		t.Fatalf("GET %s: %d %s", path, status, body)
	}
	if err := json.Unmarshal(body, out); err != nil {
		t.Fatalf("GET %s: %v in %s", path, err, body)
	}
}

// item is a row of a monitoring list, with the fields that these tests look at.
type item struct {
	ID          string    `json:"id"`
	Datetime    time.Time `json:"datetime"`
	ComputerUID string    `json:"computerUid"`
	UserSID     string    `json:"userSid"`
	Title       string    `json:"title"`
	Seconds     int64     `json:"durationSeconds"`
}

// rows reads all pages of a monitoring list.
func (s *site) rows(t testing.TB, kind, query string) []item {
	t.Helper()
	var all []item
	after := ""
	for {
		var page struct {
			Items []item `json:"items"`
			Next  string `json:"next"`
		}
		s.get(t, fmt.Sprintf("/api/v2/monitoring/%s?limit=1000&%s&after=%s", kind, query, after), &page)
		all = append(all, page.Items...)
		if after = page.Next; after == "" {
			return all
		}
	}
}

// window is one event of the product's own API.
func window(at time.Time, title string) map[string]any {
	return map[string]any{"type": "active_window", "at": at.Format(time.RFC3339Nano), "durationSeconds": 5, "title": title, "processName": "code.exe"}
}

func report(computer, sid string, events ...map[string]any) map[string]any {
	return map[string]any{"computerUid": computer, "userSid": sid, "events": events}
}

func agent(key string) map[string]string { return map[string]string{"X-API-Key": key} }

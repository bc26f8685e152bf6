package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

// replica is one agent-api on a database, with keys of two organizations.
type replica struct {
	*clock
	server                          *httpx.Server
	service                         *service
	admin, agent, hikvision, theirs string
}

// newReplica makes keys; a second one on the same database takes those of the first.
func newReplica(t *testing.T, d *db.DB, first *replica) *replica {
	t.Helper()
	r := &replica{}
	if first == nil {
		fill(t, d)
		r.clock = &clock{noon}
	} else {
		*r = *first
	}
	m := New()
	m.cost, m.now = bcrypt.MinCost, r.now
	r.server = build(t, kernel.AgentAPI, kerneltest.Options{DB: d}, m)
	r.service, _ = another(t, d, r.clock)
	if first == nil {
		_, r.admin = newKey(t, r.service, 1, "ADMIN")
		_, r.agent = newKey(t, r.service, 1, "AGENT")
		_, r.hikvision = newKey(t, r.service, 1, "HIKVISION")
		_, r.theirs = newKey(t, r.service, 2, "ADMIN")
	}
	return r
}

// ask sends a request from an address with a key, and returns the status, the answer and its headers.
func (r *replica) ask(t testing.TB, method, path, from, key string, body ...string) (int, map[string]any, http.Header) {
	t.Helper()
	q := httptest.NewRequest(method, path, strings.NewReader(strings.Join(body, "")))
	q.RemoteAddr = from + ":1234"
	if strings.Contains(from, ":") {
		q.RemoteAddr = "[" + from + "]:1234"
	}
	q.Header.Set("User-Agent", "test/1")
	if body != nil {
		q.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		q.Header.Set("X-API-Key", key)
	}
	w := httptest.NewRecorder()
	r.server.ServeHTTP(w, q)
	var answer map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatalf("%s %s: %v in %s", method, path, err, w.Body)
	}
	return w.Code, answer, w.Header()
}

// data asks with the organization's ADMIN key and returns what the answer holds, or fails.
func (r *replica) data(t testing.TB, method, path string, body ...string) any {
	t.Helper()
	status, answer, _ := r.ask(t, method, path, "127.0.0.1", r.admin, body...)
	if want := map[string]int{"POST": 201}[method]; status != max(want, 200) || answer["success"] != true {
		t.Fatalf("%s %s: %d %v", method, path, status, answer)
	}
	return answer["data"]
}

// message is what a refusal says.
func message(answer map[string]any) any {
	e, _ := answer["error"].(map[string]any)
	return e["message"]
}

// opens reports what a key gets from an address: the status and the words.
func (r *replica) opens(t testing.TB, from, key string) string {
	t.Helper()
	status, answer, _ := r.ask(t, "GET", "/api/security/health", from, key)
	if status == 200 {
		return "200"
	}
	return fmt.Sprint(status, " ", message(answer))
}

func onBoth(t *testing.T, fn func(t *testing.T, r *replica, d *db.DB)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(t, newReplica(t, d, nil), d) })
}

func TestV1sKeysAreMadeShownChangedAndRevoked(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, r *replica, d *db.DB) {
		const path = "/api/security/api-keys"
		made := r.data(t, "POST", path, `{"description":"hall","allowedIps":["10.1.0.0/16","::1"],"rateLimit":3,"expiresAt":"2027-01-31"}`).(map[string]any)
		id, key := made["keyId"].(string), made["apiKey"].(string)
		if !strings.HasPrefix(id, "key_") || len(key) < 32 || made["message"] == "" {
			t.Fatalf("made %v", made)
		}
		list := r.data(t, "GET", path).([]any)
		last := list[len(list)-1].(map[string]any)
		want := map[string]any{
			"keyId": id, "maskedKey": key[:13] + "***", "type": "AGENT", "description": "hall", "allowedIps": []any{"10.1.0.0/16", "::1"},
			"rateLimit": 3.0, "isActive": true, "expiresAt": "2027-01-31T00:00:00.000Z",
		}
		if len(list) != 4 || fmt.Sprint(last) != fmt.Sprint(want) || strings.Contains(fmt.Sprint(list), key) {
			t.Errorf("listed %v\nwant %v", last, want)
		}
		if got := r.opens(t, "10.1.2.3", key); got != "200" {
			t.Errorf("the new key: %s", got)
		}
		if got := r.data(t, "GET", path).([]any)[3].(map[string]any)["lastUsed"]; got != "2026-11-02T12:00:00.000Z" {
			t.Errorf("last used %v", got)
		}
		for body, from := range map[string]string{
			`{"isActive":false}`:                "401 API key is inactive",
			`{"isActive":true}`:                 "200",
			`{"expiresAt":"2020-01-01"}`:        "401 API key has expired",
			`{"expiresAt":null}`:                "200",
			`{"allowedIps":["10.2.0.1"]}`:       "403 IP address not allowed for this API key",
			`{"allowedIps":[],"type":"ADMIN"}`:  "200",
			`{"rateLimit":null,"unknown":true}`: "200",
		} {
			for _, b := range []string{`{"isActive":true,"expiresAt":null,"allowedIps":[],"rateLimit":0}`, body} {
				if got := r.data(t, "PUT", path+"/"+id, b); fmt.Sprint(got) != "map[message:API key updated successfully success:true]" {
					t.Errorf("%s: %v", b, got)
				}
			}
			if got := r.opens(t, "10.1.2.3", key); got != from {
				t.Errorf("after %s: %s, want %s", body, got, from)
			}
		}
		r.data(t, "PUT", path+"/"+id, `{"isActive":true,"expiresAt":null,"allowedIps":[],"rateLimit":0}`)
		r.keysNotFound(t, d, path, key, id)
		if got := r.data(t, "DELETE", path+"/"+id); fmt.Sprint(got) != "map[message:API key revoked successfully success:true]" {
			t.Errorf("revoked: %v", got)
		}
		if got := r.opens(t, "10.1.2.3", key); got != "401 Invalid API key" || len(r.data(t, "GET", path).([]any)) != 3 {
			t.Errorf("revoked: %s", got)
		}
		if got := r.data(t, "PUT", path+"/"+id, `{"isActive":true}`); fmt.Sprint(got) != "map[message:API key not found success:false]" {
			t.Errorf("revoked and changed: %v", got)
		}
	})
}

// keysNotFound asks for keys by names that are none, and as another organization.
func (r *replica) keysNotFound(t *testing.T, d *db.DB, path, key, id string) {
	t.Helper()
	for _, name := range []string{"none", key, "key_", "key_x", "key_999999", strings.TrimPrefix(id, "key_")} {
		for _, method := range []string{"PUT", "DELETE"} {
			if got := r.data(t, method, path+"/"+name, "{}"); fmt.Sprint(got) != "map[message:API key not found success:false]" {
				t.Errorf("%s %s: %v", method, name, got)
			}
		}
	}
	for _, method := range []string{"PUT", "DELETE"} {
		if status, answer, _ := r.ask(t, method, path+"/"+id, "127.0.0.1", r.theirs, `{"isActive":false}`); status != 200 || fmt.Sprint(answer["data"]) != "map[message:API key not found success:false]" {
			t.Errorf("another organization's %s: %d %v", method, status, answer)
		}
	}
	if got := r.opens(t, "10.1.2.3", key); got != "200" {
		t.Errorf("after another organization's tries: %s", got)
	}
	if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE reason = 'RLS_POLICY_VIOLATION'"); n != 2 {
		t.Errorf("%d violations written down, want 2", n)
	}
}

func TestWhatIsWrongWithKeysAndAddressesIsNamed(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, r *replica, _ *db.DB) {
		for _, c := range []struct{ method, path, body, field string }{
			{"POST", "api-keys", `{"keyType":"NOPE"}`, "type"},
			{"POST", "api-keys", `{"allowedIps":["10.0.0"]}`, "allowedIps[0]"},
			{"POST", "api-keys", `{"allowedIps":["10.0.0.0/33"]}`, "allowedIps[0]"},
			{"POST", "api-keys", `{"rateLimit":-1}`, "rateLimit"},
			{"POST", "api-keys", `{"rateLimit":1000001}`, "rateLimit"},
			{"POST", "api-keys", `{"expiresAt":"soon"}`, "expiresAt"},
			{"PUT", "api-keys/key_2", `{"rateLimit":"x"}`, "rateLimit"},
			{"PUT", "api-keys/key_2", `{"expiresAt":7}`, "expiresAt"},
			{"PUT", "api-keys/key_2", `{"allowedIps":["x"]}`, "allowedIps[0]"},
			{"PUT", "api-keys/key_2", `{"description":"` + strings.Repeat("x", 501) + `"}`, "description"},
			{"POST", "ip-whitelist", `{}`, "ipAddress"},
			{"POST", "ip-whitelist", `{"ipAddress":"::ffff:1.2.3.4/100"}`, "ipAddress"},
			{"POST", "ip-blocked/nobody", `{}`, "ipAddress"},
			{"POST", "ip-blocked/127.0.0.0%2F8", `{}`, "ipAddress"},
			{"POST", "events", `{}`, "eventType"},
			{"POST", "events", `{"eventType":"X","ipAddress":"x"}`, "ipAddress"},
			{"POST", "events", `{"eventType":"X","ipAddress":"::1","severity":11}`, "severity"},
			{"POST", "events", `{"eventType":"X","ipAddress":"::1","severity":-1}`, "severity"},
			{"POST", "events", `{"eventType":"X","ipAddress":"::1","userAgent":"a\u0000"}`, "userAgent"},
			{"POST", "events", `{"eventType":"X","ipAddress":"::1","details":{"a":"` + strings.Repeat("x", 3000) + `"}}`, "details"},
		} {
			status, answer, _ := r.ask(t, c.method, "/api/security/"+c.path, "127.0.0.1", r.admin, c.body)
			if text := fmt.Sprint(message(answer)); status != 400 || !strings.HasPrefix(text, "Validation failed: ") || !strings.Contains(text, c.field+": ") {
				t.Errorf("%s %s %s: %d %v", c.method, c.path, c.body, status, answer)
			}
		}
		var many []string
		for i := range 101 {
			many = append(many, fmt.Sprintf("10.0.0.%d", i))
		}
		body, _ := json.Marshal(map[string]any{"allowedIps": many})
		if status, _, _ := r.ask(t, "POST", "/api/security/api-keys", "127.0.0.1", r.admin, string(body)); status != 400 {
			t.Errorf("101 addresses: %d", status)
		}
	})
}

func TestKeysOfOtherTypesAreRefusedAndWrittenDown(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, r *replica, _ *db.DB) {
		for name, key := range map[string]string{"AGENT": r.agent, "HIKVISION": r.hikvision} {
			status, answer, _ := r.ask(t, "DELETE", "/api/security/api-keys/"+r.admin, "192.0.2.9", key)
			if status != 403 || message(answer) != "API key type "+name+" is not allowed for this endpoint" {
				t.Errorf("%s: %d %v", name, status, answer)
			}
		}
		if status, answer, _ := r.ask(t, "GET", "/api/security/stats", "192.0.2.9", ""); status != 401 || message(answer) != "API key is required" {
			t.Errorf("no key: %d %v", status, answer)
		}
		events := r.data(t, "GET", "/api/security/events").([]any)
		e := events[0].(map[string]any)
		if len(events) != 2 || e["eventType"] != eventUnauthorized || e["requestPath"] != "/api/security/api-keys/:id" || e["requestMethod"] != "DELETE" || e["severity"] != 6.0 {
			t.Errorf("events are %v", events)
		}
		if text := fmt.Sprint(events); strings.Contains(text, r.admin) || strings.Contains(text, r.agent) || !strings.Contains(text, "apiKey:key_2") {
			t.Errorf("events show a key: %s", text)
		}
	})
}

func TestEventsAreToldCountedAndKeptApart(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, r *replica, _ *db.DB) {
		told := r.data(t, "POST", "/api/security/events", `{"eventType":"SUSPICIOUS_ACTIVITY","ipAddress":"7.7.7.7","userAgent":"x","apiKey":"`+r.agent+`","details":{"why":"odd"}}`)
		if fmt.Sprint(told) != "map[message:Security event logged successfully]" {
			t.Errorf("told: %v", told)
		}
		inactive, key := newKey(t, r.service, 1, "AGENT")
		r.data(t, "PUT", "/api/security/api-keys/"+keyName(inactive.ID), `{"isActive":false}`)
		for range 3 {
			r.opens(t, "192.0.2.7", key)
		}
		r.opens(t, "192.0.2.8", "nobody's") // of two organizations: nobody's, so neither sees it
		r.data(t, "POST", "/api/security/ip-blocked/192.0.2.99", `{"reason":"test"}`)
		got := r.data(t, "GET", "/api/security/events?limit=2&eventType=INVALID_API_KEY").([]any)
		want := map[string]any{
			"eventType": "INVALID_API_KEY", "ipAddress": "192.0.2.7", "userAgent": "test/1", "apiKey": keyName(inactive.ID), "severity": 6.0,
			"details": map[string]any{"reason": "API key is inactive", "count": 3.0}, "timestamp": "2026-11-02T12:00:00.000Z",
		}
		if len(got) != 1 || fmt.Sprint(got[0]) != fmt.Sprint(want) {
			t.Errorf("events are %v\nwant %v", got, want)
		}
		for query, n := range map[string]int{"": 3, "?limit=abc": 3, "?limit=1": 1, "?limit=-5": 3, "?eventType=NOPE": 0, "?other=1": 3} {
			if got := r.data(t, "GET", "/api/security/events"+query).([]any); len(got) != n {
				t.Errorf("%s: %d events, want %d: %v", query, len(got), n, got)
			}
		}
		s := r.data(t, "GET", "/api/security/stats").(map[string]any)
		hours := s["hourlyDistribution"].([]any)
		top := s["topBlockedIps"].([]any)[0]
		if fmt.Sprint(s["totalRequests"], s["blockedRequests"], s["rateLimitedRequests"], s["invalidApiKeyAttempts"], s["uniqueIpAddresses"]) != "5 1 0 3 3" ||
			len(hours) != 24 || fmt.Sprint(hours[12]) != "map[blocked:1 hour:12 requests:5]" || fmt.Sprint(top) != "map[count:3 ip:192.0.2.7 lastSeen:2026-11-02T12:00:00.000Z]" ||
			fmt.Sprint(s["eventsByType"]) != "map[INVALID_API_KEY:3 IP_BLOCKED:1 SUSPICIOUS_ACTIVITY:1]" {
			t.Errorf("stats are %v", s)
		}
		r.pass(3 * time.Hour)
		if s := r.data(t, "GET", "/api/security/stats?periodHours=2").(map[string]any); s["totalRequests"] != 0.0 || s["uniqueIpAddresses"] != 0.0 {
			t.Errorf("stats of two hours are %v", s)
		}
		health := r.data(t, "GET", "/api/security/health").(map[string]any)
		if fmt.Sprint(health) != "map[activeApiKeys:3 blockedIps:1 recentEvents:3 status:healthy timestamp:2026-11-02T15:00:00.000Z whitelistedIps:0]" {
			t.Errorf("health is %v", health)
		}
		_, answer, _ := r.ask(t, "GET", "/api/security/events", "127.0.0.1", r.theirs)
		_, blocked, _ := r.ask(t, "GET", "/api/security/ip-blocked", "127.0.0.1", r.theirs)
		if fmt.Sprint(answer["data"], blocked["data"]) != "[] []" {
			t.Errorf("another organization sees %v %v", answer, blocked)
		}
	})
}

func TestOldEventsAreDeleted(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, clock := newService(t, d)
		fillSecurity(t, d)
		clock.pass(s.cfg.KeepEvents)
		if err := s.sweep(context.Background()); err != nil || counted(t, d, "SELECT count(*) FROM security_events") != 2 {
			t.Errorf("swept too early: %v", err)
		}
		if n := counted(t, d, "SELECT count(*) FROM blocked_addresses"); n != 0 {
			t.Errorf("%d blocks that are over", n)
		}
		clock.pass(time.Microsecond)
		if err := s.sweep(context.Background()); err != nil || counted(t, d, "SELECT count(*) FROM security_events") != 0 {
			t.Errorf("not swept: %v", err)
		}
		fillSecurity(t, d)
		for n, want := range map[int]time.Time{0: noon, 1: noon, 2: {}} {
			err := d.Read(admin(), func(ctx context.Context, tx db.Tx) error {
				at, err := s.store.edge(ctx, tx, n)
				if !at.Equal(want) {
					t.Errorf("the event after the %d newest was at %v, want %v", n, at, want)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
	})
}

func TestAgentAPIGreets(t *testing.T) {
	t.Parallel()
	r := newReplica(t, dbtest.SQLite(t), nil)
	if status, answer, _ := r.ask(t, "GET", "/api", "192.0.2.1", ""); status != 200 || fmt.Sprint(answer["data"]) != "map[message:Hello API]" {
		t.Errorf("%d %v", status, answer)
	}
}

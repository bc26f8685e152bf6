package auth

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

func TestBlockedAddressesAreRefused(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, r *replica, d *db.DB) {
		second := newReplica(t, d, r)
		const path = "/api/security/ip-blocked"
		if got := second.opens(t, "10.9.8.7", r.agent); got != "200" {
			t.Fatal(got)
		}
		for _, address := range []string{"192.0.2.50", "10.9.0.0%2F16", "2001:db8:1::%2F48"} {
			if got := r.data(t, "POST", path+"/"+address, `{"reason":"r"}`); fmt.Sprint(got) != "map[message:IP blocked successfully]" {
				t.Errorf("%s: %v", address, got)
			}
		}
		r.data(t, "POST", path+"/192.0.2.51", `{"reason":"r","duration":60000}`)
		if got := fmt.Sprint(r.data(t, "GET", path)); got != "[10.9.0.0/16 192.0.2.50 192.0.2.51 2001:db8:1::/48]" {
			t.Errorf("blocked: %s", got)
		}
		r.pass(snapshotLife)
		for from, want := range map[string]string{
			"192.0.2.50": "403 IP address is blocked", "192.0.2.51": "403 IP address is blocked", "10.9.255.1": "403 IP address is blocked", "2001:db8:1:7::1": "403 IP address is blocked",
			"192.0.2.52": "200", "10.8.255.1": "200", "2001:db8:2::1": "200", "::ffff:10.9.0.1": "403 IP address is blocked",
		} {
			for name, server := range map[string]*replica{"this": r, "another": second} {
				if got := server.opens(t, from, r.agent); got != want {
					t.Errorf("%s replica, from %s: %s, want %s", name, from, got, want)
				}
			}
		}
		if got := r.opens(t, "192.0.2.50", "nobody's"); got != "403 IP address is blocked" {
			t.Errorf("no key at all: %s", got)
		}
		if got := r.opens(t, "192.0.2.50", r.theirs); got != "200" {
			t.Errorf("another organization's key from there: %s", got)
		}
		r.pass(time.Minute)
		if got := r.opens(t, "192.0.2.51", r.agent); got != "200" {
			t.Errorf("after its time: %s", got)
		}
		for _, address := range []string{"192.0.2.50", "10.9.0.0%2F16", "192.0.2.50", "nothing"} {
			if got := r.data(t, "DELETE", path+"/"+address); fmt.Sprint(got) != "map[message:IP unblocked successfully]" {
				t.Errorf("unblock %s: %v", address, got)
			}
		}
		r.pass(snapshotLife)
		if got := second.opens(t, "192.0.2.50", r.agent); got != "200" {
			t.Errorf("unblocked: %s", got)
		}
	})
}

func TestLimitsOfKeysAreKept(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, r *replica, _ *db.DB) {
		made := r.data(t, "POST", "/api/security/api-keys", `{"rateLimit":2}`).(map[string]any)
		key := made["apiKey"].(string)
		for i, want := range []string{"200 2 1 ", "200 2 0 "} {
			status, _, h := r.ask(t, "GET", "/api/security/health", "192.0.2.1", key)
			if got := fmt.Sprint(status, " ", h.Get("X-RateLimit-Limit"), " ", h.Get("X-RateLimit-Remaining"), " ", h.Get("X-RateLimit-Reset")); got != want {
				t.Errorf("use %d: %s, want %s", i+1, got, want)
			}
		}
		r.pass(20 * time.Second)
		status, answer, h := r.ask(t, "GET", "/api/security/health", "192.0.2.1", key)
		if status != 429 || message(answer) != "Rate limit exceeded" || h.Get("Retry-After") != "40" || h.Get("X-RateLimit-Remaining") != "0" ||
			h.Get("X-RateLimit-Reset") != strconv.FormatInt(noon.Add(time.Minute).UnixMilli(), 10) {
			t.Errorf("one too many: %d %v %v", status, answer, h)
		}
		if got := r.opens(t, "192.0.2.2", key); got != "200" {
			t.Errorf("from another address: %s", got)
		}
		if _, _, h := r.ask(t, "GET", "/api/security/health", "192.0.2.1", r.agent); h.Get("X-RateLimit-Limit") != "" {
			t.Error("a key without a limit tells one")
		}
		r.pass(40 * time.Second)
		if got := r.opens(t, "192.0.2.1", key); got != "200" {
			t.Errorf("a minute after the first: %s", got)
		}
		if got := r.data(t, "GET", "/api/security/events?eventType=RATE_LIMIT_EXCEEDED").([]any); len(got) != 1 {
			t.Errorf("events: %v", got)
		}
	})
}

func TestManyRefusalsBlockAnAddress(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, r *replica, d *db.DB) {
		second := newReplica(t, d, r)
		second.opens(t, "192.0.2.1", r.agent)
		inactive, key := newKey(t, r.service, 1, "AGENT")
		r.data(t, "PUT", "/api/security/api-keys/"+keyName(inactive.ID), `{"isActive":false}`)
		for i := range 10 {
			if got := r.opens(t, "192.0.2.1", key); got != "401 API key is inactive" {
				t.Errorf("refusal %d: %s", i, got)
			}
		}
		for _, bad := range []string{key, "nobody's"} {
			if got := r.opens(t, "192.0.2.1", bad); got != "403 IP address is blocked" {
				t.Errorf("after ten: %s", got)
			}
		}
		if got := r.opens(t, "192.0.2.1", r.agent); got != "200" {
			t.Errorf("somebody else behind the same address: %s", got)
		}
		if got := fmt.Sprint(r.data(t, "GET", "/api/security/ip-blocked")); got != "[192.0.2.1]" {
			t.Errorf("blocked: %s", got)
		}
		r.pass(snapshotLife)
		if got := second.opens(t, "192.0.2.1", "nobody's"); got != "403 IP address is blocked" {
			t.Errorf("another replica: %s", got)
		}
		if got := r.data(t, "GET", "/api/security/events?eventType=SUSPICIOUS_ACTIVITY").([]any); len(got) != 1 {
			t.Errorf("events: %v", got)
		}
		r.data(t, "DELETE", "/api/security/ip-blocked/192.0.2.1")
		r.pass(snapshotLife)
		if got := r.opens(t, "192.0.2.1", key) + second.opens(t, "192.0.2.1", key); got != "401 API key is inactive401 API key is inactive" {
			t.Errorf("unblocked: %s", got)
		}
		for range 12 {
			r.opens(t, "192.0.2.2", key)
		}
		r.data(t, "GET", "/api/security/ip-blocked") // which writes, as the loop does
		r.pass(30*time.Minute - time.Second)
		if got := r.opens(t, "192.0.2.2", key); got != "403 IP address is blocked" {
			t.Errorf("within half an hour: %s", got)
		}
		r.pass(time.Second)
		if got := r.opens(t, "192.0.2.2", key); got != "401 API key is inactive" {
			t.Errorf("after half an hour: %s", got)
		}
	})
}

func TestUnknownTokensBarTheirAddress(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, clock := newService(t, d)
		u := newUser(t, s, 1, "HR", "hr1")
		p := newToken(t, s, u, 0, "employee.read")
		looked := 0
		show := func(from, token string) error {
			return s.guard.admitToken(context.Background(), showing{key: token, from: netip.MustParseAddr(from), agent: "test/1"}, func() error {
				looked++
				_, err := s.byProgram(context.Background(), token)
				return err
			})
		}
		for i := range s.cfg.BlockAfter {
			if err := show("192.0.2.1", tokenPrefix+fmt.Sprint(i)); !errors.Is(err, errAPIToken) {
				t.Errorf("guess %d: %v", i, err)
			}
		}
		looked = 0
		for i := range 5 {
			if err := show("192.0.2.1", tokenPrefix+fmt.Sprint("more", i)); !errors.Is(err, errBlocked) {
				t.Errorf("after many guesses: %v", err)
			}
		}
		if looked != 0 {
			t.Errorf("a barred address has the database asked %d times", looked)
		}
		if err := show("192.0.2.1", p.text); err != nil {
			t.Errorf("somebody else behind the same address: %v", err)
		}
		if err := show("192.0.2.2", tokenPrefix+"x"); !errors.Is(err, errAPIToken) {
			t.Errorf("another address: %v", err)
		}
		fresh := newToken(t, s, u, 0, "employee.read")
		if err := show("192.0.2.2", fresh.text); err != nil {
			t.Errorf("a token of a moment ago: %v", err)
		}
		looked = 0
		for i := range 10 * maxLookups { // each from another host, so that none is barred
			_ = show(fmt.Sprintf("10.0.%d.%d", i/250, i%250+1), tokenPrefix+"x")
		}
		if looked > maxLookups {
			t.Errorf("the database is asked %d times a second", looked)
		}
		if err := show("192.0.2.2", p.text); err != nil {
			t.Errorf("beside many who guess: %v", err)
		}
		clock.pass(snapshotLife)
		if _, err := s.blockAddress(keyOfOrganization(1), "192.0.2.3", "r", 0, netip.Addr{}); err != nil {
			t.Fatal(err)
		}
		for from, want := range map[string]error{"192.0.2.3": errBlocked, "192.0.2.4": nil} {
			if err := show(from, p.text); !errors.Is(err, want) {
				t.Errorf("from %s: %v, want %v", from, err, want)
			}
		}
		if err := s.guard.flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		if n := counted(t, d, "SELECT count(*) FROM security_events WHERE event_type = 'INVALID_API_KEY' AND ip_address = '192.0.2.1'"); n != 1 {
			t.Errorf("%d rows of the guesses, want 1 with their number", n)
		}
	})
}

func TestSomeAddressesAreNeverBlockedByThemselves(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, r *replica, _ *db.DB) {
		const path = "/api/security/ip-whitelist"
		inactive, key := newKey(t, r.service, 1, "AGENT")
		r.data(t, "PUT", "/api/security/api-keys/"+keyName(inactive.ID), `{"isActive":false}`)
		for _, address := range []string{"10.5.0.0/16", "192.0.2.5", "192.0.2.5"} {
			if got := r.data(t, "POST", path, `{"ipAddress":"`+address+`","description":"office"}`); fmt.Sprint(got) != "map[message:IP added to whitelist successfully]" {
				t.Errorf("%s: %v", address, got)
			}
		}
		r.data(t, "POST", path, `{"ipAddress":"192.0.2.6","isActive":false}`)
		list := r.data(t, "GET", path).([]any)
		slices.SortFunc(list, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		if fmt.Sprint(list) != "[10.5.0.0/16 192.0.2.5]" {
			t.Errorf("listed: %v", list)
		}
		for _, from := range []string{"10.5.77.1", "192.0.2.5", "127.0.0.1", "::1"} {
			for i := range 30 {
				if got := r.opens(t, from, key); got != "401 API key is inactive" {
					t.Fatalf("from %s, %d: %s", from, i, got)
				}
			}
		}
		for range 10 { // slowly enough
			r.pass(40 * time.Second)
			if got := r.opens(t, "192.0.2.7", key); got != "401 API key is inactive" {
				t.Errorf("one in 40 seconds: %s", got)
			}
		}
		for address, want := range map[string]string{"192.0.2.5": "map[message:IP removed from whitelist successfully success:true]", "9.9.9.9": "map[message:IP not found in whitelist success:false]", "x": "map[message:IP not found in whitelist success:false]"} {
			if got := r.data(t, "DELETE", path+"/"+address); fmt.Sprint(got) != want {
				t.Errorf("remove %s: %v", address, got)
			}
		}
	})
}

func TestAHostInIPv6IsAWholeNetwork(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, r *replica, _ *db.DB) {
		inactive, key := newKey(t, r.service, 1, "AGENT")
		r.data(t, "PUT", "/api/security/api-keys/"+keyName(inactive.ID), `{"isActive":false}`)
		for i := range 10 {
			r.opens(t, fmt.Sprintf("2001:db8:0:1::%x", i+1), key)
		}
		if got := r.opens(t, "2001:db8:0:1:ffff::1", key); got != "403 IP address is blocked" {
			t.Errorf("the eleventh address: %s", got)
		}
		if got := fmt.Sprint(r.data(t, "GET", "/api/security/ip-blocked")); got != "[2001:db8:0:1::/64]" {
			t.Errorf("blocked: %s", got)
		}
		r.data(t, "DELETE", "/api/security/ip-blocked/2001:db8:0:1::7")
		if got := r.opens(t, "2001:db8:0:1::7", key); got != "401 API key is inactive" {
			t.Errorf("unblocked: %s", got)
		}
	})
}

// One client sends thousands of bad requests, with the same key and with ever new ones. Others are answered as before,
// the database hears of it in a few rows, and is not asked for each key.
func TestAHostileClientHindersNobody(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, r *replica, d *db.DB) {
		_, alone := newKey(t, r.service, 1, "AGENT")
		r.opens(t, "192.0.2.1", alone)
		for i := range 3000 {
			if i%100 == 0 {
				if got := r.opens(t, "192.0.2.1", alone); got != "200" {
					t.Fatalf("a good client after %d bad requests: %s", i, got)
				}
				r.pass(time.Second)
			}
			r.opens(t, "192.0.2.1", fmt.Sprintf("guess-%d", i))
			r.opens(t, fmt.Sprintf("198.51.100.%d", i%250), "guess")
		}
		r.data(t, "GET", "/api/security/events") // which writes, as the loop does
		if n := counted(t, d, "SELECT count(*) FROM security_events WHERE ip_address = '192.0.2.1'"); n == 0 || n > maxHostRows {
			t.Errorf("%d rows of the client in half a minute, want at most %d", n, maxHostRows)
		}
		if n := counted(t, d, "SELECT count(*) FROM security_events"); n > 2*maxMinuteRows {
			t.Errorf("%d rows of all clients", n)
		}
		if n := counted(t, d, "SELECT sum(times) FROM security_events WHERE ip_address = '192.0.2.1'"); n < 3000 {
			t.Errorf("%d events counted of the client, want 3000", n)
		}
	})
}

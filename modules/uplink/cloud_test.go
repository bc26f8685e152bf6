package uplink

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
)

// The key goes to agent-api and to the address that the operator has named, and to nobody else on the way.
func TestTheKeyGoesToAgentAPIOnly(t *testing.T) {
	t.Parallel()
	u := newTestUplink(t, testConfig("https://api.uz/base/"), newMemory())
	var seen *http.Request
	u.client.http.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		seen = r
		return &http.Response{StatusCode: 200, Body: http.NoBody, Request: r}, nil
	})
	ask := func(client *http.Client, address string) string {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if r.Header.Get("Authorization") != "" || seen.Header.Get("User-Agent") != "staff-control-gateway/2.0.0" {
			t.Errorf("headers are %v, %v", r.Header, seen.Header)
		}
		return strings.TrimPrefix(seen.Header.Get("Authorization"), "Basic YXBpLnV6Og==") // what the address itself says
	}
	if got := ask(u.cloud.Client(), "https://api.uz/base/v2"); got != "" {
		t.Errorf("before the enrolment it is %q", got)
	}
	if err := u.become(card{GatewayID: "g1", APIKey: "sgw_1"}); err != nil {
		t.Fatal(err)
	}
	control := u.ClientTo("wss://control.uz/v2/gateway/socket")
	for address, want := range map[string]bool{
		"https://api.uz/base/v2": true, "https://api.uz/base": true, "https://API.uz/base/": true, "wss://api.uz/base/v2": true,
		"https://api.uz/basement": false, "https://api.uz/": false, "http://api.uz/base/v2": false, "https://api.uz:444/base/v2": false,
		"https://api.uz.evil.com/base/v2": false, "https://evil.com/?https://api.uz/base/": false, "https://api.uz@evil.com/base/": false,
		"ftp://api.uz/base/": false, "https://control.uz/v2/gateway/socket": false,
	} {
		if got := ask(u.cloud.Client(), address) != ""; got != want {
			t.Errorf("%s: key %v, want %v", address, got, want)
		}
	}
	for address, want := range map[string]bool{"https://control.uz/v2/gateway/socket": true, "https://control.uz/other": false, "https://api.uz/base/v2": true} {
		if got := ask(control, address) != ""; got != want {
			t.Errorf("%s: key %v, want %v", address, got, want)
		}
	}
	if u.cloud.URL() != "https://api.uz/base" || u.cloud.GatewayID() != "g1" {
		t.Errorf("cloud is %s, %s", u.cloud.URL(), u.cloud.GatewayID())
	}
	u.cloud.Client().CloseIdleConnections()
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestTheCloudFollowsNoRedirects(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.RedirectHandler("http://192.0.2.1/", http.StatusFound))
	t.Cleanup(s.Close)
	u := newTestUplink(t, testConfig(s.URL), newMemory())
	t.Cleanup(u.client.http.CloseIdleConnections)
	resp, err := u.cloud.Client().Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusFound {
		t.Errorf("status is %d", resp.StatusCode)
	}
}

func TestOthersWaitForTheEnrolment(t *testing.T) {
	t.Parallel()
	a, _, u := serve(t, nil)
	if !u.cloud.Enrolled(t.Context()) || u.cloud.GatewayID() != "g1" {
		t.Errorf("gateway is %q", u.cloud.GatewayID())
	}
	_ = a
	not := newTestUplink(t, testConfig("http://nobody"), newMemory())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if not.cloud.Enrolled(ctx) || u.cloud.Enrolled(ctx) {
		t.Error("who does not wait any more is told so")
	}
	if _, err := not.Report(t.Context()); err == nil {
		t.Error("a gateway without an id reports")
	}
	if err := not.cloud.RotateKey(t.Context()); err == nil {
		t.Error("a gateway without a key gets another")
	}
}

// rotating answers a rotation like this.
func rotating(status int, body any) func(http.ResponseWriter, *http.Request, []byte) bool {
	return func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
		if r.URL.Path != "/v2/gateway/rotate-key" {
			return false
		}
		say(w, status, body)
		return true
	}
}

func TestAKeyIsRotated(t *testing.T) {
	t.Parallel()
	a, m, u := serve(t, nil)
	u.cloud.Enrolled(t.Context())
	for _, c := range []struct {
		status int
		body   any
		key    string
	}{
		{500, map[string]any{"code": "internal"}, "sgw_1"}, {401, nil, "sgw_1"}, {201, map[string]any{"apiKey": ""}, "sgw_1"}, {201, "x", "sgw_1"},
		{201, map[string]any{"apiKey": "sgw_2", "previousUntil": time.Now()}, "sgw_2"},
	} {
		a.on(rotating(c.status, c.body))
		rekeyed := u.Rekeyed()
		if err := u.cloud.RotateKey(t.Context()); (err == nil) != (c.key == "sgw_2") || err != nil && strings.Contains(err.Error(), "sgw_") {
			t.Errorf("%d: %v", c.status, err)
		}
		select {
		case <-rekeyed:
			if c.key == "sgw_1" {
				t.Errorf("%d: another key is announced", c.status)
			}
		default:
			if c.key != "sgw_1" {
				t.Errorf("%d: the key is not announced", c.status)
			}
		}
		onDisk, err := readCard(u.data)
		if err != nil || onDisk.APIKey != c.key || u.card().APIKey != c.key {
			t.Errorf("%d: key is %s, on the disk %s, %v", c.status, u.card().APIKey, onDisk.APIKey, err)
		}
	}
	asked := a.to("/v2/gateway/rotate-key")
	if asked[len(asked)-1].key != "Bearer sgw_1" {
		t.Errorf("asked with %s", asked[len(asked)-1].key)
	}
	a.on(nil)
	m.add("agent", 1)
	eventually(t, "it is used", func() bool { r := a.to(ingest); return len(r) > 0 && r[len(r)-1].key == "Bearer sgw_2" })
}

// A disk that does not take the new key leaves the old one in use: the server takes that for a while yet.
func TestAKeyThatCannotBeKeptIsNotUsed(t *testing.T) {
	t.Parallel()
	a, _, u := serve(t, nil)
	u.cloud.Enrolled(t.Context())
	a.on(rotating(201, map[string]any{"apiKey": "sgw_2"}))
	u.changing.Lock()
	u.data = filepath.Join(u.data, "gone")
	u.changing.Unlock()
	if err := u.cloud.RotateKey(t.Context()); err == nil || u.card().APIKey != "sgw_1" {
		t.Errorf("%v, key %s", err, u.card().APIKey)
	}
	if _, err := os.Stat(u.data); err == nil {
		t.Error("it is somewhere")
	}
}

// Two who change the card at one time both have their way.
func TestChangesOfTheCardDoNotGetLost(t *testing.T) {
	t.Parallel()
	u := newTestUplink(t, testConfig("http://nobody"), newMemory())
	var both sync.WaitGroup
	for range 20 {
		both.Go(func() {
			if err := u.amend(func(c *card) { c.OrganizationID++ }); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if onDisk, err := readCard(u.data); err != nil || onDisk.OrganizationID != 20 {
		t.Errorf("%+v, %v", onDisk, err)
	}
}

var _ gateway.Cloud = cloud{}

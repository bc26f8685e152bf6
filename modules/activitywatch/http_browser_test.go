package activitywatch

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/modules/buffer/bucket/buckettest"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

// The listener for extensions: what browsers ask first, who is let in, and that nothing else is served there.
func TestExtensions(t *testing.T) {
	t.Parallel()
	m := New()
	m.cfg.Origins = []string{"https://own.example"}
	reached := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "reached") })
	door := m.browsers(reached)
	for _, c := range []struct {
		name, method, path string
		ask                ask
		status             int
		allowed            string
	}{
		{"Chrome", "POST", windowBucket, ask{origin: chromeExtension}, 200, chromeExtension},
		{"Firefox", "GET", "/api/0/info", ask{origin: "moz-extension://0f6d3a1c-9a11"}, 200, "moz-extension://0f6d3a1c-9a11"},
		{"a setting's", "GET", "/api/0/info", ask{origin: "https://own.example"}, 200, "https://own.example"},
		{"no browser", "GET", "/api/0/info", ask{}, 200, ""},
		{"by name", "GET", "/api/0/info", ask{host: "localhost:5600"}, 200, ""},
		{"asks first", "OPTIONS", windowBucket, ask{origin: chromeExtension}, 204, chromeExtension},
		{"another extension", "POST", windowBucket, ask{origin: "chrome-extension://abcdefghijklmnopabcdefghijklmnop"}, 403, ""},
		{"asks first and is foreign", "OPTIONS", windowBucket, ask{origin: "https://evil.example"}, 403, ""},
		{"a foreign name", "GET", "/api/0/info", ask{host: "evil.example:5600"}, 403, ""},
		{"a name that begins like ours", "GET", "/api/0/info", ask{host: "localhost.evil.example"}, 403, ""},
		{"the null origin", "POST", windowBucket, ask{origin: "null"}, 403, ""},
		{"other routes", "GET", "/metrics", ask{}, 404, ""},
		{"almost the routes", "GET", "/api/01/info", ask{}, 404, ""},
	} {
		w := c.ask.do(t, door, c.method, c.path, "")
		if w.Code != c.status || w.Header().Get("Access-Control-Allow-Origin") != c.allowed || (w.Body.String() == "reached") != (c.status == 200) {
			t.Errorf("%s: %d, %v, %s", c.name, w.Code, w.Header(), w.Body)
		}
		if c.status == 204 && (!strings.Contains(w.Header().Get("Access-Control-Allow-Methods"), "POST") || !strings.Contains(w.Header().Get("Access-Control-Allow-Headers"), "Content-Type")) {
			t.Errorf("%s: %v", c.name, w.Header())
		}
	}
	private := ask{origin: chromeExtension, header: map[string]string{"Access-Control-Request-Private-Network": "true"}}
	if w := private.do(t, door, "OPTIONS", windowBucket, ""); w.Header().Get("Access-Control-Allow-Private-Network") != "true" {
		t.Errorf("private network: %v", w.Header())
	}
}

// The listener for extensions stands beside the other, and serves its own routes only.
func TestTheListenerServes(t *testing.T) {
	t.Parallel()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	gateway := kerneltest.Run(t, kernel.Gateway, kerneltest.Options{Set: []string{"activitywatch.listen=" + address}}, parts(buckettest.NewMemory(), enrolled(3))...)
	for _, c := range []struct { // first the one that is open from the beginning: when it answers, so does the other
		url    string
		status int
	}{{gateway + "/api/0/info", 200}, {gateway + "/health", 200}, {"http://" + address + "/api/0/info", 200}, {"http://" + address + "/health", 404}} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", chromeExtension)
		r.Close = true
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != c.status {
			t.Errorf("%s: %d, want %d", c.url, res.StatusCode, c.status)
		}
	}
	k, options := kerneltest.New(t, kernel.Gateway, kerneltest.Options{Set: []string{"activitywatch.listen=" + address}}, parts(buckettest.NewMemory(), enrolled(3))...)
	if err := k.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "activitywatch.listen") {
		t.Errorf("a port that is taken: %v", err)
	}
	options.Listener.Close()
}

package uplink

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/buffer/backlog"
)

// Answers that are not agent-api's settle nothing: the events stay until they are really stored.
func TestHostileAnswersSettleNothing(t *testing.T) {
	t.Parallel()
	answers := map[string]func(w http.ResponseWriter){
		"a sign-in page": func(w http.ResponseWriter) { io.WriteString(w, "<html>Sign in</html>") },
		"nothing":        func(w http.ResponseWriter) {},
		"another JSON":   func(w http.ResponseWriter) { io.WriteString(w, `[1,2]`) },
		"no success":     func(w http.ResponseWriter) { io.WriteString(w, `{"success":false}`) },
		"another batch's token": func(w http.ResponseWriter) {
			w.Header().Set("X-Idempotency-Token", "x")
			io.WriteString(w, `{"success":true}`)
		},
		"a redirect": func(w http.ResponseWriter) { w.Header().Set("Location", "http://127.0.0.1:1/"); w.WriteHeader(302) },
		"half an answer": func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "99")
			io.WriteString(w, `{"success":true`)
		},
		"a deep answer":     func(w http.ResponseWriter) { io.WriteString(w, strings.Repeat("[", 1<<20)) },
		"an endless answer": func(w http.ResponseWriter) { io.Copy(w, io.LimitReader(zeros{}, 4*maxAnswer)) },
		"not found":         func(w http.ResponseWriter) { w.WriteHeader(404) },
		"a conflict":        func(w http.ResponseWriter) { w.WriteHeader(409) },
	}
	for name, say := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, m, u := serve(t, nil)
			a.on(func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
				if r.URL.Path == ingest {
					say(w)
				}
				return r.URL.Path == ingest
			})
			m.add(backlog.Agent, 7)
			eventually(t, "the answer is not believed", func() bool { return u.link.current() == offline })
			if m.pending() != 7 || len(m.setAside()) != 0 {
				t.Errorf("%d pending, %d set aside", m.pending(), len(m.setAside()))
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = '0'
	}
	return len(b), nil
}

// A server that takes the batch and then says nothing is given up after the timeout.
func TestASlowServerIsGivenUp(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	a, m, u := serve(t, func(c *Config) { c.Timeout = 50 * time.Millisecond })
	defer close(release)
	a.on(func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
		if r.URL.Path != ingest {
			return false
		}
		io.WriteString(w, `{"succ`)
		w.(http.Flusher).Flush()
		select {
		case <-release:
		case <-r.Context().Done():
		}
		return true
	})
	m.add(backlog.Agent, 3)
	eventually(t, "the server is given up", func() bool { return u.link.current() == offline })
	if m.pending() != 3 {
		t.Errorf("%d pending", m.pending())
	}
}

func TestTheServersCertificateIsChecked(t *testing.T) {
	t.Parallel()
	a := newAgentAPI()
	s := httptest.NewUnstartedServer(a)
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.StartTLS()
	t.Cleanup(s.Close)
	authority := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(authority, block, 0o600); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(s.Certificate().RawSubjectPublicKeyInfo)
	for name, test := range map[string]struct {
		change func(*Config)
		fails  string
	}{
		"unknown authority": {func(c *Config) {}, "unknown authority"},
		"our authority":     {func(c *Config) { c.CAFile = authority }, ""},
		"pinned in hex":     {func(c *Config) { c.CAFile, c.PinSHA256 = authority, hex.EncodeToString(sum[:]) }, ""},
		"pinned in base64": {func(c *Config) {
			c.CAFile, c.PinSHA256 = authority, "sha256/"+base64.StdEncoding.EncodeToString(sum[:])
		}, ""},
		"another pin":                         {func(c *Config) { c.CAFile, c.PinSHA256 = authority, strings.Repeat("00", 32) }, "pinned"},
		"a pin does not do without authority": {func(c *Config) { c.PinSHA256 = hex.EncodeToString(sum[:]) }, "unknown authority"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := testConfig(s.URL)
			test.change(&c)
			if err := c.Validate(); err != nil {
				t.Fatal(err)
			}
			cl, err := newClient(c, "2.0.0", time.Now)
			if err != nil {
				t.Fatal(err)
			}
			defer cl.http.CloseIdleConnections()
			_, err = cl.do(t.Context(), request{method: "GET", path: "/v2/gateway/agent-keys"})
			if test.fails == "" && err != nil || test.fails != "" && (err == nil || !strings.Contains(err.Error(), test.fails)) {
				t.Errorf("error is %v, want %q", err, test.fails)
			}
			var out strings.Builder
			err = TestConnection(t.Context(), c, "", t.TempDir(), &out)
			if (err == nil) != (test.fails == "") || !strings.Contains(out.String(), "TLS") {
				t.Errorf("the test of the connection says %v:\n%s", err, &out)
			}
		})
	}
}

func TestAnAuthorityFileWithoutCertificateIsAFault(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{empty, empty + "x"} {
		c := testConfig("https://agent-api.example.uz")
		c.CAFile = file
		if _, err := newClient(c, "", time.Now); err == nil || !strings.Contains(err.Error(), "uplink.ca_file") {
			t.Errorf("error is %v", err)
		}
	}
}

func TestAProxyIsUsed(t *testing.T) {
	t.Parallel()
	var asked string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked = r.URL.String() }))
	t.Cleanup(proxy.Close)
	c := testConfig("http://agent-api.invalid:3001")
	c.AllowInsecure, c.Proxy = true, proxy.URL
	cl, err := newClient(c, "", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer cl.http.CloseIdleConnections()
	if _, err := cl.do(t.Context(), request{method: "GET", path: "/health"}); err != nil || asked != "http://agent-api.invalid:3001/health" {
		t.Errorf("the proxy was asked for %q, error %v", asked, err)
	}
}

func TestTheBatchIsWhatIngestReads(t *testing.T) {
	t.Parallel()
	at := time.Date(2025, 11, 3, 9, 0, 0, 0, time.UTC)
	b := batch{
		stream: backlog.Agent, epoch: "e1", dropped: []backlog.Dropped{{First: 1, Last: 2, Reason: "overflow"}},
		rows: []backlog.Row{
			{Seq: 3, Payload: []byte(`{"type":"active_window","title":"a \"trace\":\"x\""}`), CreatedAt: at.Add(time.Second)},
			{Seq: 4, Payload: []byte(`{}`), CreatedAt: at},
			{Seq: 5, Payload: []byte(`{"type":"idle_period","trace":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}`), CreatedAt: at},
			{Seq: 6, Payload: []byte(`{"type":"idle_period","trace":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}`), CreatedAt: at},
		},
	}
	text, err := b.encode("g1", at.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"gatewayId":"g1","idempotencyToken":"` + b.token("g1") + `","epoch":"e1","stream":"agent","sentAt":"2025-11-03T09:01:00Z",` +
		`"until":"2025-11-03T09:00:01Z","dropped":[{"first":1,"last":2,"reason":"overflow"}],"data":[` +
		`{"seq":3,"type":"active_window","title":"a \"trace\":\"x\""},{"seq":4},` +
		`{"seq":5,"type":"idle_period","trace":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},` +
		`{"seq":6,"type":"idle_period","trace":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}]}`
	if string(text) != want || !json.Valid(text) {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	if links := b.traces(); len(links) != 1 || links[0] != "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" {
		t.Errorf("traces are %q", links)
	}
}

// Each part of gateway, epoch, stream and positions makes another token; the rows' contents do not.
func TestATokenSaysWhichPositionsOfWhichBuffer(t *testing.T) {
	t.Parallel()
	rows := func(seqs ...int64) (r []backlog.Row) {
		for _, s := range seqs {
			r = append(r, backlog.Row{Seq: s})
		}
		return r
	}
	seen := map[string]bool{}
	for _, b := range []batch{
		{stream: "agent", epoch: "e", rows: rows(1, 2)}, {stream: "device", epoch: "e", rows: rows(1, 2)},
		{stream: "agent", epoch: "f", rows: rows(1, 2)}, {stream: "agent", epoch: "e", rows: rows(1, 3)},
		{stream: "agent", epoch: "e", rows: rows(2)}, {stream: "agent", epoch: "e", rows: rows(12)},
		{stream: "agent", epoch: "e", dropped: []backlog.Dropped{{First: 1, Last: 2}}},
		{stream: "agent", epoch: "e", dropped: []backlog.Dropped{{First: 1, Last: 3}}},
	} {
		for _, gateway := range []string{"g", "h"} {
			token := b.token(gateway)
			if seen[token] || len(token) != 64 {
				t.Errorf("token %s of %+v", token, b)
			}
			seen[token] = true
			if b.rows != nil {
				b.dropped = []backlog.Dropped{{First: 9, Last: 9}}
				if b.token(gateway) != token {
					t.Error("a report on the way changes the token")
				}
			}
		}
	}
}

func TestDelaysDoubleUpToTheCap(t *testing.T) {
	t.Parallel()
	for n := range 100 {
		want := maxDelay
		if n < 5 {
			want = time.Second << n
		}
		if delay(n) != want {
			t.Errorf("delay %d is %v, want %v", n, delay(n), want)
		}
		if d := spread(delay(n)); d < want || d >= want*6/5 {
			t.Errorf("spread is %v, want within a fifth above %v", d, want)
		}
	}
	if spread(0) != 0 {
		t.Error("no wait became one")
	}
}

func TestSettingsOutOfRangeAreNamed(t *testing.T) {
	t.Parallel()
	good := testConfig("https://agent-api.example.uz")
	if err := good.Validate(); err != nil {
		t.Errorf("good settings are refused: %v", err)
	}
	bad := Config{Compression: "rar", PinSHA256: "zz", Proxy: "::", OrganizationID: -1, Serial: strings.Repeat("x", 256), Interval: -1}
	err := bad.Validate()
	for _, key := range []string{"url", "organization_id", "serial", "batch_size", "batch_bytes", "compression", "interval", "heartbeat_interval", "keys_interval", "timeout", "pin_sha256", "proxy"} {
		if err == nil || !strings.Contains(err.Error(), key+": must") {
			t.Errorf("%s is not named in:\n%v", key, err)
		}
	}
}

func TestPlainHTTPGoesToThisMachineOnly(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"http://127.0.0.1:3001": true, "http://localhost:3001": true, "http://[::1]:3001": true, "https://a.uz": true, "https://a.uz/base/": true,
		"http://10.0.0.1:3001": false, "http://a.uz": false, "ftp://a.uz": false, "a.uz": false, "https://": false,
		"https://u:p@a.uz": false, "https://a.uz?x=1": false, "http://localhost.a.uz": false, "": false, ":": false,
	} {
		c := testConfig(address)
		if err := c.Validate(); (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
		c.AllowInsecure = true
		if err := c.Validate(); strings.HasPrefix(address, "http://") && err != nil {
			t.Errorf("%q with allow_insecure: %v", address, err)
		}
	}
}

func TestTheClocksDifferenceIsMeasured(t *testing.T) {
	t.Parallel()
	now := time.Date(2025, 11, 3, 9, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		answer answer
		want   time.Duration
		known  bool
	}{
		"by serverTime": {answer{body: []byte(`{"serverTime":"2025-11-03T08:50:00Z"}`), header: http.Header{"Date": {"x"}}}, 10*time.Minute + time.Second, true},
		"by Date":       {answer{header: http.Header{"Date": {"Mon, 03 Nov 2025 09:00:03 GMT"}}}, -2500 * time.Millisecond, true},
		"not at all":    {answer{body: []byte(`{"serverTime":5}`), header: http.Header{}}, 0, false},
	} {
		var c clock
		c.note(test.answer, now, now.Add(2*time.Second))
		if skew, known := c.ahead(); skew != test.want || known != test.known {
			t.Errorf("%s: %v, %v; want %v, %v", name, skew, known, test.want, test.known)
		}
	}
}

func TestARequestThatCannotBeMadeIsAnError(t *testing.T) {
	t.Parallel()
	c := &client{http: http.DefaultClient, base: ":", timeout: time.Second, now: time.Now, clock: &clock{}, way: &way{}}
	if _, err := c.do(context.Background(), request{method: "GET"}); err == nil {
		t.Error("no error")
	}
	var e *net.OpError
	c.base = "http://127.0.0.1:1"
	if _, err := c.do(context.Background(), request{method: "GET", path: "/"}); !errors.As(err, &e) {
		t.Errorf("error is %v", err)
	}
}

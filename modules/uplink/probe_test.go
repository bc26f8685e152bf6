package uplink

import (
	"crypto/tls"
	"encoding/pem"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/platform/ws"
)

// enrolledAs returns a data directory of an enrolled gateway.
func enrolledAs(t *testing.T, key string) string {
	t.Helper()
	data := t.TempDir()
	if err := (card{Serial: "GW-17", GatewayID: "g1", APIKey: key}).save(data); err != nil {
		t.Fatal(err)
	}
	return data
}

// probed is an agent-api as far as a test of the connection looks at it. code is how it closes a socket; 0 refuses it.
func probed(t *testing.T, code ws.Code) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v2/gateway/agent-keys", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer k" {
			say(w, 401, map[string]any{"code": "auth.required"})
			return
		}
		say(w, 200, keyList{Items: []keyItem{}})
	})
	mux.HandleFunc("GET /v2/gateway/socket", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery != "probe=1" || r.Header.Get("Authorization") != "Bearer k" || !ws.Asked(r) {
			t.Errorf("the socket was asked for with %q, %q", r.URL.RawQuery, r.Header)
		}
		if code == 0 {
			say(w, 426, map[string]any{"code": "commands.no_socket"})
			return
		}
		c, err := ws.Accept(w, r, ws.AcceptOptions{Subprotocol: command.Subprotocol})
		if err != nil {
			t.Error(err)
			return
		}
		if c.Subprotocol() != command.Subprotocol {
			t.Errorf("the socket speaks %q", c.Subprotocol())
		}
		c.Close(code, "probe")
	})
	return mux
}

func served(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func answering(t *testing.T, status int, body map[string]any, header ...string) string {
	return served(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		say(w, status, body)
	}))
}

// lines checks that the test wrote these lines, in this order, and each step once.
func lines(t *testing.T, out string, want ...string) {
	t.Helper()
	got := strings.Split(strings.TrimSpace(out), "\n")
	if len(got) != len(want) {
		t.Fatalf("%d lines, want %d:\n%s", len(got), len(want), out)
	}
	for i, line := range got {
		if fields := strings.Join(strings.Fields(line), " "); !strings.HasPrefix(fields, want[i]) {
			t.Errorf("line %d is %q, want %q…", i+1, fields, want[i])
		}
	}
}

func TestTheConnectionTestNamesEachStep(t *testing.T) {
	t.Parallel()
	good := served(t, probed(t, ws.Normal))
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	hotel := served(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<p>Welcome") }))
	enrolled := enrolledAs(t, "k")
	hourAgo := time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)
	open := []string{"DNS ok not needed: 127.0.0.1 is an address", "TCP ok 127.0.0.1:", "proxy skipped none is set", "TLS ok not used: plain http"}
	for name, test := range map[string]struct {
		url, data string
		want      []string
		fails     string
	}{
		"all is well":       {good, enrolled, append(open[:4:4], "auth ok enrolled as GW-17, gateway g1", "WebSocket ok opened", "clock ok within"), ""},
		"not enrolled yet":  {good, t.TempDir(), append(open[:4:4], "auth ok agent-api answers; the gateway enrols", "WebSocket skipped agent-api does not know", "clock ok"), ""},
		"a refused key":     {good, enrolledAs(t, "old"), append(open[:4:4], "auth FAILED answered 401 Unauthorized auth.required", "WebSocket skipped", "clock ok"), "auth: answered 401"},
		"a broken server":   {answering(t, 500, nil), enrolled, append(open[:4:4], "auth FAILED answered 500", "WebSocket skipped", "clock ok"), "auth: answered 500"},
		"somebody else":     {hotel, enrolled, append(open[:4:4], "auth FAILED the answer 200 is not agent-api's", "WebSocket skipped", "clock ok"), "auth: "},
		"no WebSockets":     {served(t, probed(t, 0)), enrolled, append(open[:4:4], "auth ok", "WebSocket FAILED answered 426 Upgrade Required commands.no_socket (something on the way", "clock ok"), "WebSocket: answered 426"},
		"an unwanted one":   {served(t, probed(t, ws.Policy)), enrolled, append(open[:4:4], "auth ok", "WebSocket FAILED closed with 1008 probe", "clock ok"), "WebSocket: closed"},
		"an hour off":       {answering(t, 500, nil, "Date", hourAgo), enrolled, append(open[:4:4], "auth FAILED", "WebSocket skipped", "clock FAILED this machine is 1h0m"), "auth: "},
		"nobody listens":    {gone.URL, enrolled, []string{"DNS ok", "TCP FAILED dial tcp", "proxy skipped the way", "TLS skipped the way", "auth skipped the way", "WebSocket skipped the way", "clock skipped"}, "refused"},
		"no such name":      {"https://agent-api.invalid", enrolled, []string{"DNS FAILED lookup agent-api.invalid", "TCP skipped", "proxy skipped", "TLS skipped", "auth skipped", "WebSocket skipped", "clock skipped"}, "DNS: "},
		"no address at all": {"", enrolled, []string{"settings FAILED url: must be set"}, "settings: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			err := TestConnection(t.Context(), testConfig(test.url), "", test.data, &out)
			if test.fails == "" && err != nil || test.fails != "" && (err == nil || !strings.Contains(err.Error(), test.fails)) {
				t.Errorf("error is %v, want %q", err, test.fails)
			}
			lines(t, out.String(), test.want...)
		})
	}
}

// tunnel is a proxy that lets CONNECT through to one server, and asks for a password if it is to have one.
func tunnel(t *testing.T, password string) string {
	return served(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, given, _ := (&http.Request{Header: http.Header{"Authorization": r.Header["Proxy-Authorization"]}}).BasicAuth(); given != password {
			w.Header().Set("Proxy-Authenticate", "Basic")
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		there, err := net.Dial("tcp", r.Host)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		w.WriteHeader(http.StatusOK)
		here, said, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		go func() { io.Copy(there, said); there.Close() }()
		io.Copy(here, there)
		here.Close()
	}))
}

// secure serves HTTPS, and returns where, and a file with the authority of its certificate.
func secure(t *testing.T, h http.Handler) (address, authority string) {
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS13}
	s.StartTLS()
	t.Cleanup(s.Close)
	authority = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return s.URL, authority
}

func TestTheConnectionTestGoesThroughTLSAndProxies(t *testing.T) {
	t.Parallel()
	address, authority := secure(t, probed(t, ws.Normal))
	host := strings.TrimPrefix(address, "https://")
	withPassword := func(proxy string) string { return strings.Replace(proxy, "http://", "http://anvar:sesame@", 1) }
	nobody := httptest.NewServer(http.NotFoundHandler())
	nobody.Close()
	data := enrolledAs(t, "k")
	rest := []string{"TLS ok TLS 1.3, certificate of example.com until 20", "auth ok enrolled", "WebSocket ok opened", "clock ok"}
	for name, test := range map[string]struct {
		proxy, authority string
		want             []string
		fails            string
	}{
		"no proxy":           {"", authority, append([]string{"DNS ok", "TCP ok", "proxy skipped none"}, rest...), ""},
		"unknown authority":  {"", "", []string{"DNS ok", "TCP ok", "proxy skipped none", "TLS FAILED tls: failed to verify certificate: x509: certificate signed by unknown authority", "auth skipped", "WebSocket skipped", "clock ok"}, "TLS: "},
		"a proxy":            {tunnel(t, ""), authority, append([]string{"DNS ok", "TCP ok", "proxy ok lets us through to " + host}, rest...), ""},
		"one with password":  {withPassword(tunnel(t, "sesame")), authority, append([]string{"DNS ok", "TCP ok", "proxy ok"}, rest...), ""},
		"a password missing": {tunnel(t, "sesame"), authority, []string{"DNS ok", "TCP ok", "proxy FAILED", "TLS skipped", "auth skipped", "WebSocket skipped", "clock skipped"}, "Proxy Authentication Required"},
		"no proxy there":     {nobody.URL, authority, []string{"DNS ok", "TCP FAILED", "proxy skipped", "TLS skipped", "auth skipped", "WebSocket skipped", "clock skipped"}, "TCP: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := testConfig(address)
			cfg.Proxy, cfg.CAFile = test.proxy, test.authority
			var out strings.Builder
			err := TestConnection(t.Context(), cfg, "", data, &out)
			if test.fails == "" && err != nil || test.fails != "" && (err == nil || !strings.Contains(err.Error(), test.fails)) {
				t.Errorf("error is %v, want %q", err, test.fails)
			}
			lines(t, out.String(), test.want...)
		})
	}
}

func TestTheConnectionTestAsksAProxyForPlainHTTP(t *testing.T) {
	t.Parallel()
	cfg := testConfig("http://agent-api.invalid:3001")
	cfg.AllowInsecure = true
	agentAPI := probed(t, ws.Normal)
	cfg.Proxy = served(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Host != "agent-api.invalid:3001" {
			t.Errorf("the proxy was asked for %s", r.URL)
		}
		agentAPI.ServeHTTP(w, r)
	}))
	var out strings.Builder
	if err := TestConnection(t.Context(), cfg, "", enrolledAs(t, "k"), &out); err != nil {
		t.Error(err)
	}
	lines(t, out.String(), "DNS ok", "TCP ok", "proxy ok asks agent-api.invalid:3001 for us", "TLS ok", "auth ok", "WebSocket ok", "clock ok")

	cfg.Proxy = answering(t, http.StatusProxyAuthRequired, nil)
	out.Reset()
	err := TestConnection(t.Context(), cfg, "", enrolledAs(t, "k"), &out)
	if err == nil || !strings.HasPrefix(err.Error(), "proxy: answered 407") {
		t.Errorf("error is %v", err)
	}
	lines(t, out.String(), "DNS ok", "TCP ok", "proxy FAILED answered 407", "TLS skipped", "auth skipped", "WebSocket skipped", "clock ok")
}

func TestTheConnectionTestOpensTheChannelWhereItIs(t *testing.T) {
	t.Parallel()
	channel, err := url.Parse(served(t, probed(t, ws.Normal)))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	err = TestConnection(t.Context(), testConfig(served(t, probed(t, 0))), "ws://"+channel.Host+"/v2/gateway/socket", enrolledAs(t, "k"), &out)
	if err != nil {
		t.Errorf("%v:\n%s", err, &out)
	}
}

func TestTheConnectionTestNeedsTheGatewaysFile(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, cardName), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := TestConnection(t.Context(), testConfig("http://127.0.0.1:1"), "", data, &out); err == nil {
		t.Error("no error")
	}
	lines(t, out.String(), "settings FAILED read gateway.json")
	cfg := testConfig("https://127.0.0.1:1")
	cfg.CAFile = filepath.Join(data, "nothing.pem")
	out.Reset()
	if err := TestConnection(t.Context(), cfg, "", t.TempDir(), &out); err == nil {
		t.Error("no error")
	}
	lines(t, out.String(), "settings FAILED read uplink.ca_file")
}

package certificates

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/pki/cert"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
	"github.com/staff-control/staff-control/platform/keypair/keypairtest"
)

// agentAPI is the other end: it certifies whatever it is asked to.
type agentAPI struct {
	*httptest.Server
	t         testing.TB
	authority *keypairtest.Authority

	mu      sync.Mutex
	revoked []string
	asked   []string    // paths
	status  int         // of all answers; 0: good ones
	by      cert.Origin // of the last agent's certificate
	refusal string      // the code of what agents' certificates are refused with; empty: they are given
	id      string      // the gateway's
	life    time.Duration
}

func newAgentAPI(t testing.TB) *agentAPI {
	t.Helper()
	a := &agentAPI{t: t, authority: keypairtest.New(t), revoked: []string{}, id: "g1", life: 90 * 24 * time.Hour}
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	return a
}

func (a *agentAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, r.URL.Path)
	if a.status != 0 {
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, `{"code":"test.fault"}`)
		return
	}
	var in struct{ ComputerUID, CSR, Key, Serial string }
	_ = json.NewDecoder(r.Body).Decode(&in)
	l := keypairtest.Leaf{From: -time.Hour, Until: a.life}
	switch r.URL.Path {
	case "/v2/gateway/listener-certificate":
		l.Usage, l.Name = x509.ExtKeyUsageServerAuth, cert.Holder{Kind: cert.Listener, OrganizationID: 1, Subject: a.id}.URI()
	case "/v2/gateway/agent-certificate":
		a.by = cert.Origin{Key: in.Key, Serial: in.Serial}
		if a.refusal != "" {
			w.WriteHeader(http.StatusUnauthorized)
			_ = json.NewEncoder(w).Encode(map[string]string{"code": a.refusal})
			return
		}
		l.Usage, l.Name = x509.ExtKeyUsageClientAuth, agentOf(1, in.ComputerUID).URI()
	case "/v2/gateway/revoked":
		_ = json.NewEncoder(w).Encode(map[string]any{"items": a.revoked})
		return
	case "/v2/pki/authorities":
		_, _ = io.WriteString(w, a.authority.PEM)
		return
	}
	_ = json.NewEncoder(w).Encode(cert.Issued{Certificate: a.authority.Answer(a.t, l, in.CSR), Authorities: a.authority.PEM})
}

func agentOf(organization int64, uid string) cert.Holder {
	return cert.Holder{Kind: cert.Agent, OrganizationID: organization, Subject: uid}
}

// set changes what the other end does.
func (a *agentAPI) set(do func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	do()
}

// times is how often a path was asked for.
func (a *agentAPI) times(path string) (n int) {
	a.set(func() {
		for _, asked := range a.asked {
			if asked == path {
				n++
			}
		}
	})
	return n
}

func (a *agentAPI) revoke(c *x509.Certificate) {
	a.set(func() { a.revoked = append(a.revoked, hex.EncodeToString(c.SerialNumber.Bytes())) })
}

// agent is an agent's certificate.
func (a *agentAPI) agent(t testing.TB, h cert.Holder) *tls.Certificate {
	t.Helper()
	pair := a.authority.Pair(t, keypairtest.Leaf{Name: h.URI(), Usage: x509.ExtKeyUsageClientAuth})
	return &pair
}

// cloud is agent-api as the uplink gives it.
type cloud struct{ *agentAPI }

func (c cloud) Client() *http.Client            { return http.DefaultClient }
func (c cloud) URL() string                     { return c.Server.URL }
func (c cloud) RotateKey(context.Context) error { return nil }

func (c cloud) GatewayID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.id
}

func (c cloud) Enrolled(ctx context.Context) bool {
	if c.GatewayID() == "" {
		<-ctx.Done()
	}
	return ctx.Err() == nil
}

// self is the gateway of organization 1.
type self struct{}

func (self) OrganizationID() int64 { return 1 }

// key knows agents by X-API-Key: good, as modules that come later do.
var key = kerneltest.Module{
	Is: kernel.Manifest{Name: "key", Roles: []kernel.Role{kernel.Gateway}, Paths: []string{"/v2/agent", "/api/0"}},
	InitFn: func(_ context.Context, h *kernel.Host) error {
		h.Authenticate(kernel.Gateway, func(_ context.Context, r *http.Request) (actor.Actor, bool, error) {
			if r.Header.Get("X-API-Key") != "good" {
				return actor.Actor{}, false, nil
			}
			return actor.Actor{Role: actor.Agent, ID: "key:1", OrganizationID: 1, Key: "hash of good"}, true, nil
		})
		for _, path := range []string{"/v2/agent/who", "/api/0/who"} {
			h.Routes(kernel.Gateway).GET(path, activity.Report, httpx.Handle(http.StatusOK, func(ctx context.Context, _ struct{}) (string, error) {
				a, _ := actor.From(ctx)
				return a.ID, nil
			}))
		}
		return nil
	},
}

// serve runs the module and returns its plain address and that of its listener.
func serve(t testing.TB, a *agentAPI, data string, set ...string) (plain, secure string) {
	t.Helper()
	secure = freePort(t)
	plain = kerneltest.Run(t, kernel.Gateway, kerneltest.Options{Data: data, Set: append([]string{
		"certificates.listen=" + secure, "certificates.names=127.0.0.1", "certificates.interval=1s",
	}, set...)}, New(), key, kerneltest.Provide[gateway.Cloud](kernel.Gateway, cloud{a}), kerneltest.Provide[gateway.Self](kernel.Gateway, self{}))
	return plain, "https://" + secure
}

func freePort(t testing.TB) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// as is a client that shows a certificate, or none.
func as(t testing.TB, a *agentAPI, shows *tls.Certificate) *http.Client {
	t.Helper()
	settings := &tls.Config{RootCAs: keypairtest.Pool(t, a.authority.PEM)}
	if shows != nil {
		settings.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return shows, nil }
	}
	transport := &http.Transport{TLSClientConfig: settings, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second}
}

// ask sends JSON, or nothing, and returns what is said.
func ask(c *http.Client, address, apiKey string, body any) (status int, said string, err error) {
	method, content := http.MethodGet, io.Reader(nil)
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return 0, "", err
		}
		method, content = http.MethodPost, bytes.NewReader(text)
	}
	r, err := http.NewRequest(method, address, content)
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-API-Key", apiKey)
	resp, err := c.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(answer), err
}

func wants(t testing.TB, what string, c *http.Client, address, apiKey string, body any, status int, says string) string {
	t.Helper()
	got, said, err := ask(c, address, apiKey, body)
	if err != nil || got != status || !strings.Contains(said, says) {
		t.Errorf("%s: %d %s %v, want %d %s", what, got, said, err, status, says)
	}
	return said
}

func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	deadline, tick := time.After(30*time.Second), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-deadline:
			t.Fatalf("not in time: %s", what)
		case <-tick.C:
		}
	}
}

// up waits until the listener has its certificate.
func up(t testing.TB, a *agentAPI, secure string) {
	t.Helper()
	eventually(t, "the listener has a certificate", func() bool {
		_, _, err := ask(as(t, a, nil), secure+"/v2/agent/who", "good", nil)
		return err == nil
	})
}

func newTestService(t testing.TB, a *agentAPI, data string, now func() time.Time) *service {
	t.Helper()
	cfg := defaults()
	cfg.Names = []string{"127.0.0.1", "gw.lan"}
	return newService(cfg, data, slog.New(slog.DiscardHandler), now, cloud{a}, self{})
}

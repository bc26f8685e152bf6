package certificates

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/pki/cert"
	"github.com/staff-control/staff-control/platform/keypair/keypairtest"
)

func TestAgentsAreKnownByTheirCertificates(t *testing.T) {
	t.Parallel()
	a := newAgentAPI(t)
	_, secure := serve(t, a, t.TempDir())
	up(t, a, secure)
	who := secure + "/v2/agent/who"
	wants(t, "a certificate", as(t, a, a.agent(t, agentOf(1, "PC-1"))), who, "", nil, 200, "agent:PC-1")
	wants(t, "a certificate and a key", as(t, a, a.agent(t, agentOf(1, "PC-1"))), who, "good", nil, 200, "agent:PC-1")
	wants(t, "a key", as(t, a, nil), who, "good", nil, 200, "key:1")
	elsewhere := secure + "/api/0/who" // where nothing keeps it to its computer
	wants(t, "a certificate elsewhere", as(t, a, a.agent(t, agentOf(1, "PC-1"))), elsewhere, "", nil, 401, "unauthenticated")
	wants(t, "a certificate and a key elsewhere", as(t, a, a.agent(t, agentOf(1, "PC-1"))), elsewhere, "good", nil, 200, "key:1")
	wants(t, "nothing", as(t, a, nil), who, "", nil, 401, "unauthenticated")

	foreign, late := keypairtest.New(t), keypairtest.Leaf{Name: agentOf(1, "PC-1").URI(), Usage: x509.ExtKeyUsageClientAuth}
	past, future, server := late, late, late
	past.From, past.Until = -2*time.Hour, -time.Hour
	future.From, future.Until = time.Hour, 2*time.Hour
	server.Usage = x509.ExtKeyUsageServerAuth
	of := func(l keypairtest.Leaf) *tls.Certificate {
		pair := a.authority.Pair(t, l)
		return &pair
	}
	others := foreign.Pair(t, late)
	for what, c := range map[string]struct {
		shows *tls.Certificate
		says  string
	}{
		"expired":                {of(past), "expired certificate"},
		"of the future":          {of(future), "expired certificate"},
		"another authority's":    {&others, "unknown certificate authority"},
		"a server's":             {of(server), "bad certificate"},
		"without a name":         {of(keypairtest.Leaf{Usage: x509.ExtKeyUsageClientAuth}), "bad certificate"},
		"another organization's": {a.agent(t, agentOf(2, "PC-1")), "bad certificate"},
		"a gateway's":            {a.agent(t, cert.Holder{Kind: cert.Gateway, OrganizationID: 1, Subject: "g1"}), "bad certificate"},
	} {
		fails(t, what, as(t, a, c.shows), who, c.says)
	}
}

// fails wants that the handshake does. A client that is still writing when it is refused may see a broken connection and not
// why; then it looks again.
func fails(t *testing.T, what string, c *http.Client, address, says string) {
	t.Helper()
	var said string
	for range 50 {
		status, _, err := ask(c, address, "good", nil)
		if err == nil {
			t.Errorf("%s: answered %d", what, status)
			return
		}
		if said = err.Error(); strings.Contains(said, says) {
			return
		}
	}
	t.Errorf("%s: %s, want %q", what, said, says)
}

func TestWhereCertificatesAreRequired(t *testing.T) {
	t.Parallel()
	a := newAgentAPI(t)
	plain, secure := serve(t, a, t.TempDir(), "certificates.require=true")
	up(t, a, secure)
	bare := as(t, a, nil)
	for _, address := range []string{plain, secure} {
		wants(t, "a key", bare, address+"/v2/agent/who", "good", nil, 401, "pki.certificate_required")
		wants(t, "health", bare, address+"/health", "", nil, 200, "")
	}
	csr, private := keypairtest.Request(t)
	body := map[string]string{"computerUid": "PC-1", "csr": csr}
	wants(t, "the first certificate without a key", bare, secure+path, "", body, 401, "unauthenticated")
	var issued cert.Issued
	if err := json.Unmarshal([]byte(wants(t, "the first certificate", bare, secure+path, "good", body, 200, "BEGIN CERTIFICATE")), &issued); err != nil {
		t.Fatal(err)
	}
	pair := keypairtest.PairOf(t, issued.Certificate, private)
	agent := as(t, a, &pair)
	wants(t, "with it", agent, secure+"/v2/agent/who", "", nil, 200, "agent:PC-1")
	wants(t, "the next one", agent, secure+path, "", body, 200, "BEGIN CERTIFICATE")
	body["computerUid"] = "PC-2"
	wants(t, "another computer's", agent, secure+path, "", body, 403, "agents.other_computer")
	for field, bad := range map[string]map[string]string{
		"csr": {"computerUid": "PC-1"}, "computerUid": {"csr": csr}, `computerUid","code":"too_long`: {"csr": csr, "computerUid": strings.Repeat("x", 256)},
	} {
		wants(t, "without "+field, bare, secure+path, "good", bad, 400, `"field":"`+field)
	}
}

// What is revoked ends on open connections within the interval, stays so without agent-api, and over a restart.
func TestARevocationIsKept(t *testing.T) {
	t.Parallel()
	a, data := newAgentAPI(t), t.TempDir()
	_, secure := serve(t, a, data)
	up(t, a, secure)
	shows := a.agent(t, agentOf(1, "PC-1"))
	open := as(t, a, shows)
	wants(t, "before", open, secure+"/v2/agent/who", "", nil, 200, "agent:PC-1")
	a.revoke(shows.Leaf)
	eventually(t, "it is refused on its connection", func() bool {
		status, said, err := ask(open, secure+"/v2/agent/who", "good", nil)
		return err == nil && status == 401 && strings.Contains(said, "pki.certificate_refused")
	})
	fails(t, "afterwards", as(t, a, shows), secure+"/v2/agent/who", "bad certificate")
	eventually(t, "it is on the disk", func() bool {
		text, err := os.ReadFile(filepath.Join(data, "certificates.json"))
		return err == nil && strings.Contains(string(text), a.revoked[0])
	})
	a.set(func() { a.status = 503 })
	_, again := serve(t, a, data)
	up(t, a, again)
	fails(t, "after a restart without agent-api", as(t, a, shows), again+"/v2/agent/who", "bad certificate")
	wants(t, "and another's", as(t, a, a.agent(t, agentOf(1, "PC-2"))), again+"/v2/agent/who", "", nil, 200, "agent:PC-2")
}

func TestTheListenersCertificateIsRenewed(t *testing.T) {
	t.Parallel()
	a, data, now := newAgentAPI(t), t.TempDir(), time.Now()
	s := newTestService(t, a, data, func() time.Time { return now })
	if _, err := s.door().GetConfigForClient(nil); !errors.Is(err, errNoCertificate) {
		t.Errorf("before there is one: %v", err)
	}
	renew := func() *x509.Certificate {
		t.Helper()
		if _, err := s.renew(t.Context()); err != nil {
			t.Fatal(err)
		}
		return s.seen.Load().server.Leaf
	}
	first := renew()
	if same := renew(); !same.Equal(first) {
		t.Error("renewed at once")
	}
	now = now.Add(70 * 24 * time.Hour)
	second := renew()
	if second.Equal(first) {
		t.Error("not renewed after two thirds of its life")
	}
	again := newTestService(t, a, data, func() time.Time { return now })
	again.open()
	if st := again.seen.Load(); st.server == nil || !st.server.Leaf.Equal(second) || len(st.trusted) != 1 {
		t.Errorf("after a restart there is %+v", st.known)
	}
	a.set(func() { a.status = 500 })
	var r *refusal
	if _, err := s.renew(t.Context()); !errors.As(err, &r) || r.status != 500 || r.code != "test.fault" {
		t.Errorf("while agent-api fails: %v", err)
	}
}

// Whatever is on the disk, the gateway starts.
func TestBrokenFilesAreMadeAnew(t *testing.T) {
	t.Parallel()
	a, data := newAgentAPI(t), t.TempDir()
	for _, name := range []string{"certificates.json", "listener.crt", "listener.key"} {
		if err := os.WriteFile(filepath.Join(data, name), []byte("hello"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, secure := serve(t, a, data)
	up(t, a, secure)
	wants(t, "afterwards", as(t, a, a.agent(t, agentOf(1, "PC-1"))), secure+"/v2/agent/who", "", nil, 200, "agent:PC-1")
}

func TestWhatAgentAPISaysToAnAgentsRequest(t *testing.T) {
	t.Parallel()
	a := newAgentAPI(t)
	s := newTestService(t, a, t.TempDir(), time.Now)
	for status, want := range map[int]error{400: cert.ErrRequest, 413: cert.ErrRequest, 429: cert.ErrTooMany, 401: cert.ErrUnavailable, 503: cert.ErrUnavailable, 404: cert.ErrUnavailable} {
		a.set(func() { a.status = status })
		if _, err := s.ForAgent(t.Context(), "PC-1", "x", cert.Origin{Key: "aa"}); !errors.Is(err, want) {
			t.Errorf("%d: %v, want %v", status, err, want)
		}
	}
	a.Close()
	if _, err := s.ForAgent(t.Context(), "PC-1", "x", cert.Origin{Key: "aa"}); !errors.Is(err, cert.ErrUnavailable) {
		t.Errorf("away: %v", err)
	}
	a.set(func() { a.id = "" })
	if _, err := s.ForAgent(t.Context(), "PC-1", "x", cert.Origin{Key: "aa"}); !errors.Is(err, cert.ErrUnavailable) {
		t.Errorf("before it is enrolled: %v", err)
	}
}

// What the agent came with is told agent-api: its certificate is of that key, or of the one before's.
func TestWhatAnAgentCameWithIsTold(t *testing.T) {
	t.Parallel()
	a := newAgentAPI(t)
	_, secure := serve(t, a, t.TempDir())
	up(t, a, secure)
	csr, _ := keypairtest.Request(t)
	body := map[string]string{"computerUid": "PC-1", "csr": csr}
	shows := a.agent(t, agentOf(1, "PC-1"))
	for _, c := range []struct {
		shows       *tls.Certificate
		key, serial string
	}{{nil, "hash of good", ""}, {shows, "", cert.Serial(shows.Leaf)}} {
		wants(t, "a certificate", as(t, a, c.shows), secure+path, "good", body, 200, "BEGIN CERTIFICATE")
		a.set(func() {
			if a.by.Key != c.key || a.by.Serial != c.serial {
				t.Errorf("told is %+v, want %q %q", a.by, c.key, c.serial)
			}
		})
	}
	a.set(func() { a.refusal = identity.ErrKeyInvalid.Code })
	wants(t, "after its key", as(t, a, shows), secure+path, "", body, 401, "auth.key_invalid")
}

// A new key of the gateway's ends the certificate that its agents see, so another is fetched in time.
func TestAListenersCertificateThatEndsIsRenewed(t *testing.T) {
	t.Parallel()
	a := newAgentAPI(t)
	_, secure := serve(t, a, t.TempDir())
	up(t, a, secure)
	shown := func() *x509.Certificate {
		t.Helper()
		resp, err := as(t, a, nil).Get(secure + "/health")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.TLS.PeerCertificates[0]
	}
	first := shown()
	a.revoke(first)
	eventually(t, "another is shown", func() bool { return !shown().Equal(first) })
	if n := a.times("/v2/gateway/listener-certificate"); n != 2 {
		t.Errorf("asked for %d", n)
	}
}

func TestTheEndOfTheListenersCertificateIsCounted(t *testing.T) {
	t.Parallel()
	a, now := newAgentAPI(t), time.Now()
	s := newTestService(t, a, t.TempDir(), func() time.Time { return now })
	r := prometheus.NewRegistry()
	s.register(r)
	if n, err := testutil.GatherAndCount(r); n != 0 || err != nil {
		t.Errorf("%d before there is one, %v", n, err)
	}
	if _, err := s.renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	now = s.seen.Load().server.Leaf.NotAfter.Add(-time.Hour)
	want := "# HELP listener_remaining_seconds Time until the certificate that agents see ends.\n# TYPE listener_remaining_seconds gauge\nlistener_remaining_seconds 3600\n"
	if err := testutil.GatherAndCompare(r, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	c := defaults()
	if err := c.Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	bad := Config{Require: true, Names: make([]string, 21), Interval: time.Hour}
	err := bad.Validate()
	for _, key := range []string{"require", "names", "interval"} {
		if err == nil || !strings.Contains(err.Error(), key+": must") {
			t.Errorf("the report lacks %s: %v", key, err)
		}
	}
	hosts, ips := c.names()
	if len(hosts) == 0 || hosts[0] != "localhost" || len(ips) == 0 || len(hosts)+len(ips) > maxNames {
		t.Errorf("this machine is %v %v", hosts, ips)
	}
}

package modules_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/pki/cert"
	"github.com/staff-control/staff-control/platform/keypair/keypairtest"
	"github.com/staff-control/staff-control/platform/secret"
)

// printed runs a sub-command and returns all that it prints.
func (s *site) printed(t testing.TB, words ...string) string {
	t.Helper()
	var out bytes.Buffer
	known, err := s.load(t).Command(context.Background(), words, nil, &out)
	if err != nil || !known {
		t.Fatalf("%v: known %v, %v", words, known, err)
	}
	return out.String()
}

// caller asks over TLS with a certificate, or none.
type caller struct {
	http *http.Client
	base string
}

func newCaller(t testing.TB, address, authorities string, shows *tls.Certificate) caller {
	t.Helper()
	settings := &tls.Config{RootCAs: keypairtest.Pool(t, authorities)}
	if shows != nil { // whatever the server says that it takes
		settings.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return shows, nil }
	}
	transport := &http.Transport{TLSClientConfig: settings, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return caller{&http.Client{Transport: transport, Timeout: 20 * time.Second}, "https://" + address}
}

func (c caller) ask(method, path, key string, body any) (status int, answer string, err error) {
	text, err := json.Marshal(body)
	if err != nil {
		return 0, "", err
	}
	r, err := http.NewRequest(method, c.base+path, bytes.NewReader(text))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Content-Type", "application/json")
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(said), err
}

// wants fails the test unless the answer has the status and says the words.
func (c caller) wants(t testing.TB, what, method, path, key string, body any, status int, says string) string {
	t.Helper()
	got, answer, err := c.ask(method, path, key, body)
	if err != nil || got != status || !strings.Contains(answer, says) {
		t.Errorf("%s: %d %s %v, want %d %s", what, got, answer, err, status, says)
	}
	return answer
}

// fails wants that the handshake does. A client that is still writing when it is refused may see a broken connection and not
// why; then it looks again.
func (c caller) fails(t testing.TB, what, says string) {
	t.Helper()
	var said string
	for range 50 {
		status, answer, err := c.ask(http.MethodGet, keysPath, "", nil)
		if err == nil {
			t.Errorf("%s: answered %d %s", what, status, answer)
			return
		}
		if said = err.Error(); strings.Contains(said, says) {
			return
		}
	}
	t.Errorf("%s: %s, want %q", what, said, says)
}

// forged is a client's certificate, in force between two times from now.
func forged(t testing.TB, a *keypairtest.Authority, h cert.Holder, from, until time.Duration) *tls.Certificate {
	t.Helper()
	pair := a.Pair(t, keypairtest.Leaf{Name: h.URI(), Usage: x509.ExtKeyUsageClientAuth, From: from, Until: until})
	return &pair
}

// pairOf joins what was issued and its key.
func pairOf(t testing.TB, answer string, key *ecdsa.PrivateKey) *tls.Certificate {
	t.Helper()
	var issued cert.Issued
	if err := json.Unmarshal([]byte(answer), &issued); err != nil {
		t.Fatalf("%v in %s", err, answer)
	}
	pair := keypairtest.PairOf(t, issued.Certificate, key)
	return &pair
}

// joined is a gateway as the test plays it.
type joined struct {
	GatewayID, APIKey string
	certificate       *tls.Certificate
}

// join enrols over TLS with a request.
func (s *site) join(t testing.TB, c caller, organization int64, serial string) (j joined) {
	t.Helper()
	var token struct{ Token string }
	status, body := call(t, http.MethodPost, s.dashboard+"/api/v2/gateways/tokens", map[string]string{"Authorization": "Bearer " + s.token},
		map[string]any{"organizationId": organization, "expiresInHours": 1, "maxUses": 1})
	if err := json.Unmarshal(body, &token); err != nil || status != http.StatusCreated {
		t.Fatalf("token: %d %s", status, body)
	}
	csr, key := keypairtest.Request(t)
	answer := c.wants(t, "enrol", http.MethodPost, "/v2/gateway/enroll", "", map[string]string{"token": token.Token, "serial": serial, "csr": csr}, http.StatusCreated, "BEGIN CERTIFICATE")
	if err := json.Unmarshal([]byte(answer), &j); err != nil {
		t.Fatal(err)
	}
	j.certificate = pairOf(t, answer, key)
	return j
}

// revokeAll revokes a gateway's certificates from the dashboard.
func (s *site) revokeAll(t testing.TB, subject string) {
	t.Helper()
	var page struct{ Items []struct{ ID string } }
	s.get(t, "/api/v2/certificates?inForce=true&subject="+subject, &page)
	if len(page.Items) == 0 {
		t.Fatalf("no certificate of %s is listed", subject)
	}
	for _, item := range page.Items {
		if status, body := call(t, http.MethodPost, s.dashboard+"/api/v2/certificates/"+item.ID+"/revoke", map[string]string{"Authorization": "Bearer " + s.token}, nil); status != http.StatusNoContent {
			t.Fatalf("revoke: %d %s", status, body)
		}
	}
}

// certificate is the id of one that the tenant's gateway gets by its key, for a computer.
func (n tenant) certificate(t *testing.T, s *site) string {
	t.Helper()
	csr, _ := keypairtest.Request(t)
	status, body := call(t, http.MethodPost, s.agentAPI+"/v2/gateway/agent-certificate", map[string]string{"Authorization": "Bearer " + n.gatewayKey},
		map[string]string{"computerUid": "PC-" + n.mark, "csr": csr, "key": secret.Hash(n.agentKey)})
	var page struct{ Items []struct{ ID string } }
	if s.get(t, "/api/v2/certificates?subject=PC-"+n.mark, &page); status != http.StatusOK || len(page.Items) != 1 {
		t.Fatalf("certificate: %d %s", status, body)
	}
	return page.Items[0].ID
}

const keysPath = "/v2/gateway/agent-keys"

// Every certificate but a gateway's own is refused where certificates are required, and no key does without.
func TestGatewaysShowCertificates(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		gatewaysShow(t, newSite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		gatewaysShow(t, onPostgres(t))
	})
}

func gatewaysShow(t *testing.T, s *site) {
	secure, own, foreign := freeAddresses(t, 1)[0], keypairtest.New(t), keypairtest.New(t)
	certFile, keyFile := own.Files(t)
	s.serve(t, "role=agent-api,dashboard", "pki.listen="+secure, "pki.require=true", "pki.ca_cert="+certFile, "pki.ca_key="+keyFile)
	ready(t, s.agentAPI, s.dashboard)
	s.signIn(t)
	theirs := s.addOrganization(t, "Theirs")
	nobody := newCaller(t, secure, own.PEM, nil)
	a, b := s.join(t, nobody, 1, "GW-A"), s.join(t, nobody, theirs, "GW-B")
	asA, asB := newCaller(t, secure, own.PEM, a.certificate), newCaller(t, secure, own.PEM, b.certificate)

	asA.wants(t, "its certificate and key", http.MethodGet, keysPath, a.APIKey, nil, 200, "items")
	asA.wants(t, "its certificate alone", http.MethodGet, keysPath, "", nil, 200, "items")
	asB.wants(t, "the other's", http.MethodGet, keysPath, b.APIKey, nil, 200, "items")
	nobody.wants(t, "a key alone", http.MethodGet, keysPath, a.APIKey, nil, 401, "pki.certificate_required")
	nobody.wants(t, "nothing", http.MethodGet, keysPath, "", nil, 401, "")
	if status, body := call(t, http.MethodGet, s.agentAPI+keysPath, map[string]string{"Authorization": "Bearer " + a.APIKey}, nil); status != 401 || !strings.Contains(string(body), "pki.certificate_required") {
		t.Errorf("a key alone on the plain listener: %d %s", status, body)
	}
	asA.wants(t, "with another gateway's key", http.MethodGet, keysPath, b.APIKey, nil, 401, "pki.certificate_refused")
	asA.wants(t, "with a key that is none", http.MethodGet, keysPath, "sgw_x", nil, 401, "")

	mine := cert.Holder{Kind: cert.Gateway, OrganizationID: 1, Subject: a.GatewayID}
	newCaller(t, secure, own.PEM, forged(t, own, mine, -2*time.Hour, -time.Hour)).fails(t, "expired", "expired certificate")
	newCaller(t, secure, own.PEM, forged(t, own, mine, time.Hour, 2*time.Hour)).fails(t, "of the future", "expired certificate")
	newCaller(t, secure, own.PEM, forged(t, foreign, mine, -time.Hour, time.Hour)).fails(t, "of another authority", "unknown certificate authority")
	for what, h := range map[string]cert.Holder{
		"another organization's of this gateway": {Kind: cert.Gateway, OrganizationID: theirs, Subject: a.GatewayID},
		"a gateway that is not there":            {Kind: cert.Gateway, OrganizationID: 1, Subject: "0192f3a1-7c00-7000-8000-000000000001"},
		"no gateway":                             {Kind: cert.Gateway, OrganizationID: 1, Subject: "x"},
	} {
		newCaller(t, secure, own.PEM, forged(t, own, h, -time.Hour, time.Hour)).wants(t, what, http.MethodGet, keysPath, "", nil, 401, "pki.certificate_refused")
	}
	agents := newCaller(t, secure, own.PEM, forged(t, own, cert.Holder{Kind: cert.Agent, OrganizationID: 1, Subject: "PC-1"}, -time.Hour, time.Hour))
	agents.wants(t, "an agent's", http.MethodGet, keysPath, "", nil, 403, "forbidden")
	agents.wants(t, "an agent's beside a gateway's key", http.MethodGet, keysPath, a.APIKey, nil, 401, "pki.certificate_refused")
	agents.wants(t, "an agent's, of its own computer", http.MethodPost, "/v2/agent/events", "", report("PC-1", "S-1", window(time.Now(), "x")), 200, "")
	agents.wants(t, "an agent's, of another computer", http.MethodPost, "/v2/agent/events", "", report("PC-2", "S-1", window(time.Now(), "x")), 403, "agents.other_computer")

	csr, key := keypairtest.Request(t)
	renewed := pairOf(t, asA.wants(t, "renewal", http.MethodPost, "/v2/gateway/certificate", "", map[string]string{"csr": csr}, 200, "BEGIN CERTIFICATE"), key)
	if h, ok := cert.HolderOf(renewed.Leaf); !ok || h != mine {
		t.Errorf("the renewed one names %+v", h)
	}
	nobody.wants(t, "renewal with a key alone", http.MethodPost, "/v2/gateway/certificate", a.APIKey, map[string]string{"csr": csr}, 401, "pki.certificate_required")

	// What is revoked ends on the connection that is open, and on new ones.
	refused := func(c caller) func() bool {
		return func() bool {
			status, _, err := c.ask(http.MethodGet, keysPath, "", nil)
			return err == nil && status == http.StatusUnauthorized
		}
	}
	s.revokeAll(t, a.GatewayID)
	until(t, "A is refused on its open connection", refused(asA))
	newCaller(t, secure, own.PEM, a.certificate).fails(t, "revoked", "bad certificate")
	if status, body := call(t, http.MethodPost, s.dashboard+"/api/v2/gateways/"+b.GatewayID+"/revoke", map[string]string{"Authorization": "Bearer " + s.token}, nil); status != http.StatusNoContent {
		t.Fatalf("revoke B: %d %s", status, body)
	}
	until(t, "B is refused", refused(asB))
	newCaller(t, secure, own.PEM, b.certificate).fails(t, "of a revoked gateway", "bad certificate")
	if crl := nobody.wants(t, "the list", http.MethodGet, "/v2/pki/crl", "", nil, 200, "X509 CRL"); !listed(t, crl, a.certificate.Leaf.SerialNumber) {
		t.Error("the list lacks A's certificate")
	}
}

func listed(t *testing.T, text string, serial *big.Int) bool {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	list, err := x509.ParseRevocationList(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range list.RevokedCertificateEntries {
		if entry.SerialNumber.Cmp(serial) == 0 {
			return true
		}
	}
	return false
}

// A gateway enrols with a request, shows its certificate where one is required, and gets its agents theirs.
func TestAGatewayAndItsAgentsHaveCertificates(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	addresses := freeAddresses(t, 2)
	token := "spt_a-token-of-the-operator-5"
	set := []string{"pki.listen=" + addresses[0], "pki.require=true", "gateways.bootstrap_token=" + token}
	s.serve(t, append(set, "role=agent-api")...)
	s.serve(t, append(set, "role=dashboard")...)
	ready(t, s.agentAPI, s.dashboard)
	s.signIn(t)
	authorities := s.printed(t, "ca", "show")
	caFile := filepath.Join(s.data, "ca.pem")
	if err := os.WriteFile(caFile, []byte(authorities), 0o600); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(s.data, "gateway")
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	s.serve(t, "role=gateway", "data="+data, "uplink.url=https://"+addresses[0], "uplink.ca_file="+caFile, "uplink.token="+token,
		"certificates.listen="+addresses[1], "certificates.names=127.0.0.1", "certificates.require=true", "certificates.interval=1s", "uplink.heartbeat_interval=1s")
	ready(t, s.gateway)
	for _, name := range []string{"gateway.key", "gateway.crt", "listener.key"} {
		until(t, name+" is there", func() bool {
			info, err := os.Stat(filepath.Join(data, name))
			return err == nil && info.Mode().Perm() == 0o600
		})
	}
	agentKey := s.command(t, "apikey", "create", "--type", "AGENT", "--organization", "1")
	bare := newCaller(t, addresses[1], authorities, nil)
	csr, key := keypairtest.Request(t)
	var answer string
	until(t, "an agent gets its certificate", func() bool {
		status, said, err := bare.ask(http.MethodPost, "/v2/agent/certificate", agentKey, map[string]string{"computerUid": "PC-1", "csr": csr})
		answer = said
		return err == nil && status == http.StatusOK
	})
	pair := pairOf(t, answer, key)
	agents := newCaller(t, addresses[1], authorities, pair)
	agents.wants(t, "with its certificate", http.MethodPost, "/v2/agent/events", "", report("PC-1", "S-1", window(time.Now(), "secret")), 200, "")
	agents.wants(t, "of another computer", http.MethodPost, "/v2/agent/events", "", report("PC-2", "S-1", window(time.Now(), "secret")), 403, "agents.other_computer")
	agents.wants(t, "for another computer", http.MethodPost, "/v2/agent/certificate", "", map[string]string{"computerUid": "PC-2", "csr": csr}, 403, "agents.other_computer")
	bare.wants(t, "with a key alone", http.MethodPost, "/v2/agent/events", agentKey, report("PC-1", "S-1", window(time.Now(), "x")), 401, "pki.certificate_required")
	gatewaysOwn, err := tls.LoadX509KeyPair(filepath.Join(data, "gateway.crt"), filepath.Join(data, "gateway.key"))
	if err != nil {
		t.Fatal(err)
	}
	newCaller(t, addresses[1], authorities, &gatewaysOwn).fails(t, "a gateway's for an agent", "bad certificate")
	until(t, "the row is there", func() bool { return len(s.rows(t, "active-windows", "")) == 1 })
	if status, body := call(t, http.MethodPost, s.gateway+"/v2/agent/events", agent(agentKey), report("PC-1", "S-1", window(time.Now(), "x"))); status != 401 {
		t.Errorf("a key alone on the plain listener: %d %s", status, body)
	}
	s.rotated(t, data)
	s.keyEnds(t, addresses[1], authorities, bare)
	s.revokeAll(t, "PC-1")
	within(t, time.Minute, "the agent is refused on its open connection", func() bool {
		status, said, err := agents.ask(http.MethodPost, "/v2/agent/events", "", report("PC-1", "S-1", window(time.Now(), "late")))
		return err == nil && status == http.StatusUnauthorized && strings.Contains(said, "pki.certificate_refused")
	})
	newCaller(t, addresses[1], authorities, pair).fails(t, "revoked", "bad certificate")
}

package pki

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/auth/identity/identitytest"
	"github.com/staff-control/staff-control/modules/pki/cert"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/grid/gridtest"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
	"github.com/staff-control/staff-control/platform/keypair/keypairtest"
)

// authOf is what the module auth gives: the server's secret and the agents' keys.
func authOf(role kernel.Role) kernel.Module {
	return kerneltest.Module{
		Is: kernel.Manifest{
			Name: "auth", Roles: []kernel.Role{role},
			Provides: []kernel.Port{kernel.PortOf[identity.Secret](), kernel.PortOf[identity.KeyList]()},
		},
		InitFn: func(_ context.Context, h *kernel.Host) error {
			kernel.Put[identity.Secret](h, identitytest.Secret("the server's secret"))
			kernel.Put[identity.KeyList](h, &keyring{keys: []identity.Key{agentsKey}})
			return nil
		},
	}
}

func TestRoutesOfPeople(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	s, _ := ready(t, d)
	issued(t, s, gatewayA, x509.CertificateRequest{})
	one := gridtest.All(t, as(actor.HR, 1), s.certificates(), "")[0].ID.String()
	server := kerneltest.Build(t, kernel.Dashboard, kerneltest.Options{DB: d}, New(), authOf(kernel.Dashboard))
	person := func(role actor.Role, organization int64) *actor.Actor {
		return &actor.Actor{Role: role, ID: "user:7", UserID: 7, OrganizationID: organization}
	}
	mine, theirs, lead, operator := person(actor.HR, 1), person(actor.HR, 2), person(actor.DepartmentLead, 1), person(actor.Admin, 0)
	httptestx.Run(t, server,
		httptestx.Scenario{Name: "list", As: mine, Path: certificates, Status: 200, Contains: []string{`"subject":"ga"`, `"inForce":true`}, Excludes: []string{"organizationId\":2", "BEGIN"}},
		httptestx.Scenario{Name: "an operator's", As: operator, Path: certificates + "?kind=gateway&organizationId=1", Status: 200, Contains: []string{`"total":1`}},
		httptestx.Scenario{Name: "another organization's", As: theirs, Path: certificates, Status: 200, Contains: []string{`"items":[]`}},
		httptestx.Scenario{Name: "a lead sees none", As: lead, Path: certificates, Status: 403},
		httptestx.Scenario{Name: "another organization revokes none", As: theirs, Method: "POST", Path: certificates + "/" + one + "/revoke", Status: 404, Contains: []string{"pki.unknown"}},
		httptestx.Scenario{Name: "a lead revokes none", As: lead, Method: "POST", Path: certificates + "/" + one + "/revoke", Status: 403},
		httptestx.Scenario{Name: "revoke", As: mine, Method: "POST", Path: certificates + "/" + one + "/revoke", Status: 204},
		httptestx.Scenario{Name: "once more", As: operator, Method: "POST", Path: certificates + "/" + one + "/revoke", Status: 204},
		httptestx.Scenario{Name: "it is revoked", As: mine, Path: certificates + "?inForce=false", Status: 200, Contains: []string{`"revokedBy":"user:7"`, `"inForce":false`}},
		httptestx.Scenario{Name: "not an id", As: mine, Method: "POST", Path: certificates + "/x/revoke", Status: 400},
	)
}

func TestRoutesOfGateways(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	populate(t, d)
	server := kerneltest.Build(t, kernel.AgentAPI, kerneltest.Options{DB: d}, New(), authOf(kernel.AgentAPI))
	gateway := &actor.Actor{Role: actor.Gateway, ID: "gateway:ga", OrganizationID: 1}
	agent := &actor.Actor{Role: actor.Agent, ID: "key:1", OrganizationID: 1}
	httptestx.Run(t, server,
		httptestx.Scenario{Name: "authorities", Path: "/v2/pki/authorities", Status: 200, Contains: []string{"BEGIN CERTIFICATE"}, Excludes: []string{"PRIVATE"}},
		httptestx.Scenario{Name: "the list", Path: "/v2/pki/crl", Status: 200, Contains: []string{"BEGIN X509 CRL"}},
		httptestx.Scenario{Name: "an agent asks for none", As: agent, Path: "/v2/gateway/revoked", Status: 403},
		httptestx.Scenario{Name: "none is revoked", As: gateway, Path: "/v2/gateway/revoked", Status: 200, Contains: []string{`"items":[]`}},
	)
}

// who says on whose behalf a request comes.
func who(verifier cert.Verifier) func(*http.Request) string {
	return func(r *http.Request) string {
		h, shown, err := verifier.Presented(r.TLS)
		if err != nil || !shown {
			return ""
		}
		return string(h.Kind) + " " + h.Subject
	}
}

// The listener shows the authority's certificate, takes new ones without a restart, and its authority can be replaced.
func TestTheListener(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	populate(t, d)
	address, m := freePort(t), New()
	plain := kerneltest.Run(t, kernel.AgentAPI, kerneltest.Options{DB: d, Set: []string{"pki.listen=" + address, "pki.names=127.0.0.1,agent-api.uz"}}, m, authOf(kernel.AgentAPI))
	eventually(t, "it runs", func() bool {
		resp, err := http.Get(plain + "/health")
		return err == nil && resp.Body.Close() == nil
	})
	var client *http.Client
	ask := func(shows *tls.Certificate) (*tls.ConnectionState, error) {
		settings := &tls.Config{RootCAs: m.service.seen.Load().roots}
		if shows != nil {
			settings.Certificates = []tls.Certificate{*shows}
		}
		transport := &http.Transport{TLSClientConfig: settings, ForceAttemptHTTP2: true}
		defer transport.CloseIdleConnections()
		client = &http.Client{Transport: transport, Timeout: 20 * time.Second}
		resp, err := client.Get("https://" + address + "/v2/pki/authorities")
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		_, err = io.ReadAll(resp.Body)
		return resp.TLS, err
	}
	var first *tls.ConnectionState
	eventually(t, "it answers", func() bool {
		var err error
		first, err = ask(nil)
		return err == nil
	})
	leaf := first.PeerCertificates[0]
	if h, ok := cert.HolderOf(leaf); !ok || h.Kind != cert.Server || leaf.VerifyHostname("agent-api.uz") != nil || first.NegotiatedProtocol != "h2" {
		t.Errorf("it shows %+v with the names %v over %s", h, leaf.DNSNames, first.NegotiatedProtocol)
	}
	pair := issued(t, m.service, gatewayA, x509.CertificateRequest{})
	if _, err := ask(&pair); err != nil {
		t.Errorf("a gateway's: %v", err)
	}
	if err := m.service.addAuthority(context.Background(), true); err != nil {
		t.Fatal(err)
	}
	second, err := ask(nil)
	if err != nil || second.PeerCertificates[0].Equal(leaf) {
		t.Errorf("with a new authority it shows the old one's: %v", err)
	}
	fresh := issued(t, m.service, gatewayA, x509.CertificateRequest{})
	if _, err := ask(&fresh); err != nil {
		t.Errorf("the new authority's: %v", err)
	}
	if got := who(m.service)(&http.Request{TLS: shown(t, m.service, fresh)}); got != "gateway ga" {
		t.Errorf("it is %q", got)
	}
	if a, known, err := m.service.authenticate(context.Background(), &http.Request{TLS: shown(t, m.service, fresh), Header: http.Header{}}); known || err != nil {
		t.Errorf("a gateway is known as %+v, %v", a, err)
	}
	agent := issued(t, m.service, cert.Holder{Kind: cert.Agent, OrganizationID: 1, Subject: "PC-1"}, x509.CertificateRequest{})
	if a, known, err := m.service.authenticate(context.Background(), &http.Request{TLS: shown(t, m.service, agent), Header: http.Header{}}); !known || err != nil || a.ID != "agent:PC-1" || a.Role != actor.Agent {
		t.Errorf("an agent is known as %+v, %v", a, err)
	}
}

func TestTheOperatorsOwnAuthority(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	populate(t, d)
	own := keypairtest.New(t)
	certFile, keyFile := own.Files(t)
	m := New()
	set := []string{"pki.ca_cert=" + certFile, "pki.ca_key=" + keyFile, "pki.listen=" + freePort(t)}
	kerneltest.Build(t, kernel.AgentAPI, kerneltest.Options{DB: d, Set: set}, m, authOf(kernel.AgentAPI))
	pair := issued(t, m.service, gatewayA, x509.CertificateRequest{})
	if err := pair.Leaf.CheckSignatureFrom(own.Certificate); err != nil {
		t.Errorf("it was issued by another: %v", err)
	}
	if n := counted(t, d, "SELECT count(*) FROM pki_authorities"); n != 0 {
		t.Errorf("%d authorities were made besides", n)
	}
	var out bytes.Buffer
	h := &kernel.CommandHost{DB: d, Out: &out}
	if err := m.command(context.Background(), h, []string{"renew"}); err == nil || !strings.Contains(err.Error(), "pki.authority_is_yours") {
		t.Errorf("it is renewed: %v", err)
	}
	if err := m.service.renewInTime(context.Background()); err != nil {
		t.Error(err)
	}
	key, err := os.ReadFile(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	if all, err := ownAuthorities(certFile, string(key)); err != nil || len(all) != 1 {
		t.Errorf("its key as a text: %v", err)
	}
	leaf := own.Pair(t, keypairtest.Leaf{Usage: x509.ExtKeyUsageServerAuth})
	other, _ := keypairtest.New(t).Files(t)
	no := t.TempDir() + "/leaf.pem"
	if err := os.WriteFile(no, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Certificate[0]}), 0o600); err != nil {
		t.Fatal(err)
	}
	leafKey, err := x509.MarshalPKCS8PrivateKey(leaf.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string][2]string{
		"another's key": {other, keyFile}, "no file": {"/nowhere", keyFile}, "no key": {certFile, "/nowhere"}, "no authority": {no, string(encode("PRIVATE KEY", leafKey))},
	} {
		if all, err := ownAuthorities(c[0], c[1]); err == nil {
			t.Errorf("%s: taken as %+v", name, all)
		}
	}
}

func TestTheListenersOwnFiles(t *testing.T) {
	t.Parallel()
	s, c := ready(t, dbtest.SQLite(t))
	own := keypairtest.New(t)
	certFile, keyFile := own.Files(t) // any pair does
	s.listens, s.cfg.TLSCert, s.cfg.TLSKey = true, certFile, keyFile
	refreshed := func() *state {
		t.Helper()
		if err := s.refresh(context.Background()); err != nil {
			t.Fatal(err)
		}
		return s.seen.Load()
	}
	first := refreshed().server
	if first == nil || !bytes.Equal(first.Certificate[0], own.Certificate.Raw) {
		t.Fatal("the files are not shown")
	}
	if refreshed().server != first {
		t.Error("they are read anew though nothing has changed")
	}
	s.cfg.TLSCert = "/nowhere"
	if refreshed().server != first {
		t.Error("a file that is gone ends the listener's certificate")
	}
	s.cfg.TLSCert, s.cfg.TLSKey = "", ""
	mine := refreshed().server
	if refreshed().server != mine {
		t.Error("made anew though nothing has changed")
	}
	c.pass(s.cfg.Life * 2 / 3)
	if refreshed().server == mine {
		t.Error("it is not made anew after half of its life")
	}
}

func TestTheCommand(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	populate(t, d)
	m := New()
	kerneltest.Build(t, kernel.Dashboard, kerneltest.Options{DB: d}, m, authOf(kernel.Dashboard))
	run := func(words ...string) (string, error) {
		var out bytes.Buffer
		err := m.command(context.Background(), &kernel.CommandHost{DB: d, Out: &out}, words)
		return out.String(), err
	}
	first, err := run("show")
	if err != nil || strings.Count(first, "BEGIN CERTIFICATE") != 1 || !strings.Contains(first, "# issues; trusted until") || strings.Contains(first, "PRIVATE") {
		t.Fatalf("%s, %v", first, err)
	}
	if pool := keypairtest.Pool(t, first); pool == nil {
		t.Error("what it prints is no file of authorities")
	}
	if out, err := run("renew"); err != nil || strings.Count(out, "BEGIN CERTIFICATE") != 2 || !strings.Contains(out, "issues from") {
		t.Errorf("%s, %v", out, err)
	}
	if out, err := run("renew", "--now"); err != nil || strings.Count(out, "BEGIN CERTIFICATE") != 1 {
		t.Errorf("%s, %v", out, err)
	}
	if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action = 'pki.renew_authority'"); n != 2 {
		t.Errorf("%d audits, want 2", n)
	}
	for _, words := range [][]string{nil, {"what"}, {"renew", "--later"}, {"show", "more"}} {
		if out, err := run(words...); err == nil {
			t.Errorf("%v: %s", words, out)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	c := defaults()
	if err := c.Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	bad := Config{Require: true, Names: []string{"*"}, TLSCert: "x", CACert: "x", Life: time.Second, AuthorityLife: time.Second, RotationOverlap: -1}
	err := bad.Validate()
	for _, key := range []string{"require", "names", "tls_key", "ca_key", "life", "authority_life", "rotation_overlap"} {
		if err == nil || !strings.Contains(err.Error(), key+": must") {
			t.Errorf("the report lacks %s: %v", key, err)
		}
	}
}

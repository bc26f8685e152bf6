package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/modules/pki/cert"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/keypair/keypairtest"
)

// greedy asks for all that is not the asker's to say.
func greedy(t testing.TB) x509.CertificateRequest {
	t.Helper()
	ca, err := asn1.Marshal(struct{ IsCA bool }{true})
	if err != nil {
		t.Fatal(err)
	}
	somebody, err := url.Parse(cert.Holder{Kind: cert.Gateway, OrganizationID: 2, Subject: "theirs"}.URI().String())
	if err != nil {
		t.Fatal(err)
	}
	return x509.CertificateRequest{
		Subject:  pkix.Name{CommonName: "root", Organization: []string{"Somebody"}},
		DNSNames: []string{"agent-api.example.uz", "*.uz"}, IPAddresses: []net.IP{net.IPv4(10, 0, 0, 1)}, EmailAddresses: []string{"a@b.uz"}, URIs: []*url.URL{somebody},
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 19}, Critical: true, Value: ca}},
	}
}

func TestOnlyTheKeyOfARequestCounts(t *testing.T) {
	t.Parallel()
	s, _ := ready(t, dbtest.SQLite(t))
	for _, kind := range []cert.Kind{cert.Gateway, cert.Agent} {
		h := cert.Holder{Kind: kind, OrganizationID: 1, Subject: "PC-1"}
		c := issued(t, s, h, greedy(t)).Leaf
		if got, ok := cert.HolderOf(c); !ok || got != h {
			t.Errorf("%s: it names %+v", kind, got)
		}
		if c.IsCA || c.KeyUsage != x509.KeyUsageDigitalSignature || !slices.Equal(c.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}) {
			t.Errorf("%s: authority %v, usage %v %v", kind, c.IsCA, c.KeyUsage, c.ExtKeyUsage)
		}
		if len(c.DNSNames)+len(c.IPAddresses)+len(c.EmailAddresses) != 0 || c.Subject.CommonName != string(kind)+" PC-1" {
			t.Errorf("%s: subject %s, names %v %v %v", kind, c.Subject, c.DNSNames, c.IPAddresses, c.EmailAddresses)
		}
		if !c.NotBefore.Equal(noon.Add(-backdate)) || !c.NotAfter.Equal(noon.Add(s.cfg.Life)) {
			t.Errorf("%s: in force from %v until %v", kind, c.NotBefore, c.NotAfter)
		}
	}
}

func TestAListenerGetsTheNamesThatAreNotAgentAPIs(t *testing.T) {
	t.Parallel()
	s, _ := ready(t, dbtest.SQLite(t))
	s.cfg.Names = []string{"Agent-API.example.uz", "10.9.9.9"}
	h := cert.Holder{Kind: cert.Listener, OrganizationID: 1, Subject: "g1"}
	c := issued(t, s, h, x509.CertificateRequest{DNSNames: []string{"Gateway.lan"}, IPAddresses: []net.IP{net.IPv4(10, 0, 0, 1), net.IPv6loopback}}).Leaf
	if !slices.Equal(c.DNSNames, []string{"gateway.lan"}) || len(c.IPAddresses) != 2 || !slices.Equal(c.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}) {
		t.Errorf("names %v %v, usage %v", c.DNSNames, c.IPAddresses, c.ExtKeyUsage)
	}
	var many []string
	for range maxNames + 1 {
		many = append(many, "a.lan")
	}
	for name, bad := range map[string]x509.CertificateRequest{
		"none": {}, "a star": {DNSNames: []string{"*.lan"}}, "agent-api's": {DNSNames: []string{"agent-api.EXAMPLE.uz"}},
		"agent-api's address": {IPAddresses: []net.IP{net.IPv4(10, 9, 9, 9)}}, "too many": {DNSNames: many}, "a dot": {DNSNames: []string{"agent-api.example.uz."}},
		"too long": {DNSNames: []string{strings.Repeat("a.", 130) + "uz"}},
	} {
		if _, err := issue(s, h, csrOf(t, newKey(t), bad)); !errors.Is(err, cert.ErrRequest) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Where pki.names says nothing, agent-api is called what its machine is, and what the certificate says that its listener shows.
func TestAListenerDoesNotStandInForAgentAPI(t *testing.T) {
	t.Parallel()
	s, _ := ready(t, dbtest.SQLite(t))
	s.listens = true
	h := cert.Holder{Kind: cert.Listener, OrganizationID: 1, Subject: "g1"}
	asks := func(names ...string) error {
		t.Helper()
		hosts, ips, err := parseNames(names)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, err = issue(s, h, csrOf(t, newKey(t), x509.CertificateRequest{DNSNames: hosts, IPAddresses: ips}))
		return err
	}
	if err := asks("localhost", "127.0.0.1", "::1", "gw.example.uz"); err != nil {
		t.Errorf("what every machine calls itself: %v", err)
	}
	if host, err := os.Hostname(); err == nil && hostName.MatchString(host) && host != "localhost" {
		if err := asks("gw.example.uz", strings.ToUpper(host)); !errors.Is(err, cert.ErrRequest) {
			t.Errorf("the machine's name: %v", err)
		}
	}
	pair := keypairtest.New(t).Pair(t, keypairtest.Leaf{Usage: x509.ExtKeyUsageServerAuth, Hosts: []string{"api.example.uz", "*.api.example.uz"}})
	s.cfg.TLSCert, s.cfg.TLSKey = filepath.Join(t.TempDir(), "listener.crt"), filepath.Join(t.TempDir(), "listener.key")
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(s.cfg.TLSCert, encode("CERTIFICATE", pair.Certificate[0]), 0o600), os.WriteFile(s.cfg.TLSKey, encode("PRIVATE KEY", key), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, names := range [][]string{nil, {"other.example.uz"}} {
		s.cfg.Names = names
		for _, name := range []string{"api.example.uz", "API.example.uz", "eu.api.example.uz"} {
			if err := asks("gw.example.uz", name); !errors.Is(err, cert.ErrRequest) {
				t.Errorf("%s of the listener's certificate: %v", name, err)
			}
		}
		if err := asks("localhost", "gw.example.uz", "10.1.2.4"); err != nil {
			t.Errorf("names of its own: %v", err)
		}
	}
}

func TestBadRequestsAreRefused(t *testing.T) {
	t.Parallel()
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Skipf("no weak key can be made: %v", err)
	}
	short, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := csrOf(t, newKey(t), x509.CertificateRequest{})
	block, _ := pem.Decode([]byte(good))
	forged := slices.Clone(block.Bytes)
	forged[len(forged)-1] ^= 1
	for name, text := range map[string]string{
		"nothing": "", "no PEM": "hello", "a certificate": strings.ReplaceAll(good, "CERTIFICATE REQUEST", "CERTIFICATE"), "two": good + good,
		"no DER": string(encode("CERTIFICATE REQUEST", []byte("hello"))), "wrong signature": string(encode("CERTIFICATE REQUEST", forged)),
		"RSA 1024": csrOf(t, weak, x509.CertificateRequest{}), "P-224": csrOf(t, short, x509.CertificateRequest{}),
		"huge": csrOf(t, newKey(t), x509.CertificateRequest{Subject: pkix.Name{CommonName: strings.Repeat("x", maxRequest)}}),
	} {
		if r, err := parseRequest(text); err == nil {
			t.Errorf("%s: taken as %+v", name, r)
		}
	}
}

func TestGoodKeysAreTaken(t *testing.T) {
	t.Parallel()
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	strong, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]crypto.Signer{"P-256": newKey(t), "Ed25519": edwards, "RSA 2048": strong} {
		if _, err := parseRequest(csrOf(t, key, x509.CertificateRequest{})); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzRequest gives anything for a request: what is taken has a key that may be certified.
func FuzzRequest(f *testing.F) {
	f.Add(csrOf(f, newKey(f), x509.CertificateRequest{}))
	f.Add(csrOf(f, newKey(f), greedy(f)))
	f.Add("-----BEGIN CERTIFICATE REQUEST-----\nMA==\n-----END CERTIFICATE REQUEST-----\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := parseRequest(text)
		if err != nil {
			return
		}
		if err := checkKey(r.key); err != nil {
			t.Errorf("taken: %v", err)
		}
		if names, ips, err := r.listenerNames(func(string) bool { return false }); err == nil && len(names)+len(ips) > maxNames {
			t.Errorf("%d names", len(names)+len(ips))
		}
	})
}

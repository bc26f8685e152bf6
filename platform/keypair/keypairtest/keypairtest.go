// Package keypairtest makes authorities and certificates for tests, good and bad ones.
package keypairtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Authority is one whose key the test has.
type Authority struct {
	Certificate *x509.Certificate
	Key         *ecdsa.PrivateKey
	// PEM is the certificate.
	PEM string
}

// New makes an authority for ten years.
func New(t testing.TB) *Authority {
	t.Helper()
	key := NewKey(t)
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "Authority " + rand.Text()}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(10, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &Authority{parse(t, der), key, encode("CERTIFICATE", der)}
}

// NewKey makes a key.
func NewKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Leaf says what to certify.
type Leaf struct {
	Name  *url.URL // nil: none
	Usage x509.ExtKeyUsage
	// From and Until are from now; both 0: an hour before and after.
	From, Until time.Duration
	Hosts       []string // more names than localhost and 127.0.0.1
}

// Sign certifies a key.
func (a *Authority) Sign(t testing.TB, l Leaf, key crypto.PublicKey) *x509.Certificate {
	t.Helper()
	if l.From == 0 && l.Until == 0 {
		l.From, l.Until = -time.Hour, time.Hour
	}
	template := &x509.Certificate{
		SerialNumber: serial(), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: append([]string{"localhost"}, l.Hosts...),
		NotBefore: time.Now().Add(l.From), NotAfter: time.Now().Add(l.Until), KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{l.Usage},
	}
	if l.Name != nil {
		template.URIs = []*url.URL{l.Name}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.Certificate, key, a.Key)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, der)
}

// Pair is a certificate with a key of its own.
func (a *Authority) Pair(t testing.TB, l Leaf) tls.Certificate {
	t.Helper()
	key := NewKey(t)
	c := a.Sign(t, l, &key.PublicKey)
	return tls.Certificate{Certificate: [][]byte{c.Raw}, PrivateKey: key, Leaf: c}
}

// Answer certifies the key of a request, PEM.
func (a *Authority) Answer(t testing.TB, l Leaf, csr string) string {
	t.Helper()
	block, _ := pem.Decode([]byte(csr))
	if block == nil {
		t.Errorf("no request: %q", csr)
		return ""
	}
	r, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil || r.CheckSignature() != nil {
		t.Errorf("a bad request: %v", err)
		return ""
	}
	return encode("CERTIFICATE", a.Sign(t, l, r.PublicKey).Raw)
}

// Request is one for a certificate, PEM, with its key.
func Request(t testing.TB) (csr string, key *ecdsa.PrivateKey) {
	t.Helper()
	key = NewKey(t)
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		t.Fatal(err)
	}
	return encode("CERTIFICATE REQUEST", der), key
}

// PairOf joins a certificate, PEM, and its key.
func PairOf(t testing.TB, certificate string, key crypto.PrivateKey) tls.Certificate {
	t.Helper()
	pair, err := tls.X509KeyPair([]byte(certificate), []byte(keyPEM(t, key)))
	if err != nil {
		t.Fatalf("%v in %q", err, certificate)
	}
	return pair
}

// Files are the authority's certificate and its key.
func (a *Authority) Files(t testing.TB) (certificate, key string) {
	t.Helper()
	dir := t.TempDir()
	certificate, key = filepath.Join(dir, "ca.pem"), filepath.Join(dir, "ca.key")
	for path, text := range map[string]string{certificate: a.PEM, key: keyPEM(t, a.Key)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, key
}

// Pool trusts the authorities.
func Pool(t testing.TB, authorities string) *x509.CertPool {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(authorities)) {
		t.Fatalf("no authorities in %q", authorities)
	}
	return pool
}

func keyPEM(t testing.TB, key crypto.PrivateKey) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return encode("PRIVATE KEY", der)
}

func serial() *big.Int {
	b := make([]byte, 16)
	_, _ = rand.Read(b)
	b[0] = b[0]&0x7f | 1
	return new(big.Int).SetBytes(b)
}

func parse(t testing.TB, der []byte) *x509.Certificate {
	t.Helper()
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func encode(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

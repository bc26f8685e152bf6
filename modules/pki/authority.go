package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/pki/cert"
)

// backdate is how far back a certificate begins: clocks that are a little behind take it too.
const backdate = time.Hour

// authority is one that is trusted. It issues if it has its key.
type authority struct {
	certificate *x509.Certificate
	key         crypto.Signer // nil: it is only trusted
	issuesFrom  time.Time
	until       time.Time // until when it is trusted
}

// id names the authority in what it issued.
func (a *authority) id() string {
	sum := sha256.Sum256(a.certificate.RawSubjectPublicKeyInfo)
	return hex.EncodeToString(sum[:8])
}

func (a *authority) pem() []byte { return encode("CERTIFICATE", a.certificate.Raw) }

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// newAuthority makes an authority with a key of its own.
func newAuthority(generation int64, now time.Time, life time.Duration) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial := newSerial()
	template := &x509.Certificate{
		SerialNumber: serial,
		// Each has a name of its own, by which chains find it.
		Subject:   pkix.Name{Organization: []string{"Staff Control"}, CommonName: fmt.Sprintf("Staff Control authority %d %x", generation, serial.Bytes()[:4])},
		NotBefore: now.Add(-backdate), NotAfter: now.Add(life),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	c, err := x509.ParseCertificate(der)
	return &authority{certificate: c, key: key, until: c.NotAfter}, err
}

// newSerial is a number of 127 random bits, never 0.
func newSerial() *big.Int {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	b[0] = b[0]&0x7f | 0x40
	return new(big.Int).SetBytes(b[:])
}

// leaf is a certificate to issue.
type leaf struct {
	holder cert.Holder
	key    crypto.PublicKey
	names  []string
	ips    []net.IP
	life   time.Duration
	until  time.Time // the end at the latest; zero: after the life
}

// issue signs a certificate. Nothing of it is the asker's but the key.
func (a *authority) issue(l leaf, now time.Time) (*x509.Certificate, error) {
	until := now.Add(l.life)
	for _, end := range []time.Time{a.certificate.NotAfter, l.until} {
		if !end.IsZero() && end.Before(until) {
			until = end
		}
	}
	template := &x509.Certificate{
		SerialNumber: newSerial(), Subject: pkix.Name{Organization: []string{"Staff Control"}, CommonName: commonName(l.holder)},
		URIs: []*url.URL{l.holder.URI()}, NotBefore: now.Add(-backdate), NotAfter: until,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if l.holder.Kind == cert.Listener || l.holder.Kind == cert.Server {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		template.DNSNames, template.IPAddresses = l.names, l.ips
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, l.key, a.key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// commonName is for people; X.509 has room for 64 characters.
func commonName(h cert.Holder) string {
	name := []rune(string(h.Kind) + " " + strings.ToValidUTF8(h.Subject, "?"))
	return string(name[:min(len(name), 64)])
}

// chain is what a holder shows: its certificate, and the authority's unless that is one that everybody has to know.
func (a *authority) chain(c *x509.Certificate) [][]byte {
	if a.selfMade() {
		return [][]byte{c.Raw}
	}
	return [][]byte{c.Raw, a.certificate.Raw}
}

func (a *authority) selfMade() bool { return a.certificate.CheckSignatureFrom(a.certificate) == nil }

// ownAuthorities reads the operator's: the first certificate of the file is the one that issues, with the key.
func ownAuthorities(certFile, key string) (all []*authority, err error) {
	text, err := os.ReadFile(certFile)
	if err != nil {
		return nil, err
	}
	secret := []byte(key)
	if !strings.Contains(key, "-----BEGIN") {
		if secret, err = os.ReadFile(key); err != nil {
			return nil, err
		}
	}
	pair, err := tls.X509KeyPair(text, secret)
	if err != nil {
		return nil, err
	}
	for i, der := range pair.Certificate {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		if !c.IsCA || !c.BasicConstraintsValid {
			return nil, fmt.Errorf("%s is not an authority's certificate", c.Subject)
		}
		a := &authority{certificate: c, until: c.NotAfter}
		if i == 0 {
			signer, is := pair.PrivateKey.(crypto.Signer)
			if !is || c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0 {
				return nil, errors.New("the first certificate may not sign others")
			}
			a.key = signer
		}
		all = append(all, a)
	}
	return all, nil
}

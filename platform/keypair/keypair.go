// Package keypair keeps a certificate and its key in two files, PEM, and says when it is time for the next.
package keypair

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/staff-control/staff-control/platform/jsonfile"
)

// Files are Name.crt and Name.key in a directory. The next key, Name.key.new, is there before its certificate is asked for,
// so a crash between the two files leaves a pair.
type Files struct{ Dir, Name string }

func (f Files) path(suffix string) string { return filepath.Join(f.Dir, f.Name+suffix) }

const (
	certificate = ".crt"
	present     = ".key"
	next        = ".key.new"
)

// Request makes the next key, and returns the request for its certificate (PKCS #10, PEM) with the names.
func (f Files) Request(names []string, ips []net.IP) (csr string, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", err
	}
	if err := jsonfile.Replace(f.path(next), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})); err != nil {
		return "", fmt.Errorf("keep the key of a certificate: %w", err)
	}
	der, err = x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{DNSNames: names, IPAddresses: ips}, key)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})), nil
}

// Read returns the certificate with its key; nil if there is none.
func (f Files) Read() (*tls.Certificate, error) {
	if _, err := os.Stat(f.path(certificate)); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(f.path(certificate), f.path(present))
	if err == nil {
		return &pair, nil
	}
	if pair, nextErr := tls.LoadX509KeyPair(f.path(certificate), f.path(next)); nextErr == nil {
		return &pair, nil
	}
	return nil, fmt.Errorf("%s%s: %w", f.Name, certificate, err)
}

// Keep keeps a certificate, with its chain, of the key that Request made.
func (f Files) Keep(text string) (*tls.Certificate, error) {
	key, err := os.ReadFile(f.path(next))
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair([]byte(text), key)
	if err != nil {
		return nil, fmt.Errorf("a certificate that is not of our key: %w", err)
	}
	if err := jsonfile.Replace(f.path(certificate), []byte(text)); err != nil {
		return nil, err
	}
	return &pair, os.Rename(f.path(next), f.path(present))
}

// RenewAt is when a certificate has had two thirds of its life, or a little later: of each at a moment of its own, so that
// those which were issued together are not renewed together.
func RenewAt(c *x509.Certificate) time.Time {
	life := c.NotAfter.Sub(c.NotBefore)
	part := new(big.Int).Mod(c.SerialNumber, big.NewInt(100)).Int64()
	return c.NotBefore.Add(life*2/3 + life/2000*time.Duration(part))
}

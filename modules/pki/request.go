package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strings"
)

const (
	// maxRequest bounds a request's text: that of an RSA key of 4096 bits with twenty names has less.
	maxRequest = 16 << 10
	// maxNames bounds the names of a listener.
	maxNames = 20
	// RSA keys of fewer bits are weak, of more are work for whoever checks them.
	minRSA, maxRSA = 2048, 4096
)

// request is what counts of a PKCS #10 request.
type request struct {
	key   crypto.PublicKey
	names []string // host names
	ips   []net.IP
}

// parseRequest reads a request: its key, if whoever asks has it, and the names that it asks for.
func parseRequest(text string) (r request, err error) {
	if len(text) > maxRequest {
		return r, errors.New("the request is too long")
	}
	block, rest := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE REQUEST" && block.Type != "NEW CERTIFICATE REQUEST" || strings.TrimSpace(string(rest)) != "" {
		return r, errors.New("not one PEM block CERTIFICATE REQUEST")
	}
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return r, err
	}
	if err := checkKey(csr.PublicKey); err != nil {
		return r, err
	}
	if err := csr.CheckSignature(); err != nil {
		return r, fmt.Errorf("signature: %w", err)
	}
	return request{csr.PublicKey, csr.DNSNames, csr.IPAddresses}, nil
}

func checkKey(key crypto.PublicKey) error {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P224() {
			return errors.New("a key on P-224")
		}
	case ed25519.PublicKey:
	case *rsa.PublicKey:
		if n := k.N.BitLen(); n < minRSA || n > maxRSA {
			return fmt.Errorf("an RSA key of %d bits", n)
		}
	default:
		return fmt.Errorf("a key of type %T", key)
	}
	return nil
}

// hostName is a name as certificates have it; it has no stars.
var hostName = regexp.MustCompile(`^(?i:[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?)(\.(?i:[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?))*$`)

// parseNames tells host names from addresses.
func parseNames(all []string) (names []string, ips []net.IP, err error) {
	for _, text := range all {
		if a, err := netip.ParseAddr(text); err == nil {
			ips = append(ips, a.Unmap().WithZone("").AsSlice())
			continue
		}
		if len(text) > 253 || !hostName.MatchString(text) {
			return nil, nil, fmt.Errorf("%q is no name of a host", text)
		}
		names = append(names, strings.ToLower(text))
	}
	return names, ips, nil
}

// listenerNames are the names that a gateway may have for its listener: any but agent-api's own, by which it would
// stand in for it.
func (r request) listenerNames(own func(name string) bool) (names []string, ips []net.IP, err error) {
	asked := append([]string{}, r.names...)
	for _, ip := range r.ips {
		asked = append(asked, ip.String())
	}
	if len(asked) == 0 || len(asked) > maxNames {
		return nil, nil, fmt.Errorf("%d names, want 1 to %d", len(asked), maxNames)
	}
	if names, ips, err = parseNames(asked); err != nil {
		return nil, nil, err
	}
	for _, text := range asked {
		if own(text) {
			return nil, nil, fmt.Errorf("%q is agent-api's", text)
		}
	}
	return names, ips, nil
}

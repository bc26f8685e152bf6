package certificates

import (
	"crypto/tls"
	"crypto/x509"
	"errors"

	"github.com/staff-control/staff-control/modules/pki/cert"
)

// Why a certificate is refused; for logs.
var (
	errUnverified = errors.New("its authority is not trusted")
	errForeign    = errors.New("it is not an agent's of this organization")
	errRevoked    = errors.New("it was revoked")
	errEnded      = errors.New("it is not in force at this time")
	// errNoCertificate is why handshakes fail before the listener has a certificate.
	errNoCertificate = errors.New("the listener has no certificate yet")
)

// known is what the gateway keeps of certificates, for when agent-api is away.
type known struct {
	Authorities string   `json:"authorities"`
	Revoked     []string `json:"revoked"` // serials
}

// state is what the listener goes by. It is never changed, only replaced.
type state struct {
	known
	roots   *x509.CertPool
	trusted map[string]bool // the authorities' certificates, by their bytes
	revoked map[string]bool
	server  *tls.Certificate
	secure  *tls.Config
}

func (s *service) newState(k known, server *tls.Certificate) *state {
	st := &state{known: k, roots: x509.NewCertPool(), trusted: map[string]bool{}, revoked: map[string]bool{}, server: server}
	for _, c := range parse(k.Authorities) {
		st.roots.AddCert(c)
		st.trusted[string(c.Raw)] = true
	}
	for _, serial := range k.Revoked {
		st.revoked[serial] = true
	}
	st.secure = &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}, Time: s.now,
		ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: st.roots, VerifyConnection: s.admit,
	}
	if server != nil {
		st.secure.Certificates = []tls.Certificate{*server}
	}
	return st
}

// door is the listener's TLS: each connection gets the settings of the moment.
func (s *service) door() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			if st := s.seen.Load(); st.server != nil {
				return st.secure, nil
			}
			return nil, errNoCertificate
		},
	}
}

// admit refuses in the handshake what would be refused with each request.
func (s *service) admit(c tls.ConnectionState) error {
	_, _, err := s.presented(&c)
	return err
}

// presented returns the agent whose certificate the other end has shown. It is asked with each request, so that what was
// revoked ends on connections that are open, too.
func (s *service) presented(c *tls.ConnectionState) (h cert.Holder, shown bool, err error) {
	if c == nil || len(c.PeerCertificates) == 0 {
		return h, false, nil
	}
	leaf, st, now := c.PeerCertificates[0], s.seen.Load(), s.now()
	h, named := cert.HolderOf(leaf)
	switch {
	case !st.anchored(c.VerifiedChains):
		return h, false, errUnverified
	case !named || h.Kind != cert.Agent || h.OrganizationID != s.self.OrganizationID():
		return h, false, errForeign
	case st.revoked[cert.Serial(leaf)]:
		return h, false, errRevoked
	case now.Before(leaf.NotBefore) || now.After(leaf.NotAfter):
		return h, false, errEnded
	}
	return h, true, nil
}

func (st *state) anchored(chains [][]*x509.Certificate) bool {
	for _, chain := range chains {
		if len(chain) > 0 && st.trusted[string(chain[len(chain)-1].Raw)] {
			return true
		}
	}
	return false
}

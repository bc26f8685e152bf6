package pki

import (
	"crypto/tls"
	"errors"

	"github.com/staff-control/staff-control/modules/pki/cert"
)

// Why a certificate is refused; for logs.
var (
	errUnverified = errors.New("its authority is not trusted")
	errForeign    = errors.New("it names nobody")
	errRevoked    = errors.New("it was revoked")
	errEnded      = errors.New("it is not in force at this time")
)

// Required reports whether a gateway has to show a certificate.
func (s *service) Required() bool { return s.cfg.Require }

// Presented returns whose certificate the other end has shown. It is asked with each request, so that what was revoked ends
// on connections that are open, too.
func (s *service) Presented(c *tls.ConnectionState) (h cert.Holder, ok bool, err error) {
	if c == nil || len(c.PeerCertificates) == 0 {
		return h, false, nil
	}
	if h, err = s.holder(*c); err != nil {
		return cert.Holder{}, false, cert.ErrRefused.Wrap(err)
	}
	return h, true, nil
}

// holder is Presented for a connection that has a certificate.
func (s *service) holder(c tls.ConnectionState) (h cert.Holder, err error) {
	shown, st, now := c.PeerCertificates[0], s.seen.Load(), s.now()
	h, named := cert.HolderOf(shown)
	switch {
	case !st.anchored(c.VerifiedChains):
		return h, errUnverified
	case !named:
		return h, errForeign
	case st.hasEnded(cert.Serial(shown), now):
		return h, errRevoked
	case now.Before(shown.NotBefore) || now.After(shown.NotAfter):
		return h, errEnded
	}
	return h, nil
}

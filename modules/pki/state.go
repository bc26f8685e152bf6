package pki

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"time"
)

// state is what this process knows of authorities and of what was revoked. It is never changed, only replaced.
type state struct {
	authorities []*authority // all that are trusted, the newest last; the operator's own after those that the server made
	roots       *x509.CertPool
	trusted     map[string]bool      // the authorities' certificates, by their bytes
	ended       []certificateRow     // revoked, or about to be, and else in force
	revoked     map[string]time.Time // since when, by their serials
	server      *tls.Certificate
	secure      *tls.Config // of the listener
}

func newState(authorities []*authority, revoked []certificateRow) *state {
	st := &state{authorities: authorities, roots: x509.NewCertPool(), trusted: map[string]bool{}, ended: revoked, revoked: make(map[string]time.Time, len(revoked))}
	for _, a := range authorities {
		st.roots.AddCert(a.certificate)
		st.trusted[string(a.certificate.Raw)] = true
	}
	for _, row := range revoked {
		st.revoked[row.Serial] = *row.RevokedAt
	}
	return st
}

// hasEnded reports whether the certificate with the serial has been revoked by now.
func (st *state) hasEnded(serial string, now time.Time) bool {
	at, revoked := st.revoked[serial]
	return revoked && !now.Before(at)
}

// issuer is the authority that issues now; nil if none can.
func (st *state) issuer(now time.Time) *authority {
	for i := len(st.authorities) - 1; i >= 0; i-- {
		a := st.authorities[i]
		if a.key != nil && !now.Before(a.issuesFrom) && now.Before(a.certificate.NotAfter) {
			return a
		}
	}
	return nil
}

// anchored reports whether one of the chains ends at an authority that is still trusted.
func (st *state) anchored(chains [][]*x509.Certificate) bool {
	for _, chain := range chains {
		if len(chain) > 0 && st.trusted[string(chain[len(chain)-1].Raw)] {
			return true
		}
	}
	return false
}

// pem are the authorities that others have to trust.
func (st *state) pem() string {
	var b bytes.Buffer
	for _, a := range st.authorities {
		b.Write(a.pem())
	}
	return b.String()
}

package pki

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"math/big"
	"time"
)

// crlLife is how long others may go by a list of what was revoked.
const crlLife = time.Hour

// crls are the lists of a state. Anybody may ask for them, so they are signed once.
type crls struct {
	of   *state
	text []byte
}

// crl lists what was revoked, in a list of each authority that can sign one.
func (s *service) crl() ([]byte, error) {
	st := s.seen.Load()
	if known := s.lists.Load(); known != nil && known.of == st {
		return known.text, nil
	}
	var out bytes.Buffer
	for _, a := range st.authorities {
		if a.key == nil || a.certificate.KeyUsage&x509.KeyUsageCRLSign == 0 || len(a.certificate.SubjectKeyId) == 0 {
			continue
		}
		der, err := a.crl(st.ended, s.clock())
		if err != nil {
			return nil, err
		}
		out.Write(encode("X509 CRL", der))
	}
	s.lists.Store(&crls{st, out.Bytes()})
	return out.Bytes(), nil
}

// crl is the authority's own list.
func (a *authority) crl(ended []certificateRow, now time.Time) ([]byte, error) {
	list := &x509.RevocationList{Number: big.NewInt(now.UnixMicro()), ThisUpdate: now.Add(-backdate), NextUpdate: now.Add(crlLife)}
	for _, row := range ended {
		if row.Authority != a.id() || !row.ended(now) {
			continue
		}
		serial, _ := new(big.Int).SetString(row.Serial, 16)
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: serial, RevocationTime: row.RevokedAt.UTC()})
	}
	return x509.CreateRevocationList(rand.Reader, list, a.certificate, a.key)
}

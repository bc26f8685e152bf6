package pki

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/pki/cert"
)

// errNoCertificate is why a handshake fails while the listener has no certificate.
var errNoCertificate = errors.New("the listener has no certificate")

// names are those of agent-api's own listener.
func (s *service) names() []string {
	if len(s.cfg.Names) > 0 {
		return s.cfg.Names
	}
	names := []string{"localhost", "127.0.0.1", "::1"}
	if host, err := os.Hostname(); err == nil && hostName.MatchString(host) {
		names = append(names, host)
	}
	return names
}

// isOwn tells the names of agent-api: those of the settings, or the machine's, and those of the certificate that its listener
// shows. Whatever every machine calls itself is nobody's own.
func (s *service) isOwn(st *state) func(name string) bool {
	hosts, ips, _ := parseNames(s.names()) // the settings were looked at
	return func(name string) bool {
		ip := net.ParseIP(name)
		if strings.EqualFold(name, "localhost") || ip != nil && ip.IsLoopback() {
			return false
		}
		if st.server != nil && st.server.Leaf.VerifyHostname(name) == nil { // it may have a star
			return true
		}
		return slices.Contains(hosts, strings.ToLower(name)) || ip != nil && slices.ContainsFunc(ips, ip.Equal)
	}
}

// secure gives a state the listener's certificate and its settings: those of the state before, while they do.
func (s *service) secure(next, before *state) {
	if !s.listens {
		return
	}
	var kept *tls.Certificate
	if before != nil {
		kept = before.server
	}
	server, err := s.serverCertificate(next, kept)
	if err != nil {
		s.log.Error("pki.listen has no new certificate", "error", err)
		server = kept
	}
	next.server = server
	next.secure = &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}, Time: s.now,
		ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: next.roots, VerifyConnection: s.admit,
	}
	if server != nil {
		next.secure.Certificates = []tls.Certificate{*server}
	}
}

// door is the listener's TLS: each connection gets the settings of the moment.
func (s *service) door() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			if st := s.seen.Load(); len(st.secure.Certificates) > 0 {
				return st.secure, nil
			}
			return nil, errNoCertificate
		},
	}
}

// admit refuses in the handshake what Presented would refuse with each request.
func (s *service) admit(c tls.ConnectionState) error {
	_, _, err := s.Presented(&c)
	return err
}

// serverCertificate returns the certificate of the listener: that of the files, the present one until half of its life is
// over or another authority issues, or a new one.
func (s *service) serverCertificate(st *state, kept *tls.Certificate) (*tls.Certificate, error) {
	if s.cfg.TLSCert != "" {
		pair, err := tls.LoadX509KeyPair(s.cfg.TLSCert, s.cfg.TLSKey)
		if err != nil {
			return nil, err
		}
		if kept != nil && bytes.Equal(kept.Certificate[0], pair.Certificate[0]) {
			return kept, nil
		}
		return &pair, nil
	}
	now := s.clock()
	a := st.issuer(now)
	if a == nil {
		return kept, nil
	}
	if kept != nil && kept.Leaf.CheckSignatureFrom(a.certificate) == nil && now.Before(middle(kept.Leaf)) {
		return kept, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	l := leaf{holder: cert.Holder{Kind: cert.Server, Subject: "agent-api"}, key: &key.PublicKey, life: s.cfg.Life}
	if l.names, l.ips, err = parseNames(s.names()); err != nil {
		return nil, err
	}
	c, err := a.issue(l, now)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: a.chain(c), PrivateKey: key, Leaf: c}, nil
}

func middle(c *x509.Certificate) time.Time { return c.NotBefore.Add(c.NotAfter.Sub(c.NotBefore) / 2) }

package uplink

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/staff-control/staff-control/modules/pki/cert"
)

// way is how requests leave. Those to agent-api show the gateway's certificate, once it has one, and believe the authorities
// that came with it besides the machine's; all others do neither.
type way struct {
	cfg   Config
	now   func() time.Time
	other *http.Transport
	own   atomic.Pointer[tls.Certificate]
	// refused is the one that agent-api takes no more: it is not shown for a while, and the key may do without.
	refused atomic.Pointer[refusedPair]

	mu          sync.RWMutex
	hosts       map[string]bool // names of agent-api
	authorities string          // believed besides the machine's
	cloud       *http.Transport
}

// refusedPair is a certificate that agent-api did not take.
type refusedPair struct {
	pair *tls.Certificate
	at   time.Time
}

func newWay(cfg Config, now func() time.Time) (*way, error) {
	w := &way{cfg: cfg, now: now, hosts: map[string]bool{hostOf(cfg.URL): true}}
	var err error
	if w.other, err = newTransport(cfg); err != nil {
		return nil, err
	}
	w.cloud, err = w.transport("")
	return w, err
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// transport is the one to agent-api.
func (w *way) transport(authorities string) (*http.Transport, error) {
	t, err := newTransport(w.cfg)
	if err != nil {
		return nil, err
	}
	t.TLSClientConfig.GetClientCertificate = w.show
	if authorities == "" {
		return t, nil
	}
	if t.TLSClientConfig.RootCAs == nil {
		if t.TLSClientConfig.RootCAs, err = x509.SystemCertPool(); err != nil {
			t.TLSClientConfig.RootCAs = x509.NewCertPool() // a bare machine has none
		}
	}
	if !t.TLSClientConfig.RootCAs.AppendCertsFromPEM([]byte(authorities)) {
		return nil, errors.New("the authorities hold no certificate")
	}
	return t, nil
}

// RoundTrip sends one request.
func (w *way) RoundTrip(r *http.Request) (*http.Response, error) {
	shown := w.own.Load()
	t := w.to(r.URL.Hostname())
	resp, err := t.RoundTrip(r)
	if err != nil && t != w.other && refuses(err) {
		w.hide(shown)
	}
	return resp, explainTLS(err)
}

// refuses reports whether the error is the server's word against what we have shown.
func refuses(err error) bool {
	for _, said := range []string{"expired certificate", "bad certificate", "revoked certificate", "unknown certificate authority"} {
		if strings.Contains(err.Error(), "remote error: tls: "+said) {
			return true
		}
	}
	return false
}

// hide has a certificate not be shown: with it there would be no way to get the next, by the key or a token.
func (w *way) hide(c *tls.Certificate) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c == nil || c != w.own.Load() || w.hides(c) {
		return
	}
	w.refused.Store(&refusedPair{c, w.now()})
	_ = w.renew(w.authorities) // they were taken before
}

func (w *way) hides(c *tls.Certificate) bool {
	r := w.refused.Load()
	return r != nil && r.pair == c
}

// showAgain shows what was refused long ago: whoever can disturb the network can say such a word, too.
func (w *way) showAgain() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r := w.refused.Load(); r != nil && w.now().Sub(r.at) >= lookAgain {
		w.refused.Store(nil)
		_ = w.renew(w.authorities) // they were taken before
	}
}

func (w *way) to(host string) *http.Transport {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.hosts[strings.ToLower(host)] {
		return w.cloud
	}
	return w.other
}

// CloseIdleConnections closes those of all transports.
func (w *way) CloseIdleConnections() {
	w.other.CloseIdleConnections()
	w.mu.RLock()
	defer w.mu.RUnlock()
	w.cloud.CloseIdleConnections()
}

// also names one more address of agent-api.
func (w *way) also(address string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if host := hostOf(address); host != "" {
		w.hosts[host] = true
	}
}

// believe replaces the authorities that are believed besides the machine's.
func (w *way) believe(authorities string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.renew(authorities)
}

// renew makes all further requests go over new connections. Those under way end on theirs. Whoever calls it holds the lock.
func (w *way) renew(authorities string) error {
	t, err := w.transport(authorities)
	if err != nil {
		return err
	}
	w.cloud.CloseIdleConnections()
	w.cloud, w.authorities = t, authorities
	return nil
}

// wear takes the certificate that is shown from now on: a connection that is kept busy would show the one before to its end.
func (w *way) wear(c *tls.Certificate) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.own.Store(c)
	return w.renew(w.authorities)
}

// show gives the certificate to a server that takes it. One that has ended is not shown: the key may do without.
func (w *way) show(asked *tls.CertificateRequestInfo) (*tls.Certificate, error) {
	c := w.own.Load()
	if c == nil || w.hides(c) || w.now().After(c.Leaf.NotAfter) || asked.SupportsCertificate(c) != nil {
		return &tls.Certificate{}, nil
	}
	return c, nil
}

var errNotServer = errors.New("the certificate is one of the authority's, and not agent-api's")

// isServer refuses certificates that the authority gave gateways to show their agents: else each could stand in for agent-api.
func isServer(s tls.ConnectionState) error {
	if h, ours := cert.HolderOf(s.PeerCertificates[0]); ours && h.Kind != cert.Server {
		return errNotServer
	}
	return nil
}

// explainTLS says what to do about a connection that a certificate, ours or theirs, has spoiled.
func explainTLS(err error) error {
	var (
		unknown x509.UnknownAuthorityError
		invalid x509.CertificateInvalidError
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &unknown):
		return fmt.Errorf("%w (set uplink.ca_file if the server's authority is your own)", err)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Errorf("%w (is this machine's clock right?)", err)
	}
	for said, means := range map[string]string{
		"remote error: tls: expired certificate":           "agent-api says that this gateway's certificate is not in force: is this machine's clock right, and agent-api's?",
		"remote error: tls: bad certificate":               "agent-api refuses this gateway's certificate: was it revoked?",
		"remote error: tls: revoked certificate":           "this gateway's certificate was revoked",
		"remote error: tls: unknown certificate authority": "agent-api does not know the authority of this gateway's certificate",
		"remote error: tls: certificate required":          "agent-api wants a certificate of this gateway",
	} {
		if strings.Contains(err.Error(), said) {
			return fmt.Errorf("%w (%s)", err, means)
		}
	}
	return err
}

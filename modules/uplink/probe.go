package uplink

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// TestConnection tries, one after another, what delivering needs, and writes how each went: name, connection,
// certificate, key, clock. It returns the first fault. It enrols nothing and spends no token.
func TestConnection(ctx context.Context, cfg Config, data string, w io.Writer) error {
	return probe{cfg: cfg, data: data, out: w, now: time.Now}.run(ctx)
}

type probe struct {
	cfg  Config
	data string
	out  io.Writer
	now  func() time.Time
}

func (p probe) run(ctx context.Context) error {
	if err := p.cfg.Validate(); err != nil {
		return p.step("settings", "", err)
	}
	u, err := url.Parse(p.cfg.URL)
	if err != nil {
		return p.step("settings", "", err)
	}
	if p.cfg.Proxy == "" { // else the proxy resolves and connects
		if err := p.reach(ctx, u); err != nil {
			return err
		}
	}
	c, err := newClient(p.cfg, "test", p.now)
	if err != nil {
		return p.step("settings", "", err)
	}
	defer c.http.CloseIdleConnections()
	if err := p.auth(ctx, c); err != nil {
		return err
	}
	return p.clock(c)
}

// step writes one line.
func (p probe) step(name, result string, err error) error {
	if err != nil {
		fmt.Fprintf(p.out, "%-6s FAILED  %v\n", name, err)
		return fmt.Errorf("%s: %w", name, err)
	}
	fmt.Fprintf(p.out, "%-6s ok      %s\n", name, result)
	return nil
}

func (p probe) reach(ctx context.Context, u *url.URL) error {
	ctx, cancel := context.WithTimeout(ctx, p.cfg.Timeout)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(ctx, u.Hostname())
	if err := p.step("DNS", fmt.Sprintf("%s is %v", u.Hostname(), addresses), err); err != nil {
		return err
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	began := p.now()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return p.step("TCP", "", err)
	}
	defer conn.Close()
	if err := p.step("TCP", fmt.Sprintf("%s in %v", conn.RemoteAddr(), p.now().Sub(began).Round(time.Millisecond)), nil); err != nil {
		return err
	}
	if u.Scheme != "https" {
		return p.step("TLS", "not used: plain http", nil)
	}
	return p.secure(ctx, conn, u.Hostname())
}

func (p probe) secure(ctx context.Context, conn net.Conn, host string) error {
	settings, err := newTLS(p.cfg)
	if err != nil {
		return p.step("TLS", "", err)
	}
	settings.ServerName = host
	s := tls.Client(conn, settings)
	if err := s.HandshakeContext(ctx); err != nil {
		return p.step("TLS", "", explain(err))
	}
	state := s.ConnectionState()
	leaf := state.PeerCertificates[0]
	return p.step("TLS", fmt.Sprintf("%s, certificate of %s until %s",
		tls.VersionName(state.Version), leaf.Subject.CommonName, leaf.NotAfter.Format(time.DateOnly)), nil)
}

// explain adds what to do about a certificate that is not believed.
func explain(err error) error {
	var unknown x509.UnknownAuthorityError
	if errors.As(err, &unknown) {
		return fmt.Errorf("%w (set uplink.ca_file if the server's authority is your own)", err)
	}
	return err
}

func (p probe) auth(ctx context.Context, c *client) error {
	self, err := readCard(p.data)
	if err != nil {
		return p.step("auth", "", err)
	}
	a, err := c.do(ctx, request{method: http.MethodGet, path: "/v2/gateway/agent-keys", key: self.APIKey})
	switch {
	case err != nil:
		return p.step("auth", "", explain(err))
	case !self.enrolled() && a.status == http.StatusUnauthorized:
		return p.step("auth", "agent-api answers; the gateway enrols when it starts", nil)
	case a.status/100 != 2:
		return p.step("auth", "", said(a))
	}
	_, err = decode[keyList](a)
	return p.step("auth", "enrolled as "+self.Serial+", gateway "+self.GatewayID, err)
}

func (p probe) clock(c *client) error {
	skew, known := c.clock.ahead()
	switch {
	case !known:
		return p.step("clock", "agent-api does not say the time", nil)
	case skew.Abs() > skewLimit:
		return p.step("clock", "", fmt.Errorf("this machine is %v ahead of agent-api", skew.Round(time.Second)))
	}
	return p.step("clock", fmt.Sprintf("within %v of agent-api", skew.Abs().Round(100*time.Millisecond)), nil)
}

package uplink

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/platform/ws"
)

// The steps of a test, in the order in which they are written.
const (
	stepSettings = "settings"
	stepDNS      = "DNS"
	stepTCP      = "TCP"
	stepProxy    = "proxy"
	stepTLS      = "TLS"
	stepAuth     = "auth"
	stepSocket   = "WebSocket"
	stepClock    = "clock"
)

const tooFar = "the way does not lead so far"

// hints say what to look at when a step fails.
var hints = map[string]string{
	stepDNS:    "look at uplink.url, which is server.url, and at this machine's name servers",
	stepTCP:    "does a firewall stand between? uplink.proxy if only a proxy may go out",
	stepProxy:  "look at uplink.proxy: its address, name and password, and where it lets one go",
	stepSocket: "something on the way knows no WebSockets, or control.url is wrong; deliveries do without",
	stepClock:  "set the clock: timedatectl set-ntp true",
}

// TestConnection tries what the gateway needs of agent-api and writes one line for each step: ok, FAILED with what to
// look at, or skipped. It goes on where a later step can still be tried, and returns the first fault. channel is the
// address of the control channel; empty is that of agent-api. It enrols nothing, spends no token, and takes nobody's place.
func TestConnection(ctx context.Context, cfg Config, channel, data string, w io.Writer) error {
	p := &probe{cfg: cfg, channel: channel, data: data, out: w, now: time.Now}
	if err := p.prepare(); err != nil {
		p.write(stepSettings, "FAILED", err.Error())
		return fmt.Errorf("%s: %w", stepSettings, err)
	}
	defer p.client.http.CloseIdleConnections()
	p.run(ctx)
	return p.first
}

// probe is one test.
type probe struct {
	cfg           Config
	channel, data string
	out           io.Writer
	now           func() time.Time

	target *url.URL
	self   card
	client *client
	first  error // the first fault
}

func (p *probe) prepare() (err error) {
	if err := p.cfg.Validate(); err != nil {
		return err
	}
	if p.target, err = url.Parse(p.cfg.URL); err != nil {
		return err
	}
	if p.self, err = readCard(p.data); err != nil {
		return err
	}
	if p.client, err = newClient(p.cfg, "test", p.now); err != nil {
		return err
	}
	if p.target.Scheme != "https" {
		return nil
	}
	return p.client.way.open(p.self, p.data)
}

// run asks agent-api once, and tells from how far the question came what is well.
func (p *probe) run(ctx context.Context) {
	j := &journey{now: p.now}
	a, err := p.client.do(httptrace.WithClientTrace(ctx, j.trace()), request{method: http.MethodGet, path: "/v2/gateway/agent-keys", key: p.self.APIKey})
	if err == nil && a.status == http.StatusProxyAuthRequired {
		err = said(a) // agent-api never says that
	}
	reached := p.reach(j.seen(), err)
	if !reached && j.seen().handshakes > 0 {
		p.askTime(ctx)
	}
	known := p.auth(reached, a, err)
	p.socket(ctx, reached, known)
	p.clock()
}

// write writes one line.
func (p *probe) write(step, state, text string) {
	fmt.Fprintf(p.out, "%-10s %-8s %s\n", step, state, text)
}

func (p *probe) ok(step, format string, args ...any) bool {
	p.write(step, "ok", fmt.Sprintf(format, args...))
	return true
}

func (p *probe) skip(step, why string) bool {
	p.write(step, "skipped", why)
	return false
}

func (p *probe) fail(step string, err error) bool {
	text := err.Error()
	if hint := hints[step]; hint != "" {
		text += " (" + hint + ")"
	}
	p.write(step, "FAILED", text)
	p.first = cmp.Or(p.first, fmt.Errorf("%s: %w", step, err))
	return false
}

// reach tells of the way to agent-api, and reports whether it is open.
func (p *probe) reach(at stage, err error) bool {
	steps := []func(stage, error) bool{p.dns, p.tcp, p.proxy, p.tls}
	for i, step := range steps {
		if step(at, err) {
			continue
		}
		for _, name := range []string{stepTCP, stepProxy, stepTLS}[i:] {
			p.skip(name, tooFar)
		}
		return false
	}
	return true
}

// firstHost is whom the gateway connects to: the proxy if there is one.
func (p *probe) firstHost() string {
	if proxy, err := url.Parse(p.cfg.Proxy); err == nil && p.cfg.Proxy != "" {
		return proxy.Hostname()
	}
	return p.target.Hostname()
}

func (p *probe) dns(at stage, err error) bool {
	switch {
	case at.dnsErr != nil:
		return p.fail(stepDNS, at.dnsErr)
	case len(at.addresses) > 0:
		return p.ok(stepDNS, "%s is %s", p.firstHost(), strings.Join(at.addresses, ", "))
	case at.connected != "" || at.dialErr != nil:
		return p.ok(stepDNS, "not needed: %s is an address", p.firstHost())
	}
	return p.fail(stepDNS, cmp.Or(err, errors.New("nothing was asked")))
}

func (p *probe) tcp(at stage, err error) bool {
	if at.connected == "" {
		return p.fail(stepTCP, cmp.Or(at.dialErr, err, errors.New("no connection")))
	}
	return p.ok(stepTCP, "%s in %v", at.connected, at.took.Round(time.Millisecond))
}

func (p *probe) proxy(at stage, err error) bool {
	if p.cfg.Proxy == "" {
		p.skip(stepProxy, "none is set")
		return true
	}
	wanted := 0 // handshakes before the one with agent-api
	if proxy, err := url.Parse(p.cfg.Proxy); err == nil && proxy.Scheme == "https" {
		wanted = 1
	}
	switch {
	case p.target.Scheme == "https" && at.handshakes > wanted:
		return p.ok(stepProxy, "lets us through to %s", p.target.Host)
	case err != nil:
		return p.fail(stepProxy, err)
	}
	return p.ok(stepProxy, "asks %s for us", p.target.Host)
}

func (p *probe) tls(at stage, err error) bool {
	switch {
	case p.target.Scheme != "https":
		return p.ok(stepTLS, "not used: plain http")
	case at.tlsErr != nil:
		return p.fail(stepTLS, cmp.Or(explainTLS(at.tlsErr), at.tlsErr))
	case at.tls == nil:
		return p.fail(stepTLS, cmp.Or(err, errors.New("no handshake")))
	}
	leaf := at.tls.PeerCertificates[0]
	name := leaf.Subject.CommonName
	if len(leaf.DNSNames) > 0 {
		name = leaf.DNSNames[0]
	}
	return p.ok(stepTLS, "%s, certificate of %s until %s", tls.VersionName(at.tls.Version), name, leaf.NotAfter.Format(time.DateOnly))
}

// auth reports whether agent-api knows the gateway.
func (p *probe) auth(reached bool, a answer, err error) bool {
	switch {
	case !reached:
		return p.skip(stepAuth, tooFar)
	case err != nil:
		return p.fail(stepAuth, err)
	case !p.self.enrolled() && (a.status == http.StatusUnauthorized || a.status == http.StatusOK):
		p.ok(stepAuth, "agent-api answers; the gateway enrols when it starts")
		return false
	case a.status == http.StatusUnauthorized || a.status == http.StatusForbidden:
		return p.fail(stepAuth, fmt.Errorf("%w (was the gateway revoked? then remove it here, too, and enrol it anew)", said(a)))
	case a.status/100 != 2:
		return p.fail(stepAuth, said(a))
	}
	if _, err := decode[keyList](a); err != nil {
		return p.fail(stepAuth, fmt.Errorf("%w (is uplink.url agent-api's? something else answers there)", err))
	}
	return p.ok(stepAuth, "enrolled as %s, gateway %s", p.self.Serial, p.self.GatewayID)
}

// socketPatience is how long agent-api may take to open a socket and close it.
const socketPatience = 10 * time.Second

// socket opens the control channel, in a way that agent-api closes at once: the running gateway keeps its own.
func (p *probe) socket(ctx context.Context, reached, known bool) bool {
	switch {
	case !reached:
		return p.skip(stepSocket, tooFar)
	case !known:
		return p.skip(stepSocket, "agent-api does not know this gateway yet")
	}
	ctx, cancel := context.WithTimeout(ctx, min(socketPatience, p.cfg.Timeout))
	defer cancel()
	header := http.Header{"Authorization": {"Bearer " + p.self.APIKey}, "User-Agent": {p.client.agent}}
	p.client.way.also(p.channel)
	address := cmp.Or(p.channel, p.client.base+"/v2/gateway/socket")
	conn, err := ws.Dial(ctx, address+"?probe=1", ws.DialOptions{Client: p.client.http, Header: header, Subprotocol: command.Subprotocol})
	var refused *ws.RefusedError
	switch {
	case errors.As(err, &refused):
		return p.fail(stepSocket, said(answer{status: refused.Status, body: refused.Body}))
	case err != nil:
		return p.fail(stepSocket, err)
	}
	defer conn.CloseNow()
	_, err = conn.Read(ctx)
	if code, reason := ws.Closed(err); code != 0 && code != ws.Normal {
		return p.fail(stepSocket, fmt.Errorf("closed with %d %s", code, reason))
	}
	return p.ok(stepSocket, "opened and closed by agent-api")
}

// askTime asks whoever answers for the time, and for nothing else: a wrong clock spoils certificates.
func (p *probe) askTime(ctx context.Context) {
	t, err := newTransport(p.cfg)
	if err != nil {
		return
	}
	t.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	defer t.CloseIdleConnections()
	anybody := *p.client
	anybody.http = &http.Client{Transport: t, CheckRedirect: p.client.http.CheckRedirect}
	_, _ = anybody.do(ctx, request{method: http.MethodGet, path: "/health"}) // notes the time; without it there is none to tell
}

func (p *probe) clock() bool {
	skew, known := p.client.clock.ahead()
	switch {
	case !known:
		return p.skip(stepClock, "agent-api has not said the time")
	case skew.Abs() > skewLimit:
		return p.fail(stepClock, fmt.Errorf("this machine is %v ahead of agent-api", skew.Round(time.Second)))
	}
	return p.ok(stepClock, "within %v of agent-api", skew.Abs().Round(100*time.Millisecond))
}

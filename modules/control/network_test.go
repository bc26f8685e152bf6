package control

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/commands/command"
)

// proxy is an HTTP proxy that takes CONNECT only, as those of offices do.
type proxy struct {
	url  *url.URL
	auth string // what it wants; empty is nothing

	mu    sync.Mutex
	asked []string
	lines []net.Conn
}

func newProxy(t testing.TB, auth string) *proxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{url: &url.URL{Scheme: "http", Host: ln.Addr().String()}, auth: auth}
	var work sync.WaitGroup
	t.Cleanup(func() { ln.Close(); p.cut(); work.Wait() })
	work.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			work.Go(func() { p.serve(conn) })
		}
	})
	return p
}

func (p *proxy) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	r, err := http.ReadRequest(in)
	if err != nil {
		return
	}
	p.mu.Lock()
	p.asked = append(p.asked, r.Method+" "+r.Host)
	p.mu.Unlock()
	switch {
	case r.Method != http.MethodConnect:
		_, _ = io.WriteString(conn, "HTTP/1.1 405 Only CONNECT\r\nContent-Length: 0\r\n\r\n")
		return
	case p.auth != "" && r.Header.Get("Proxy-Authorization") != "Basic "+base64.StdEncoding.EncodeToString([]byte(p.auth)):
		_, _ = io.WriteString(conn, "HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")
		return
	}
	far, err := net.Dial("tcp", r.Host)
	if err != nil {
		_, _ = io.WriteString(conn, "HTTP/1.1 502 Not there\r\nContent-Length: 0\r\n\r\n")
		return
	}
	defer far.Close()
	p.mu.Lock()
	p.lines = append(p.lines, conn, far)
	p.mu.Unlock()
	_, _ = io.WriteString(conn, "HTTP/1.1 200 Connected\r\n\r\n")
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(far, in); far.Close() })
	both.Go(func() { _, _ = io.Copy(conn, far); conn.Close() })
	both.Wait()
}

// cut ends all lines that go through it.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, line := range p.lines {
		line.Close()
	}
	p.lines = nil
}

func (p *proxy) questions() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.asked...)
}

// through is a transport as the uplink's: HTTP/2 where it can be had, a proxy, and a certificate authority of its own.
func through(s *server, p *url.URL) *http.Transport {
	roots := x509.NewCertPool()
	if s.Certificate() != nil {
		roots.AddCert(s.Certificate())
	}
	return &http.Transport{Proxy: http.ProxyURL(p), ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
}

// Over TLS, to a server that would rather speak HTTP/2, through a proxy that wants a password and cuts the line now and
// then.
func TestItWorksThroughAProxyThatCuts(t *testing.T) {
	t.Parallel()
	s := serve(t, true)
	p := newProxy(t, "gateway:secret")
	p.url.User = url.UserPassword("gateway", "secret")
	r := newRig(t, testConfig(), newCloud(s.URL, through(s, p.url))).start(t)
	for range 5 {
		one := orderOf(command.SyncDevices)
		far := s.next(t)
		far.order(one)
		for far.ack().CommandID != one.ID { // first it answers again what was answered on the line that was cut
		}
		p.cut()
	}
	if asked := p.questions(); asked[0] != "CONNECT "+s.Listener.Addr().String() {
		t.Errorf("the proxy was asked %q", asked)
	}
	if did := r.doer.done(); len(did) != 5 {
		t.Errorf("%d are done", len(did))
	}
}

func TestAProxyThatRefusesIsNamed(t *testing.T) {
	t.Parallel()
	s := serve(t, true)
	p := newProxy(t, "gateway:secret")
	r := newRig(t, testConfig(), newCloud(s.URL, through(s, p.url))).start(t)
	eventually(t, "it is known", func() bool { return r.logged.with("Who are you") > 0 || r.logged.with("Proxy") > 0 })
	if got := r.status.current(); got.State != string(disconnected) {
		t.Errorf("channel is %+v", got)
	}
	gone := newRig(t, testConfig(), newCloud(s.URL, through(s, &url.URL{Scheme: "http", Host: "127.0.0.1:1"}))).start(t)
	eventually(t, "it is known", func() bool { return gone.status.current().Reason == "proxy" })
}

// A server whose certificate nobody vouches for gets no key.
func TestAnUnknownCertificateEndsIt(t *testing.T) {
	t.Parallel()
	s := serve(t, true)
	r := newRig(t, testConfig(), newCloud(s.URL, &http.Transport{TLSClientConfig: &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}})).start(t)
	eventually(t, "it is known", func() bool { return r.status.current().Reason == "certificate" })
	if len(s.peers) != 0 {
		t.Error("it is connected")
	}
}

// The address of the settings wins, and the client is told that it is agent-api's.
func TestTheAddressOfTheSettings(t *testing.T) {
	t.Parallel()
	s := serve(t, false)
	cfg := testConfig()
	cfg.URL = "ws" + strings.TrimPrefix(s.URL, "http") + path
	r := newRig(t, cfg, newCloud("http://192.0.2.1", &http.Transport{})).start(t)
	s.next(t)
	r.cloud.mu.Lock()
	defer r.cloud.mu.Unlock()
	if len(r.cloud.to) == 0 || r.cloud.to[0] != cfg.URL {
		t.Errorf("asked for %q", r.cloud.to)
	}
}

// A server that takes the connection and never answers is given up after a while; a redirect is not followed.
func TestAServerThatNeverAnswers(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close() // nobody accepts: the kernel does
	r := newRig(t, testConfig(), newCloud("http://"+ln.Addr().String(), &http.Transport{ResponseHeaderTimeout: 50 * time.Millisecond})).start(t)
	eventually(t, "it is known", func() bool { return r.status.current().Reason == "timeout" })
}

// A peer that reads nothing while much is to be said stops nothing but its own socket.
func TestAPeerThatReadsNothing(t *testing.T) {
	t.Parallel()
	s, r, p := connect(t, func(c *Config) { c.PingInterval, c.PingTimeout = 10*time.Millisecond, 1500*time.Millisecond })
	big := strings.Repeat("x", 200<<10)
	r.doer.mu.Lock()
	r.doer.reply = func(c command.Command) command.Ack {
		return command.Ack{CommandID: c.ID, Status: command.Completed, Result: []byte(`"` + big + `"`)}
	}
	r.doer.mu.Unlock()
	for range 60 {
		p.order(orderOf(command.SyncDevices))
	}
	second := s.next(t)
	seen := map[[16]byte]bool{}
	for len(seen) < 60 {
		a := second.ack()
		seen[a.CommandID] = true
		second.say(command.EventAckReceived, command.Reference{CommandID: a.CommandID})
	}
	eventually(t, "all are received", func() bool { return r.acks.count() == 0 })
}

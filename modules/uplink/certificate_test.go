package uplink

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/staff-control/staff-control/modules/pki/cert"
	"github.com/staff-control/staff-control/platform/keypair/keypairtest"
)

// issuer is an authority.
type issuer struct{ *keypairtest.Authority }

func newIssuer(t testing.TB) issuer {
	t.Helper()
	return issuer{keypairtest.New(t)}
}

// answer signs a request as agent-api does: from an hour ago on.
func (i issuer) answer(t testing.TB, csr string, life time.Duration, authorities string) cert.Issued {
	t.Helper()
	l := keypairtest.Leaf{Name: cert.Holder{Kind: cert.Gateway, OrganizationID: 1, Subject: "g1"}.URI(), Usage: x509.ExtKeyUsageClientAuth, From: -time.Hour, Until: life}
	return cert.Issued{Certificate: i.Answer(t, l, csr), Authorities: authorities}
}

// listener is a server's certificate.
func (i issuer) listener(t testing.TB, kind cert.Kind) tls.Certificate {
	t.Helper()
	return i.Pair(t, keypairtest.Leaf{Name: cert.Holder{Kind: kind, Subject: "x"}.URI(), Usage: x509.ExtKeyUsageServerAuth})
}

func (i issuer) file(t testing.TB) string {
	t.Helper()
	path, _ := i.Files(t)
	return path
}

// authorityOf has an agent-api give certificates of the issuer's, which last so long.
func (a *agentAPI) authorityOf(t testing.TB, i issuer, life time.Duration, authorities string) {
	a.on(func(w http.ResponseWriter, r *http.Request, body []byte) bool {
		var in struct{ CSR string }
		_ = json.Unmarshal(body, &in)
		switch r.URL.Path {
		case "/v2/gateway/enroll":
			issued := i.answer(t, in.CSR, life, authorities)
			say(w, 201, map[string]any{"gatewayId": "g1", "apiKey": "sgw_1", "organizationId": 1, "certificate": issued.Certificate, "authorities": issued.Authorities})
		case "/v2/gateway/certificate":
			say(w, 200, i.answer(t, in.CSR, life, authorities))
		case "/v2/pki/authorities":
			_, _ = io.WriteString(w, authorities)
		default:
			return false
		}
		return true
	})
}

// secured is an agent-api on the network that takes certificates of one issuer, and counts those that are shown.
type secured struct {
	*httptest.Server
	shows atomic.Pointer[tls.Certificate]

	mu   sync.Mutex
	seen map[string]int // serials; "" is none
}

func certifying(t testing.TB, h http.Handler, takes issuer, shows tls.Certificate) *secured {
	t.Helper()
	s := &secured{seen: map[string]int{}}
	s.shows.Store(&shows)
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serial := ""
		if len(r.TLS.PeerCertificates) > 0 {
			serial = r.TLS.PeerCertificates[0].SerialNumber.String()
		}
		s.mu.Lock()
		s.seen[serial]++
		s.mu.Unlock()
		h.ServeHTTP(w, r)
	}))
	s.EnableHTTP2 = true
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.TLS = &tls.Config{ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: keypairtest.Pool(t, takes.PEM), GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.shows.Load(), nil }}
	s.StartTLS()
	s.TLS.Certificates = nil
	t.Cleanup(s.Close)
	return s
}

func (s *secured) shown() (with, without int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for serial := range s.seen {
		if serial != "" {
			with++
		}
	}
	return with, s.seen[""]
}

func TestEnrolmentBringsACertificate(t *testing.T) {
	t.Parallel()
	i, a, m := newIssuer(t), newAgentAPI(), newMemory()
	a.authorityOf(t, i, 90*24*time.Hour, i.PEM)
	s := certifying(t, a, i, i.listener(t, cert.Server))
	c := testConfig(s.URL)
	c.CAFile = i.file(t)
	u := newTestUplink(t, c, m)
	stop := start(t, u)
	eventually(t, "the certificate is shown", func() bool { with, _ := s.shown(); return with == 1 })
	stop()
	for name, mode := range map[string]os.FileMode{"gateway.crt": 0o600, "gateway.key": 0o600, "gateway.json": 0o600} {
		if info, err := os.Stat(filepath.Join(u.data, name)); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if _, err := os.Stat(filepath.Join(u.data, "gateway.key.new")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the next key is there: %v", err)
	}
	if n := len(a.to("/v2/gateway/certificate")); n != 0 {
		t.Errorf("%d renewals of a new certificate", n)
	}
	// After a restart, without the file of authorities, all is known.
	c.CAFile = ""
	again, err := newUplink(parts{cfg: c, data: u.data, log: u.log, now: u.now, backlog: m, outbox: m, alerts: m})
	if err != nil {
		t.Fatal(err)
	}
	if err := again.askAuthorities(t.Context()); err != nil {
		t.Errorf("after a restart: %v", err)
	}
	// An address of somebody else's is not believed for it.
	c.URL = "https://localhost:1"
	elsewhere, err := newUplink(parts{cfg: c, data: u.data, log: u.log, now: u.now, backlog: m, outbox: m, alerts: m})
	if err != nil {
		t.Fatal(err)
	}
	elsewhere.client.base = s.URL
	var unknown x509.UnknownAuthorityError
	if err := elsewhere.askAuthorities(t.Context()); !errors.As(err, &unknown) {
		t.Errorf("from another address: %v", err)
	}
}

func TestAuthoritiesAreLearntBeforeTheyAreShown(t *testing.T) {
	t.Parallel()
	first, second, a := newIssuer(t), newIssuer(t), newAgentAPI()
	a.authorityOf(t, first, 90*24*time.Hour, first.PEM)
	s := certifying(t, a, first, first.listener(t, cert.Server))
	c := testConfig(s.URL)
	c.CAFile = first.file(t)
	u := newTestUplink(t, c, newMemory())
	if !u.enrol(t.Context()) {
		t.Fatal("not enrolled")
	}
	a.authorityOf(t, first, 90*24*time.Hour, first.PEM+second.PEM)
	if err := u.askAuthorities(t.Context()); err != nil {
		t.Fatal(err)
	}
	other := second.listener(t, cert.Server)
	s.shows.Store(&other)
	u.client.http.CloseIdleConnections()
	if err := u.askAuthorities(t.Context()); err != nil {
		t.Errorf("the second's: %v", err)
	}
	if card, err := readCard(u.data); err != nil || card.Authorities != first.PEM+second.PEM || card.AuthoritiesOf != "127.0.0.1" || card.APIKey == "" {
		t.Errorf("kept is %+v, %v", card, err)
	}
	a.on(func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
		_, _ = io.WriteString(w, "<html>")
		return r.URL.Path == "/v2/pki/authorities"
	})
	if err := u.askAuthorities(t.Context()); err == nil || u.card().Authorities != first.PEM+second.PEM {
		t.Errorf("a page is taken for authorities: %v", err)
	}
}

// Renewals while requests are under way lose none of them.
func TestRenewalUnderLoad(t *testing.T) {
	t.Parallel()
	i, a := newIssuer(t), newAgentAPI()
	a.authorityOf(t, i, 90*24*time.Hour, i.PEM)
	s := certifying(t, a, i, i.listener(t, cert.Server))
	c := testConfig(s.URL)
	c.CAFile = i.file(t)
	u := newTestUplink(t, c, newMemory())
	if !u.enrol(t.Context()) {
		t.Fatal("not enrolled")
	}
	ctx, cancel := context.WithCancel(t.Context())
	var load sync.WaitGroup
	var sent atomic.Int64
	for range 8 {
		load.Go(func() {
			for ctx.Err() == nil {
				got, err := u.client.do(t.Context(), request{method: http.MethodGet, path: "/v2/gateway/agent-keys", key: "sgw_1"})
				if err != nil || got.status != http.StatusOK {
					t.Errorf("%d %v", got.status, err)
				}
				sent.Add(1)
			}
		})
	}
	for range 5 {
		rekeyed := u.Rekeyed()
		if err := u.renew(t.Context()); err != nil {
			t.Error(err)
		}
		select {
		case <-rekeyed:
		default:
			t.Error("who holds a connection is not told")
		}
		before := sent.Load()
		eventually(t, "requests go on", func() bool { return sent.Load() > before+50 })
	}
	cancel()
	load.Wait()
	if with, without := s.shown(); with != 6 || without != 1 { // without: the enrolment
		t.Errorf("%d certificates were shown, %d requests without", with, without)
	}
}

func TestACertificateIsRenewedAfterTwoThirdsOfItsLife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer(t)
		a, _, u := bubble(t, func(c *Config) { c.URL = "https://127.0.0.1:1" })
		a.authorityOf(t, i, 29*time.Hour, i.PEM)
		stop := start(t, u)
		pass(18 * time.Hour)
		if n := len(a.to("/v2/gateway/certificate")); n != 0 {
			t.Errorf("%d renewals within two thirds", n)
		}
		a.on(always("/v2/", 503))
		pass(5 * time.Hour)
		failures := len(a.to("/v2/gateway/certificate"))
		if failures < 60 {
			t.Errorf("tried %d times", failures)
		}
		a.authorityOf(t, i, 90*24*time.Hour, i.PEM)
		pass(2 * time.Hour)
		if n := len(a.to("/v2/gateway/certificate")); n != failures+1 {
			t.Errorf("%d renewals, want one", n-failures)
		}
		stop()
	})
}

// Where the key of a certificate is lost and certificates are required, a new token helps, and nothing else.
func TestALostKeyIsMadeGoodByANewToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer(t)
		a, m, u := bubble(t, func(c *Config) { c.URL = "https://127.0.0.1:1" })
		a.authorityOf(t, i, 90*24*time.Hour, i.PEM)
		stop := start(t, u)
		pass(time.Minute)
		stop()
		if err := os.Remove(filepath.Join(u.data, "gateway.key")); err != nil {
			t.Fatal(err)
		}
		required := func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
			say(w, 401, map[string]any{"code": cert.ErrRequired.Code})
			return true
		}
		restart := func(token string) (*uplink, func()) {
			c := u.cfg
			c.Token = ""
			if token != "" {
				c.Token = u.cfg.Token
			}
			again, err := newUplink(parts{cfg: c, data: u.data, log: u.log, now: u.now, backlog: m, outbox: m, alerts: m})
			if err != nil {
				t.Fatal(err)
			}
			again.client.http.Transport = direct{a}
			return again, start(t, again)
		}
		a.on(required)
		_, stop = restart("")
		pass(10 * time.Minute)
		stop()
		if n := len(a.to("/v2/gateway/enroll")); n != 1 {
			t.Errorf("%d enrolments without a token", n)
		}
		a.authorityOf(t, i, 90*24*time.Hour, i.PEM)
		certificates := a.answer
		a.on(func(w http.ResponseWriter, r *http.Request, body []byte) bool {
			if r.URL.Path == "/v2/gateway/certificate" {
				return required(w, r, body)
			}
			return certificates(w, r, body)
		})
		again, stop := restart("new")
		pass(time.Minute)
		stop()
		if c := again.client.way.own.Load(); c == nil || len(a.to("/v2/gateway/enroll")) != 2 || again.card().Serial != u.card().Serial {
			t.Errorf("certificate %v after %d enrolments", c != nil, len(a.to("/v2/gateway/enroll")))
		}
	})
}

// An agent-api that gives no certificates is asked rarely, and works as ever.
func TestAnAgentAPIWithoutCertificates(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, _, u := bubble(t, func(c *Config) { c.URL = "https://127.0.0.1:1" })
		stop := start(t, u)
		pass(12 * time.Hour)
		stop()
		if n := len(a.to("/v2/gateway/certificate")); n < 10 || n > 12 || u.link.current() != online {
			t.Errorf("asked %d times, state %s", n, u.link.current())
		}
	})
}

// A gateway that was enrolled before there were certificates gets one by its key, without a word from anybody.
func TestAnEnrolledGatewayGetsACertificate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer(t)
		a, _, u := bubble(t, func(c *Config) { c.URL = "https://127.0.0.1:1" })
		stop := start(t, u) // agent-api gives none yet
		pass(time.Minute)
		a.authorityOf(t, i, 90*24*time.Hour, i.PEM)
		pass(2 * lookAgain)
		stop()
		asked := a.to("/v2/gateway/certificate")
		if c := u.client.way.own.Load(); c == nil || len(a.to("/v2/gateway/enroll")) != 1 || asked[len(asked)-1].key != "Bearer sgw_1" {
			t.Errorf("certificate %v, asked %+v", c != nil, asked)
		}
	})
}

func TestABrokenCertificateStopsNothing(t *testing.T) {
	t.Parallel()
	c := testConfig("https://127.0.0.1:1")
	data := t.TempDir()
	for name, text := range map[string]string{"gateway.crt": "hello", "gateway.json": `{"serial":"GW-17","authorities":"hello","authoritiesOf":"127.0.0.1"}`} {
		if err := os.WriteFile(filepath.Join(data, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m := newMemory()
	u, err := newUplink(parts{cfg: c, data: data, log: slog.New(slog.DiscardHandler), now: time.Now, backlog: m, outbox: m, alerts: m})
	if err != nil || u.client.way.own.Load() != nil {
		t.Errorf("%v", err)
	}
	if err := u.certified(t.Context(), cert.Issued{Certificate: "hello", Authorities: newIssuer(t).PEM}, "sgw_1"); err == nil {
		t.Error("a certificate that is none is kept")
	}
}

package uplink

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/modules/pki/cert"
	"github.com/staff-control/staff-control/platform/keypair/keypairtest"
)

// With a new key it is time for the next certificate: the one before ends with the overlap of the keys.
func TestANewKeyBringsANewCertificate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer(t)
		a, m, u := bubble(t, func(c *Config) { c.URL = "https://127.0.0.1:1" })
		a.authorityOf(t, i, 90*24*time.Hour, i.PEM)
		stop := start(t, u)
		pass(time.Minute)
		first := u.client.way.own.Load()
		a.mu.Lock()
		a.newKey = "sgw_2"
		a.mu.Unlock()
		pass(u.cfg.HeartbeatInterval)
		asked := a.to("/v2/gateway/certificate")
		if len(asked) != 1 || asked[0].key != "Bearer sgw_2" || u.client.way.own.Load() == first {
			t.Errorf("asked for %+v", asked)
		}
		pass(3 * time.Hour)
		stop()
		if n := len(a.to("/v2/gateway/certificate")); n != 1 {
			t.Errorf("%d certificates by one key", n)
		}
		// One that gets its key and goes down before its certificate asks for that when it is back.
		if err := u.rekey(t.Context(), "sgw_3"); err != nil {
			t.Fatal(err)
		}
		a.mu.Lock()
		a.newKey = ""
		a.mu.Unlock()
		for n := range 2 {
			again, err := newUplink(parts{cfg: u.cfg, data: u.data, log: u.log, now: u.now, backlog: m, outbox: m, alerts: m})
			if err != nil {
				t.Fatal(err)
			}
			again.client.http.Transport = direct{a}
			stop := start(t, again)
			pass(time.Minute)
			stop()
			if asked := a.to("/v2/gateway/certificate"); len(asked) != 2 || asked[1].key != "Bearer sgw_3" {
				t.Errorf("after restart %d: asked for %+v", n, asked)
			}
		}
	})
}

// picky is an agent-api that refuses one certificate: in the handshake, or with a request.
func picky(t *testing.T, i issuer, refuses func() *x509.Certificate, says bool) (*agentAPI, *secured) {
	t.Helper()
	a := newAgentAPI()
	a.authorityOf(t, i, 90*24*time.Hour, i.PEM)
	is := func(c []*x509.Certificate) bool { return len(c) > 0 && refuses() != nil && c[0].Equal(refuses()) }
	s := certifying(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if is(r.TLS.PeerCertificates) {
			say(w, 401, map[string]any{"code": cert.ErrRefused.Code})
			return
		}
		a.ServeHTTP(w, r)
	}), i, i.listener(t, cert.Server))
	if !says {
		s.TLS.VerifyConnection = func(c tls.ConnectionState) error {
			if is(c.PeerCertificates) {
				return errors.New("refused")
			}
			return nil
		}
	}
	return a, s
}

// A certificate that was revoked must not stand between the gateway and its next one.
func TestARevokedCertificateIsReplaced(t *testing.T) {
	t.Parallel()
	for name, says := range map[string]bool{"in the handshake": false, "on an open connection": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var revoked atomic.Pointer[x509.Certificate]
			i := newIssuer(t)
			a, s := picky(t, i, revoked.Load, says)
			c := testConfig(s.URL)
			c.CAFile = i.file(t)
			u := newTestUplink(t, c, newMemory())
			if !u.enrol(t.Context()) {
				t.Fatal("not enrolled")
			}
			first := u.client.way.own.Load()
			revoked.Store(first.Leaf)
			u.client.http.CloseIdleConnections()
			var err error
			for range 50 { // a client that still writes may not hear why
				if err = u.renew(t.Context()); err == nil {
					break
				}
			}
			if own := u.client.way.own.Load(); err != nil || own == first || len(a.to("/v2/gateway/certificate")) != 1 {
				t.Errorf("it has another: %v, %v", own != first, err)
			}
			if err := u.askAuthorities(t.Context()); err != nil {
				t.Errorf("with the new one: %v", err)
			}
			if with, _ := s.shown(); says && with != 2 || !says && with != 1 {
				t.Errorf("%d certificates were shown to the end", with)
			}
		})
	}
}

// Whoever can disturb the network can say that a certificate is refused. So it is shown again, later.
func TestARefusedCertificateIsShownAgain(t *testing.T) {
	t.Parallel()
	now := time.Now()
	w, err := newWay(testConfig("https://agent-api.example.uz"), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	l := keypairtest.Leaf{Usage: x509.ExtKeyUsageClientAuth, From: -time.Hour, Until: 24 * time.Hour}
	i := newIssuer(t)
	pair, other := i.Pair(t, l), i.Pair(t, l)
	asked := &tls.CertificateRequestInfo{SignatureSchemes: []tls.SignatureScheme{tls.ECDSAWithP256AndSHA256}, Version: tls.VersionTLS13}
	shows := func() bool {
		w.showAgain()
		c, err := w.show(asked)
		return err == nil && len(c.Certificate) > 0
	}
	w.hide(nil)
	if err := w.wear(&pair); err != nil || !shows() {
		t.Fatalf("a new one is not shown, %v", err)
	}
	if w.hide(&other); !shows() {
		t.Error("another's refusal hides it")
	}
	if w.hide(&pair); shows() {
		t.Error("it is shown right after")
	}
	if now = now.Add(lookAgain); !shows() {
		t.Error("it is not shown again")
	}
	w.hide(&pair)
	if err := w.wear(&other); err != nil || !shows() {
		t.Errorf("the next one is not shown, %v", err)
	}
}

func TestTheEndOfTheCertificateIsCounted(t *testing.T) {
	t.Parallel()
	now := time.Now()
	u := newTestUplink(t, testConfig("https://127.0.0.1:1"), newMemory())
	u.now = func() time.Time { return now }
	r := prometheus.NewRegistry()
	u.register(r)
	if n, err := testutil.GatherAndCount(r, "certificate_remaining_seconds"); n != 0 || err != nil {
		t.Errorf("%d before there is one, %v", n, err)
	}
	pair := newIssuer(t).listener(t, cert.Gateway)
	if err := u.client.way.wear(&pair); err != nil {
		t.Fatal(err)
	}
	now = pair.Leaf.NotAfter.Add(-time.Hour)
	want := "# HELP certificate_remaining_seconds Time until the certificate that the gateway shows agent-api ends.\n" +
		"# TYPE certificate_remaining_seconds gauge\ncertificate_remaining_seconds 3600\n"
	if err := testutil.GatherAndCompare(r, strings.NewReader(want), "certificate_remaining_seconds"); err != nil {
		t.Error(err)
	}
	if text, err := json.Marshal(u.card()); err != nil || strings.Contains(string(text), "certifiedBy") {
		t.Errorf("a card without a certificate says %s, %v", text, err)
	}
}

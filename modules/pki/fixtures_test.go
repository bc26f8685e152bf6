package pki

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/auth/identity/identitytest"
	"github.com/staff-control/staff-control/modules/pki/cert"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/event"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// clock is a time that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
	return c.at
}

// keyring are the agents' keys in force.
type keyring struct {
	mu   sync.Mutex
	keys []identity.Key
}

func (k *keyring) AgentKeys(context.Context) ([]identity.Key, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.keys), nil
}

// set says which are in force.
func (k *keyring) set(keys ...identity.Key) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys = keys
}

// agentsKey is that with which agents of organization 1 get their certificates here.
var agentsKey = identity.Key{ID: 5, OrganizationID: 1, Type: actor.Agent}

// newOffice is one process of the server; several on one database have memories of their own.
func newOffice(t testing.TB, d *db.DB, c *clock, change ...func(*service)) *service {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	bus, err := event.NewBus(nil, d, log, nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg := defaults()
	s := &service{
		store: store{d}, secret: identitytest.Secret("the server's secret"), keys: &keyring{keys: []identity.Key{agentsKey}}, events: bus, audit: audit.New(audit.Options{DB: d, Log: log}), cfg: &cfg, log: log, now: c.now,
	}
	for _, f := range change {
		f(s)
	}
	if err := s.refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	return s
}

// ready is an office with an authority, on a database of two organizations.
func ready(t testing.TB, d *db.DB) (*service, *clock) {
	t.Helper()
	populate(t, d)
	c := &clock{at: noon}
	s := newOffice(t, d, c)
	if err := s.Ready(context.Background()); err != nil {
		t.Fatal(err)
	}
	return s, c
}

func populate(t testing.TB, d *db.DB) {
	t.Helper()
	err := d.Write(system(), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Raw(`INSERT INTO organizations (id, full_name, short_name, created_at, updated_at)
			VALUES (1, 'A', 'A', ?0, ?0), (2, 'B', 'B', ?0, ?0)`, noon).Exec(ctx) // unscoped: the tenants themselves
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func system() context.Context { return actor.With(context.Background(), actor.System("test")) }

func as(role actor.Role, organizationID int64) context.Context {
	return actor.With(context.Background(), actor.Actor{Role: role, ID: "user:7", UserID: 7, OrganizationID: organizationID})
}

// gatewayOf is a context of a gateway.
func gatewayOf(organizationID int64, gatewayID string) context.Context {
	return actor.With(context.Background(), actor.Actor{Role: actor.Gateway, ID: "gateway:" + gatewayID, OrganizationID: organizationID})
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// csrOf is a request for a certificate of the key.
func csrOf(t testing.TB, key crypto.Signer, template x509.CertificateRequest) string {
	t.Helper()
	der, err := x509.CreateCertificateRequest(rand.Reader, &template, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(encode("CERTIFICATE REQUEST", der))
}

// issued is a certificate for a holder, with its key, as the service issues it.
func issued(t testing.TB, s *service, h cert.Holder, template x509.CertificateRequest) tls.Certificate {
	t.Helper()
	key := newKey(t)
	out, err := issue(s, h, csrOf(t, key, template))
	if err != nil {
		t.Fatal(err)
	}
	return pairOf(t, out.Certificate, key)
}

func issue(s *service, h cert.Holder, csr string) (out cert.Issued, err error) {
	err = s.store.db.Write(gatewayOf(h.OrganizationID, "g"), func(ctx context.Context, tx db.Tx) error {
		out, err = s.Issue(ctx, tx, cert.Request{Kind: h.Kind, OrganizationID: h.OrganizationID, Subject: h.Subject, CSR: csr, KeyID: keyFor(h)})
		return err
	})
	return out, err
}

// keyFor is the key that a request names.
func keyFor(h cert.Holder) int64 {
	if h.Kind == cert.Agent {
		return agentsKey.ID
	}
	return 0
}

func pairOf(t testing.TB, certificate string, key crypto.PrivateKey) tls.Certificate {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair([]byte(certificate), encode("PRIVATE KEY", der))
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// shown is a connection over which the certificate was shown and believed, as a TLS server sees it.
func shown(t testing.TB, s *service, pair tls.Certificate) *tls.ConnectionState {
	t.Helper()
	chains, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: s.seen.Load().roots, CurrentTime: s.now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if err != nil {
		t.Fatal(err)
	}
	return &tls.ConnectionState{PeerCertificates: []*x509.Certificate{pair.Leaf}, VerifiedChains: chains}
}

// freePort is an address at which nobody listens now.
func freePort(t testing.TB) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

type tlsState = tls.ConnectionState

// counted returns the one number that a query over all organizations gives.
func counted(t testing.TB, d *db.DB, query string, args ...any) (n int) {
	t.Helper()
	err := d.Read(system(), func(ctx context.Context, tx db.Tx) error {
		return tx.Raw(query, args...).Scan(ctx, &n) // unscoped: the test looks at everything
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	deadline, tick := time.After(30*time.Second), time.NewTicker(2*time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-deadline:
			t.Fatalf("not in time: %s", what)
		case <-tick.C:
		}
	}
}

// checkCRL wants a list of the authority's with so many entries.
func checkCRL(t testing.TB, s *service, text []byte, entries int) {
	t.Helper()
	block, rest := pem.Decode(text)
	if block == nil || block.Type != "X509 CRL" || len(rest) != 0 {
		t.Fatalf("no list: %q", text)
	}
	list, err := x509.ParseRevocationList(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if err := list.CheckSignatureFrom(s.seen.Load().authorities[0].certificate); err != nil || len(list.RevokedCertificateEntries) != entries {
		t.Errorf("%d entries, want %d (%v)", len(list.RevokedCertificateEntries), entries, err)
	}
}

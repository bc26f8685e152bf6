package pki

import (
	"context"
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/pki/cert"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/grid/gridtest"
)

var agentA = cert.Holder{Kind: cert.Agent, OrganizationID: 1, Subject: "PC-1"}

// ends sets an end to gateway A's certificates.
func ends(t *testing.T, s *service, at time.Time) {
	t.Helper()
	err := s.store.db.Write(as(actor.Admin, 1), func(ctx context.Context, tx db.Tx) error {
		return s.Revoke(ctx, tx, gatewayA.Kind, gatewayA.OrganizationID, gatewayA.Subject, at)
	})
	if err := errors.Join(err, s.refresh(t.Context())); err != nil {
		t.Fatal(err)
	}
}

// What a gateway had before its key was replaced is good until the keys' overlap ends; what it gets then is good for longer.
func TestAnEndThatIsYetToCome(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, c := ready(t, d)
		before := shown(t, s, issued(t, s, gatewayA, x509.CertificateRequest{}))
		ends(t, s, noon.Add(time.Hour))
		ends(t, s, noon.Add(2*time.Hour)) // the sooner end stays
		after := shown(t, s, issued(t, s, gatewayA, x509.CertificateRequest{}))
		wants := func(when string, of *tlsState, good, lasting bool) {
			t.Helper()
			_, ok, err := s.Presented(of)
			if ok != good || errors.Is(err, errRevoked) == good {
				t.Errorf("%s: taken %v, %v", when, ok, err)
			}
			err = d.Read(gatewayOf(1, "ga"), func(ctx context.Context, tx db.Tx) error {
				lasts, err := s.Lasting(ctx, tx, of)
				if lasts != lasting {
					t.Errorf("%s: lasting %v", when, lasts)
				}
				return err
			})
			if (err == nil) != good {
				t.Errorf("%s: lasting: %v", when, err)
			}
		}
		inForce := func() int { return len(gridtest.All(t, as(actor.HR, 1), s.certificates(), "inForce=true")) }
		wants("the old one, within", before, true, false)
		wants("the new one", after, true, true)
		list, err := s.crl()
		if err != nil || inForce() != 2 {
			t.Errorf("%d are in force, %v", inForce(), err)
		}
		checkCRL(t, s, list, 0)
		c.pass(time.Hour) // nobody reads the database
		wants("the old one, afterwards", before, false, false)
		wants("the new one, afterwards", after, true, true)
		if err := s.refresh(t.Context()); err != nil || inForce() != 1 {
			t.Errorf("%d are in force, %v", inForce(), err)
		}
		if list, err = s.crl(); err != nil {
			t.Fatal(err)
		}
		checkCRL(t, s, list, 1)
		ends(t, s, c.now().Add(time.Hour))
		ends(t, s, c.now()) // whoever shuts it out does not wait
		wants("shut out", after, false, false)
	})
}

// Whoever used up what a gateway gets in an hour keeps it from nothing after its key was replaced.
func TestANewKeyBringsANewCount(t *testing.T) {
	t.Parallel()
	s, _ := ready(t, dbtest.SQLite(t))
	for range issuesAnHour {
		issued(t, s, gatewayA, x509.CertificateRequest{})
	}
	ends(t, s, noon.Add(time.Hour))
	if _, err := issue(s, gatewayA, csrOf(t, newKey(t), x509.CertificateRequest{})); err != nil {
		t.Error(err)
	}
}

func TestAnAgentsCertificateEndsWithItsKey(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := ready(t, d)
		keys := &keyring{keys: []identity.Key{agentsKey}}
		s.keys = keys
		pair := issued(t, s, agentA, x509.CertificateRequest{})
		held, serial := shown(t, s, pair), cert.Serial(pair.Leaf)
		gateways := issued(t, s, gatewayA, x509.CertificateRequest{})
		of := func(organization int64, uid, serial string) (int64, error) {
			return s.KeyOf(gatewayOf(organization, "ga"), uid, serial)
		}
		if key, err := of(1, "PC-1", serial); key != agentsKey.ID || err != nil {
			t.Errorf("it is of %d, %v", key, err)
		}
		for what, err := range map[string]error{
			"another organization's": second(of(2, "PC-1", serial)), "another computer's": second(of(1, "PC-2", serial)), "no such": second(of(1, "PC-1", "00")),
			"a gateway's": second(of(1, "ga", cert.Serial(gateways.Leaf))),
		} {
			if !errors.Is(err, cert.ErrRefused) {
				t.Errorf("%s: %v", what, err)
			}
		}
		look := func() {
			t.Helper()
			if err := errors.Join(s.endKeyless(t.Context()), s.refresh(t.Context())); err != nil {
				t.Fatal(err)
			}
		}
		look()
		if _, ok, err := s.Presented(held); !ok || err != nil {
			t.Errorf("while the key is in force: %v", err)
		}
		other := agentsKey
		other.ID++
		keys.set(other)
		look()
		if _, _, err := s.Presented(held); !errors.Is(err, errRevoked) {
			t.Errorf("after the key: %v", err)
		}
		if _, ok, err := s.Presented(shown(t, s, gateways)); !ok || err != nil {
			t.Errorf("a gateway's: %v", err)
		}
		if _, err := of(1, "PC-1", serial); !errors.Is(err, cert.ErrRefused) {
			t.Errorf("it brings another: %v", err)
		}
		told, err := s.getRevoked(gatewayOf(1, "ga"), struct{}{})
		if err != nil || len(told.Items) != 1 || told.Items[0] != serial {
			t.Errorf("gateways are told %v, %v", told.Items, err)
		}
		look()
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action = 'pki.revoke' AND organization_id = 1 AND object = 'key:5'"); n != 1 {
			t.Errorf("%d audits, want 1", n)
		}
	})
}

func second(_ int64, err error) error { return err }

func TestAnAgentsCertificateIsOfAKeyAndNotLonger(t *testing.T) {
	t.Parallel()
	s, _ := ready(t, dbtest.SQLite(t))
	ask := func(key int64, until time.Time) (out cert.Issued, err error) {
		csr := csrOf(t, newKey(t), x509.CertificateRequest{})
		err = s.store.db.Write(gatewayOf(1, "ga"), func(ctx context.Context, tx db.Tx) error {
			out, err = s.Issue(ctx, tx, cert.Request{Kind: cert.Agent, OrganizationID: 1, Subject: "PC-1", CSR: csr, KeyID: key, Until: until})
			return err
		})
		return out, err
	}
	if _, err := ask(0, time.Time{}); !errors.Is(err, errKeyless) {
		t.Errorf("without a key: %v", err)
	}
	for until, want := range map[time.Time]time.Time{{}: noon.Add(s.cfg.Life), noon.Add(time.Hour): noon.Add(time.Hour), noon.AddDate(9, 0, 0): noon.Add(s.cfg.Life)} {
		if _, err := ask(5, until); err != nil {
			t.Fatal(err)
		}
		if n := counted(t, s.store.db, "SELECT count(*) FROM pki_certificates WHERE not_after = ?", want); n == 0 {
			t.Errorf("with a key until %v there is none until %v", until, want)
		}
	}
}

// A gateway is told of its certificate towards agents as soon as that has an end: it needs another then.
func TestAGatewayIsToldThatItsListenersCertificateEnds(t *testing.T) {
	t.Parallel()
	s, _ := ready(t, dbtest.SQLite(t))
	pair := issued(t, s, cert.Holder{Kind: cert.Listener, OrganizationID: 1, Subject: "ga"}, x509.CertificateRequest{DNSNames: []string{"gw.lan"}})
	err := s.store.db.Write(as(actor.Admin, 1), func(ctx context.Context, tx db.Tx) error {
		return s.Revoke(ctx, tx, cert.Listener, 1, "ga", noon.Add(time.Hour))
	})
	if err != nil {
		t.Fatal(err)
	}
	told, err := s.getRevoked(gatewayOf(1, "ga"), struct{}{})
	if err != nil || len(told.Items) != 1 || told.Items[0] != cert.Serial(pair.Leaf) {
		t.Errorf("it is told %v, %v", told.Items, err)
	}
}

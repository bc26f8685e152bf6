package pki

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/auth/identity/identitytest"
	"github.com/staff-control/staff-control/modules/pki/cert"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/grid/gridtest"
	"github.com/staff-control/staff-control/platform/id"
)

var gatewayA = cert.Holder{Kind: cert.Gateway, OrganizationID: 1, Subject: "ga"}

// Replicas that start at one moment make one authority between them.
func TestReplicasShareOneAuthority(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		c := &clock{at: noon}
		replicas := make([]*service, 5)
		for i := range replicas {
			replicas[i] = newOffice(t, d, c)
		}
		var all sync.WaitGroup
		start := make(chan struct{})
		for _, s := range replicas {
			all.Go(func() {
				<-start
				if err := s.Ready(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		close(start)
		all.Wait()
		pair := issued(t, replicas[0], gatewayA, x509.CertificateRequest{})
		for i, s := range replicas {
			if n := len(s.seen.Load().authorities); n != 1 {
				t.Errorf("replica %d knows %d authorities", i, n)
			}
			if h, ok, err := s.Presented(shown(t, s, pair)); !ok || h != gatewayA || err != nil {
				t.Errorf("replica %d: %+v %v %v", i, h, ok, err)
			}
		}
	})
}

func TestTheAuthoritysKeyIsSealed(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	s, c := ready(t, d)
	rows, _, err := s.store.authorities(system(), noon)
	if err != nil || len(rows) != 1 || strings.Contains(rows[0].SealedKey, "PRIVATE") {
		t.Fatalf("%+v, %v", rows, err)
	}
	again := newOffice(t, d, c)
	if again.seen.Load().issuer(noon) == nil {
		t.Error("after a restart nothing issues")
	}
	for name, v := range map[string]identitytest.Secret{"another secret": "another", "none": ""} {
		stranger := newOffice(t, d, c, func(s *service) { s.secret = v })
		if err := stranger.Ready(context.Background()); !errors.Is(err, cert.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := issue(stranger, gatewayA, csrOf(t, newKey(t), x509.CertificateRequest{})); !errors.Is(err, cert.ErrUnavailable) {
			t.Errorf("%s: issues: %v", name, err)
		}
		if h, ok, err := stranger.Presented(shown(t, stranger, issued(t, s, gatewayA, x509.CertificateRequest{}))); !ok || err != nil {
			t.Errorf("%s: does not know what was issued: %+v, %v", name, h, err)
		}
	}
	fresh := newOffice(t, dbtest.SQLite(t), c, func(s *service) { s.secret = identitytest.Secret("") })
	if err := fresh.Ready(context.Background()); !errors.Is(err, cert.ErrUnavailable) {
		t.Errorf("without a secret an authority is made: %v", err)
	}
	fresh.secret = identitytest.Secret("the server's secret")
	if err := fresh.Ready(context.Background()); !errors.Is(err, cert.ErrUnavailable) {
		t.Errorf("it is tried again at once: %v", err)
	}
	c.pass(refreshEvery)
	if err := fresh.Ready(context.Background()); err != nil {
		t.Errorf("later: %v", err)
	}
}

// A new authority is told before it issues; what the old one issued is good to its end.
func TestAuthoritiesOverlap(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, c := ready(t, d)
		first := s.seen.Load().issuer(noon)
		before := issued(t, s, gatewayA, x509.CertificateRequest{})
		if err := s.addAuthority(context.Background(), false); err != nil {
			t.Fatal(err)
		}
		if n := len(s.seen.Load().authorities); n != 2 || s.seen.Load().issuer(noon).id() != first.id() {
			t.Fatalf("%d authorities, the new one issues: %v", n, s.seen.Load().issuer(noon).id() != first.id())
		}
		refreshed := func(d time.Duration) *state {
			t.Helper()
			c.pass(d)
			if err := s.refresh(context.Background()); err != nil {
				t.Fatal(err)
			}
			return s.seen.Load()
		}
		st := refreshed(s.cfg.RotationOverlap + time.Minute)
		if st.issuer(c.now()).id() == first.id() {
			t.Error("after the overlap the old authority issues")
		}
		after := issued(t, s, gatewayA, x509.CertificateRequest{})
		for name, pair := range map[string]*x509.Certificate{"old": before.Leaf, "new": after.Leaf} {
			if _, err := pair.Verify(x509.VerifyOptions{Roots: st.roots, CurrentTime: c.now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		held := shown(t, s, before)
		if st = refreshed(s.cfg.Life); len(st.authorities) != 1 {
			t.Errorf("%d authorities when what the first issued has ended", len(st.authorities))
		}
		if _, _, err := s.Presented(held); !errors.Is(err, cert.ErrRefused) {
			t.Errorf("the old one's: %v", err)
		}
	})
}

func TestAnAuthorityThatIsLostEndsAtOnce(t *testing.T) {
	t.Parallel()
	s, c := ready(t, dbtest.SQLite(t))
	open := shown(t, s, issued(t, s, gatewayA, x509.CertificateRequest{}))
	if err := s.addAuthority(context.Background(), true); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Presented(open); !errors.Is(err, cert.ErrRefused) || !errors.Is(err, errUnverified) {
		t.Errorf("on an open connection: %v", err)
	}
	if h, ok, err := s.Presented(shown(t, s, issued(t, s, gatewayA, x509.CertificateRequest{}))); !ok || err != nil {
		t.Errorf("the new one's: %+v, %v", h, err)
	}
	c.pass(s.cfg.AuthorityLife * 9 / 10)
	if err := s.renewInTime(context.Background()); err != nil || len(s.seen.Load().authorities) != 2 {
		t.Errorf("near its end there are %d, %v", len(s.seen.Load().authorities), err)
	}
	if err := s.renewInTime(context.Background()); err != nil || len(s.seen.Load().authorities) != 2 {
		t.Errorf("and once more: %d, %v", len(s.seen.Load().authorities), err)
	}
}

func TestARevocationIsKnownEverywhere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, c := ready(t, d)
		other := newOffice(t, d, c)
		ctx, stop := context.WithCancel(context.Background())
		var loops sync.WaitGroup
		t.Cleanup(loops.Wait)
		t.Cleanup(stop)
		for _, run := range []func(context.Context) error{other.events.Run, other.follow} {
			loops.Go(func() {
				if err := run(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		first, second := shown(t, s, issued(t, s, gatewayA, x509.CertificateRequest{})), shown(t, s, issued(t, s, gatewayA, x509.CertificateRequest{}))
		theirs := shown(t, s, issued(t, s, cert.Holder{Kind: cert.Gateway, OrganizationID: 2, Subject: "ga"}, x509.CertificateRequest{}))
		rows := gridtest.All(t, as(actor.HR, 1), s.certificates(), "inForce=true")
		of := slices.IndexFunc(rows, func(r certificateResponse) bool {
			return r.Serial == cert.Serial(first.PeerCertificates[0])
		})
		if err := s.revoke(as(actor.HR, 1), rows[of].ID); err != nil {
			t.Fatal(err)
		}
		refused := func(held string) func() bool {
			return func() bool {
				_, _, err := other.Presented(map[string]*tlsState{"first": first, "second": second}[held])
				return errors.Is(err, errRevoked)
			}
		}
		eventually(t, "the first is refused", refused("first"))
		if _, ok, err := other.Presented(second); !ok || err != nil {
			t.Errorf("the second: %v", err)
		}
		err := d.Write(as(actor.Admin, 0), func(ctx context.Context, tx db.Tx) error { return s.Revoke(ctx, tx, cert.Gateway, 1, "ga", noon) })
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "the second is refused", refused("second"))
		if _, ok, err := other.Presented(theirs); !ok || err != nil {
			t.Errorf("the namesake of another organization: %v", err)
		}
		list, err := other.crl()
		if err != nil {
			t.Fatal(err)
		}
		checkCRL(t, s, list, 2)
	})
}

func TestCertificatesArePutToAnEndOnceAndAudited(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, c := ready(t, d)
		issued(t, s, gatewayA, x509.CertificateRequest{})
		mine := gridtest.All(t, as(actor.HR, 1), s.certificates(), "")
		if len(mine) != 1 || !mine[0].InForce || mine[0].Subject != "ga" {
			t.Fatalf("listed are %+v", mine)
		}
		if theirs := gridtest.All(t, as(actor.HR, 2), s.certificates(), ""); len(theirs) != 0 {
			t.Errorf("another organization sees %+v", theirs)
		}
		for range 2 {
			if err := s.revoke(as(actor.HR, 1), mine[0].ID); err != nil {
				t.Fatal(err)
			}
		}
		if got := gridtest.All(t, as(actor.HR, 1), s.certificates(), "inForce=false"); len(got) != 1 || got[0].InForce || got[0].RevokedBy == nil || *got[0].RevokedBy != "user:7" {
			t.Errorf("listed are %+v", got)
		}
		for action, want := range map[string]int{"pki.issue": 1, "pki.revoke": 1} {
			if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action = ? AND organization_id = 1", action); n != want {
				t.Errorf("%d audits of %s, want %d", n, action, want)
			}
		}
		if err := s.revoke(as(actor.HR, 1), id.New()); !errors.Is(err, errUnknown) {
			t.Errorf("one that is not there: %v", err)
		}
		c.pass(s.cfg.Life + 31*day)
		if err := s.forget(system()); err != nil || counted(t, d, "SELECT count(*) FROM pki_certificates") != 0 {
			t.Errorf("the ended one is still there (%v)", err)
		}
	})
}

func TestWhoAsksTooOftenWaits(t *testing.T) {
	t.Parallel()
	s, c := ready(t, dbtest.SQLite(t))
	for range issuesAnHour {
		issued(t, s, gatewayA, x509.CertificateRequest{})
	}
	csr := csrOf(t, newKey(t), x509.CertificateRequest{})
	if _, err := issue(s, gatewayA, csr); !errors.Is(err, cert.ErrTooMany) {
		t.Errorf("one more: %v", err)
	}
	if _, err := issue(s, cert.Holder{Kind: cert.Gateway, OrganizationID: 1, Subject: "gb"}, csr); err != nil {
		t.Errorf("another gateway: %v", err)
	}
	c.pass(time.Hour)
	if _, err := issue(s, gatewayA, csr); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

func TestStoreKeepsTenantsApart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s, _ := ready(t, d)
		issued(t, s, gatewayA, x509.CertificateRequest{})
		issued(t, s, agentA, x509.CertificateRequest{})
		mine := gridtest.All(t, as(actor.HR, 1), s.certificates(), "kind=gateway")[0]
		b := as(actor.HR, 2)
		in := func(do func(ctx context.Context, tx db.Tx) error) error { return d.Write(b, do) }
		untouched := func() error {
			if n := counted(t, d, "SELECT count(*) FROM pki_certificates WHERE revoked_at IS NULL"); n != 2 {
				return fmt.Errorf("%d are in force", n)
			}
			return nil
		}
		denied := func(do func(ctx context.Context, tx db.Tx) error) func() error {
			return func() error {
				if err := in(do); err == nil && d.Name() != "sqlite" {
					return errors.New("a tenant reaches authorities")
				}
				return nil
			}
		}
		dbtest.Tenants(t, map[string]func() error{
			"authorities": func() error {
				if rows, _, err := s.store.authorities(b, noon); err == nil && d.Name() != "sqlite" {
					return fmt.Errorf("shows %d", len(rows))
				}
				return nil
			},
			"addAuthority": denied(func(ctx context.Context, tx db.Tx) error {
				_, err := s.store.addAuthority(ctx, tx, &authorityRow{Generation: 9, IssuesFrom: noon, TrustedUntil: noon, CreatedAt: noon})
				return err
			}),
			"endAuthorities": denied(func(ctx context.Context, tx db.Tx) error {
				return s.store.endAuthorities(ctx, tx, 0, noon)
			}),
			"add": func() error {
				row := certificateRow{ID: id.New(), Kind: "agent", Subject: "x", Serial: "01", NotBefore: noon, NotAfter: noon, CreatedAt: noon}
				row.OrganizationID = 1
				if err := in(func(ctx context.Context, tx db.Tx) error { return s.store.add(ctx, tx, &row) }); err == nil {
					return errors.New("is added to another organization")
				}
				return nil
			},
			"issuedSince": func() error {
				return in(func(ctx context.Context, tx db.Tx) error {
					if n, err := s.store.issuedSince(ctx, tx, gatewayA, noon.Add(-time.Hour)); n != 0 || err != nil {
						return fmt.Errorf("counts %d, %v", n, err)
					}
					return nil
				})
			},
			"certificate": func() error {
				err := in(func(ctx context.Context, tx db.Tx) error { _, err := s.store.certificate(ctx, tx, mine.ID); return err })
				if !errors.Is(err, db.ErrNotFound) {
					return fmt.Errorf("shows it: %v", err)
				}
				return nil
			},
			"revoke": func() error {
				err := in(func(ctx context.Context, tx db.Tx) error {
					_, err := s.store.revoke(ctx, tx, mine.ID, "x", noon)
					return err
				})
				return errors.Join(err, untouched())
			},
			"revokeOf": func() error {
				err := in(func(ctx context.Context, tx db.Tx) error {
					_, err := s.store.revokeOf(ctx, tx, gatewayA, "x", noon, noon)
					return err
				})
				return errors.Join(err, untouched())
			},
			"bySerial": func() error {
				return in(func(ctx context.Context, tx db.Tx) error {
					if _, err := s.store.bySerial(ctx, tx, gatewayA, mine.Serial); !errors.Is(err, db.ErrNotFound) {
						return fmt.Errorf("shows it: %v", err)
					}
					return nil
				})
			},
			"keysInUse": func() error {
				if keys, err := s.store.keysInUse(b, noon); len(keys) != 0 || err != nil {
					return fmt.Errorf("shows %+v, %v", keys, err)
				}
				return nil
			},
			"revokeByKey": func() error {
				err := in(func(ctx context.Context, tx db.Tx) error {
					_, err := s.store.revokeByKey(ctx, tx, heldKey{1, agentsKey.ID}, "x", noon)
					return err
				})
				return errors.Join(err, untouched())
			},
			"revoked": func() error {
				if rows, err := s.store.revoked(b, noon); len(rows) != 0 || err != nil {
					return fmt.Errorf("shows %+v, %v", rows, err)
				}
				return nil
			},
			"page": func() error {
				if rows, err := gridtest.Walk(b, s.certificates(), ""); len(rows) != 0 || err != nil {
					return fmt.Errorf("shows %+v, %v", rows, err)
				}
				return nil
			},
			"forget": func() error { return errors.Join(s.store.forget(b, noon.AddDate(9, 0, 0)), untouched()) },
		})
	})
}

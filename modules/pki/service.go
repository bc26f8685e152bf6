package pki

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/pki/cert"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/event"
	"github.com/staff-control/staff-control/platform/id"
)

const (
	// refreshEvery is how long a revocation may be unknown to a process that missed its nudge.
	refreshEvery = 10 * time.Second
	// changed is the name of the event.Change that authorities or revocations are not what they were.
	changed = "pki.changed"
	// issuesAnHour is how many certificates one subject gets in an hour: whoever asks for more is lost in a loop.
	issuesAnHour = 10
)

type service struct {
	store  store
	secret identity.Secret
	keys   identity.KeyList
	events *event.Bus
	audit  *audit.Log
	cfg    *Config
	log    *slog.Logger
	now    func() time.Time

	listens bool         // with certificates
	own     []*authority // the operator's; none: the server makes its own
	making  sync.Mutex   // guards last, and what is read into seen
	last    int64        // the newest authority that there was before seen was read
	seen    atomic.Pointer[state]
	failed  time.Time // when no authority could be made; guarded by making
	lists   atomic.Pointer[crls]
}

// clock is the time as the databases keep it.
func (s *service) clock() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

func asSystem(ctx context.Context) context.Context {
	return actor.With(ctx, actor.System("certificates"))
}

// refresh reads what the database says now.
func (s *service) refresh(ctx context.Context) error {
	s.making.Lock()
	defer s.making.Unlock()
	return s.read(asSystem(ctx))
}

// read is refresh for who holds the lock.
func (s *service) read(ctx context.Context) error {
	now := s.clock()
	rows, last, err := s.store.authorities(ctx, now)
	if err != nil {
		return err
	}
	revoked, err := s.store.revoked(ctx, now)
	if err != nil {
		return err
	}
	var all []*authority
	for _, row := range rows {
		a, err := s.opened(row)
		if err != nil {
			return err
		}
		all = append(all, a)
	}
	for _, a := range s.own {
		if now.Before(a.until) {
			all = append(all, a)
		}
	}
	s.last = last
	next := newState(all, revoked)
	s.secure(next, s.seen.Load())
	s.seen.Store(next)
	return nil
}

// opened makes an authority of its row. One whose key cannot be opened here is trusted, and does not issue.
func (s *service) opened(row authorityRow) (*authority, error) {
	if st := s.seen.Load(); st != nil {
		for _, a := range st.authorities {
			if string(a.pem()) == row.Certificate {
				known := *a
				known.issuesFrom, known.until = row.IssuesFrom, row.TrustedUntil
				return &known, nil
			}
		}
	}
	block, _ := pem.Decode([]byte(row.Certificate))
	if block == nil {
		return nil, fmt.Errorf("authority %d has no certificate", row.Generation)
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("authority %d: %w", row.Generation, err)
	}
	a := &authority{certificate: c, issuesFrom: row.IssuesFrom, until: row.TrustedUntil}
	if a.key, err = s.unseal(row.SealedKey, a.id()); err != nil {
		s.log.Error("the key of the certificates' authority cannot be opened; was it made with another auth.token_key?", "generation", row.Generation, "error", err)
	}
	return a, nil
}

// Ready makes the authority where there is none yet.
func (s *service) Ready(ctx context.Context) error {
	if s.seen.Load().issuer(s.clock()) != nil {
		return nil
	}
	s.making.Lock()
	defer s.making.Unlock()
	if s.now().Sub(s.failed) < refreshEvery {
		return cert.ErrUnavailable // whoever asks must not become the database's load
	}
	err := s.ensure(asSystem(ctx))
	if err != nil {
		s.failed = s.now()
	}
	return err
}

// ensure is Ready for who holds the lock.
func (s *service) ensure(ctx context.Context) error {
	if err := s.read(ctx); err != nil {
		return err
	}
	st := s.seen.Load()
	if st.issuer(s.clock()) != nil {
		return nil
	}
	if len(st.authorities) == 0 && s.cfg.CACert == "" {
		if err := s.makeAuthority(ctx, 0, false); err != nil {
			return err
		}
	}
	if s.seen.Load().issuer(s.clock()) == nil {
		return cert.ErrUnavailable
	}
	return nil
}

// makeAuthority adds an authority that issues after the overlap. Those before it are trusted until what they issued has
// ended, or, if they end now, no longer.
func (s *service) makeAuthority(ctx context.Context, overlap time.Duration, endNow bool) error {
	key, err := s.secret.Derive(sealPurpose)
	if err != nil {
		return cert.ErrUnavailable.Wrap(err)
	}
	now := s.clock()
	a, err := newAuthority(s.last+1, now, s.cfg.AuthorityLife)
	if err != nil {
		return err
	}
	row := authorityRow{
		Generation: s.last + 1, Certificate: string(a.pem()), IssuesFrom: now.Add(overlap), TrustedUntil: a.certificate.NotAfter, CreatedAt: now,
	}
	if row.SealedKey, err = seal(key, a); err != nil {
		return err
	}
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if added, err := s.store.addAuthority(ctx, tx, &row); err != nil || !added {
			return err
		}
		until := row.IssuesFrom.Add(s.cfg.Life)
		if endNow {
			until = now
		}
		if err := s.store.endAuthorities(ctx, tx, row.Generation, until); err != nil {
			return err
		}
		return s.events.Notify(ctx, tx, event.Change{Name: changed})
	})
	if err != nil {
		return err
	}
	return s.read(ctx)
}

// Issue issues a certificate within the caller's transaction.
func (s *service) Issue(ctx context.Context, tx db.Tx, r cert.Request) (cert.Issued, error) {
	now, st := s.clock(), s.seen.Load()
	asked, err := parseRequest(r.CSR)
	if err != nil {
		return cert.Issued{}, cert.ErrRequest.Wrap(err)
	}
	l := leaf{holder: cert.Holder{Kind: r.Kind, OrganizationID: r.OrganizationID, Subject: r.Subject}, key: asked.key, life: s.cfg.Life, until: r.Until}
	if r.Kind == cert.Agent && r.KeyID == 0 {
		return cert.Issued{}, errKeyless
	}
	if r.Kind == cert.Listener {
		if l.names, l.ips, err = asked.listenerNames(s.isOwn(st)); err != nil {
			return cert.Issued{}, cert.ErrRequest.Wrap(err)
		}
	}
	a := st.issuer(now)
	if a == nil {
		return cert.Issued{}, cert.ErrUnavailable
	}
	if n, err := s.store.issuedSince(ctx, tx, l.holder, now.Add(-time.Hour)); err != nil {
		return cert.Issued{}, err
	} else if n >= issuesAnHour {
		return cert.Issued{}, cert.ErrTooMany.After(time.Hour)
	}
	c, err := a.issue(l, now)
	if err != nil {
		return cert.Issued{}, err
	}
	if err := s.keep(ctx, tx, a, r, c, now); err != nil {
		return cert.Issued{}, err
	}
	out := cert.Issued{Authorities: st.pem()}
	for _, der := range a.chain(c) {
		out.Certificate += string(encode("CERTIFICATE", der))
	}
	return out, nil
}

// keep writes down what was issued.
func (s *service) keep(ctx context.Context, tx db.Tx, a *authority, r cert.Request, c *x509.Certificate, now time.Time) error {
	row := certificateRow{
		ID: id.New(), Kind: string(r.Kind), Subject: r.Subject, Serial: cert.Serial(c), Authority: a.id(),
		NotBefore: c.NotBefore, NotAfter: c.NotAfter, CreatedAt: now,
	}
	row.OrganizationID = r.OrganizationID
	if r.KeyID != 0 {
		row.KeyID = &r.KeyID
	}
	if err := s.store.add(ctx, tx, &row); err != nil {
		return err
	}
	return s.audit.Write(ctx, tx, audit.Entry{
		OrganizationID: r.OrganizationID, Action: "pki.issue", Permission: gateway.Deliver, Object: objectOf(row), After: map[string]any{"serial": row.Serial, "notAfter": row.NotAfter},
	})
}

func objectOf(row certificateRow) string { return row.Kind + ":" + row.Subject }

// follow keeps what this process knows up to date until ctx ends.
func (s *service) follow(ctx context.Context) error {
	changes, tick := s.events.Watch(ctx), time.NewTicker(refreshEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case c, open := <-changes:
			if open && c.Name != changed && c.Name != event.Missed {
				continue
			}
		case <-tick.C:
			if err := s.endKeyless(ctx); err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "certificates: those whose key has ended could not be revoked", "error", err)
			}
		}
		if err := s.refresh(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "certificates: the authorities and what was revoked could not be read", "error", err)
		}
	}
}

// renewInTime adds an authority when the newest has spent four fifths of its life.
func (s *service) renewInTime(ctx context.Context) error {
	s.making.Lock()
	defer s.making.Unlock()
	ctx = asSystem(ctx)
	if err := s.read(ctx); err != nil {
		return err
	}
	st := s.seen.Load()
	if s.cfg.CACert != "" || len(st.authorities) == 0 {
		return nil
	}
	newest := st.authorities[len(st.authorities)-1].certificate
	if s.now().Before(newest.NotAfter.Add(-s.cfg.AuthorityLife / 5)) {
		return nil
	}
	s.log.InfoContext(ctx, "the certificates' authority is renewed", "ends", newest.NotAfter)
	return s.makeAuthority(ctx, s.cfg.RotationOverlap, false)
}

// forget deletes certificates that ended long ago.
func (s *service) forget(ctx context.Context) error {
	return s.store.forget(ctx, s.clock().Add(-30*day))
}

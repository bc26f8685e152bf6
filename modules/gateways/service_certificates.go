package gateways

import (
	"context"
	"crypto/tls"
	"errors"
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/pki/cert"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// identify returns the gateway that has shown a certificate, or a key, or both: then both must be its own.
func (s *service) identify(ctx context.Context, c *tls.ConnectionState, key string) (a actor.Actor, known bool, err error) {
	h, shown, err := s.verifier.Presented(c)
	switch {
	case err != nil:
		return a, false, err
	case shown && h.Kind != cert.Gateway && key != "":
		return a, false, cert.ErrRefused // an agent's, beside a gateway's key
	case shown && h.Kind == cert.Gateway:
		a, err = s.certified(ctx, h, key)
		return a, err == nil, err
	case key == "":
		return a, false, nil
	case s.verifier.Required():
		return a, false, cert.ErrRequired
	}
	a, err = s.authenticate(ctx, key)
	return a, err == nil, err
}

// certified returns the gateway that a certificate names, if it is not shut out.
func (s *service) certified(ctx context.Context, h cert.Holder, key string) (a actor.Actor, err error) {
	gatewayID, err := id.Parse(h.Subject)
	if err != nil {
		return a, cert.ErrRefused.Wrap(err)
	}
	if a, err = s.inService(ctx, gatewayID); err != nil {
		return a, err
	}
	if a.OrganizationID != h.OrganizationID {
		return actor.Actor{}, cert.ErrRefused
	}
	if key == "" {
		return a, nil
	}
	of, err := s.authenticate(ctx, key)
	if err == nil && of.ID != a.ID {
		err = cert.ErrRefused
	}
	return of, err
}

// inService returns the gateway as an actor, from memory if it was asked for lately.
func (s *service) inService(ctx context.Context, gatewayID id.UUID) (actor.Actor, error) {
	now, name := s.clock(), actorPrefix+gatewayID.String()
	s.mu.Lock()
	known, ok := s.checked[name] // no hash of a key looks like this
	s.mu.Unlock()
	if ok && now.Before(known.until) {
		return known.actor, nil
	}
	rows, err := s.store.byIDs(actor.With(ctx, actor.System("gateway certificate")), []id.UUID{gatewayID})
	if err != nil {
		return actor.Actor{}, err
	}
	if len(rows) == 0 || rows[0].Status == revoked {
		return actor.Actor{}, cert.ErrRefused
	}
	a := actor.Actor{Role: actor.Gateway, ID: name, OrganizationID: rows[0].OrganizationID}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.checked) >= maxKeys {
		clear(s.checked)
	}
	s.checked[name] = checkedKey{a, now.Add(keyMemory)}
	return a, nil
}

// canCertify reports whether a gateway that asks for a certificate gets one. Where it can do without, it enrols all the same.
func (s *service) canCertify(ctx context.Context, csr string) (bool, error) {
	if csr == "" {
		return false, nil
	}
	err := s.authority.Ready(ctx)
	if err != nil && s.verifier.Required() {
		return false, err
	}
	if err != nil {
		s.log.WarnContext(ctx, "a gateway enrols without a certificate", "error", err)
	}
	return err == nil, nil
}

// certify gives the gateway its first certificate. What it had before is lost, or somebody else has it.
func (s *service) certify(ctx context.Context, tx db.Tx, g gatewayRow, csr string) (cert.Issued, error) {
	if err := s.decertify(ctx, tx, g, s.clock()); err != nil || csr == "" {
		return cert.Issued{}, err
	}
	return s.authority.Issue(ctx, tx, cert.Request{Kind: cert.Gateway, OrganizationID: g.OrganizationID, Subject: g.ID.String(), CSR: csr})
}

// decertify ends what the gateway shows agent-api and agents at the time.
func (s *service) decertify(ctx context.Context, tx db.Tx, g gatewayRow, at time.Time) error {
	for _, kind := range []cert.Kind{cert.Gateway, cert.Listener} {
		if err := s.authority.Revoke(ctx, tx, kind, g.OrganizationID, g.ID.String(), at); err != nil {
			return err
		}
	}
	return nil
}

// proof is what a gateway has come with.
type proof struct {
	key  string               // its hash; empty where there was none
	conn *tls.ConnectionState // on which there was a certificate; nil where there was none
}

// current returns errRotated unless the gateway has come with something that it was given since its key was last replaced:
// the new key, or a certificate. Who stole the key before, or had a certificate by it, has neither.
func (s *service) current(ctx context.Context, tx db.Tx, g gatewayRow, with proof) error {
	if g.Status == revoked {
		return errKeyRefused
	}
	if with.key == g.KeyHash {
		return nil
	}
	since, err := s.authority.Lasting(ctx, tx, with.conn)
	if err != nil || since {
		return err
	}
	return errRotated
}

// mayRotate is current for the gateway's next key. One that never got the new key may ask with the one before.
func (s *service) mayRotate(ctx context.Context, tx db.Tx, g gatewayRow, with proof, now time.Time) error {
	if g.lacksKey(with.key, now) {
		return nil
	}
	return s.current(ctx, tx, g, with)
}

// issue gives the gateway on whose behalf ctx runs a certificate of its organization.
func (s *service) issue(ctx context.Context, with proof, r cert.Request) (out cert.Issued, err error) {
	gatewayID, err := caller(ctx)
	if err != nil {
		return out, err
	}
	if err := s.authority.Ready(ctx); err != nil {
		return out, err
	}
	if r.Kind != cert.Agent {
		r.Subject = gatewayID.String()
	}
	now := s.clock()
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		g, err := s.store.lock(ctx, tx, gatewayID, now) // a rotation comes before it or after it
		if errors.Is(err, db.ErrNotFound) {
			return errKeyRefused.Wrap(err)
		}
		if err == nil {
			err = s.current(ctx, tx, g, with)
		}
		if err != nil {
			return err
		}
		r.OrganizationID = g.OrganizationID
		out, err = s.authority.Issue(ctx, tx, r)
		return err
	})
	return out, err
}

// agentKey returns the key in force that an agent of the caller's organization has come with, or with which it got the
// certificate that it has come with.
func (s *service) agentKey(ctx context.Context, computerUID string, by cert.Origin) (identity.Key, error) {
	keys, err := s.keys.AgentKeys(ctx)
	if err != nil {
		return identity.Key{}, err
	}
	is := func(k identity.Key) bool { return k.Hash == by.Key }
	if by.Key == "" {
		keyID, err := s.authority.KeyOf(ctx, computerUID, by.Serial)
		if errors.Is(err, cert.ErrRefused) {
			return identity.Key{}, identity.ErrKeyInvalid.Wrap(err)
		}
		if err != nil {
			return identity.Key{}, err
		}
		is = func(k identity.Key) bool { return k.ID == keyID }
	}
	if i := slices.IndexFunc(keys, is); i >= 0 {
		return keys[i], nil
	}
	return identity.Key{}, identity.ErrKeyInvalid
}

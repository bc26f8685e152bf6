package pki

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/pki/cert"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/event"
	"github.com/staff-control/staff-control/platform/id"
)

// Revoke sets an end to all certificates of a subject. What is to come is kept in memory, too, so nobody need look at the time.
func (s *service) Revoke(ctx context.Context, tx db.Tx, kind cert.Kind, organizationID int64, subject string, at time.Time) error {
	h, now := cert.Holder{Kind: kind, OrganizationID: organizationID, Subject: subject}, s.clock()
	if at.Before(now) {
		at = now
	}
	n, err := s.store.revokeOf(ctx, tx, h, tx.Actor().ID, at, now)
	if err != nil || n == 0 {
		return err
	}
	return s.events.Notify(ctx, tx, event.Change{Name: changed, OrganizationID: organizationID})
}

// revoke ends one certificate.
func (s *service) revoke(ctx context.Context, certificateID id.UUID) error {
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err := s.store.certificate(ctx, tx, certificateID)
		if err != nil {
			return err
		}
		done, err := s.store.revoke(ctx, tx, certificateID, tx.Actor().ID, s.clock())
		if err != nil || !done {
			return err
		}
		entry := audit.Entry{
			OrganizationID: row.OrganizationID, Action: "pki.revoke", Permission: cert.Write, Object: objectOf(row), After: map[string]any{"serial": row.Serial},
		}
		if err := s.audit.Write(ctx, tx, entry); err != nil {
			return err
		}
		return s.events.Notify(ctx, tx, event.Change{Name: changed, OrganizationID: row.OrganizationID, ID: certificateID.String()})
	})
	if errors.Is(err, db.ErrNotFound) {
		s.audit.Missed(ctx, (*certificateRow)(nil), certificateID, "certificate", "pki.revoke")
		return errUnknown.Wrap(err)
	}
	return err
}

// Lasting reports whether the other end has shown a certificate that nobody has set an end to before its own.
func (s *service) Lasting(ctx context.Context, tx db.Tx, c *tls.ConnectionState) (bool, error) {
	h, shown, err := s.Presented(c)
	if err != nil || !shown {
		return false, err
	}
	row, err := s.store.bySerial(ctx, tx, h, cert.Serial(c.PeerCertificates[0]))
	if errors.Is(err, db.ErrNotFound) {
		return false, nil
	}
	return err == nil && row.RevokedAt == nil, err
}

// KeyOf returns the agents' key with which a computer's certificate in force was obtained.
func (s *service) KeyOf(ctx context.Context, computerUID, serial string) (keyID int64, err error) {
	a, _ := actor.From(ctx)
	h, now := cert.Holder{Kind: cert.Agent, OrganizationID: a.OrganizationID, Subject: computerUID}, s.clock()
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err := s.store.bySerial(ctx, tx, h, serial)
		if errors.Is(err, db.ErrNotFound) || err == nil && (row.KeyID == nil || row.ended(now) || now.After(row.NotAfter)) {
			return cert.ErrRefused
		}
		if err == nil {
			keyID = *row.KeyID
		}
		return err
	})
	return keyID, err
}

// endKeyless revokes the agents' certificates whose key is not in force any more.
func (s *service) endKeyless(ctx context.Context) error {
	ctx, now := asSystem(ctx), s.clock()
	used, err := s.store.keysInUse(ctx, now)
	if err != nil || len(used) == 0 {
		return err
	}
	inForce, err := s.keys.AgentKeys(ctx)
	if err != nil {
		return err
	}
	for _, k := range used {
		if slices.ContainsFunc(inForce, func(of identity.Key) bool { return of.ID == k.KeyID && of.OrganizationID == k.OrganizationID }) {
			continue
		}
		if err := s.endOf(ctx, k, now); err != nil {
			return err
		}
	}
	return nil
}

// endOf revokes what was obtained with a key.
func (s *service) endOf(ctx context.Context, k heldKey, now time.Time) error {
	key := fmt.Sprintf("key:%d", k.KeyID)
	return s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		n, err := s.store.revokeByKey(ctx, tx, k, key, now)
		if err != nil || n == 0 { // another replica was faster
			return err
		}
		entry := audit.Entry{OrganizationID: k.OrganizationID, Action: "pki.revoke", Permission: cert.Write, Object: key, After: map[string]any{"certificates": n}}
		if err := s.audit.Write(ctx, tx, entry); err != nil {
			return err
		}
		return s.events.Notify(ctx, tx, event.Change{Name: changed, OrganizationID: k.OrganizationID})
	})
}

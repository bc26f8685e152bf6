package gateways

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/secret"
)

const (
	// bootstrap is who makes the token of the settings.
	bootstrap = "system:bootstrap"
	// bootstrapLife is how long that token waits for its gateway.
	bootstrapLife = 24 * time.Hour
)

// newToken makes a provisioning token and returns it, for the only time.
func (s *service) newToken(ctx context.Context, organizationID int64, note string, life time.Duration, maxUses int64) (t tokenRow, token string, err error) {
	a, _ := actor.From(ctx)
	token = secret.New(tokenPrefix)
	t = s.tokenRow(organizationID, token, note, life, maxUses, a.ID)
	err = s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := s.store.addToken(ctx, tx, &t); err != nil {
			return err
		}
		return s.recordToken(ctx, tx, "gateways.token_create", t)
	})
	if errors.Is(err, db.ErrMissingReference) {
		return t, "", noOrganization("unknown_reference")
	}
	return t, token, err
}

func (s *service) tokenRow(organizationID int64, token, note string, life time.Duration, maxUses int64, by string) tokenRow {
	now := s.clock()
	t := tokenRow{ID: id.New(), Hash: secret.Hash(token), Note: note, MaxUses: maxUses, ExpiresAt: now.Add(life), CreatedBy: by, CreatedAt: now}
	t.OrganizationID = organizationID
	return t
}

// revokeToken ends a token before its time.
func (s *service) revokeToken(ctx context.Context, tokenID id.UUID) error {
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		t, err := s.store.token(ctx, tx, tokenID)
		if err != nil {
			return err
		}
		if err := s.store.revokeToken(ctx, tx, tokenID, s.clock()); err != nil {
			return err
		}
		return s.recordToken(ctx, tx, "gateways.token_revoke", t)
	})
	if errors.Is(err, db.ErrNotFound) {
		s.audit.Missed(ctx, (*tokenRow)(nil), tokenID, "provisioning_token", "gateways.token_revoke")
		return errTokenUnknown.Wrap(err)
	}
	return err
}

func (s *service) recordToken(ctx context.Context, tx db.Tx, action string, t tokenRow) error {
	return s.audit.Write(ctx, tx, audit.Entry{
		OrganizationID: t.OrganizationID, Action: action, Permission: gateway.Write, Object: "provisioning_token:" + t.ID.String(),
	})
}

// bootstrap keeps the token of the settings, in place of those of earlier starts.
func (s *service) bootstrap(ctx context.Context, token string, organizationID int64) error {
	if token == "" {
		return nil
	}
	t := s.tokenRow(organizationID, token, "bootstrap", bootstrapLife, 1, bootstrap)
	err := s.store.db.Write(actor.With(ctx, actor.System("bootstrap token")), func(ctx context.Context, tx db.Tx) error {
		return s.store.renewBootstrapToken(ctx, tx, &t)
	})
	if err != nil {
		return fmt.Errorf("keep the bootstrap token of organization %d: %w", organizationID, err)
	}
	return nil
}

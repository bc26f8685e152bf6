package gateways

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// tokens returns a page of the tokens that have not been revoked, the newest first, and one more.
func (s store) tokens(ctx context.Context, limit int, after id.UUID) (rows []tokenRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := tx.Select(&rows).Where("t.revoked_at IS NULL").OrderExpr("t.id DESC").Limit(int64(limit + 1))
		if after != id.Nil {
			q = q.Where("t.id < ?", after)
		}
		return q.Scan(ctx)
	})
	return rows, err
}

func (s store) addToken(ctx context.Context, tx db.Tx, t *tokenRow) error {
	_, err := tx.Insert(t).Exec(ctx)
	return err
}

// renewBootstrapToken keeps the token of the settings in place of those of earlier starts. One that is there
// already keeps its uses and lasts longer.
func (s store) renewBootstrapToken(ctx context.Context, tx db.Tx, t *tokenRow) error {
	_, err := tx.Delete((*tokenRow)(nil)).Where("?TableAlias.created_by = ? AND ?TableAlias.hash <> ?", t.CreatedBy, t.Hash).Exec(ctx)
	if err != nil {
		return err
	}
	_, err = tx.Insert(t).On("CONFLICT (hash) DO UPDATE").Set("expires_at = EXCLUDED.expires_at").
		Where("?TableAlias.created_by = EXCLUDED.created_by AND ?TableAlias.organization_id = EXCLUDED.organization_id").Exec(ctx)
	return err
}

// useToken counts a use of the token if it is in force, and returns it.
func (s store) useToken(ctx context.Context, tx db.Tx, hash string, now time.Time) (t tokenRow, err error) {
	if err = tx.Select(&t).Where("t.hash = ?", hash).Scan(ctx); err != nil {
		return t, err
	}
	return t, db.One(tx.Update(&t).Set("uses = uses + 1").WherePK().
		Where("t.uses < t.max_uses AND t.expires_at > ? AND t.revoked_at IS NULL", now).Exec(ctx))
}

func (s store) token(ctx context.Context, tx db.Tx, tokenID id.UUID) (t tokenRow, err error) {
	err = tx.Select(&t).Where("t.id = ? AND t.revoked_at IS NULL", tokenID).Scan(ctx)
	return t, err
}

func (s store) revokeToken(ctx context.Context, tx db.Tx, tokenID id.UUID, now time.Time) error {
	return db.One(tx.Update(&tokenRow{ID: tokenID, RevokedAt: &now}).Column("revoked_at").WherePK().Exec(ctx))
}

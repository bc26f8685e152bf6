package auth

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/platform/db"
)

func (s store) insertToken(ctx context.Context, tx db.Tx, row *tokenRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return err
}

// tokens returns the tokens of a user that are not revoked, the newest first.
func (s store) tokens(ctx context.Context, tx db.Tx, userID int64) (rows []tokenRow, err error) {
	err = tx.Select(&rows).Where("?TableAlias.user_id = ?", userID).Where("?TableAlias.revoked_at IS NULL").Order("at.id DESC").Scan(ctx)
	return rows, err
}

func (s store) token(ctx context.Context, tx db.Tx, id int64) (row tokenRow, err error) {
	err = tx.Select(&row).Where("?TableAlias.id = ?", id).Scan(ctx)
	return row, db.Translate(err)
}

func (s store) tokenByHash(ctx context.Context, tx db.Tx, hash string) (row tokenRow, err error) {
	err = tx.Select(&row).Where("?TableAlias.hash = ?", hash).Scan(ctx)
	return row, db.Translate(err)
}

func (s store) revokeToken(ctx context.Context, tx db.Tx, id int64, now time.Time) error {
	return db.One(tx.Update((*tokenRow)(nil)).Set("revoked_at = ?", now).
		Where("?TableAlias.id = ?", id).Where("revoked_at IS NULL").Exec(ctx))
}

// touchToken notes that a token was used, unless another process has noted it since.
func (s store) touchToken(ctx context.Context, tx db.Tx, id int64, now, unless time.Time) error {
	_, err := tx.Update((*tokenRow)(nil)).Set("last_used_at = ?", now).Where("?TableAlias.id = ?", id).
		Where("(last_used_at IS NULL OR last_used_at <= ?)", unless).Exec(ctx)
	return err
}

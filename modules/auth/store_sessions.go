package auth

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// keepSession remembers a sign-in, or that it goes on, and from where.
func (s store) keepSession(ctx context.Context, tx db.Tx, row *sessionRow) error {
	return db.One(tx.Insert(row).On("CONFLICT (id) DO UPDATE").
		Set("used_at = EXCLUDED.used_at, expires_at = EXCLUDED.expires_at, client_ip = EXCLUDED.client_ip, user_agent = EXCLUDED.user_agent").
		Where("ss.user_id = EXCLUDED.user_id").
		Where("ss.organization_id IS NOT DISTINCT FROM EXCLUDED.organization_id").Exec(ctx))
}

// lasting leaves the sign-ins that have a refresh token in force.
func lasting(tx db.Tx, q *bun.SelectQuery, now time.Time) *bun.SelectQuery {
	return q.Where("ss.id IN (?)", tx.Select((*refreshRow)(nil)).Column("family").
		Where("?TableAlias.revoked_at IS NULL").Where("?TableAlias.expires_at > ?", now))
}

// sessions returns the sign-ins of a user that last, the newest first.
func (s store) sessions(ctx context.Context, tx db.Tx, userID int64, now time.Time, limit int) (rows []sessionRow, err error) {
	err = lasting(tx, tx.Select(&rows).Where("?TableAlias.user_id = ?", userID), now).
		Order("ss.created_at DESC", "ss.id").Limit(int64(limit)).Scan(ctx)
	return rows, err
}

// session returns a sign-in that lasts.
func (s store) session(ctx context.Context, tx db.Tx, session id.UUID, now time.Time) (row sessionRow, err error) {
	err = lasting(tx, tx.Select(&row).Where("?TableAlias.id = ?", session), now).Scan(ctx)
	return row, db.Translate(err)
}

// endOthers ends the sign-ins of a user but one.
func (s store) endOthers(ctx context.Context, tx db.Tx, userID int64, but id.UUID, now time.Time) error {
	_, err := tx.Update((*refreshRow)(nil)).Set("revoked_at = ?", now).
		Where("?TableAlias.user_id = ?", userID).Where("?TableAlias.family <> ?", but).Where("revoked_at IS NULL").Exec(ctx)
	return err
}

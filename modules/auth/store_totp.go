package auth

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
)

func (s store) totp(ctx context.Context, tx db.Tx, userID int64) (row totpRow, err error) {
	err = tx.Select(&row).Where("?TableAlias.user_id = ?", userID).Scan(ctx)
	return row, db.Translate(err)
}

// secondSteps returns those of the users who have a second step.
func (s store) secondSteps(ctx context.Context, ids []int64) (map[int64]bool, error) {
	var some []int64
	err := s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		if len(ids) == 0 {
			return nil
		}
		return tx.Select((*totpRow)(nil)).Column("user_id").Where("?TableAlias.user_id IN (?)", bun.List(ids)).
			Where("?TableAlias.confirmed_at IS NOT NULL").Scan(ctx, &some)
	})
	have := map[int64]bool{}
	for _, id := range some {
		have[id] = true
	}
	return have, err
}

func (s store) insertTOTP(ctx context.Context, tx db.Tx, row *totpRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return err
}

// takeStep marks the code of a step as used; db.ErrNotFound says that it was, or a later one.
func (s store) takeStep(ctx context.Context, tx db.Tx, userID, step int64) error {
	return db.One(tx.Update((*totpRow)(nil)).Set("last_step = ?", step).
		Where("?TableAlias.user_id = ?", userID).Where("last_step < ?", step).Exec(ctx))
}

func (s store) confirmTOTP(ctx context.Context, tx db.Tx, userID int64, now time.Time) error {
	return db.One(tx.Update((*totpRow)(nil)).Set("confirmed_at = ?", now).
		Where("?TableAlias.user_id = ?", userID).Where("confirmed_at IS NULL").Exec(ctx))
}

// dropTOTP deletes the second step of a user, with its recovery codes.
func (s store) dropTOTP(ctx context.Context, tx db.Tx, userID int64) error {
	if _, err := tx.Delete((*recoveryRow)(nil)).Where("?TableAlias.user_id = ?", userID).Exec(ctx); err != nil {
		return err
	}
	_, err := tx.Delete((*totpRow)(nil)).Where("?TableAlias.user_id = ?", userID).Exec(ctx)
	return err
}

// replaceRecovery replaces the recovery codes of a user.
func (s store) replaceRecovery(ctx context.Context, tx db.Tx, rows []recoveryRow) error {
	if _, err := tx.Delete((*recoveryRow)(nil)).Where("?TableAlias.user_id = ?", rows[0].UserID).Exec(ctx); err != nil {
		return err
	}
	_, err := tx.Insert(&rows).Exec(ctx)
	return err
}

// takeRecovery marks a recovery code as used; db.ErrNotFound says that it was, or that there is none.
func (s store) takeRecovery(ctx context.Context, tx db.Tx, userID int64, hash string, now time.Time) error {
	return db.One(tx.Update((*recoveryRow)(nil)).Set("used_at = ?", now).
		Where("?TableAlias.user_id = ?", userID).Where("?TableAlias.hash = ?", hash).Where("used_at IS NULL").Exec(ctx))
}

func (s store) countRecovery(ctx context.Context, tx db.Tx, userID int64) (int64, error) {
	return tx.Select((*recoveryRow)(nil)).Where("?TableAlias.user_id = ?", userID).Where("?TableAlias.used_at IS NULL").Count(ctx)
}

package auth

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/platform/db"
)

// identityOf returns who the user is at the provider; nobody, if it was disconnected.
func (s store) identityOf(ctx context.Context, tx db.Tx, issuer string, userID int64) (row identityRow, err error) {
	err = tx.Select(&row).Where("?TableAlias.user_id = ?", userID).Where("?TableAlias.issuer = ?", issuer).Scan(ctx)
	return row, db.Translate(err)
}

func (s store) identityBySubject(ctx context.Context, tx db.Tx, issuer, subject string) (row identityRow, err error) {
	err = tx.Select(&row).Where("?TableAlias.issuer = ?", issuer).Where("?TableAlias.subject = ?", subject).Scan(ctx)
	return row, db.Translate(err)
}

func (s store) insertIdentity(ctx context.Context, tx db.Tx, row *identityRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return err
}

// dropIdentity returns db.ErrNotFound if there is none.
func (s store) dropIdentity(ctx context.Context, tx db.Tx, issuer string, userID int64) error {
	return db.One(tx.Delete((*identityRow)(nil)).Where("?TableAlias.user_id = ?", userID).Where("?TableAlias.issuer = ?", issuer).Exec(ctx))
}

// takeOIDC remembers a sign-in that has come back; db.ErrConflict says that it has before.
func (s store) takeOIDC(ctx context.Context, tx db.Tx, row *oidcRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return err
}

// holdOIDC remembers whose sign-in waits for the second step.
func (s store) holdOIDC(ctx context.Context, tx db.Tx, hash string, u userRow, subject string) error {
	return db.One(tx.Update((*oidcRow)(nil)).Set("organization_id = ?, user_id = ?, subject = ?", u.OrganizationID, u.ID, subject).
		Where("?TableAlias.hash = ?", hash).Where("ended_at IS NULL").Exec(ctx))
}

// heldOIDC returns a sign-in that waits for the second step.
func (s store) heldOIDC(ctx context.Context, tx db.Tx, hash string, now time.Time) (row oidcRow, err error) {
	err = tx.Select(&row).Where("?TableAlias.hash = ?", hash).Where("?TableAlias.user_id IS NOT NULL").
		Where("?TableAlias.ended_at IS NULL").Where("?TableAlias.expires_at > ?", now).Scan(ctx)
	return row, db.Translate(err)
}

// endOIDC lets a sign-in through once; db.ErrNotFound says that it was.
func (s store) endOIDC(ctx context.Context, tx db.Tx, hash string, now time.Time) error {
	return db.One(tx.Update((*oidcRow)(nil)).Set("ended_at = ?", now).
		Where("?TableAlias.hash = ?", hash).Where("ended_at IS NULL").Exec(ctx))
}

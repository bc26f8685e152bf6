package pki

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/modules/pki/cert"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// store keeps authorities and what they issued. It holds no rule: those are in the service.
type store struct{ db *db.DB }

// authorities returns those that are trusted at the time, the oldest first, and the number of the newest that there ever
// was, as it was no later than they are read. Tenants see none.
func (s store) authorities(ctx context.Context, at time.Time) (rows []authorityRow, last int64, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := tx.Select((*authorityRow)(nil)).ColumnExpr("COALESCE(MAX(a.generation), 0)").Scan(ctx, &last); err != nil {
			return err
		}
		return tx.Select(&rows).Where("a.trusted_until > ?", at).Order("a.generation").Scan(ctx)
	})
	return rows, last, err
}

// addAuthority keeps the authority, unless there is one of its generation: then another replica was faster. It reports
// whether it did.
func (s store) addAuthority(ctx context.Context, tx db.Tx, row *authorityRow) (bool, error) {
	res, err := tx.Insert(row).On("CONFLICT (generation) DO NOTHING").Exec(ctx)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// endAuthorities says until when those before a generation are trusted; one that ends before stays so.
func (s store) endAuthorities(ctx context.Context, tx db.Tx, before int64, until time.Time) error {
	_, err := tx.Update((*authorityRow)(nil)).Set("trusted_until = ?", until).
		Where("?TableAlias.generation < ?", before).Where("?TableAlias.trusted_until > ?", until).Exec(ctx)
	return err
}

func (s store) add(ctx context.Context, tx db.Tx, row *certificateRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return err
}

// issuedSince counts what a subject was given since the time and nobody has set an end to: whoever used it up with a key that
// was stolen does not keep the gateway from getting its next.
func (s store) issuedSince(ctx context.Context, tx db.Tx, h cert.Holder, since time.Time) (int64, error) {
	return tx.Select((*certificateRow)(nil)).Where("c.organization_id = ?", h.OrganizationID).Where("c.kind = ?", h.Kind).
		Where("c.subject = ?", h.Subject).Where("c.created_at > ?", since).Where("c.revoked_at IS NULL").Count(ctx)
}

func (s store) certificate(ctx context.Context, tx db.Tx, certificateID id.UUID) (row certificateRow, err error) {
	err = tx.Select(&row).Where("c.id = ?", certificateID).Scan(ctx)
	return row, db.Translate(err)
}

// bySerial returns the certificate that a subject has with the serial.
func (s store) bySerial(ctx context.Context, tx db.Tx, h cert.Holder, serial string) (row certificateRow, err error) {
	err = tx.Select(&row).Where("c.organization_id = ?", h.OrganizationID).Where("c.kind = ?", h.Kind).Where("c.subject = ?", h.Subject).
		Where("c.serial = ?", serial).Scan(ctx)
	return row, db.Translate(err)
}

// revoke ends one certificate, unless it has ended; it reports whether it did.
func (s store) revoke(ctx context.Context, tx db.Tx, certificateID id.UUID, who string, at time.Time) (bool, error) {
	res, err := tx.Update((*certificateRow)(nil)).Set("revoked_at = ?", at).Set("revoked_by = ?", who).
		Where("?TableAlias.id = ?", certificateID).Where("?TableAlias.revoked_at IS NULL OR ?TableAlias.revoked_at > ?", at).Exec(ctx)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// revokeOf sets an end to all of a subject that are in force now and would be longer, and returns how many these were.
func (s store) revokeOf(ctx context.Context, tx db.Tx, h cert.Holder, who string, at, now time.Time) (int64, error) {
	res, err := tx.Update((*certificateRow)(nil)).Set("revoked_at = ?", at).Set("revoked_by = ?", who).
		Where("?TableAlias.organization_id = ?", h.OrganizationID).Where("?TableAlias.kind = ?", h.Kind).Where("?TableAlias.subject = ?", h.Subject).
		Where("?TableAlias.revoked_at IS NULL OR ?TableAlias.revoked_at > ?", at).Where("?TableAlias.not_after > ?", now).Exec(ctx)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// heldKey is a key with which certificates were obtained that are in force.
type heldKey struct {
	OrganizationID int64 `bun:"organization_id"`
	KeyID          int64 `bun:"key_id"`
}

// keysInUse returns the keys on which certificates in force depend.
func (s store) keysInUse(ctx context.Context, now time.Time) (keys []heldKey, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select((*certificateRow)(nil)).ColumnExpr("DISTINCT c.organization_id, c.key_id").Where("c.key_id IS NOT NULL").
			Where("c.revoked_at IS NULL").Where("c.not_after > ?", now).Scan(ctx, &keys)
	})
	return keys, err
}

// revokeByKey ends all that were obtained with the key, and returns how many these were.
func (s store) revokeByKey(ctx context.Context, tx db.Tx, k heldKey, who string, now time.Time) (int64, error) {
	res, err := tx.Update((*certificateRow)(nil)).Set("revoked_at = ?", now).Set("revoked_by = ?", who).
		Where("?TableAlias.organization_id = ?", k.OrganizationID).Where("?TableAlias.key_id = ?", k.KeyID).
		Where("?TableAlias.revoked_at IS NULL").Where("?TableAlias.not_after > ?", now).Exec(ctx)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// revoked returns those that the actor sees, were revoked or will be, and would be in force; of some kinds, or of all.
func (s store) revoked(ctx context.Context, at time.Time, kinds ...cert.Kind) (rows []certificateRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := tx.Select(&rows).Where("c.revoked_at IS NOT NULL").Where("c.not_after > ?", at).Order("c.serial")
		if len(kinds) > 0 {
			q = q.Where("c.kind IN (?)", bun.List(kinds))
		}
		return q.Scan(ctx)
	})
	return rows, err
}

// forget deletes certificates that ended before the time.
func (s store) forget(ctx context.Context, before time.Time) error {
	_, err := s.db.InParts(ctx, func(ctx context.Context, tx db.Tx) (db.Affected, error) {
		old := tx.Select((*certificateRow)(nil)).Column("c.id").Where("c.not_after < ?", before).Limit(db.Part)
		return tx.Delete((*certificateRow)(nil)).Where("?TableAlias.id IN (?)", old).Exec(ctx)
	})
	return err
}

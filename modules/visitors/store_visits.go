package visitors

import (
	"context"

	"github.com/staff-control/staff-control/platform/db"
)

func (s store) visits(ctx context.Context, v sight, l db.List) (rows []visitRow, found db.Found, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		found, err = tx.List(ctx, v.narrow(tx.Select(&rows)), l)
		return err
	})
	return rows, found, err
}

func (s store) visitByID(ctx context.Context, tx db.Tx, id int64) (row visitRow, err error) {
	err = tx.Select(&row).Where("?TableAlias.id = ?", id).Scan(ctx)
	return row, db.Translate(err)
}

// inside returns the visit of a visitor who is in the house.
func (s store) inside(ctx context.Context, tx db.Tx, visitorID int64) (row visitRow, err error) {
	err = tx.Select(&row).Where("?TableAlias.visitor_id = ?", visitorID).Where("?TableAlias.checked_out_at IS NULL").Scan(ctx)
	return row, db.Translate(err)
}

// badgeTaken reports whether somebody in the house has the visit's badge.
func (s store) badgeTaken(ctx context.Context, tx db.Tx, visit visitRow) (bool, error) {
	if visit.Badge == "" {
		return false, nil
	}
	return tx.Select((*visitRow)(nil)).Where("COALESCE(?TableAlias.organization_id, 0) = ?", number(visit.OrganizationID)).
		Where("?TableAlias.badge = ?", visit.Badge).Where("?TableAlias.checked_out_at IS NULL").Exists(ctx)
}

func (s store) open(ctx context.Context, tx db.Tx, row *visitRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return db.Translate(err)
}

// close ends a visit that has not ended.
func (s store) close(ctx context.Context, tx db.Tx, row *visitRow) error {
	return db.One(tx.Update(row).Column("checked_out_at", "checked_out_by").WherePK().Where("?TableAlias.checked_out_at IS NULL").Exec(ctx))
}

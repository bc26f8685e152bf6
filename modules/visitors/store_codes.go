package visitors

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
)

func (s store) codes(ctx context.Context, l db.List) (rows []codeRow, found db.Found, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		found, err = tx.List(ctx, tx.Select(&rows), l)
		return err
	})
	return rows, found, err
}

func (s store) codeByID(ctx context.Context, tx db.Tx, id int64) (row codeRow, err error) {
	err = tx.Select(&row).Where("?TableAlias.id = ?", id).Scan(ctx)
	return row, db.Translate(err)
}

// codeByText finds a code that has not been withdrawn. Who sees several organizations gets the oldest of theirs.
func (s store) codeByText(ctx context.Context, tx db.Tx, text string) (row codeRow, err error) {
	err = tx.Select(&row).Where("?TableAlias.code = ?", text).Where("?TableAlias.is_active").OrderExpr("?TableAlias.id").Limit(1).Scan(ctx)
	return row, db.Translate(err)
}

// usableNow finds a code by which the visitor may come in now: of several, what ends first.
func (s store) usableNow(ctx context.Context, tx db.Tx, visitorID int64, now time.Time) (row codeRow, err error) {
	err = tx.Select(&row).Where("?TableAlias.visitor_id = ?", visitorID).Where("?TableAlias.is_active").
		Where("?TableAlias.start_date <= ?", now).Where("?TableAlias.end_date >= ?", now).
		Where("(?TableAlias.max_uses IS NULL OR ?TableAlias.uses < ?TableAlias.max_uses)").
		OrderExpr("?TableAlias.end_date, ?TableAlias.id").Limit(1).Scan(ctx)
	return row, db.Translate(err)
}

// nextCodes returns of each visitor when the code holds that lets in now or, of those to come, first.
func (s store) nextCodes(ctx context.Context, visitors []int64, now time.Time) (map[int64]codeRow, error) {
	var rows []codeRow
	err := s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Column("visitor_id", "start_date", "end_date").Where("?TableAlias.visitor_id IN (?)", bun.List(visitors)).
			Where("?TableAlias.is_active").Where("?TableAlias.end_date >= ?", now).Where("(?TableAlias.max_uses IS NULL OR ?TableAlias.uses < ?TableAlias.max_uses)").
			OrderExpr("?TableAlias.start_date DESC, ?TableAlias.id DESC").Scan(ctx)
	})
	of := map[int64]codeRow{}
	for _, r := range rows {
		of[r.VisitorID] = r
	}
	return of, err
}

// withdrawn reports whether a code of the text was withdrawn.
func (s store) withdrawn(ctx context.Context, tx db.Tx, text string) (bool, error) {
	return tx.Select((*codeRow)(nil)).Where("?TableAlias.code = ?", text).Where("NOT ?TableAlias.is_active").Exists(ctx)
}

// codeTaken reports whether another code of the organization has the same text and is in use.
func (s store) codeTaken(ctx context.Context, tx db.Tx, row codeRow) (bool, error) {
	return tx.Select((*codeRow)(nil)).Where("COALESCE(?TableAlias.organization_id, 0) = ?", number(row.OrganizationID)).
		Where("?TableAlias.code = ?", row.Code).Where("?TableAlias.is_active").Where("?TableAlias.id <> ?", row.ID).Exists(ctx)
}

func (s store) insertCode(ctx context.Context, tx db.Tx, row *codeRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return err
}

func (s store) updateCode(ctx context.Context, tx db.Tx, row *codeRow) error {
	return db.One(tx.Update(row).WherePK().Exec(ctx))
}

// use counts one use of a code that has one left. Whoever comes at the same time waits here, and finds it counted.
func (s store) use(ctx context.Context, tx db.Tx, id int64, at time.Time) error {
	return db.One(tx.Update((*codeRow)(nil)).Set("uses = uses + 1").Set("last_used_at = ?", at).
		Where("?TableAlias.id = ?", id).Where("?TableAlias.is_active").
		Where("(?TableAlias.max_uses IS NULL OR ?TableAlias.uses < ?TableAlias.max_uses)").Exec(ctx))
}

func (s store) removeCode(ctx context.Context, tx db.Tx, id int64) error {
	return db.One(tx.Delete((*codeRow)(nil)).Where("?TableAlias.id = ?", id).Exec(ctx))
}

// codesOf returns the codes of visitors by visitor, the newest first.
func (s store) codesOf(ctx context.Context, visitors []int64) (map[int64][]codeRow, error) {
	var rows []codeRow
	err := s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Where("?TableAlias.visitor_id IN (?)", bun.List(visitors)).
			OrderExpr("?TableAlias.created_at DESC, ?TableAlias.id DESC").Scan(ctx)
	})
	of := map[int64][]codeRow{}
	for _, r := range rows {
		of[r.VisitorID] = append(of[r.VisitorID], r)
	}
	return of, err
}

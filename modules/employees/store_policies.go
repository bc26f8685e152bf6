package employees

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
)

// givenRow is an employee as far as policies go.
type givenRow struct {
	bun.BaseModel `bun:"table:employees,alias:e"`
	db.Owned
	ID           int64 `bun:"id,pk"`
	DepartmentID int64 `bun:"department_id"`
	PolicyID     int64 `bun:"policy_id,nullzero"`
}

func (s store) given(ctx context.Context) (rows []givenRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Order("e.id").Scan(ctx)
	})
	return rows, err
}

func (s store) givenTo(ctx context.Context, v sight, id int64) (rows []givenRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return v.narrow(tx.Select(&rows)).Where("?TableAlias.id = ?", id).Scan(ctx)
	})
	return rows, err
}

func (s store) policies(ctx context.Context, tx db.Tx, ids []int64) (rows []givenRow, err error) {
	err = tx.Select(&rows).Where("?TableAlias.id IN (?)", bun.List(ids)).Scan(ctx)
	return rows, err
}

func (s store) give(ctx context.Context, tx db.Tx, policyID int64, ids []int64, now time.Time) error {
	_, err := tx.Update((*givenRow)(nil)).Set("policy_id = ?", bun.NullZero(policyID)).Set("updated_at = ?", now).
		Where("?TableAlias.id IN (?)", bun.List(ids)).Exec(ctx)
	return db.Translate(err)
}

func (s store) holders(ctx context.Context, tx db.Tx, policyID int64, most int) (rows []employeeRow, count int, err error) {
	n, err := tx.Select(&rows).Where("?TableAlias.policy_id = ?", policyID).Order("e.name_search", "e.id").Limit(int64(most)).ScanAndCount(ctx)
	return rows, int(n), err
}

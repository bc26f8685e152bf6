package employees

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
)

// store keeps employees. It holds no rule: those are in service.go.
type store struct{ db *db.DB }

func (s store) list(ctx context.Context, v sight, l db.List) (rows []employeeRow, found db.Found, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		found, err = tx.List(ctx, v.narrow(tx.Select(&rows)), l)
		return err
	})
	return rows, found, err
}

func (s store) byID(ctx context.Context, tx db.Tx, v sight, id int64) (row employeeRow, err error) {
	err = v.narrow(tx.Select(&row)).Where("?TableAlias.id = ?", id).Scan(ctx)
	return row, db.Translate(err)
}

// held returns the employee as it is until the transaction ends, but for what that writes.
func (s store) held(ctx context.Context, tx db.Tx, v sight, id int64) (row employeeRow, err error) {
	err = tx.Hold(v.narrow(tx.Select(&row))).Where("?TableAlias.id = ?", id).Scan(ctx)
	return row, db.Translate(err)
}

func (s store) byIDs(ctx context.Context, v sight, ids []int64) (rows []employeeRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return v.narrow(tx.Select(&rows)).Column(shown...).Where("?TableAlias.id IN (?)", bun.List(ids)).Scan(ctx)
	})
	return rows, err
}

func (s store) inDepartments(ctx context.Context, v sight, departments []int64) (ids []int64, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return v.narrow(tx.Select((*employeeRow)(nil))).Column("id").
			Where("?TableAlias.department_id IN (?)", bun.List(departments)).Order("e.id").Scan(ctx, &ids)
	})
	return ids, err
}

func (s store) insert(ctx context.Context, tx db.Tx, row *employeeRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return err
}

// update writes all but the policy and the photo, which others give at the same time.
func (s store) update(ctx context.Context, tx db.Tx, row *employeeRow) error {
	return db.One(tx.Update(row).ExcludeColumn("policy_id", "photo", "photo_file").WherePK().Exec(ctx))
}

// holdPhoto makes who changes the employee's photo wait for each other until the transaction ends.
func holdPhoto(ctx context.Context, tx db.Tx, id int64) error {
	return tx.Serialize(ctx, fmt.Sprintf("photo of employee %d", id))
}

// namePhoto writes which photo the employee has. Who calls it holds it.
func (s store) namePhoto(ctx context.Context, tx db.Tx, row *employeeRow) error {
	return db.One(tx.Update(row).Column("photo", "photo_file", "updated_at").WherePK().Exec(ctx))
}

func (s store) remove(ctx context.Context, tx db.Tx, id int64) error {
	return db.One(tx.Delete((*employeeRow)(nil)).Where("?TableAlias.id = ?", id).Exec(ctx))
}

// narrow leaves the employees that sight allows.
func (v sight) narrow(q *bun.SelectQuery) *bun.SelectQuery {
	if v.all {
		return q
	}
	return q.Where("?TableAlias.department_id IN (?)", bun.List(v.departments))
}

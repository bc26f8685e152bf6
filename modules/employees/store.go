package employees

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
)

// store keeps employees. It holds no rule: those are in service.go.
type store struct{ db *db.DB }

// filter narrows a list, which is ordered by folded name and id.
type filter struct {
	words       []string // folded; each is somewhere in the name
	departments []int64  // nil: any
	active      *bool
	afterName   string
	afterID     int64
	limit       int
}

func (s store) list(ctx context.Context, v sight, f filter) (rows []employeeRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := v.narrow(tx.Select(&rows)).Order("e.name_search", "e.id").Limit(int64(f.limit))
		for _, w := range f.words {
			q = q.Where("?TableAlias.name_search LIKE ?", "%"+w+"%") // a folded word has no wildcard in it
		}
		if f.departments != nil {
			q = q.Where("?TableAlias.department_id IN (?)", bun.List(f.departments))
		}
		if f.active != nil {
			q = q.Where("?TableAlias.is_active = ?", *f.active)
		}
		if f.afterID != 0 {
			q = q.Where("(?TableAlias.name_search, ?TableAlias.id) > (?, ?)", f.afterName, f.afterID)
		}
		return q.Scan(ctx)
	})
	return rows, err
}

func (s store) byID(ctx context.Context, tx db.Tx, v sight, id int64) (row employeeRow, err error) {
	err = v.narrow(tx.Select(&row)).Where("?TableAlias.id = ?", id).Scan(ctx)
	return row, db.Translate(err)
}

func (s store) byIDs(ctx context.Context, v sight, ids []int64) (rows []employeeRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return v.narrow(tx.Select(&rows)).Where("?TableAlias.id IN (?)", bun.List(ids)).Scan(ctx)
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

func (s store) update(ctx context.Context, tx db.Tx, row *employeeRow) error {
	return db.One(tx.Update(row).WherePK().Exec(ctx))
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

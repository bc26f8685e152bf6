package organizations

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
)

// store keeps organizations and departments. It holds no rule: those are in service.go.
type store struct{ db *db.DB }

func (s store) organizations(ctx context.Context, l db.List) (rows []organizationRow, found db.Found, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		found, err = tx.List(ctx, tx.Select(&rows), l)
		return err
	})
	return rows, found, err
}

func (s store) any(ctx context.Context, tx db.Tx) (bool, error) {
	return tx.Select((*organizationRow)(nil)).Exists(ctx)
}

func (s store) organization(ctx context.Context, tx db.Tx, id int64) (row organizationRow, err error) {
	err = tx.Select(&row).Where("?TableAlias.id = ?", id).Scan(ctx)
	return row, db.Translate(err)
}

func (s store) insertOrganization(ctx context.Context, tx db.Tx, row *organizationRow) error {
	row.fold()
	_, err := tx.Insert(row).Exec(ctx)
	return err
}

func (s store) updateOrganization(ctx context.Context, tx db.Tx, row *organizationRow) error {
	row.fold()
	return db.One(tx.Update(row).WherePK().Exec(ctx))
}

func (s store) deleteOrganization(ctx context.Context, tx db.Tx, id int64) error {
	return db.One(tx.Delete((*organizationRow)(nil)).Where("?TableAlias.id = ?", id).Exec(ctx))
}

// lockOrganization makes other transactions that lock it wait for this one.
func (s store) lockOrganization(ctx context.Context, tx db.Tx, id int64) error {
	return db.One(tx.Update((*organizationRow)(nil)).Set("updated_at = updated_at").Where("?TableAlias.id = ?", id).Exec(ctx))
}

func (s store) departments(ctx context.Context, sight sight, l db.List) (rows []departmentRow, found db.Found, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		found, err = tx.List(ctx, sight.narrow(tx.Select(&rows)), l)
		return err
	})
	return rows, found, err
}

// forest returns all departments of an organization, or with 0 of all that the actor sees.
func (s store) forest(ctx context.Context, sight sight, organization int64) (rows []departmentRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := sight.narrow(tx.Select(&rows)).Order("d.id").Limit(maxForest)
		if organization != 0 {
			q = q.Where("?TableAlias.organization_id = ?", organization)
		}
		return q.Scan(ctx)
	})
	return rows, err
}

func (s store) department(ctx context.Context, tx db.Tx, sight sight, id int64) (row departmentRow, err error) {
	err = sight.narrow(tx.Select(&row)).Where("?TableAlias.id = ?", id).Scan(ctx)
	return row, db.Translate(err)
}

func (s store) insertDepartment(ctx context.Context, tx db.Tx, row *departmentRow) error {
	row.fold()
	_, err := tx.Insert(row).Exec(ctx)
	return err
}

func (s store) updateDepartment(ctx context.Context, tx db.Tx, row *departmentRow) error {
	row.fold()
	return db.One(tx.Update(row).WherePK().Exec(ctx))
}

func (s store) deleteDepartment(ctx context.Context, tx db.Tx, id int64) error {
	return db.One(tx.Delete((*departmentRow)(nil)).Where("?TableAlias.id = ?", id).Exec(ctx))
}

// everything returns all organizations and departments that the actor sees, in the order of their names.
func (s store) everything(ctx context.Context) (organizations []organizationRow, departments []departmentRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := tx.Select(&organizations).Scan(ctx); err != nil {
			return err
		}
		return tx.Select(&departments).Order("d.full_name", "d.id").Scan(ctx)
	})
	return organizations, departments, err
}

// narrow leaves the departments that sight allows.
func (v sight) narrow(q *bun.SelectQuery) *bun.SelectQuery {
	if v.all {
		return q
	}
	return q.Where("?TableAlias.id IN (?)", bun.List(v.departments))
}

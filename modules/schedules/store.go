package schedules

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
)

// store keeps schedules and by which of them departments work. It holds no rule: those are in service.go.
type store struct{ db *db.DB }

// listing narrows a list, which is in the order of ids.
type listing struct {
	organization int64 // 0: of all that the actor sees
	after        int64
	limit        int
}

func (s store) list(ctx context.Context, l listing) (rows []scheduleRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := tx.Select(&rows).Where("?TableAlias.id > ?", l.after).Order("w.id").Limit(int64(l.limit))
		if l.organization != 0 {
			q = q.Where("?TableAlias.organization_id = ?", l.organization)
		}
		return q.Scan(ctx)
	})
	return rows, err
}

func (s store) byID(ctx context.Context, tx db.Tx, id int64) (row scheduleRow, err error) {
	err = tx.Select(&row).Where("?TableAlias.id = ?", id).Scan(ctx)
	return row, db.Translate(err)
}

// alone makes changes of which schedule is the organization's default wait for each other.
func alone(ctx context.Context, tx db.Tx, organizationID int64) error {
	return tx.Serialize(ctx, fmt.Sprintf("default schedule %d", organizationID))
}

// hold returns the schedule as it stays until the transaction ends.
func (s store) hold(ctx context.Context, tx db.Tx, id int64) (row scheduleRow, err error) {
	if row, err = s.byID(ctx, tx, id); err != nil {
		return row, err
	}
	if err = alone(ctx, tx, row.OrganizationID); err != nil {
		return row, err
	}
	return s.byID(ctx, tx, id)
}

func (s store) insert(ctx context.Context, tx db.Tx, row *scheduleRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return err
}

func (s store) update(ctx context.Context, tx db.Tx, row *scheduleRow) error {
	return db.One(tx.Update(row).WherePK().Exec(ctx))
}

func (s store) remove(ctx context.Context, tx db.Tx, id int64) error {
	return db.One(tx.Delete((*scheduleRow)(nil)).Where("?TableAlias.id = ?", id).Exec(ctx))
}

// onlyDefault makes no other schedule of the row's organization its default.
func (s store) onlyDefault(ctx context.Context, tx db.Tx, row scheduleRow) error {
	_, err := tx.Update((*scheduleRow)(nil)).Set("is_default = ?", false).Set("updated_at = ?", row.UpdatedAt).
		Where("?TableAlias.organization_id = ?", row.OrganizationID).Where("?TableAlias.is_default").
		Where("?TableAlias.id <> ?", row.ID).Exec(ctx)
	return err
}

// sight is which departments an actor may see of those in its organization.
type sight struct {
	all         bool
	departments []int64
}

func (s store) assignments(ctx context.Context, v sight, l listing) (rows []assignmentRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := tx.Select(&rows).Where("?TableAlias.department_id > ?", l.after).Order("a.department_id").Limit(int64(l.limit))
		if l.organization != 0 {
			q = q.Where("?TableAlias.organization_id = ?", l.organization)
		}
		if !v.all {
			q = q.Where("?TableAlias.department_id IN (?)", bun.List(v.departments))
		}
		return q.Scan(ctx)
	})
	return rows, err
}

// assignment returns the department's own, or db.ErrNotFound.
func (s store) assignment(ctx context.Context, tx db.Tx, departmentID int64) (row assignmentRow, err error) {
	err = tx.Select(&row).Where("?TableAlias.department_id = ?", departmentID).Scan(ctx)
	return row, db.Translate(err)
}

func (s store) assign(ctx context.Context, tx db.Tx, row *assignmentRow) error {
	_, err := tx.Insert(row).On("CONFLICT (organization_id, department_id) DO UPDATE").
		Set("schedule_id = EXCLUDED.schedule_id").Set("updated_at = EXCLUDED.updated_at").Exec(ctx)
	return err
}

func (s store) release(ctx context.Context, tx db.Tx, departmentID int64) error {
	return db.One(tx.Delete((*assignmentRow)(nil)).Where("?TableAlias.department_id = ?", departmentID).Exec(ctx))
}

// book returns all schedules and assignments that the actor sees, and the days of its organization's own from one to the other.
func (s store) book(ctx context.Context, from, to string) (rows []scheduleRow, assigned []assignmentRow, days []dayRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := tx.Select(&rows).Scan(ctx); err != nil {
			return err
		}
		if err := tx.Select(&assigned).Scan(ctx); err != nil {
			return err
		}
		days, err = s.days(ctx, tx, tx.Actor().OrganizationID, from, to)
		return err
	})
	return rows, assigned, days, err
}

package employees

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
)

// shown is what others are told of an employee.
var shown = []string{"e.id", "e.organization_id", "e.department_id", "e.name", "e.photo_file", "e.is_active"}

// active returns the active employees by name, of these departments or, with none, of all.
func (s store) active(ctx context.Context, v sight, departments []int64) (rows []employeeRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := v.narrow(tx.Select(&rows)).Column(shown...).
			Where("?TableAlias.is_active").Order("e.name_search", "e.id")
		if len(departments) > 0 {
			q = q.Where("?TableAlias.department_id IN (?)", bun.List(departments))
		}
		return q.Scan(ctx)
	})
	return rows, err
}

// departments returns those of the active employees.
func (s store) departments(ctx context.Context, v sight) (ids []int64, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return v.narrow(tx.Select((*employeeRow)(nil))).Distinct().Column("e.department_id").Where("?TableAlias.is_active").Order("e.department_id").Scan(ctx, &ids)
	})
	return ids, err
}

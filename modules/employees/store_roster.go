package employees

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
)

// active returns the active employees by name, of these departments or, with none, of all.
func (s store) active(ctx context.Context, v sight, departments []int64) (rows []employeeRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := v.narrow(tx.Select(&rows)).Column("e.id", "e.organization_id", "e.department_id", "e.name", "e.is_active").
			Where("?TableAlias.is_active").Order("e.name_search", "e.id")
		if len(departments) > 0 {
			q = q.Where("?TableAlias.department_id IN (?)", bun.List(departments))
		}
		return q.Scan(ctx)
	})
	return rows, err
}

package alerts

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// store keeps alerts. It holds no rule: those are in service.go.
type store struct{ db *db.DB }

// add keeps the alert and reports whether it was new.
func (s store) add(ctx context.Context, row alertRow) (added bool, err error) {
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		res, err := tx.Insert(&row).On("CONFLICT (id) DO NOTHING").Exec(ctx)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		added = n > 0
		return err
	})
	return added, err
}

// page returns alerts, the latest first.
func (s store) page(ctx context.Context, q listQuery) (rows []alertRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		sel := tx.Select(&rows).OrderExpr("a.at DESC, a.id DESC").Limit(int64(q.limit + 1))
		if q.severity != "" {
			sel = sel.Where("a.severity = ?", q.severity)
		}
		if q.open {
			sel = sel.Where("a.acknowledged_at IS NULL")
		}
		if !q.after.at.IsZero() {
			sel = sel.Where("(a.at, a.id) < (?, ?)", q.after.at, q.after.id)
		}
		return sel.Scan(ctx)
	})
	return rows, err
}

// acknowledge marks an open alert as seen by who, and returns it as it was.
func (s store) acknowledge(ctx context.Context, tx db.Tx, alertID id.UUID, who string, at time.Time) (row alertRow, err error) {
	if err = tx.Select(&row).Where("a.id = ?", alertID).Scan(ctx); err != nil || row.AcknowledgedAt != nil {
		return row, err
	}
	row.AcknowledgedAt, row.AcknowledgedBy = &at, &who
	return row, db.One(tx.Update(&row).Column("acknowledged_at", "acknowledged_by").WherePK().Exec(ctx))
}

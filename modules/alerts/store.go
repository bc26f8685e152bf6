package alerts

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// store keeps alerts. It holds no rule: those are in service.go.
type store struct{ db *db.DB }

// add keeps the alert and reports whether it was new; if it was, tell is called before that stands.
func (s store) add(ctx context.Context, row alertRow, tell func(context.Context, db.Tx) error) (added bool, err error) {
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		res, err := tx.Insert(&row).On("CONFLICT (id) DO NOTHING").Exec(ctx)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if added = n > 0; err != nil || !added {
			return err
		}
		return tell(ctx, tx)
	})
	return added, err
}

func (s store) page(ctx context.Context, l db.List) (rows []alertRow, found db.Found, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		found, err = tx.List(ctx, tx.Select(&rows), l)
		return err
	})
	return rows, found, err
}

func (s store) alert(ctx context.Context, tx db.Tx, alertID id.UUID) (row alertRow, err error) {
	err = tx.Select(&row).Where("a.id = ?", alertID).Scan(ctx)
	return row, err
}

// acknowledge marks the alert as seen by who, unless somebody has seen it; it reports whether it did.
func (s store) acknowledge(ctx context.Context, tx db.Tx, alertID id.UUID, who string, at time.Time) (changed bool, err error) {
	row := alertRow{ID: alertID, AcknowledgedAt: &at, AcknowledgedBy: &who}
	res, err := tx.Update(&row).Column("acknowledged_at", "acknowledged_by").WherePK().Where("a.acknowledged_at IS NULL").Exec(ctx)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

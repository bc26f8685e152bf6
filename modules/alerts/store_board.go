package alerts

import (
	"context"

	"github.com/staff-control/staff-control/platform/db"
)

// open returns the newest alerts that nobody has acknowledged.
func (s store) open(ctx context.Context, most int) (rows []alertRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Where("?TableAlias.acknowledged_at IS NULL").OrderExpr("a.at DESC, a.id DESC").Limit(int64(most)).Scan(ctx)
	})
	return rows, err
}

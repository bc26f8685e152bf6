package computers

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
)

// standing returns those of these computers that are known, and the computers into which any of them was merged.
func (s store) standing(ctx context.Context, uids []string) (rows []computerRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		var targets []int64
		for part := range slices.Chunk(uids, maxRows) {
			var some []computerRow
			if err := tx.Select(&some).Where("c.computer_uid IN (?)", bun.List(part)).Scan(ctx); err != nil {
				return err
			}
			rows = append(rows, some...)
		}
		for _, r := range rows {
			if r.MergedInto != nil {
				targets = append(targets, *r.MergedInto)
			}
		}
		for part := range slices.Chunk(targets, maxRows) {
			var some []computerRow
			if err := tx.Select(&some).Where("c.id IN (?)", bun.List(part)).Scan(ctx); err != nil {
				return err
			}
			rows = append(rows, some...)
		}
		return nil
	})
	return rows, err
}

// runRow is what an agent told of the computer with the uid.
type runRow struct {
	stateRow `bun:",extend"`
	UID      string `bun:"computer_uid,scanonly"`
}

// runs returns what the agents of these computers told that touches the time, each computer's the oldest first.
func (s store) runs(ctx context.Context, uids []string, from, until time.Time) (rows []runRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		for part := range slices.Chunk(uids, maxRows) {
			var some []runRow
			err := tx.Select(&some).ColumnExpr("?TableColumns").ColumnExpr("c.computer_uid").
				Join("JOIN computers AS c ON c.organization_id = s.organization_id AND c.id = s.computer_id").
				Where("c.computer_uid IN (?)", bun.List(part)).Where("s.until >= ? AND s.at < ?", from, until).
				Order("s.computer_id", "s.at").Scan(ctx)
			if err != nil {
				return err
			}
			rows = append(rows, some...)
		}
		return nil
	})
	return rows, err
}

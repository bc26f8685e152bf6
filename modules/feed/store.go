package feed

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/platform/db"
)

// store keeps what happened, for as long as somebody may ask for it.
type store struct{ db *db.DB }

// add keeps rows that are not there yet, in one run of ids: until the transaction ends, others who add wait. tell is
// called before it stands.
func (s store) add(ctx context.Context, rows []eventRow, tell func(context.Context, db.Tx) error) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := tx.Serialize(ctx, "feed"); err != nil {
			return err
		}
		if _, err := tx.Insert(&rows).On("CONFLICT DO NOTHING").Returning("NULL").Exec(ctx); err != nil {
			return err
		}
		return tell(ctx, tx)
	})
}

// behind returns at most limit of the rows after one id up to another, in their order; to is 0 for all.
func (s store) behind(ctx context.Context, from, to int64, limit int) (rows []eventRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := tx.Select(&rows).Where("?TableAlias.id > ?", from).OrderExpr("?TableAlias.id").Limit(int64(limit))
		if to > 0 {
			q = q.Where("?TableAlias.id <= ?", to)
		}
		return q.Scan(ctx)
	})
	return rows, err
}

// edges are the ids of the first row that is kept and of the last one; 0 where there is none.
func (s store) edges(ctx context.Context) (first, last int64, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := tx.Select((*eventRow)(nil)).ColumnExpr("coalesce(min(?TableAlias.id), 0)").Scan(ctx, &first); err != nil {
			return err
		}
		return tx.Select((*eventRow)(nil)).ColumnExpr("coalesce(max(?TableAlias.id), 0)").Scan(ctx, &last)
	})
	return first, last, err
}

// forget deletes the rows that were added before a time, and those up to an id, but for the last of all: it says how far
// the ids have come.
func (s store) forget(ctx context.Context, before time.Time, upTo int64) error {
	_, err := s.db.InParts(ctx, func(ctx context.Context, tx db.Tx) (db.Affected, error) {
		last := tx.Select((*eventRow)(nil)).ColumnExpr("max(?TableAlias.id)")
		old := tx.Select((*eventRow)(nil)).Column("f.id").Where("f.at < ? OR f.id <= ?", before, upTo).Where("f.id < (?)", last).Limit(db.Part)
		return tx.Delete((*eventRow)(nil)).Where("?TableAlias.id IN (?)", old).Exec(ctx)
	})
	return err
}

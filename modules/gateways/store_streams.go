package gateways

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// lockStream returns the stream's row, made if need be, and holds it until the transaction ends.
func (s store) lockStream(ctx context.Context, tx db.Tx, row *streamRow) error {
	return db.One(tx.Insert(row).On("CONFLICT (gateway_id, epoch, stream) DO UPDATE").
		Set("updated_at = EXCLUDED.updated_at").Where("?TableAlias.organization_id = EXCLUDED.organization_id").
		Returning("?Columns").Exec(ctx))
}

func (s store) saveStream(ctx context.Context, tx db.Tx, row *streamRow) error {
	return db.One(tx.Update(row).Column("watermark", "complete_until", "highest", "updated_at").WherePK().Exec(ctx))
}

// ranges returns the runs beyond a stream's watermark, in order.
func (s store) ranges(ctx context.Context, tx db.Tx, w *streamRow) (rows []rangeRow, err error) {
	err = tx.Select(&rows).Where("r.gateway_id = ? AND r.epoch = ? AND r.stream = ?", w.GatewayID, w.Epoch, w.Stream).
		Order("r.first").Scan(ctx)
	return rows, err
}

// replaceRanges keeps these runs in place of those that were there.
func (s store) replaceRanges(ctx context.Context, tx db.Tx, w *streamRow, rows []rangeRow) error {
	_, err := tx.Delete((*rangeRow)(nil)).
		Where("r.gateway_id = ? AND r.epoch = ? AND r.stream = ?", w.GatewayID, w.Epoch, w.Stream).Exec(ctx)
	if err != nil || len(rows) == 0 {
		return err
	}
	_, err = tx.Insert(&rows).Exec(ctx)
	return err
}

// streams returns the streams of gateways with the runs beyond their watermarks; no ids are all.
func (s store) streams(ctx context.Context, ids []id.UUID) (streams []streamRow, ranges []rangeRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		ws := tx.Select(&streams).Order("w.gateway_id", "w.updated_at DESC", "w.stream")
		rs := tx.Select(&ranges).Order("r.gateway_id", "r.epoch", "r.stream", "r.first")
		if len(ids) > 0 {
			ws = ws.Where("w.gateway_id IN (?)", bun.List(ids))
			rs = rs.Where("r.gateway_id IN (?)", bun.List(ids))
		}
		if err := ws.Scan(ctx); err != nil {
			return err
		}
		return rs.Scan(ctx)
	})
	return streams, ranges, err
}

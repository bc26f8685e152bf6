package gateways

import (
	"context"
	"slices"
	"time"

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
	return db.One(tx.Update(row).Column("watermark", "complete_until", "highest", "holes", "updated_at").WherePK().Exec(ctx))
}

// ranges returns the runs beyond a stream's watermark, in order.
func (s store) ranges(ctx context.Context, tx db.Tx, w *streamRow) (rows []rangeRow, err error) {
	err = ofStream(tx.Select(&rows), w).Where("r.first > ?", w.Watermark).Order("r.first").Scan(ctx)
	return rows, err
}

func ofStream(q *bun.SelectQuery, w *streamRow) *bun.SelectQuery {
	return q.Where("r.gateway_id = ? AND r.epoch = ? AND r.stream = ?", w.GatewayID, w.Epoch, w.Stream)
}

// lost returns the last runs up to the position that were dropped, the last one first.
func (s store) lost(ctx context.Context, tx db.Tx, w *streamRow, to int64, limit int) (rows []rangeRow, err error) {
	err = ofStream(tx.Select(&rows), w).Where("r.state = ? AND r.first <= ?", dropped, to).Order("r.first DESC").Limit(int64(limit)).Scan(ctx)
	return rows, err
}

// maxRows bounds the rows of one statement, whose values stand in its text.
const maxRows = 500

// changeRanges writes changes of a stream's ranges.
func (s store) changeRanges(ctx context.Context, tx db.Tx, w *streamRow, c changes) error {
	for part := range slices.Chunk(c.gone, maxRows) {
		_, err := tx.Delete((*rangeRow)(nil)).Where("r.gateway_id = ? AND r.epoch = ? AND r.stream = ?", w.GatewayID, w.Epoch, w.Stream).
			Where("r.first IN (?)", bun.List(part)).Exec(ctx)
		if err != nil {
			return err
		}
	}
	for part := range slices.Chunk(c.news, maxRows) {
		if _, err := tx.Insert(&part).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// forgetFirstLost leaves so many of the dropped runs below the watermark, the last ones.
func (s store) forgetFirstLost(ctx context.Context, tx db.Tx, w *streamRow, most int) error {
	var rows []rangeRow
	err := ofStream(tx.Select(&rows), w).Column("r.first").Where("r.state = ? AND r.first <= ?", dropped, w.Watermark).
		Order("r.first DESC").Limit(1).Offset(int64(most)).Scan(ctx)
	if err != nil || len(rows) == 0 {
		return err
	}
	_, err = tx.Delete((*rangeRow)(nil)).Where("r.gateway_id = ? AND r.epoch = ? AND r.stream = ?", w.GatewayID, w.Epoch, w.Stream).
		Where("r.state = ? AND r.first <= ?", dropped, rows[0].First).Exec(ctx)
	return err
}

// forgetDropped deletes dropped runs that were told of before the time. Beyond a watermark they stay: without them
// it would wait for ever.
func (s store) forgetDropped(ctx context.Context, before time.Time) error {
	_, err := s.db.InParts(ctx, func(ctx context.Context, tx db.Tx) (db.Affected, error) {
		old := tx.Select((*rangeRow)(nil)).Column("r.gateway_id", "r.epoch", "r.stream", "r.first", "r.state").
			Where("r.state = 'dropped' AND r.created_at < ?", before).
			Where(`r.last <= (SELECT w.watermark FROM gateway_streams AS w
				WHERE w.gateway_id = r.gateway_id AND w.epoch = r.epoch AND w.stream = r.stream)`).Limit(db.Part)
		return tx.Delete((*rangeRow)(nil)).Where("(gateway_id, epoch, stream, first, state) IN (?)", old).Exec(ctx)
	})
	return err
}

// standing is how a stream stands: its row, and the first of what it lacks.
type standing struct {
	streamRow
	// beyond are the first runs beyond the watermark, in order; lost the last ones dropped below it, the last one first.
	beyond, lost []rangeRow
	// dropped counts all dropped runs.
	dropped int64
}

// streams returns how the streams of gateways stand, the newest first, each with at most so many runs of either kind.
func (s store) streams(ctx context.Context, ids []id.UUID, limit int) (found []standing, err error) {
	var streams []streamRow
	var losses []lossRow
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		err := tx.Select(&streams).Where("w.gateway_id IN (?)", bun.List(ids)).Order("w.gateway_id", "w.updated_at DESC", "w.stream").Scan(ctx)
		if err != nil {
			return err
		}
		err = tx.Select(&losses).Column("r.gateway_id", "r.epoch", "r.stream").ColumnExpr("count(*) AS count").
			Where("r.state = ? AND r.gateway_id IN (?)", dropped, bun.List(ids)).Group("r.gateway_id", "r.epoch", "r.stream").Scan(ctx)
		if err != nil {
			return err
		}
		counts := make(map[lossKey]int64, len(losses))
		for _, l := range losses {
			counts[l.key()] = l.Count
		}
		found = make([]standing, len(streams))
		for i, w := range streams {
			found[i] = standing{streamRow: w, dropped: counts[lossKey{gatewayID: w.GatewayID, epoch: w.Epoch, stream: w.Stream}]}
			if err := s.addRuns(ctx, tx, &found[i], limit); err != nil {
				return err
			}
		}
		return nil
	})
	return found, err
}

func (s store) addRuns(ctx context.Context, tx db.Tx, w *standing, limit int) (err error) {
	if w.Holes > 0 {
		if w.beyond, err = s.firstRanges(ctx, tx, &w.streamRow, limit); err != nil {
			return err
		}
	}
	if w.dropped > 0 {
		w.lost, err = s.lost(ctx, tx, &w.streamRow, w.Watermark, limit)
	}
	return err
}

func (s store) firstRanges(ctx context.Context, tx db.Tx, w *streamRow, limit int) (rows []rangeRow, err error) {
	err = ofStream(tx.Select(&rows), w).Where("r.first > ?", w.Watermark).Order("r.first").Limit(int64(limit)).Scan(ctx)
	return rows, err
}

// incomplete returns a page of the streams with runs beyond their watermarks, each with the first of these.
func (s store) incomplete(ctx context.Context, after streamRow, limit, runs int) (found []standing, err error) {
	var streams []streamRow
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		err := tx.Select(&streams).Where("(w.gateway_id, w.epoch, w.stream) > (?, ?, ?)", after.GatewayID, after.Epoch, after.Stream).
			Where(`EXISTS (SELECT 1 FROM gateway_ranges AS r
				WHERE r.gateway_id = w.gateway_id AND r.epoch = w.epoch AND r.stream = w.stream AND r.first > w.watermark)`).
			Order("w.gateway_id", "w.epoch", "w.stream").Limit(int64(limit)).Scan(ctx)
		if err != nil {
			return err
		}
		found = make([]standing, len(streams))
		for i, w := range streams {
			found[i].streamRow = w
			if found[i].beyond, err = s.firstRanges(ctx, tx, &w, runs); err != nil {
				return err
			}
		}
		return nil
	})
	return found, err
}

// losses returns a page of what was dropped in a span of time, summed up by stream and reason.
func (s store) losses(ctx context.Context, from, until time.Time, after lossKey, limit int) (rows []lossRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Column("r.organization_id", "r.gateway_id", "r.epoch", "r.stream", "r.reason").
			ColumnExpr("CAST(sum(r.last - r.first + 1) AS bigint) AS count, min(r.first) AS first, max(r.last) AS last").
			Where("r.state = 'dropped' AND r.created_at >= ? AND r.created_at < ?", from, until).
			Where("(r.gateway_id, r.epoch, r.stream, r.reason) > (?, ?, ?, ?)", after.gatewayID, after.epoch, after.stream, after.reason).
			Group("r.organization_id", "r.gateway_id", "r.epoch", "r.stream", "r.reason").
			Order("r.gateway_id", "r.epoch", "r.stream", "r.reason").Limit(int64(limit)).Scan(ctx)
	})
	return rows, err
}

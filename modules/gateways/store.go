package gateways

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// store keeps gateways, their tokens, reports and positions. It holds no rule: those are in the services.
type store struct{ db *db.DB }

// byKey returns the gateway with this key, in force now: its own, or the one before within the overlap.
func (s store) byKey(ctx context.Context, hash string, now time.Time) (g gatewayRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&g).WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("g.api_key = ?", hash).WhereOr("g.previous_key = ? AND g.previous_until > ?", hash, now)
		}).Where("g.status <> ?", revoked).Scan(ctx)
	})
	return g, err
}

func (s store) gateway(ctx context.Context, tx db.Tx, gatewayID id.UUID) (g gatewayRow, err error) {
	err = tx.Select(&g).Where("g.id = ?", gatewayID).Scan(ctx)
	return g, err
}

func (s store) bySerial(ctx context.Context, tx db.Tx, serial string) (g gatewayRow, err error) {
	err = tx.Select(&g).Where("g.serial = ?", serial).Scan(ctx)
	return g, err
}

func (s store) add(ctx context.Context, tx db.Tx, g *gatewayRow) error {
	_, err := tx.Insert(g).Exec(ctx)
	return err
}

func (s store) update(ctx context.Context, tx db.Tx, g *gatewayRow, columns ...string) error {
	return db.One(tx.Update(g).Column(append(columns, "updated_at")...).WherePK().Exec(ctx))
}

// gateways returns a page of gateways by serial.
func (s store) gateways(ctx context.Context, limit int, after string) (rows []gatewayRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Where("g.serial > ?", after).Order("g.serial").Limit(int64(limit + 1)).Scan(ctx)
	})
	return rows, err
}

// silent returns the gateways that count as online and were last heard of before the time.
func (s store) silent(ctx context.Context, before time.Time) (rows []gatewayRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Where("g.status = ? AND g.last_seen_at < ?", online, before).Scan(ctx)
	})
	return rows, err
}

// goOffline marks a gateway offline, unless it was heard of meanwhile; it reports whether it did.
func (s store) goOffline(ctx context.Context, gatewayID id.UUID, before, now time.Time, reason string) (changed bool, err error) {
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		g := gatewayRow{ID: gatewayID, Status: offline, StatusReason: reason, StatusSince: &now, UpdatedAt: now}
		res, err := tx.Update(&g).Column("status", "status_reason", "status_since", "updated_at").WherePK().
			Where("g.status = ? AND g.last_seen_at < ?", online, before).Exec(ctx)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		changed = n > 0
		return err
	})
	return changed, err
}

func (s store) addSnapshot(ctx context.Context, tx db.Tx, row *snapshotRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return err
}

// latestSnapshots returns the newest report of each gateway.
func (s store) latestSnapshots(ctx context.Context, ids []id.UUID) (map[id.UUID]snapshotRow, error) {
	of := make(map[id.UUID]snapshotRow, len(ids))
	err := s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		for _, gatewayID := range ids { // a page's worth of single index look-ups
			var rows []snapshotRow
			if err := tx.Select(&rows).Where("s.gateway_id = ?", gatewayID).OrderExpr("s.timestamp DESC").Limit(1).Scan(ctx); err != nil {
				return err
			}
			for _, r := range rows {
				of[r.GatewayID] = r
			}
		}
		return nil
	})
	return of, err
}

// forgetSnapshots deletes reports that are older than the time.
func (s store) forgetSnapshots(ctx context.Context, before time.Time) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Delete((*snapshotRow)(nil)).Where("s.timestamp < ?", before).Exec(ctx)
		return err
	})
}

func (s store) tokens(ctx context.Context, limit int, after id.UUID) (rows []tokenRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := tx.Select(&rows).Where("t.revoked_at IS NULL").OrderExpr("t.id DESC").Limit(int64(limit + 1))
		if after != id.Nil {
			q = q.Where("t.id < ?", after)
		}
		return q.Scan(ctx)
	})
	return rows, err
}

func (s store) addToken(ctx context.Context, tx db.Tx, t *tokenRow) error {
	_, err := tx.Insert(t).On("CONFLICT (hash) DO NOTHING").Exec(ctx)
	return err
}

// useToken counts a use of the token if it is in force, and returns it.
func (s store) useToken(ctx context.Context, tx db.Tx, hash string, now time.Time) (t tokenRow, err error) {
	if err = tx.Select(&t).Where("t.hash = ?", hash).Scan(ctx); err != nil {
		return t, err
	}
	return t, db.One(tx.Update(&t).Set("uses = uses + 1").WherePK().
		Where("t.uses < t.max_uses AND t.expires_at > ? AND t.revoked_at IS NULL", now).Exec(ctx))
}

func (s store) token(ctx context.Context, tx db.Tx, tokenID id.UUID) (t tokenRow, err error) {
	err = tx.Select(&t).Where("t.id = ? AND t.revoked_at IS NULL", tokenID).Scan(ctx)
	return t, err
}

func (s store) revokeToken(ctx context.Context, tx db.Tx, tokenID id.UUID, now time.Time) error {
	return db.One(tx.Update(&tokenRow{ID: tokenID, RevokedAt: &now}).Column("revoked_at").WherePK().Exec(ctx))
}

// dropBootstrapTokens removes the tokens of earlier starts, but for the one with this hash.
func (s store) dropBootstrapTokens(ctx context.Context, tx db.Tx, keep string) error {
	_, err := tx.Delete((*tokenRow)(nil)).Where("t.created_by = ? AND t.hash <> ?", bootstrap, keep).Exec(ctx)
	return err
}

// lockStream returns the stream's row, made if need be, and holds it until the transaction ends.
func (s store) lockStream(ctx context.Context, tx db.Tx, row *streamRow) error {
	_, err := tx.Insert(row).On("CONFLICT (gateway_id, epoch, stream) DO UPDATE").
		Set("updated_at = EXCLUDED.updated_at").Returning("*").Exec(ctx)
	return err
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
		ws := tx.Select(&streams).Order("w.gateway_id", "w.updated_at DESC")
		rs := tx.Select(&ranges).Order("r.gateway_id", "r.epoch", "r.stream", "r.first")
		if len(ids) > 0 {
			ws = ws.Where("w.gateway_id IN (?)", bun.In(ids))
			rs = rs.Where("r.gateway_id IN (?)", bun.In(ids))
		}
		if err := ws.Scan(ctx); err != nil {
			return err
		}
		return rs.Scan(ctx)
	})
	return streams, ranges, err
}

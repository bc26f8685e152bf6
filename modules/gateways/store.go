package gateways

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fold"
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

// lock returns the gateway and holds its row until the transaction ends: who decides by what it says must not be
// overtaken by a revocation.
func (s store) lock(ctx context.Context, tx db.Tx, gatewayID id.UUID, now time.Time) (g gatewayRow, err error) {
	err = db.One(tx.Update(&g).Set("updated_at = ?", now).Where("?TableAlias.id = ?", gatewayID).
		Returning("?Columns").Exec(ctx))
	return g, err
}

func (s store) bySerial(ctx context.Context, tx db.Tx, serial string) (g gatewayRow, err error) {
	err = tx.Select(&g).Where("g.serial = ?", serial).Scan(ctx)
	return g, err
}

func (s store) add(ctx context.Context, tx db.Tx, g *gatewayRow) error {
	g.NameSearch = fold.Name(g.Name)
	_, err := tx.Insert(g).Exec(ctx)
	return err
}

func (s store) update(ctx context.Context, tx db.Tx, g *gatewayRow, columns ...string) error {
	return db.One(tx.Update(g).Column(columns...).WherePK().Exec(ctx))
}

func (s store) list(ctx context.Context, l db.List) (rows []gatewayRow, found db.Found, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		found, err = tx.List(ctx, tx.Select(&rows), l)
		return err
	})
	return rows, found, err
}

// gateways returns a page of gateways by serial, and one more.
func (s store) gateways(ctx context.Context, limit int, after string) (rows []gatewayRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Where("g.serial > ?", after).Order("g.serial").Limit(int64(limit + 1)).Scan(ctx)
	})
	return rows, err
}

// byIDs returns those of the gateways that there are.
func (s store) byIDs(ctx context.Context, ids []id.UUID) (rows []gatewayRow, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Where("g.id IN (?)", bun.List(ids)).Scan(ctx)
	})
	return rows, err
}

// inUse returns the gateways that are not shut out, by serial.
func (s store) inUse(ctx context.Context) (rows []gatewayRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Where("g.status <> ?", revoked).Order("g.serial").Scan(ctx)
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

// goOffline marks a gateway offline, unless it was heard of meanwhile; if it does, tell is called before that stands.
func (s store) goOffline(ctx context.Context, g gatewayRow, before time.Time, tell func(context.Context, db.Tx) error) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		res, err := tx.Update(&g).Column("status", "status_reason", "status_since", "updated_at").WherePK().
			Where("g.status = ? AND g.last_seen_at < ?", online, before).Exec(ctx)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return tell(ctx, tx)
	})
}

func (s store) addSnapshot(ctx context.Context, tx db.Tx, row *snapshotRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return err
}

// latestSnapshots returns the newest report of each gateway.
func (s store) latestSnapshots(ctx context.Context, ids []id.UUID) (map[id.UUID]snapshotRow, error) {
	var rows []snapshotRow
	err := s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Where(`s.id IN (SELECT (
			SELECT n.id FROM gateway_status_snapshots AS n
			WHERE n.organization_id = g.organization_id AND n.gateway_id = g.id ORDER BY n.timestamp DESC LIMIT 1
		) FROM gateway_instances AS g WHERE g.id IN (?))`, bun.List(ids)).Scan(ctx)
	})
	of := make(map[id.UUID]snapshotRow, len(rows))
	for _, r := range rows {
		of[r.GatewayID] = r
	}
	return of, err
}

// forgetSnapshots deletes reports that are older than the time.
func (s store) forgetSnapshots(ctx context.Context, before time.Time) error {
	_, err := s.db.InParts(ctx, func(ctx context.Context, tx db.Tx) (db.Affected, error) {
		old := tx.Select((*snapshotRow)(nil)).Column("s.id").Where("s.timestamp < ?", before).Limit(db.Part)
		return tx.Delete((*snapshotRow)(nil)).Where("?TableAlias.id IN (?)", old).Exec(ctx)
	})
	return err
}

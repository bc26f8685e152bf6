package auth

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
)

// securityRows is all that decides about keys, and about tokens of programs whether they are any.
type securityRows struct {
	keys      []keyRow
	tokens    []tokenRow
	blocks    []blockRow
	whitelist []whitelistRow
}

func (s store) security(ctx context.Context, now time.Time) (all securityRows, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		err := tx.Select(&all.keys).Column("organization_id", "id", "type", "hash", "is_active", "expires_at", "rate_limit", "allowed_ips").
			Where("?TableAlias.revoked_at IS NULL").Scan(ctx)
		if err != nil {
			return err
		}
		err = tx.Select(&all.tokens).Column("organization_id", "hash").
			Where("?TableAlias.revoked_at IS NULL").Where("?TableAlias.expires_at > ?", now).Scan(ctx)
		if err != nil {
			return err
		}
		if err := unended(tx.Select(&all.blocks), now).Scan(ctx); err != nil {
			return err
		}
		return tx.Select(&all.whitelist).Where("?TableAlias.is_active").Scan(ctx)
	})
	return all, err
}

// unended leaves the blocks that hold.
func unended(q *bun.SelectQuery, now time.Time) *bun.SelectQuery {
	return q.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("?TableAlias.expires_at IS NULL").WhereOr("?TableAlias.expires_at > ?", now)
	})
}

func (s store) updateKey(ctx context.Context, tx db.Tx, row *keyRow) error {
	return db.One(tx.Update(row).Column("description", "rate_limit", "allowed_ips", "is_active", "expires_at").
		WherePK().Where("revoked_at IS NULL").Exec(ctx))
}

// touchKeys notes that keys were used, unless another process has noted it since.
func (s store) touchKeys(ctx context.Context, tx db.Tx, ids []int64, now, unless time.Time) error {
	_, err := tx.Update((*keyRow)(nil)).Set("last_used_at = ?", now).Where("?TableAlias.id IN (?)", bun.List(ids)).
		Where("(last_used_at IS NULL OR last_used_at <= ?)", unless).Exec(ctx)
	return err
}

func (s store) countKeys(ctx context.Context, tx db.Tx, now time.Time) (int64, error) {
	return tx.Select((*keyRow)(nil)).Where("?TableAlias.is_active").Where("?TableAlias.revoked_at IS NULL").
		WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("?TableAlias.expires_at IS NULL").WhereOr("?TableAlias.expires_at > ?", now)
		}).Count(ctx)
}

func (s store) whitelist(ctx context.Context, tx db.Tx) (rows []whitelistRow, err error) {
	err = tx.Select(&rows).Order("wl.created_at", "wl.address").Scan(ctx)
	return rows, err
}

// allow adds an address to the whitelist, or describes it anew.
func (s store) allow(ctx context.Context, tx db.Tx, row *whitelistRow) error {
	return db.One(tx.Insert(row).On("CONFLICT (organization_id, address) DO UPDATE").
		Set("description = EXCLUDED.description, is_active = EXCLUDED.is_active").Exec(ctx))
}

func (s store) disallow(ctx context.Context, tx db.Tx, address string) error {
	return db.One(tx.Delete((*whitelistRow)(nil)).Where("?TableAlias.address = ?", address).Exec(ctx))
}

func (s store) blocks(ctx context.Context, tx db.Tx, now time.Time) (rows []blockRow, err error) {
	err = unended(tx.Select(&rows), now).Order("b.created_at", "b.address").Scan(ctx)
	return rows, err
}

// blocksPage returns some of the blocks that hold, the latest first; of all organizations if none is named.
func (s store) blocksPage(ctx context.Context, tx db.Tx, now time.Time, organization int64, after blockPlace, limit int) (rows []blockRow, err error) {
	q := unended(tx.Select(&rows), now).Limit(int64(limit)).
		OrderExpr("?TableAlias.created_at DESC, ?TableAlias.address DESC, COALESCE(?TableAlias.organization_id, 0) DESC")
	if organization != 0 {
		q = q.Where("?TableAlias.organization_id = ?", organization)
	}
	if after.address != "" {
		q = q.Where("(?TableAlias.created_at, ?TableAlias.address, COALESCE(?TableAlias.organization_id, 0)) < (?, ?, ?)", after.at.UTC(), after.address, after.organization)
	}
	return rows, q.Scan(ctx)
}

// block blocks an address, or says anew why and how long.
func (s store) block(ctx context.Context, tx db.Tx, row *blockRow) error {
	return db.One(tx.Insert(row).On("CONFLICT (COALESCE(organization_id, 0), address, is_automatic) DO UPDATE").
		Set("reason = EXCLUDED.reason, created_at = EXCLUDED.created_at, expires_at = EXCLUDED.expires_at").Exec(ctx))
}

// unblock takes back what was blocked by a person or by itself.
func (s store) unblock(ctx context.Context, tx db.Tx, address string) error {
	return db.One(tx.Delete((*blockRow)(nil)).Where("?TableAlias.address = ?", address).Exec(ctx))
}

// writeEvents stores events, and what has been added to those that are stored.
func (s store) writeEvents(ctx context.Context, tx db.Tx, rows []eventRow) error {
	if len(rows) == 0 {
		return nil
	}
	_, err := tx.Insert(&rows).On("CONFLICT (id) DO UPDATE").Set("times = EXCLUDED.times, last_at = EXCLUDED.last_at").
		Where("se.organization_id IS NOT DISTINCT FROM EXCLUDED.organization_id").Exec(ctx)
	return err
}

// events returns the newest events first; all types if kind is empty.
func (s store) events(ctx context.Context, tx db.Tx, kind string, limit int) (rows []eventRow, err error) {
	q := tx.Select(&rows).Order("se.last_at DESC", "se.id DESC").Limit(int64(limit))
	if kind != "" {
		q = q.Where("?TableAlias.event_type = ?", kind)
	}
	return rows, q.Scan(ctx)
}

// eventsSince returns what statistics need of the events since a time.
func (s store) eventsSince(ctx context.Context, tx db.Tx, since time.Time) (rows []eventRow, err error) {
	err = tx.Select(&rows).Column("event_type", "ip_address", "times", "last_at").Where("?TableAlias.last_at >= ?", since).
		Order("se.last_at DESC").Limit(maxEvents).Scan(ctx)
	return rows, err
}

// edge is when the n-th newest event was; zero if there are fewer.
func (s store) edge(ctx context.Context, tx db.Tx, n int) (at time.Time, err error) {
	var rows []eventRow
	err = tx.Select(&rows).Column("last_at").Order("se.last_at DESC").Offset(int64(n)).Limit(1).Scan(ctx)
	if len(rows) > 0 {
		at = rows[0].LastAt
	}
	return at, err
}

// sweepEvents deletes some events that were before a time, and returns how many.
func (s store) sweepEvents(ctx context.Context, tx db.Tx, until time.Time, limit int) (int64, error) {
	some := tx.Select((*eventRow)(nil)).Column("id").Where("?TableAlias.last_at < ?", until).Limit(int64(limit))
	res, err := tx.Delete((*eventRow)(nil)).Where("?TableAlias.id IN (?)", some).Exec(ctx)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// sweepBlocks deletes blocks that have ended.
func (s store) sweepBlocks(ctx context.Context, tx db.Tx, now time.Time) error {
	_, err := tx.Delete((*blockRow)(nil)).Where("?TableAlias.expires_at <= ?", now).Exec(ctx)
	return err
}

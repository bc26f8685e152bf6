package auth

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
)

func (s store) insertKey(ctx context.Context, tx db.Tx, row *keyRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return err
}

func (s store) key(ctx context.Context, tx db.Tx, id int64) (row keyRow, err error) {
	err = tx.Select(&row).Where("?TableAlias.id = ?", id).Scan(ctx)
	return row, db.Translate(err)
}

func (s store) keyByHash(ctx context.Context, hash string) (row keyRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&row).Where("?TableAlias.hash = ?", hash).Scan(ctx)
	})
	return row, err
}

func (s store) keys(ctx context.Context, organization, after int64, limit int) (rows []keyRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := tx.Select(&rows).Where("?TableAlias.id > ?", after).Order("k.id").Limit(int64(limit))
		if organization != 0 {
			q = q.Where("?TableAlias.organization_id = ?", organization)
		}
		return q.Scan(ctx)
	})
	return rows, err
}

// agentKeys returns the agents' keys that are in force.
func (s store) agentKeys(ctx context.Context, now time.Time) (rows []keyRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Where("?TableAlias.type = ?", actor.Agent.String()).Where("?TableAlias.is_active").
			Where("?TableAlias.revoked_at IS NULL").
			WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
				return q.Where("?TableAlias.expires_at IS NULL").WhereOr("?TableAlias.expires_at > ?", now)
			}).Order("k.id").Scan(ctx)
	})
	return rows, err
}

func (s store) revokeKey(ctx context.Context, tx db.Tx, id int64, now time.Time) error {
	return db.One(tx.Update((*keyRow)(nil)).Set("revoked_at = ?", now).
		Where("?TableAlias.id = ?", id).Where("revoked_at IS NULL").Exec(ctx))
}

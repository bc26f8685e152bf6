package db

import (
	"context"

	"github.com/uptrace/bun"
)

// Share lets transactions that share the same work run side by side, but none of them beside one that serializes it:
// it waits for those, and they for it. Who waits to serialize is not overtaken. On SQLite all writes wait for each other.
func (tx Tx) Share(ctx context.Context, work string) error {
	return Translate(tx.db.dialect.share(ctx, tx.bun, work))
}

func (sqlite) share(context.Context, bun.Tx, string) error { return nil }

// share takes a lock of the lock manager rather than of a row: those who share a row can starve whoever changes it.
func (postgres) share(ctx context.Context, tx bun.Tx, work string) error {
	_, err := tx.Tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))", work)
	return err
}

package storage

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// store keeps what is known of files. It holds no rule: those are in service.go.
type store struct{ db *db.DB }

func (s store) byPath(ctx context.Context, path string) (row fileRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&row).Where("?TableAlias.path = ?", path).Scan(ctx)
	})
	return row, err
}

func (s store) byID(ctx context.Context, fileID id.UUID) (row fileRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&row).Where("?TableAlias.id = ?", fileID).Scan(ctx)
	})
	return row, err
}

// insert adds the row unless the organization has one of its path, and reports whether it did.
func (s store) insert(ctx context.Context, row fileRow) (added bool, err error) {
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		res, err := tx.Insert(&row).On("CONFLICT (organization_id, path) DO NOTHING").Exec(ctx)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		added = n > 0
		return err
	})
	return added, err
}

// move says where a file is that was lost at another place, or returns db.ErrNotFound.
func (s store) move(ctx context.Context, row fileRow, from string) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		return db.One(tx.Update(&row).Column("blob").WherePK().Where("?TableAlias.blob = ?", from).Exec(ctx))
	})
}

// remove deletes the rows of those paths that there are, and returns them.
func (s store) remove(ctx context.Context, tx db.Tx, paths []string) (gone []fileRow, err error) {
	err = tx.Select(&gone).Where("?TableAlias.path IN (?)", bun.List(paths)).Scan(ctx)
	if err != nil || len(gone) == 0 {
		return nil, err
	}
	ids := make([]id.UUID, len(gone))
	for i, row := range gone {
		ids[i] = row.ID
	}
	_, err = tx.Delete((*fileRow)(nil)).Where("?TableAlias.id IN (?)", bun.List(ids)).Exec(ctx)
	return gone, err
}

// afterAll is after every path that begins with what stands before it.
const afterAll = "\U0010FFFF"

// list returns files in the order of their paths.
func (s store) list(ctx context.Context, q file.Query) (rows []fileRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		sel := tx.Select(&rows).Where("?TableAlias.path > ?", q.After).Order("sf.path").Limit(int64(q.Limit))
		if q.Prefix != "" {
			sel = sel.Where("?TableAlias.path >= ?", q.Prefix).Where("?TableAlias.path < ?", q.Prefix+afterAll)
		}
		if q.Kind != "" {
			sel = sel.Where("?TableAlias.kind = ?", q.Kind)
		}
		if !q.Before.IsZero() {
			sel = sel.Where("?TableAlias.created_at < ?", q.Before)
		}
		return sel.Scan(ctx)
	})
	return rows, err
}

// usage sums up the files by kind.
func (s store) usage(ctx context.Context) (kinds []file.KindUsage, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select((*fileRow)(nil)).ColumnExpr("sf.kind AS kind, COUNT(*) AS files, CAST(SUM(sf.size) AS bigint) AS bytes").
			Group("sf.kind").Order("sf.kind").Scan(ctx, &kinds)
	})
	return kinds, err
}

// after returns files in the order of their places in the store.
func (s store) after(ctx context.Context, blob string, limit int) (rows []fileRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Where("?TableAlias.blob > ?", blob).Order("sf.blob").Limit(int64(limit)).Scan(ctx)
	})
	return rows, err
}

// at reports whether a row names the place in the store.
func (s store) at(ctx context.Context, blob string) (named bool, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		named, err = tx.Select((*fileRow)(nil)).Where("?TableAlias.blob = ?", blob).Exists(ctx)
		return err
	})
	return named, err
}

package retention

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// store keeps rules, holds and the record of what went. It holds no rule of its own: those are in the service.
type store struct{ db *db.DB }

// rules returns those that the actor sees: of one organization, or the defaults where it is 0.
func (s store) rules(ctx context.Context, organizationID int64) (rows []ruleRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		rows, err = s.rulesOf(ctx, tx, organizationID)
		return err
	})
	return rows, err
}

func (s store) rulesOf(ctx context.Context, tx db.Tx, organizationID int64) (rows []ruleRow, err error) {
	q := tx.Select(&rows).Where("p.organization_id IS NULL")
	if organizationID != 0 {
		q = tx.Select(&rows).Where("p.organization_id = ?", organizationID)
	}
	return rows, q.Order("p.resource_type").Scan(ctx)
}

func (s store) rule(ctx context.Context, tx db.Tx, ruleID id.UUID) (row ruleRow, err error) {
	err = tx.Select(&row).Where("p.id = ?", ruleID).Scan(ctx)
	return row, db.Translate(err)
}

func (s store) addRule(ctx context.Context, tx db.Tx, row *ruleRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return err
}

func (s store) changeRule(ctx context.Context, tx db.Tx, row *ruleRow) error {
	return db.One(tx.Update(row).Column("retention_days", "action", "is_active", "updated_at").WherePK().Exec(ctx))
}

// removeRule takes an organization's own rule away; a default is none.
func (s store) removeRule(ctx context.Context, tx db.Tx, ruleID id.UUID) error {
	return db.One(tx.Delete((*ruleRow)(nil)).Where("?TableAlias.id = ?", ruleID).Where("?TableAlias.organization_id IS NOT NULL").Exec(ctx))
}

// holds returns those of an organization, or of all that the actor sees where it is 0, that hold at the time.
func (s store) holds(ctx context.Context, organizationID int64, at time.Time) (rows []holdRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := tx.Select(&rows).Where("h.released_at IS NULL").Where("(h.expires_at IS NULL OR h.expires_at > ?)", at).Order("h.created_at", "h.id")
		if organizationID != 0 {
			q = q.Where("h.organization_id = ?", organizationID)
		}
		return q.Scan(ctx)
	})
	return rows, err
}

func (s store) hold(ctx context.Context, tx db.Tx, holdID id.UUID) (row holdRow, err error) {
	err = tx.Select(&row).Where("h.id = ?", holdID).Scan(ctx)
	return row, db.Translate(err)
}

func (s store) addHold(ctx context.Context, tx db.Tx, row *holdRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return err
}

func (s store) release(ctx context.Context, tx db.Tx, row *holdRow) error {
	return db.One(tx.Update(row).Column("released_at", "released_by").WherePK().Where("h.released_at IS NULL").Exec(ctx))
}

func (s store) holdsPage(ctx context.Context, l db.List) (rows []holdRow, found db.Found, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		found, err = tx.List(ctx, tx.Select(&rows), l)
		return err
	})
	return rows, found, err
}

func (s store) runsPage(ctx context.Context, l db.List) (rows []runRow, found db.Found, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		found, err = tx.List(ctx, tx.Select(&rows), l)
		return err
	})
	return rows, found, err
}

// unfinished returns the runs of an organization that a run began and did not finish, the oldest day first.
func (s store) unfinished(ctx context.Context, organizationID int64) (rows []runRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Where("r.organization_id = ?", organizationID).Where("r.finished_at IS NULL").Order("r.day", "r.kind").Scan(ctx)
	})
	return rows, err
}

// failed counts the days that were begun, and not finished for an error.
func (s store) failed(ctx context.Context) (n int64, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		n, err = tx.Select((*runRow)(nil)).Where("r.finished_at IS NULL").Where("r.error <> ''").Count(ctx)
		return err
	})
	return n, err
}

// begin keeps a run, unless one of this kind and day is unfinished, and makes row the one that is kept.
func (s store) begin(ctx context.Context, row *runRow) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Insert(row).On("CONFLICT (organization_id, kind, day) WHERE finished_at IS NULL DO NOTHING").Exec(ctx)
		if err != nil {
			return err
		}
		*row = runRow{Owned: row.Owned, Kind: row.Kind, Day: row.Day}
		return tx.Select(row).Where("r.organization_id = ?", row.OrganizationID).Where("r.kind = ?", row.Kind).
			Where("r.day = ?", row.Day).Where("r.finished_at IS NULL").Scan(ctx)
	})
}

func (s store) change(ctx context.Context, row *runRow, columns ...string) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		return db.One(tx.Update(row).Column(columns...).WherePK().Exec(ctx))
	})
}

// noted is how many files one statement notes; their paths stand in its text.
const noted = 500

// note keeps which files go when the rows of the run are gone.
func (s store) note(ctx context.Context, run runRow, list []file.File) error {
	for part := range slices.Chunk(list, noted) {
		rows := make([]fileRow, len(part))
		for i, f := range part {
			rows[i] = fileRow{Owned: run.Owned, RunID: run.ID, Path: f.Path, Size: f.Size}
		}
		err := s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
			_, err := tx.Insert(&rows).On("CONFLICT DO NOTHING").Exec(ctx)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s store) notes(ctx context.Context, run runRow) (rows []fileRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Where("f.run_id = ?", run.ID).Order("f.path").Scan(ctx)
	})
	return rows, err
}

// finish writes down that nothing of the run is left to do, and forgets its files.
func (s store) finish(ctx context.Context, row *runRow) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := db.One(tx.Update(row).Column("state", "rows", "files", "bytes", "finished_at", "error").WherePK().Exec(ctx)); err != nil {
			return err
		}
		_, err := tx.Delete((*fileRow)(nil)).Where("?TableAlias.run_id = ?", row.ID).Exec(ctx)
		return err
	})
}

// organizations returns those that the actor sees, also the closed.
func (s store) organizations(ctx context.Context) (ids []int64, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select((*organizationRow)(nil)).Column("id").Order("o.id").Scan(ctx, &ids)
	})
	return ids, err
}

// state returns who carries the rules out, which is no secret of any organization's.
func (s store) state(ctx context.Context) (row stateRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error { return tx.Select(&row).Scan(ctx) })
	return row, err
}

// take makes the holder the one who carries the rules out, if nobody else does, and reports whether it is.
func (s store) take(ctx context.Context, holder string, now, until time.Time) (taken bool, err error) {
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		res, err := tx.Update((*stateRow)(nil)).Set("holder = ?", holder).Set("held_until = ?", until).
			WhereGroup(" AND ", func(q *bun.UpdateQuery) *bun.UpdateQuery {
				return q.Where("s.holder = ?", holder).WhereOr("s.holder = ''").WhereOr("s.held_until < ?", now)
			}).Exec(ctx)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		taken = n == 1
		return err
	})
	return taken, err
}

// keep lengthens what take took; it reports whether it was still the holder's.
func (s store) keep(ctx context.Context, holder string, until time.Time) (kept bool, err error) {
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		res, err := tx.Update((*stateRow)(nil)).Set("held_until = ?", until).Where("s.holder = ?", holder).Exec(ctx)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		kept = n == 1
		return err
	})
	return kept, err
}

// give undoes take. Where the rules were carried out to the end, it says when.
func (s store) give(ctx context.Context, holder string, ranAt *time.Time) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		q := tx.Update((*stateRow)(nil)).Set("holder = ''").Set("held_until = NULL").Where("s.holder = ?", holder)
		if ranAt != nil {
			q = q.Set("ran_at = ?", *ranAt)
		}
		_, err := q.Exec(ctx)
		return err
	})
}

package visitors

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
)

// store keeps visitors, their codes and their visits. It holds no rule: those are in service.go.
type store struct{ db *db.DB }

func (s store) list(ctx context.Context, v sight, l db.List) (rows []visitorRow, found db.Found, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		l.Columns = []db.Expr{{SQL: insideSQL + " AS inside"}}
		found, err = tx.List(ctx, v.narrow(tx.Select(&rows)), l)
		return err
	})
	return rows, found, err
}

func (s store) byID(ctx context.Context, tx db.Tx, v sight, id int64) (row visitorRow, err error) {
	err = v.narrow(tx.Select(&row)).ColumnExpr("?TableColumns").ColumnExpr(insideSQL+" AS inside").Where("?TableAlias.id = ?", id).Scan(ctx)
	return row, db.Translate(err)
}

// byIDs returns those of ids that there are; of many ids, those of one page.
func (s store) byIDs(ctx context.Context, ids []int64) (map[int64]visitorRow, error) {
	var rows []visitorRow
	err := s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Where("?TableAlias.id IN (?)", bun.List(ids)).Scan(ctx)
	})
	found := map[int64]visitorRow{}
	for _, r := range rows {
		found[r.ID] = r
	}
	return found, err
}

// users returns those of the users whom the actor may see: an ADMIN of all is seen by such alone.
func (s store) users(ctx context.Context, ids []int64) (map[int64]userRow, error) {
	var rows []userRow
	err := s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Where("?TableAlias.id IN (?)", bun.List(ids)).Scan(ctx)
	})
	found := map[int64]userRow{}
	for _, r := range rows {
		found[r.ID] = r
	}
	return found, err
}

func (s store) insert(ctx context.Context, tx db.Tx, row *visitorRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return err
}

func (s store) update(ctx context.Context, tx db.Tx, row *visitorRow) error {
	return db.One(tx.Update(row).WherePK().Exec(ctx))
}

// hasBeen reports whether the visitor has come in, or tried to.
func (s store) hasBeen(ctx context.Context, tx db.Tx, id int64) (bool, error) {
	been, err := tx.Select((*visitRow)(nil)).Where("?TableAlias.visitor_id = ?", id).Exists(ctx)
	if been || err != nil {
		return been, err
	}
	return tx.Select((*passRow)(nil)).Where("?TableAlias.visitor_id = ?", id).Exists(ctx)
}

// remove deletes the visitor with the codes.
func (s store) remove(ctx context.Context, tx db.Tx, id int64) error {
	if _, err := tx.Delete((*codeRow)(nil)).Where("?TableAlias.visitor_id = ?", id).Exec(ctx); err != nil {
		return err
	}
	return db.One(tx.Delete((*visitorRow)(nil)).Where("?TableAlias.id = ?", id).Exec(ctx))
}

// narrow leaves the visitors that sight allows.
func (v sight) narrow(q *bun.SelectQuery) *bun.SelectQuery {
	if v.organization != 0 {
		q = q.Where("?TableAlias.organization_id = ?", v.organization)
	}
	if v.all {
		return q
	}
	return q.Where("?TableAlias.host_id IN (?)", bun.List(v.hosts))
}

// counts is who is expected, who is here, and who came and left on a day.
type counts struct{ expected, inside, overstay, arrived, left int64 }

func (s store) counts(ctx context.Context, v sight, now, from, until time.Time) (c counts, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		visits := func() *bun.SelectQuery { return v.narrow(tx.Select((*visitRow)(nil))) }
		for _, one := range []struct {
			to *int64
			q  *bun.SelectQuery
		}{
			{&c.inside, visits().Where("?TableAlias.checked_out_at IS NULL")},
			{&c.overstay, visits().Where("?TableAlias.checked_out_at IS NULL").Where("?TableAlias.expected_until < ?", now)},
			{&c.arrived, visits().Where("?TableAlias.checked_in_at >= ?", from).Where("?TableAlias.checked_in_at < ?", until)},
			{&c.left, visits().Where("?TableAlias.checked_out_at >= ?", from).Where("?TableAlias.checked_out_at < ?", until)},
			{&c.expected, v.narrow(tx.Select((*visitorRow)(nil))).Where(expectedSQL, until, now)},
		} {
			n, err := one.q.Count(ctx)
			if err != nil {
				return err
			}
			*one.to = int64(n)
		}
		return nil
	})
	return c, err
}

// insideSQL is for visitors who are in the house.
const insideSQL = "EXISTS (SELECT 1 FROM visits AS h WHERE h.visitor_id = v.id AND h.checked_out_at IS NULL)"

// expectedSQL is for visitors who can still come between two times, and are not here.
const expectedSQL = `v.is_active AND EXISTS (SELECT 1 FROM onetime_codes AS k WHERE k.visitor_id = v.id AND k.is_active
	AND k.start_date < ? AND k.end_date >= ? AND (k.max_uses IS NULL OR k.uses < k.max_uses))
	AND NOT ` + insideSQL

package visitors

import (
	"context"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fold"
	"github.com/staff-control/staff-control/platform/httpx"
)

// listV1 returns a page of v1's list, the newest first, and how many rows there are in all.
func (s store) listV1(ctx context.Context, v sight, l httpx.ListV1) (rows []visitorRow, total int64, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := v.narrow(tx.Select(&rows))
		n, err := q.Count(ctx)
		if total = int64(n); err != nil {
			return err
		}
		return q.OrderExpr("?TableAlias.created_at DESC, ?TableAlias.id DESC").Limit(int64(l.Limit)).Offset(l.Offset()).Scan(ctx)
	})
	return rows, total, err
}

// maxV1 bounds v1's lists that have no pages.
const maxV1 = 1000

// createdV1 returns the visitors who were written down in [from, until).
func (s store) createdV1(ctx context.Context, v sight, from, until time.Time) (rows []visitorRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return v.narrow(tx.Select(&rows)).Where("?TableAlias.created_at >= ?", from).Where("?TableAlias.created_at < ?", until).
			OrderExpr("?TableAlias.created_at DESC, ?TableAlias.id DESC").Limit(maxV1).Scan(ctx)
	})
	return rows, err
}

// codeSortsV1 are v1's names of columns.
var codeSortsV1 = []string{"id", "visitorId", "codeType", "code", "additionalDetails", "startDate", "endDate", "isActive", "createdAt"}

func (s store) codesV1(ctx context.Context, l httpx.ListV1) (rows []codeRow, total int64, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := tx.Select(&rows)
		if l.Search != "" {
			name := fold.Loose(fold.Name(l.Search))
			q = q.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
				return q.Where(`lower(?TableAlias.code) LIKE ? ESCAPE '\'`, "%"+wildcards.Replace(strings.ToLower(l.Search))+"%").
					WhereOr("(? <> '' AND EXISTS (SELECT 1 FROM visitors AS n WHERE n.id = ?TableAlias.visitor_id AND "+tx.Loosely("n.name_search")+" LIKE ?))", name, "%"+name+"%")
			})
		}
		if l.IsActive != nil {
			q = q.Where("?TableAlias.is_active = ?", *l.IsActive)
		}
		n, err := q.Count(ctx)
		if total = int64(n); err != nil {
			return err
		}
		return q.OrderExpr(l.OrderBy("c", "id")).Limit(int64(l.Limit)).Offset(l.Offset()).Scan(ctx)
	})
	return rows, total, err
}

// wildcards are taken as they are, with the sign that LIKE is told of.
var wildcards = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// standingV1 returns the codes that are in force at the time, or those that are not and began before it, of whomever the
// sight allows, the newest first. A code that was used up is in force no more.
func (s store) standingV1(ctx context.Context, v sight, inForce bool, at time.Time) (rows []codeRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := tx.Select(&rows)
		if inForce {
			q = q.Where("?TableAlias.is_active").Where("?TableAlias.start_date <= ?", at).Where("?TableAlias.end_date >= ?", at).
				Where("(?TableAlias.max_uses IS NULL OR ?TableAlias.uses < ?TableAlias.max_uses)")
		} else {
			q = q.Where("(NOT ?TableAlias.is_active OR ?TableAlias.end_date < ? OR ?TableAlias.uses >= ?TableAlias.max_uses)", at)
		}
		if !v.all {
			q = q.Where("c.visitor_id IN (?)", v.narrow(tx.Select((*visitorRow)(nil)).Column("id"))) // ?TableAlias would be the inner one
		}
		return q.OrderExpr("?TableAlias.created_at DESC, ?TableAlias.id DESC").Limit(maxV1).Scan(ctx)
	})
	return rows, err
}

// placesV1 returns the organization of a user, if there is one, and the departments.
func (s store) placesV1(ctx context.Context, u userRow) (o organizationRow, departments []memberRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		if u.OrganizationID == nil {
			return nil
		}
		if err := tx.Select(&o).Where("?TableAlias.id = ?", *u.OrganizationID).Scan(ctx); err != nil {
			return err
		}
		return tx.Select(&departments).Where("?TableAlias.user_id = ?", u.ID).OrderExpr("?TableAlias.department_id").Scan(ctx)
	})
	return o, departments, err
}

// passesV1 returns a page of a visitor's passes, the latest first, and how many there are in all.
func (s store) passesV1(ctx context.Context, visitorID int64, l httpx.ListV1) (rows []passRow, total int64, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := tx.Select(&rows).Where("?TableAlias.visitor_id = ?", visitorID)
		n, err := q.Count(ctx)
		if total = int64(n); err != nil {
			return err
		}
		return q.OrderExpr("?TableAlias.action_time DESC, ?TableAlias.id DESC").Limit(int64(l.Limit)).Offset(l.Offset()).Scan(ctx)
	})
	return rows, total, err
}

// gatesV1 returns the gates of passes and of devices.
func (s store) gatesV1(ctx context.Context, passes []passRow, devices map[int64]deviceRow) (map[int64]gateRow, error) {
	var ids []int64
	for _, p := range passes {
		ids = append(ids, number(p.GateID))
	}
	for _, d := range devices {
		ids = append(ids, number(d.GateID))
	}
	var rows []gateRow
	err := s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Where("?TableAlias.id IN (?)", bun.List(different(ids))).Scan(ctx)
	})
	found := map[int64]gateRow{}
	for _, r := range rows {
		found[r.ID] = r
	}
	return found, err
}

// devicesV1 returns the devices of passes.
func (s store) devicesV1(ctx context.Context, passes []passRow) (map[int64]deviceRow, error) {
	var ids []int64
	for _, p := range passes {
		ids = append(ids, number(p.DeviceID))
	}
	var rows []deviceRow
	err := s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Where("?TableAlias.id IN (?)", bun.List(different(ids))).Scan(ctx)
	})
	found := map[int64]deviceRow{}
	for _, r := range rows {
		found[r.ID] = r
	}
	return found, err
}

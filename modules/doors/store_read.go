package doors

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/modules/doors/pass"
	"github.com/staff-control/staff-control/platform/db"
)

// ways returns the passes that count in [from, until): whose, when and which way; by employee and time.
func (s store) ways(ctx context.Context, v sight, from, until time.Time) (rows []passRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return v.narrow(tx.Select(&rows)).Column("employee_id", "action_time", "entry_type").
			Where("?TableAlias.employee_id IS NOT NULL").Where("?TableAlias.entry_type IS NOT NULL").
			Where("?TableAlias.action_time >= ?", from).Where("?TableAlias.action_time < ?", until).
			OrderExpr("?TableAlias.employee_id, ?TableAlias.action_time, ?TableAlias.id").Scan(ctx)
	})
	return rows, err
}

// passQuery is what is asked of the list, which is ordered by time and id, the latest first. Zero values ask nothing.
type passQuery struct {
	employee, device, organization int64
	from, until                    time.Time
	granted                        *bool
	limit                          int
	after                          struct {
		at time.Time
		id int64
	}
	sight sight
	way   pass.Direction
}

// passes returns a page, and one more.
func (s store) passes(ctx context.Context, q passQuery) (rows []passRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		sel := q.filter(q.sight.narrow(tx.Select(&rows)).ExcludeColumn("payload")).
			OrderExpr("?TableAlias.action_time DESC, ?TableAlias.id DESC").Limit(int64(q.limit + 1))
		if q.granted != nil {
			sel = sel.Where("?TableAlias.granted = ?", *q.granted)
		}
		if q.after.id != 0 {
			sel = sel.Where("(?TableAlias.action_time, ?TableAlias.id) < (?, ?)", q.after.at, q.after.id)
		}
		return sel.Scan(ctx)
	})
	return rows, err
}

// pageV1 returns the passes of known people from a place in the list on, the latest first, and how many there are in all.
func (s store) pageV1(ctx context.Context, q passQuery, offset int64) (rows []passRow, total int, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		known := q.filter(q.sight.narrow(tx.Select(&rows))).Where("?TableAlias.employee_id IS NOT NULL").Where("?TableAlias.entry_type IS NOT NULL")
		total, err = tx.Page(ctx, known, offset, func(sel *bun.SelectQuery) *bun.SelectQuery {
			return sel.Column("id", "device_id", "action_time", "employee_id", "entry_type", "action_type", "action_result", "card_number", "received_at").
				OrderExpr("?TableAlias.action_time DESC, ?TableAlias.id DESC").Limit(int64(q.limit))
		})
		return err
	})
	return rows, total, err
}

// filter leaves what is asked of ids, times and directions.
func (q passQuery) filter(sel *bun.SelectQuery) *bun.SelectQuery {
	if q.way != "" {
		sel = sel.Where("?TableAlias.entry_type = ?", q.way)
	}
	for column, id := range map[string]int64{"employee_id": q.employee, "device_id": q.device, "organization_id": q.organization} {
		if id != 0 {
			sel = sel.Where("?TableAlias.? = ?", bun.Ident(column), id)
		}
	}
	if !q.from.IsZero() {
		sel = sel.Where("?TableAlias.action_time >= ?", q.from)
	}
	if !q.until.IsZero() {
		sel = sel.Where("?TableAlias.action_time < ?", q.until)
	}
	return sel
}

// narrow leaves the passes that sight allows.
func (v sight) narrow(q *bun.SelectQuery) *bun.SelectQuery {
	if v.all {
		return q
	}
	return q.Where("?TableAlias.employee_id IN (?)", bun.List(v.employees))
}

func (s store) deviceNames(ctx context.Context, ids []int64) (map[int64]string, error) {
	var rows []deviceRow
	err := s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Column("id", "name").Where("?TableAlias.id IN (?)", bun.List(ids)).Scan(ctx)
	})
	names := map[int64]string{}
	for _, r := range rows {
		names[r.ID] = r.Name
	}
	return names, err
}

// shownOfDevices is what is said of devices where a list is of something else.
var shownOfDevices = []string{"id", "organization_id", "name", "entry_type", "ip_address", "is_active", "last_seen_at"}

func (s store) devicesByIDs(ctx context.Context, ids []int64) (map[int64]deviceRow, error) {
	var rows []deviceRow
	err := s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Column(shownOfDevices...).Where("?TableAlias.id IN (?)", bun.List(ids)).Scan(ctx)
	})
	of := map[int64]deviceRow{}
	for _, r := range rows {
		of[r.ID] = r
	}
	return of, err
}

// devices returns these columns of the first devices by id.
func (s store) devices(ctx context.Context, organization int64, limit int, columns ...string) (rows []deviceRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := tx.Select(&rows).Column(columns...).OrderExpr("?TableAlias.id").Limit(int64(limit))
		if organization != 0 {
			q = q.Where("?TableAlias.organization_id = ?", organization)
		}
		return q.Scan(ctx)
	})
	return rows, err
}

// statusesOf returns the newest status of each device that has told one.
func (s store) statusesOf(ctx context.Context, ids []int64) (map[int64]statusRow, error) {
	var rows []statusRow
	err := s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		newest := tx.Select((*statusRow)(nil)).ColumnExpr("max(?TableAlias.id)").Where("?TableAlias.device_id IN (?)", bun.List(ids)).GroupExpr("?TableAlias.device_id")
		return tx.Select(&rows).Where("?TableAlias.id IN (?)", newest).Scan(ctx)
	})
	of := map[int64]statusRow{}
	for _, r := range rows {
		of[r.DeviceID] = r
	}
	return of, err
}

func (s store) device(ctx context.Context, tx db.Tx, id int64) (row deviceRow, err error) {
	err = tx.Select(&row).Where("?TableAlias.id = ?", id).Scan(ctx)
	return row, db.Translate(err)
}

// addressTaken reports whether another device of the organization has the address.
func (s store) addressTaken(ctx context.Context, tx db.Tx, row deviceRow) (bool, error) {
	return tx.Select((*deviceRow)(nil)).Where("?TableAlias.organization_id = ?", row.OrganizationID).
		Where("?TableAlias.ip_address = ?", row.IPAddress).Where("?TableAlias.id <> ?", row.ID).Exists(ctx)
}

func (s store) addDevice(ctx context.Context, tx db.Tx, row *deviceRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return err
}

func (s store) changeDevice(ctx context.Context, tx db.Tx, row *deviceRow) error {
	return db.One(tx.Update(row).WherePK().Exec(ctx))
}

// movements returns what was reported in [from, until) in the order of time, without what was told of it.
func (s store) movements(ctx context.Context, v sight, organization int64, from, until time.Time) (rows []passRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := v.narrow(tx.Select(&rows)).
			Column("id", "organization_id", "employee_id", "visitor_id", "device_id", "action_time", "entry_type", "granted", "problem", "action_type").
			Where("?TableAlias.action_time >= ?", from).Where("?TableAlias.action_time < ?", until).
			OrderExpr("?TableAlias.action_time, ?TableAlias.id")
		if organization != 0 {
			q = q.Where("?TableAlias.organization_id = ?", organization)
		}
		return q.Scan(ctx)
	})
	return rows, err
}

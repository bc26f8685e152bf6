package doors

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fold"
	"github.com/staff-control/staff-control/platform/httpx"
)

// loggedPass is a pass with its device, as v1 showed both.
type loggedPass struct {
	passRow         `bun:",extend"`
	VisitorID       *int64  `bun:"visitor_id,scanonly"`
	DeviceName      *string `bun:"device_name,scanonly"`
	DeviceEntryType *string `bun:"device_entry_type,scanonly"`
	GateName        *string `bun:"-"`
}

// logOf returns a page of an employee's passes and refused tries, the latest first, and how many there are in all, if the
// sight allows them.
func (s store) logOf(ctx context.Context, v sight, employeeID int64, l httpx.ListV1) (rows []loggedPass, total int, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		total, err = tx.Page(ctx, v.narrow(tx.Select(&rows)).Where("?TableAlias.employee_id = ?", employeeID), l.Offset(), func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Column("p.id", "p.device_id", "p.gate_id", "p.action_time", "p.employee_id", "p.visitor_type", "p.entry_type", "p.action_type", "p.action_result", "p.action_mode").
				ColumnExpr("p.visitor_id, d.name AS device_name, d.entry_type AS device_entry_type").
				Join("LEFT JOIN devices AS d ON d.organization_id = p.organization_id AND d.id = p.device_id").
				OrderExpr("p.action_time DESC, p.id DESC").Limit(int64(l.Limit))
		})
		if err != nil {
			return err
		}
		return nameGates(ctx, tx, rows)
	})
	return rows, total, err
}

// nameGates says what the gates of passes are called, if they went through any.
func nameGates(ctx context.Context, tx db.Tx, rows []loggedPass) error {
	of := map[int64][]*loggedPass{}
	for i, r := range rows {
		if r.GateID != 0 {
			of[r.GateID] = append(of[r.GateID], &rows[i])
		}
	}
	if len(of) == 0 {
		return nil
	}
	var gates []gateRow
	err := tx.Select(&gates).Column("id", "name").Where("?TableAlias.id IN (?)", bun.List(slices.Collect(maps.Keys(of)))).Scan(ctx)
	for _, g := range gates {
		for _, r := range of[g.ID] {
			r.GateName = &g.Name
		}
	}
	return err
}

// countedDevice is a device with how often somebody passed it, or tried to.
type countedDevice struct {
	deviceRow `bun:",extend"`
	Actions   int64 `bun:"actions,scanonly"`
}

// deviceSortsV1 are v1's names of columns, but for those of how to sign in.
var deviceSortsV1 = []string{
	"id", "gateId", "name", "entryType", "type", "manufacturer", "model", "firmware", "serialNumber", "ipAddress", "welcomeText", "welcomeTextType",
	"welcomePhoto", "welcomePhotoType", "isActive", "createdAt", "updatedAt",
}

const countOfActions = "(SELECT count(*) FROM passes AS p WHERE p.organization_id = d.organization_id AND p.device_id = d.id) AS actions"

// devicesV1 returns a page of v1's list, and how many rows there are in all.
func (s store) devicesV1(ctx context.Context, l httpx.ListV1) (rows []countedDevice, total int64, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := tx.Select(&rows)
		if l.IsActive != nil {
			q = q.Where("?TableAlias.is_active = ?", *l.IsActive)
		}
		if l.Search != "" {
			ids, err := s.devicesLike(ctx, tx, l.Search)
			if err != nil {
				return err
			}
			q = q.Where("?TableAlias.id IN (?)", bun.List(ids))
		}
		if total, err = q.Count(ctx); err != nil {
			return err
		}
		return q.ColumnExpr("?TableColumns").ColumnExpr(countOfActions).OrderExpr(l.OrderBy("d", "id")).Limit(int64(l.Limit)).Offset(l.Offset()).Scan(ctx)
	})
	return rows, total, err
}

// devicesLike returns the devices whose names or addresses hold a text, in either script. There are few devices.
func (s store) devicesLike(ctx context.Context, tx db.Tx, text string) (ids []int64, err error) {
	var all []deviceRow
	if err := tx.Select(&all).Column("id", "name", "ip_address").Scan(ctx); err != nil {
		return nil, err
	}
	forms := fold.SearchFor(text)
	for _, d := range all {
		known := fold.Search(d.Name, d.IPAddress)
		if slices.ContainsFunc(forms, func(form string) bool { return strings.Contains(known, form) }) {
			ids = append(ids, d.ID)
		}
	}
	return ids, nil
}

// deviceV1 returns one device with the last passes at it.
func (s store) deviceV1(ctx context.Context, id int64, last int) (row countedDevice, passes []loggedPass, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := tx.Select(&row).ColumnExpr("?TableColumns").ColumnExpr(countOfActions).Where("?TableAlias.id = ?", id).Scan(ctx); err != nil {
			return err
		}
		return tx.Select(&passes).ExcludeColumn("payload").ColumnExpr("p.visitor_id").
			Where("?TableAlias.device_id = ?", id).OrderExpr("p.action_time DESC, p.id DESC").Limit(int64(last)).Scan(ctx)
	})
	return row, passes, db.Translate(err)
}

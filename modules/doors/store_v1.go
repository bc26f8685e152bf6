package doors

import (
	"context"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/httpx"
)

// loggedPass is a pass with its device, as v1 showed both.
type loggedPass struct {
	passRow         `bun:",extend"`
	GateID          *int64  `bun:"gate_id,scanonly"`
	VisitorID       *int64  `bun:"visitor_id,scanonly"`
	DeviceName      *string `bun:"device_name,scanonly"`
	DeviceEntryType *string `bun:"device_entry_type,scanonly"`
}

// logOf returns a page of an employee's passes and refused tries, the latest first, and how many there are in all.
func (s store) logOf(ctx context.Context, employeeID int64, l httpx.ListV1) (rows []loggedPass, total int64, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := tx.Select(&rows).Where("?TableAlias.employee_id = ?", employeeID)
		if total, err = q.Count(ctx); err != nil {
			return err
		}
		return q.ExcludeColumn("payload").ColumnExpr("p.gate_id, p.visitor_id, d.name AS device_name, d.entry_type AS device_entry_type").
			Join("LEFT JOIN devices AS d ON d.organization_id = p.organization_id AND d.id = p.device_id").
			OrderExpr("p.action_time DESC, p.id DESC").Limit(int64(l.Limit)).Offset(l.Offset()).Scan(ctx)
	})
	return rows, total, err
}

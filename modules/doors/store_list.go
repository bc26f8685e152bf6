package doors

import (
	"context"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/grid"
)

// newestStatus is SQL for what a terminal said of itself last.
func newestStatus(column string) string {
	return "SELECT s." + column + " FROM device_statuses AS s WHERE s.organization_id = d.organization_id AND s.device_id = d.id ORDER BY s.id DESC LIMIT 1"
}

var idOfDevice = grid.Column{Name: "id", Kind: grid.ID, SQL: "d.id"}

var deviceColumns = []grid.Column{
	{Name: "name", Kind: grid.Text, SQL: "d.name", Null: true, Search: true},
	{Name: "ipAddress", Kind: grid.Text, SQL: "d.ip_address", Null: true, Search: true, Title: "doors.column_address"},
	{Name: "entryType", Kind: grid.Enum, SQL: "d.entry_type", Null: true, Values: entryTypes, Title: "doors.column_direction"},
	{Name: "type", Kind: grid.Enum, SQL: "d.type", Null: true, Values: deviceTypes, Title: "doors.column_type"},
	{Name: "status", Kind: grid.Enum, SQL: newestStatus("status"), Null: true, Values: statuses, Title: "doors.column_status"},
	{Name: "statusSince", Kind: grid.Time, SQL: newestStatus("since"), Null: true, Title: "doors.column_since"},
	{Name: "lastSeenAt", Kind: grid.Time, SQL: "d.last_seen_at", Null: true},
	{Name: "serialNumber", Kind: grid.Text, SQL: "d.serial_number", Null: true, Search: true, Title: "doors.column_serial"},
	{Name: "manufacturer", Kind: grid.Text, SQL: "d.manufacturer", Null: true, Title: "doors.column_manufacturer"},
	{Name: "model", Kind: grid.Text, SQL: "d.model", Null: true, Title: "doors.column_model"},
	{Name: "firmware", Kind: grid.Text, SQL: "d.firmware", Null: true, Title: "doors.column_firmware"},
	{Name: "port", Kind: grid.Number, SQL: "d.port", Null: true, Title: "doors.column_port"},
	{Name: "gateId", Kind: grid.ID, SQL: "d.gate_id", Null: true, Only: grid.Filter, Title: "doors.column_gate"},
	{Name: "isActive", Kind: grid.Bool, SQL: "d.is_active"},
	{Name: "organizationId", Kind: grid.ID, SQL: "d.organization_id", NotFor: actor.HR | actor.DepartmentLead | actor.Guard},
	{Name: "organization", Kind: grid.ID, SQL: "d.organization_id", Only: grid.Filter, Title: "column.organizationId", Doc: "as other lists of doors are asked"},
	{Name: "createdAt", Kind: grid.Time, SQL: "d.created_at"},
	idOfDevice,
}

// statuses are what terminals say of themselves.
var statuses = []string{"ONLINE", "OFFLINE", "ERROR", "MAINTENANCE"}

func (s *service) devices() grid.List[deviceResponse] {
	return grid.List[deviceResponse]{
		Name: "devices", Title: "doors.devices", Columns: deviceColumns, Sort: "name", ID: idOfDevice, DB: s.store.db,
		Read: func(ctx context.Context, q grid.Query) (items []deviceResponse, found db.Found, err error) {
			rows, found, err := s.store.listDevices(ctx, q.SQL())
			if err != nil {
				return nil, found, err
			}
			ids := make([]int64, len(rows))
			for i, d := range rows {
				ids[i] = d.ID
			}
			newest, err := s.store.statusesOf(ctx, ids)
			a, _ := actor.From(ctx)
			return grid.Items(rows, func(d deviceRow) deviceResponse {
				item := recordOf(d)
				if a.Role == actor.Guard {
					item.Login = ""
				}
				if is, told := newest[d.ID]; told {
					item.Status, item.StatusSince = is.Status, &is.Since
				}
				return item
			}), found, err
		},
	}
}

func (s store) listDevices(ctx context.Context, l db.List) (rows []deviceRow, found db.Found, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		found, err = tx.List(ctx, tx.Select(&rows), l)
		return err
	})
	return rows, found, err
}

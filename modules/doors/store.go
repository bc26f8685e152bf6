package doors

import (
	"context"
	"errors"
	"time"

	"github.com/staff-control/staff-control/platform/db"
)

// store keeps devices and what they report. It holds no rule: those are in service*.go.
type store struct{ db *db.DB }

// found is false, and no error, for a row that is not there.
func found(err error) (bool, error) {
	if err = db.Translate(err); errors.Is(err, db.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// deviceAt returns the active device of the address; of several the one with the serial number, else the first.
func (s store) deviceAt(ctx context.Context, tx db.Tx, address, serial string) (row deviceRow, known bool, err error) {
	if address == "" {
		return row, false, nil
	}
	known, err = found(tx.Select(&row).Where("?TableAlias.ip_address = ?", address).Where("?TableAlias.is_active").
		OrderExpr("CASE WHEN ?TableAlias.serial_number = ? THEN 0 ELSE 1 END, ?TableAlias.id", serial).Limit(1).Scan(ctx))
	return row, known, err
}

// touch notes when the device was heard, unless that was noted a moment ago.
func (s store) touch(ctx context.Context, tx db.Tx, deviceID int64, at time.Time, fresh time.Duration) error {
	_, err := tx.Update((*deviceRow)(nil)).Set("last_seen_at = ?", at).Where("?TableAlias.id = ?", deviceID).
		Where("?TableAlias.last_seen_at IS NULL OR ?TableAlias.last_seen_at < ?", at.Add(-fresh)).Exec(ctx)
	return err
}

func (s store) passByKey(ctx context.Context, tx db.Tx, key string) (row passRow, known bool, err error) {
	known, err = found(tx.Select(&row).Where("?TableAlias.event_key = ?", key).Scan(ctx))
	return row, known, err
}

func (s store) addPass(ctx context.Context, tx db.Tx, row *passRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return err
}

// judgePass writes what became of a pass that was set aside.
func (s store) judgePass(ctx context.Context, tx db.Tx, row *passRow) error {
	return db.One(tx.Update(row).Column("device_id", "gate_id", "problem", "employee_id", "visitor_id", "visitor_type", "entry_type", "direction_by").WherePK().Exec(ctx))
}

// unknowns returns the passes of an address that came before a device was known there, behind a place, by time.
func (s store) unknowns(ctx context.Context, a again, limit int) (rows []passRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Where("?TableAlias.problem = ?", deviceUnknown).Where("?TableAlias.device_ip = ?", a.Address).
			Where("(?TableAlias.action_time, ?TableAlias.id) > (?, ?)", a.At, a.ID).
			OrderExpr("?TableAlias.action_time, ?TableAlias.id").Limit(int64(limit)).Scan(ctx)
	})
	return rows, err
}

// passBefore returns the employee's last pass before, or at, a time; an empty row if there is none.
func (s store) passBefore(ctx context.Context, tx db.Tx, employeeID int64, at time.Time) (row passRow, err error) {
	_, err = found(tx.Select(&row).Where("?TableAlias.employee_id = ?", employeeID).Where("?TableAlias.entry_type IS NOT NULL").
		Where("?TableAlias.action_time <= ?", at).OrderExpr("?TableAlias.action_time DESC, ?TableAlias.id DESC").Limit(1).Scan(ctx))
	return row, err
}

// passAfter returns the pass of the same employee that follows.
func (s store) passAfter(ctx context.Context, tx db.Tx, last passRow) (row passRow, known bool, err error) {
	known, err = found(tx.Select(&row).Where("?TableAlias.employee_id = ?", last.EmployeeID).Where("?TableAlias.entry_type IS NOT NULL").
		Where("(?TableAlias.action_time, ?TableAlias.id) > (?, ?)", last.At, last.ID).
		OrderExpr("?TableAlias.action_time, ?TableAlias.id").Limit(1).Scan(ctx))
	return row, known, err
}

func (s store) turnPass(ctx context.Context, tx db.Tx, row passRow) error {
	return db.One(tx.Update(&row).Column("entry_type").WherePK().Exec(ctx))
}

func (s store) eventByKey(ctx context.Context, tx db.Tx, key string) (row eventRow, known bool, err error) {
	known, err = found(tx.Select(&row).Where("?TableAlias.event_key = ?", key).Scan(ctx))
	return row, known, err
}

func (s store) addEvent(ctx context.Context, tx db.Tx, row *eventRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return err
}

// lastStatus returns the newest status of the device, or of the address where no device is.
func (s store) lastStatus(ctx context.Context, tx db.Tx, deviceID int64, address string) (row statusRow, known bool, err error) {
	q := tx.Select(&row).OrderExpr("?TableAlias.id DESC").Limit(1)
	if deviceID != 0 {
		q = q.Where("?TableAlias.device_id = ?", deviceID)
	} else {
		q = q.Where("?TableAlias.device_id IS NULL").Where("?TableAlias.device_ip = ?", address)
	}
	known, err = found(q.Scan(ctx))
	return row, known, err
}

func (s store) addStatus(ctx context.Context, tx db.Tx, row *statusRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return err
}

func (s store) lengthenStatus(ctx context.Context, tx db.Tx, row statusRow) error {
	return db.One(tx.Update(&row).Column("last_at", "payload", "received_at", "device_serial").WherePK().Exec(ctx))
}

// boundStatuses deletes the oldest statuses of a device, or of all addresses without one, down to so many.
func (s store) boundStatuses(ctx context.Context, tx db.Tx, deviceID int64, keep int) error {
	of, args := "?TableAlias.device_id = ?", []any{deviceID}
	if deviceID == 0 {
		of, args = "?TableAlias.device_id IS NULL", nil
	}
	var oldest statusRow
	over, err := found(tx.Select(&oldest).Column("id").Where(of, args...).OrderExpr("?TableAlias.id DESC").Offset(int64(keep)).Limit(1).Scan(ctx))
	if err != nil || !over {
		return err
	}
	_, err = tx.Delete((*statusRow)(nil)).Where(of, args...).Where("?TableAlias.id <= ?", oldest.ID).Exec(ctx)
	return err
}

// forget deletes events, and reports of passes that count for nothing, that were received before a time.
func (s store) forget(ctx context.Context, before time.Time) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if _, err := tx.Delete((*eventRow)(nil)).Where("?TableAlias.received_at < ?", before).Exec(ctx); err != nil {
			return err
		}
		_, err := tx.Delete((*passRow)(nil)).Where("?TableAlias.received_at < ?", before).
			Where("?TableAlias.employee_id IS NULL").Where("?TableAlias.entry_type IS NULL").Exec(ctx)
		return err
	})
}

package doors

import (
	"context"

	"github.com/staff-control/staff-control/platform/db"
)

// gates returns a page of gates by id, and one more.
func (s store) gates(ctx context.Context, organization, after int64, limit int) (rows []gateRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		q := tx.Select(&rows).Where("?TableAlias.id > ?", after).OrderExpr("?TableAlias.id").Limit(int64(limit + 1))
		if organization != 0 {
			q = q.Where("?TableAlias.organization_id = ?", organization)
		}
		return q.Scan(ctx)
	})
	return rows, err
}

func (s store) gate(ctx context.Context, tx db.Tx, id int64) (row gateRow, err error) {
	err = tx.Select(&row).Where("?TableAlias.id = ?", id).Scan(ctx)
	return row, db.Translate(err)
}

func (s store) addGate(ctx context.Context, tx db.Tx, row *gateRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return err
}

func (s store) changeGate(ctx context.Context, tx db.Tx, row *gateRow) error {
	return db.One(tx.Update(row).WherePK().Exec(ctx))
}

// removeGate deletes a gate. Its devices hang nowhere then; passes keep its number, which names nothing any more.
func (s store) removeGate(ctx context.Context, tx db.Tx, row gateRow) error {
	if err := db.One(tx.Delete(&row).WherePK().Exec(ctx)); err != nil {
		return err
	}
	_, err := tx.Update((*deviceRow)(nil)).Set("gate_id = NULL").Where("?TableAlias.organization_id = ?", row.OrganizationID).
		Where("?TableAlias.gate_id = ?", row.ID).Exec(ctx)
	return err
}

// reported says whether anything came from the device.
func (s store) reported(ctx context.Context, tx db.Tx, row deviceRow) (bool, error) {
	for _, table := range []any{(*passRow)(nil), (*statusRow)(nil), (*eventRow)(nil)} {
		found, err := tx.Select(table).Where("?TableAlias.organization_id = ?", row.OrganizationID).Where("?TableAlias.device_id = ?", row.ID).Exists(ctx)
		if err != nil || found {
			return found, err
		}
	}
	return false, nil
}

func (s store) removeDevice(ctx context.Context, tx db.Tx, row deviceRow) error {
	return db.One(tx.Delete(&row).WherePK().Exec(ctx))
}

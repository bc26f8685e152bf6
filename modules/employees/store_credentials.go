package employees

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
)

func (s store) addCredential(ctx context.Context, tx db.Tx, row *credentialRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return err
}

func (s store) credential(ctx context.Context, tx db.Tx, employeeID, id int64) (row credentialRow, err error) {
	err = tx.Select(&row).Where("?TableAlias.employee_id = ?", employeeID).Where("?TableAlias.id = ?", id).Scan(ctx)
	return row, db.Translate(err)
}

func (s store) credentials(ctx context.Context, tx db.Tx, employeeID int64) (rows []credentialRow, err error) {
	err = tx.Select(&rows).Where("?TableAlias.employee_id = ?", employeeID).Order("k.id").Scan(ctx)
	return rows, err
}

// cards returns the cards in force that have one of these numbers.
func (s store) cards(ctx context.Context, numbers []string) (rows []credentialRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Column("code", "employee_id").Where("?TableAlias.type = ?", card).
			Where("?TableAlias.code IN (?)", bun.List(numbers)).Where("?TableAlias.is_active").Scan(ctx)
	})
	return rows, err
}

func (s store) dropCredential(ctx context.Context, tx db.Tx, row credentialRow) error {
	return db.One(tx.Delete(&row).WherePK().Exec(ctx))
}

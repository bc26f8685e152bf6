package employees

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
)

// branchRow is a department as an import needs it. It is read where organizations keeps it, in the transaction in which the
// people get it.
type branchRow struct {
	bun.BaseModel `bun:"table:departments,alias:d"`
	db.Owned
	ID              int64  `bun:"id,pk"`
	ParentID        int64  `bun:"parent_id,nullzero"`
	FullName        string `bun:"full_name"`
	FullNameSearch  string `bun:"full_name_search"`
	ShortNameSearch string `bun:"short_name_search"`
}

// lockImports makes other imports of the organization wait for this one, so that of the same file sent twice at once the
// second finds what the first added.
func (s store) lockImports(ctx context.Context, tx db.Tx, organizationID int64) error {
	return tx.Serialize(ctx, fmt.Sprintf("import of employees %d", organizationID))
}

// holdEverybody keeps all employees of an organization as they are until the transaction ends.
func (s store) holdEverybody(ctx context.Context, tx db.Tx, organizationID int64) error {
	var ids []int64
	return tx.Hold(tx.Select((*employeeRow)(nil))).Column("id").Where("?TableAlias.organization_id = ?", organizationID).Order("e.id").Scan(ctx, &ids)
}

// branches returns the active departments of an organization.
func (s store) branches(ctx context.Context, tx db.Tx, organizationID int64) (rows []branchRow, err error) {
	err = tx.Select(&rows).Where("?TableAlias.organization_id = ?", organizationID).Where("?TableAlias.is_active").Order("d.id").Scan(ctx)
	return rows, err
}

// everybody returns all employees of an organization, those who have left too.
func (s store) everybody(ctx context.Context, tx db.Tx, organizationID int64) (rows []employeeRow, err error) {
	err = tx.Select(&rows).Where("?TableAlias.organization_id = ?", organizationID).Order("e.id").Scan(ctx)
	return rows, err
}

// inForce returns the cards and cars of an organization that somebody has.
func (s store) inForce(ctx context.Context, tx db.Tx, organizationID int64) (rows []credentialRow, err error) {
	err = tx.Select(&rows).Where("?TableAlias.organization_id = ?", organizationID).Where("?TableAlias.is_active").
		Where("?TableAlias.type IN (?)", bun.List([]string{card, car})).Order("k.id").Scan(ctx)
	return rows, err
}

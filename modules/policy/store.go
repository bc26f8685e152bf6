package policy

import (
	"context"

	"github.com/staff-control/staff-control/platform/db"
)

// store reads policies.
type store struct{ db *db.DB }

// ofOrganization returns the organization's own default policy, or db.ErrNotFound. Of several the oldest counts.
func (s store) ofOrganization(ctx context.Context, organizationID int64) (row policyRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		err := tx.Select(&row).Where("?TableAlias.organization_id = ?", organizationID).
			Where("?TableAlias.is_default").Where("?TableAlias.is_active").OrderExpr("?TableAlias.id").Limit(1).Scan(ctx)
		return db.Translate(err)
	})
	return row, err
}

package employees

import (
	"context"
	"fmt"

	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
)

// history returns what was done to an employee, the newest first.
func (s *service) history(ctx context.Context, employeeID int64, after string, limit int) (changes []audit.Change, next string, err error) {
	err = s.store.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err := s.store.byID(ctx, tx, sightOf(ctx), employeeID)
		if err != nil {
			return err
		}
		of := audit.Of{OrganizationID: row.OrganizationID, Object: fmt.Sprintf("employee:%d", employeeID), After: after, Limit: limit}
		changes, next, err = s.audit.History(ctx, tx, of)
		return err
	})
	return changes, next, s.faultOf(ctx, "history", employeeID, err)
}

package updates

import (
	"context"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/audit"
	"github.com/staff-control/staff-control/platform/db"
)

// rolledBack writes down that a gateway took an update back, on its behalf.
func (m *Module) rolledBack(ctx context.Context, e alert.Raised) error {
	who, _ := actor.From(ctx)
	if e.Alert.Kind != alert.UpdateRolledBack || who.Role != actor.Gateway {
		return nil
	}
	entry := audit.Entry{
		Action: "auto_rollback", Permission: gateway.Deliver, Object: who.ID, OrganizationID: e.OrganizationID,
		Reason: alert.HealthCheckFailed, After: e.Alert.Details,
	}
	return m.service.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if done, err := m.service.audit.Done(ctx, tx, entry, e.At); done || err != nil {
			return err // told twice
		}
		return m.service.audit.Write(ctx, tx, entry)
	})
}

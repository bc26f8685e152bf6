package commands

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// hold makes the sockets the newest of their gateways.
func (s store) hold(ctx context.Context, tx db.Tx, rows []socketRow) error {
	_, err := tx.Insert(&rows).On("CONFLICT (gateway_id) DO UPDATE").
		Set("id = EXCLUDED.id").Set("process_id = EXCLUDED.process_id").Set("since = EXCLUDED.since").
		Where("?TableAlias.organization_id = EXCLUDED.organization_id").Returning("NULL").Exec(ctx)
	return err
}

// holders returns the newest socket of each gateway.
func (s store) holders(ctx context.Context, tx db.Tx, gateways []id.UUID) (map[id.UUID]socketRow, error) {
	var rows []socketRow
	err := tx.Select(&rows).Where("s.gateway_id IN (?)", bun.List(gateways)).Scan(ctx)
	return byGateway(rows), err
}

// heldBy returns the sockets that the process holds, as far as the database knows.
func (s store) heldBy(ctx context.Context, processID id.UUID) (map[id.UUID]socketRow, error) {
	var rows []socketRow
	err := s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Where("s.process_id = ?", processID).Scan(ctx)
	})
	return byGateway(rows), err
}

func byGateway(rows []socketRow) map[id.UUID]socketRow {
	of := make(map[id.UUID]socketRow, len(rows))
	for _, r := range rows {
		of[r.GatewayID] = r
	}
	return of
}

// due returns the gateways of the process's sockets that have a command to be delivered now.
func (s store) due(ctx context.Context, processID id.UUID, now time.Time) (gateways []id.UUID, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		sent := tx.Select((*commandRow)(nil)).ColumnExpr("1").Where("c.gateway_id = s.gateway_id").Where("c.status = ?", command.Sent)
		lapsed := tx.Select((*commandRow)(nil)).ColumnExpr("1").Where("c.gateway_id = s.gateway_id").Where("c.status = ?", command.Sent).
			Where("(c.due_at <= ? OR c.socket_id <> s.id)", now)
		waiting := tx.Select((*commandRow)(nil)).ColumnExpr("1").Where("c.gateway_id = s.gateway_id").Where("c.status = ?", command.Pending)
		return tx.Select((*socketRow)(nil)).Column("s.gateway_id").Where("s.process_id = ?", processID).
			Where("(EXISTS (?) OR EXISTS (?) AND NOT EXISTS (?))", lapsed, waiting, sent).Scan(ctx, &gateways)
	})
	return gateways, err
}

package commands

import (
	"context"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// store keeps the queue and who holds which socket. It holds no rule: those are in the service.
type store struct{ db *db.DB }

// unfinished are the states that are not final.
var unfinished = []command.Status{command.Pending, command.Sent}

func (s store) add(ctx context.Context, tx db.Tx, row *commandRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return db.Translate(err)
}

// waiting counts the commands of the gateway that have not ended, up to most.
func (s store) waiting(ctx context.Context, tx db.Tx, gatewayID id.UUID, most int) (int, error) {
	var rows []commandRow
	err := tx.Select(&rows).Column("c.id").Where("c.gateway_id = ?", gatewayID).Where("c.status IN (?)", bun.List(unfinished)).
		Limit(int64(most)).Scan(ctx)
	return len(rows), err
}

// replace cancels the commands of the gateway that wait under the name, and returns them.
func (s store) replace(ctx context.Context, tx db.Tx, gatewayID id.UUID, name string, at time.Time) (rows []commandRow, err error) {
	_, err = tx.Update((*commandRow)(nil)).Set("status = ?", command.Cancelled).Set("ended_at = ?", at).Set("code = ?", codeReplaced).
		Where("?TableAlias.gateway_id = ?", gatewayID).Where("?TableAlias.status = ?", command.Pending).
		Where("?TableAlias.replaces = ?", name).Returning("*").Exec(ctx, &rows)
	return rows, none(err)
}

// end brings a command of the gateway to its end as row says, if it is in one of the states. It reports whether it did,
// and fills row.
func (s store) end(ctx context.Context, tx db.Tx, row *commandRow, from ...command.Status) (bool, error) {
	err := db.One(tx.Update(row).Column("status", "ended_at", "ack_at", "code", "error", "result", "policy_version", "requires_restart").
		WherePK().Where("?TableAlias.gateway_id = ?", row.GatewayID).Where("?TableAlias.status IN (?)", bun.List(from)).
		Returning("*").Exec(ctx))
	return err == nil, none(err)
}

// claim notes that the command is delivered now, as row says, unless somebody else has taken it since it was read.
func (s store) claim(ctx context.Context, tx db.Tx, row *commandRow) (bool, error) {
	res, err := tx.Update(row).Column("status", "attempts", "deliveries", "socket_id", "due_at", "sent_at").WherePK().
		Where("?TableAlias.status IN (?)", bun.List(unfinished)).Where("?TableAlias.deliveries = ?", row.Deliveries-1).Exec(ctx)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// heads returns of each gateway the command that is under way, or else the oldest that waits.
func (s store) heads(ctx context.Context, tx db.Tx, gateways []id.UUID) (rows []commandRow, err error) {
	err = tx.Select(&rows).Where("c.gateway_id IN (?)", bun.List(gateways)).Where("c.status = ?", command.Sent).Scan(ctx)
	if err != nil {
		return nil, err
	}
	busy := map[id.UUID]bool{}
	for _, r := range rows {
		busy[r.GatewayID] = true
	}
	var free []id.UUID
	for _, g := range gateways {
		if !busy[g] {
			free = append(free, g)
		}
	}
	if len(free) == 0 {
		return rows, nil
	}
	var first []commandRow
	err = tx.Select(&first).Where(`c.id IN (SELECT (
			SELECT n.id FROM gateway_commands AS n
			WHERE n.organization_id = s.organization_id AND n.gateway_id = s.gateway_id AND n.status = ? ORDER BY n.created_at, n.id LIMIT 1
		) FROM gateway_sockets AS s WHERE s.gateway_id IN (?))`, command.Pending, bun.List(free)).Scan(ctx)
	return append(rows, first...), err
}

// lock returns a command that the actor may see and holds its row until the transaction ends.
func (s store) lock(ctx context.Context, tx db.Tx, commandID id.UUID) (row commandRow, err error) {
	err = db.One(tx.Update(&row).Set("status = status").Where("?TableAlias.id = ?", commandID).Returning("*").Exec(ctx))
	return row, err
}

// byID returns a command that the actor may see.
func (s store) byID(ctx context.Context, commandID id.UUID) (row commandRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&row).Where("c.id = ?", commandID).Scan(ctx)
	})
	return row, err
}

func (s store) list(ctx context.Context, l db.List) (rows []commandRow, found db.Found, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		found, err = tx.List(ctx, tx.Select(&rows), l)
		return err
	})
	return rows, found, err
}

// expire ends commands that are good no more and returns them, so many at most. One that was sent is left the time to be
// answered.
func (s store) expire(ctx context.Context, tx db.Tx, now time.Time, most int) (rows []commandRow, err error) {
	old := tx.Select((*commandRow)(nil)).Column("c.id").Where("c.status IN (?)", bun.List(unfinished)).Where("c.expires_at <= ?", now).
		WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("c.status = ?", command.Pending).WhereOr("c.due_at <= ?", now)
		}).Order("c.expires_at").Limit(int64(most))
	_, err = tx.Update((*commandRow)(nil)).Set("status = ?", command.Expired).Set("ended_at = ?", now).Set("code = ?", codeExpired).
		Where("?TableAlias.id IN (?)", old).Where("?TableAlias.status IN (?)", bun.List(unfinished)).Returning("*").Exec(ctx, &rows)
	return rows, none(err)
}

// forget deletes commands that ended before the time and hold no file.
func (s store) forget(ctx context.Context, before time.Time) error {
	_, err := s.db.InParts(ctx, func(ctx context.Context, tx db.Tx) (db.Affected, error) {
		old := tx.Select((*commandRow)(nil)).Column("c.id").Where("c.ended_at < ?", before).Where("c.bundle = ''").Limit(db.Part)
		return tx.Delete((*commandRow)(nil)).Where("?TableAlias.id IN (?)", old).Exec(ctx)
	})
	return err
}

// bundles returns commands whose files came with an end before the time, so many at most.
func (s store) bundles(ctx context.Context, before time.Time, most int) (rows []commandRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Where("c.bundle <> ''").Where("c.ended_at < ?", before).Order("c.ended_at", "c.id").Limit(int64(most)).Scan(ctx)
	})
	return rows, err
}

// setBundle notes the path of the file that the command has brought. It reports false if the command is not under way any
// more, and has not brought this file before.
func (s store) setBundle(ctx context.Context, commandID id.UUID, path string) (bool, error) {
	row := commandRow{ID: commandID, Bundle: path}
	err := s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		return db.One(tx.Update(&row).Column("bundle").WherePK().WhereGroup(" AND ", func(q *bun.UpdateQuery) *bun.UpdateQuery {
			return q.Where("?TableAlias.status = ?", command.Sent).WhereOr("?TableAlias.bundle = ?", path)
		}).Exec(ctx))
	})
	return err == nil, none(err)
}

// clearBundle notes that the file which the command has brought is gone.
func (s store) clearBundle(ctx context.Context, commandID id.UUID) error {
	row := commandRow{ID: commandID}
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		return db.One(tx.Update(&row).Column("bundle").WherePK().Exec(ctx))
	})
}

// none makes a statement that returned no row no error.
func none(err error) error {
	if errors.Is(db.Translate(err), db.ErrNotFound) {
		return nil
	}
	return err
}

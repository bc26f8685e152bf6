package policy

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

func (s store) addRollout(ctx context.Context, tx db.Tx, row *rolloutRow) error {
	_, err := tx.Insert(row).Exec(ctx)
	return db.Translate(err)
}

func (s store) changeRollout(ctx context.Context, tx db.Tx, row *rolloutRow, columns ...string) error {
	return db.One(tx.Update(row).Column(columns...).WherePK().Exec(ctx))
}

// runningOf returns the roll-out of a policy that is under way, or db.ErrNotFound.
func (s store) runningOf(ctx context.Context, tx db.Tx, policyID int64) (row rolloutRow, err error) {
	err = tx.Select(&row).Where("r.policy_id = ?", policyID).Where("r.state = ?", running).Scan(ctx)
	return row, db.Translate(err)
}

// running returns the roll-outs of the organization that are under way.
func (s store) running(ctx context.Context, tx db.Tx) (rows []rolloutRow, err error) {
	err = tx.Select(&rows).Where("r.state = ?", running).Order("r.policy_id").Scan(ctx)
	return rows, err
}

// due returns the roll-outs that go on by themselves now.
func (s store) due(ctx context.Context, now time.Time) (rows []rolloutRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Where("r.state = ?", running).Where("r.next_at <= ?", now).Order("r.next_at", "r.id").Scan(ctx)
	})
	return rows, err
}

// rollouts returns the newest of a policy, at most so many.
func (s store) rollouts(ctx context.Context, policyID int64, most int) (rows []rolloutRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		return tx.Select(&rows).Where("r.policy_id = ?", policyID).Order("r.id DESC").Limit(int64(most)).Scan(ctx)
	})
	return rows, err
}

func (s store) rollout(ctx context.Context, tx db.Tx, rolloutID id.UUID) (row rolloutRow, err error) {
	err = tx.Select(&row).Where("r.id = ?", rolloutID).Scan(ctx)
	return row, db.Translate(err)
}

// reach notes that roll-outs have reached gateways.
func (s store) reach(ctx context.Context, tx db.Tx, rows []reachedRow) error {
	if len(rows) == 0 {
		return nil
	}
	_, err := tx.Insert(&rows).On("CONFLICT (rollout_id, gateway_id) DO NOTHING").Returning("NULL").Exec(ctx)
	return db.Translate(err)
}

// reached returns the gateways that a roll-out has reached.
func (s store) reached(ctx context.Context, tx db.Tx, rolloutIDs ...id.UUID) (rows []reachedRow, err error) {
	if len(rolloutIDs) == 0 {
		return nil, nil
	}
	err = tx.Select(&rows).Where("t.rollout_id IN (?)", bun.List(rolloutIDs)).Order("t.answered_at DESC", "t.gateway_id").Scan(ctx)
	return rows, err
}

// unanswered returns the gateways of the organization that have not answered, of whatever roll-out.
func (s store) unanswered(ctx context.Context, tx db.Tx) (rows []reachedRow, err error) {
	err = tx.Select(&rows).Where("t.state = ?", waiting).Scan(ctx)
	return rows, err
}

// await makes the answer to another order the answer of all that a gateway has not answered.
func (s store) await(ctx context.Context, tx db.Tx, gatewayID, commandID id.UUID) error {
	_, err := tx.Update((*reachedRow)(nil)).Set("command_id = ?", commandID).
		Where("?TableAlias.gateway_id = ?", gatewayID).Where("?TableAlias.state = ?", waiting).Exec(ctx)
	return err
}

// settle notes the answer to an order and returns what waited for it.
func (s store) settle(ctx context.Context, tx db.Tx, commandID id.UUID, state, code string, now time.Time) (rows []reachedRow, err error) {
	err = tx.Update(&rows).Set("state = ?", state).Set("code = ?", code).Set("answered_at = ?", now).
		Where("?TableAlias.command_id = ?", commandID).Where("?TableAlias.state = ?", waiting).Returning("?Columns").Scan(ctx)
	return rows, err
}

// answeredBy returns the roll-outs that an order was answered for.
func (s store) answeredBy(ctx context.Context, commandID id.UUID) (rows []rolloutRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		of := tx.Select((*reachedRow)(nil)).Column("t.rollout_id").Where("t.command_id = ?", commandID)
		return tx.Select(&rows).Where("r.id IN (?)", of).Scan(ctx)
	})
	return rows, err
}

// bundle returns which bundle the organization's gateways were told of last; a zero one if none.
func (s store) bundle(ctx context.Context, tx db.Tx) (row bundleRow, err error) {
	var rows []bundleRow
	if err = tx.Select(&rows).Scan(ctx); err != nil || len(rows) == 0 {
		return row, err
	}
	return rows[0], nil
}

// generation is what bundle returns, in a transaction of its own.
func (s store) generation(ctx context.Context) (n int64, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err := s.bundle(ctx, tx)
		n = row.Generation
		return err
	})
	return n, err
}

func (s store) putBundle(ctx context.Context, tx db.Tx, row *bundleRow) error {
	_, err := tx.Insert(row).On("CONFLICT (organization_id) DO UPDATE").
		Set("generation = EXCLUDED.generation").Set("assigned = EXCLUDED.assigned").Set("updated_at = EXCLUDED.updated_at").Exec(ctx)
	return err
}

package gateways

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// seeAgents notes that the agents reported through the gateway.
func (s store) seeAgents(ctx context.Context, tx db.Tx, rows []agentRow) error {
	_, err := tx.Insert(&rows).On("CONFLICT (gateway_id, agent_uid) DO UPDATE").
		Set("status = EXCLUDED.status").Set("last_seen_at = EXCLUDED.last_seen_at").
		Set("computer_name = COALESCE(EXCLUDED.computer_name, ?TableAlias.computer_name)").
		Where("?TableAlias.organization_id = EXCLUDED.organization_id").Returning("NULL").Exec(ctx)
	return err
}

// silenceAgents marks agents offline that were last heard of before the time.
func (s store) silenceAgents(ctx context.Context, before time.Time) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Update((*agentRow)(nil)).Set("status = ?", offline).Where("?TableAlias.status = ? AND ?TableAlias.last_seen_at < ?", online, before).Exec(ctx)
		return err
	})
}

// applied notes the version of the policy that agents of the gateway run on.
func (s store) applied(ctx context.Context, tx db.Tx, gatewayID id.UUID, version string, uids []string) error {
	_, err := tx.Update((*agentRow)(nil)).Set("policy_version = ?", version).
		Where("?TableAlias.gateway_id = ?", gatewayID).Where("?TableAlias.agent_uid IN (?)", bun.List(uids)).Exec(ctx)
	return err
}

// appliedByAll is applied for all agents of the gateway.
func (s store) appliedByAll(ctx context.Context, tx db.Tx, gatewayID id.UUID, version string) error {
	_, err := tx.Update((*agentRow)(nil)).Set("policy_version = ?", version).Where("?TableAlias.gateway_id = ?", gatewayID).Exec(ctx)
	return err
}

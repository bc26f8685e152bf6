package gateways

import (
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/grid"
)

var idOfGateway = grid.Column{Name: "id", Kind: grid.UUID, SQL: "g.id"}

var columns = []grid.Column{
	{Name: "serial", Kind: grid.Text, SQL: "g.serial", Search: true, Title: "gateways.column_serial"},
	{Name: "name", Kind: grid.Folded, SQL: "g.name_search", Search: true},
	{Name: "status", Kind: grid.Enum, SQL: "g.status", Values: []string{online, offline, revoked}, Title: "gateways.column_status"},
	{Name: "statusReason", Kind: grid.Text, SQL: "g.status_reason", Title: "gateways.column_reason"},
	{Name: "statusSince", Kind: grid.Time, SQL: "g.status_since", Null: true, Title: "gateways.column_since"},
	{Name: "lastSeenAt", Kind: grid.Time, SQL: "g.last_seen_at", Null: true},
	{Name: "version", Kind: grid.Text, SQL: "g.version", Search: true},
	{Name: "bufferUsage", Title: "gateways.column_buffer"},
	{Name: "queueDepth", Kind: grid.Number, SQL: newest("queue_depth"), Title: "gateways.column_queue"},
	{Name: "connectedAgents", Kind: grid.Number, SQL: newest("connected_agents"), Title: "gateways.column_agents"},
	{Name: "setAside", Kind: grid.Number, SQL: newest("set_aside"), Title: "gateways.column_aside"},
	{Name: "clockSkewMs", Kind: grid.Number, SQL: "g.clock_skew_ms", Null: true, Title: "gateways.column_skew"},
	{Name: "completeUntil", Title: "gateways.column_complete"},
	{Name: "organizationId", Kind: grid.ID, SQL: "g.organization_id", NotFor: actor.HR | actor.DepartmentLead | actor.Guard},
	{Name: "createdAt", Kind: grid.Time, SQL: "g.created_at"},
	idOfGateway,
}

// newest is SQL for what a gateway said in its newest report.
func newest(column string) string {
	return "COALESCE((SELECT n." + column + ` FROM gateway_status_snapshots AS n
		WHERE n.organization_id = g.organization_id AND n.gateway_id = g.id ORDER BY n.timestamp DESC LIMIT 1), 0)`
}

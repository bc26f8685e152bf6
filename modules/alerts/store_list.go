package alerts

import (
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/grid"
)

var idOfAlert = grid.Column{Name: "id", Kind: grid.UUID, SQL: "a.id"}

var columns = []grid.Column{
	{Name: "at", Kind: grid.Time, SQL: "a.at", Title: "alerts.column_at"},
	{Name: "severity", Kind: grid.Enum, SQL: "a.severity", Values: []string{"info", "warning", "critical"}, Title: "alerts.column_severity"},
	{Name: "kind", Kind: grid.Text, SQL: "a.kind", Search: true, Title: "alerts.column_kind"},
	{Name: "subject", Kind: grid.Text, SQL: "a.subject", Search: true, Title: "alerts.column_subject"},
	{Name: "details", Title: "alerts.column_details"},
	{Name: "open", Kind: grid.Bool, SQL: "a.acknowledged_at IS NULL", Only: grid.Filter, Title: "alerts.column_open", Doc: "true: those that nobody has acknowledged"},
	{Name: "acknowledgedAt", Kind: grid.Time, SQL: "a.acknowledged_at", Null: true, Title: "alerts.column_acknowledged"},
	{Name: "organizationId", Kind: grid.ID, SQL: "a.organization_id", Null: true, NotFor: actor.HR},
	idOfAlert,
}

package commands

import (
	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/grid"
)

var idOfCommand = grid.Column{Name: "id", Kind: grid.UUID, SQL: "c.id"}

var columns = []grid.Column{
	{Name: "createdAt", Kind: grid.Time, SQL: "c.created_at", Title: "commands.column_at"},
	{Name: "gatewayId", Kind: grid.UUID, SQL: "c.gateway_id", Title: "commands.column_gateway"},
	{Name: "type", Kind: grid.Enum, SQL: "c.type", Values: names(command.Types[:]), Title: "commands.column_type"},
	{Name: "status", Kind: grid.Enum, SQL: "c.status", Values: names(statuses), Title: "commands.column_status"},
	{Name: "code", Kind: grid.Text, SQL: "c.code", Search: true, Title: "commands.column_code"},
	{Name: "error", Kind: grid.Text, SQL: "c.error", Search: true, Title: "commands.column_error"},
	{Name: "attempts", Kind: grid.Number, SQL: "c.attempts", Title: "commands.column_attempts"},
	{Name: "sentAt", Kind: grid.Time, SQL: "c.sent_at", Null: true, Title: "commands.column_sent"},
	{Name: "ackAt", Kind: grid.Time, SQL: "c.ack_at", Null: true, Title: "commands.column_answered"},
	{Name: "expiresAt", Kind: grid.Time, SQL: "c.expires_at", Title: "commands.column_expires"},
	{Name: "orderedBy", Kind: grid.Text, SQL: "c.ordered_by", Title: "commands.column_by"},
	{Name: "organizationId", Kind: grid.ID, SQL: "c.organization_id", NotFor: actor.HR},
	idOfCommand,
}

var statuses = []command.Status{command.Pending, command.Sent, command.Completed, command.Failed, command.Expired, command.Cancelled}

func names[T ~string](values []T) []string {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = string(v)
	}
	return list
}

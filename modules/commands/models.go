package commands

import (
	"encoding/json"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

type commandRow struct {
	bun.BaseModel `bun:"table:gateway_commands,alias:c"`
	db.Owned
	db.Place
	ID        id.UUID         `bun:"id,pk"`
	GatewayID id.UUID         `bun:"gateway_id"`
	Type      command.Type    `bun:"type"`
	Payload   json.RawMessage `bun:"payload"`
	Status    command.Status  `bun:"status"`
	// Attempts counts the deliveries that no end of a socket cut off, Deliveries all of them.
	Attempts    int        `bun:"attempts"`
	MaxAttempts int        `bun:"max_attempts"`
	Deliveries  int        `bun:"deliveries"`
	SocketID    *id.UUID   `bun:"socket_id"`
	DueAt       time.Time  `bun:"due_at"`
	SentAt      *time.Time `bun:"sent_at"`
	AckAt       *time.Time `bun:"ack_at"`
	EndedAt     *time.Time `bun:"ended_at"`
	ExpiresAt   time.Time  `bun:"expires_at"`
	// Code is why it ended so, Error the same in words.
	Code            string          `bun:"code"`
	Error           string          `bun:"error"`
	Result          json.RawMessage `bun:"result,nullzero"`
	PolicyVersion   string          `bun:"policy_version"`
	RequiresRestart bool            `bun:"requires_restart"`
	Replaces        string          `bun:"replaces"`
	For             string          `bun:"ordered_for"`
	By              string          `bun:"ordered_by"`
	Bundle          string          `bun:"bundle"`
	CreatedAt       time.Time       `bun:"created_at"`
}

// ended is what others are told of the end.
func (c *commandRow) ended() command.Ended {
	e := command.Ended{
		ID: c.ID, OrganizationID: c.OrganizationID, GatewayID: c.GatewayID, Type: c.Type, Payload: c.Payload, By: c.For, Status: c.Status,
	}
	if c.EndedAt != nil {
		e.At = c.EndedAt.UTC()
	}
	if c.AckAt != nil || c.Code != "" {
		e.Ack = command.Ack{
			CommandID: c.ID, Status: c.Status, Code: c.Code, Error: c.Error, Result: c.Result,
			PolicyVersion: c.PolicyVersion, RequiresRestart: c.RequiresRestart, At: e.At,
		}
	}
	return e
}

// message is the command as it goes down the channel at the time.
func (c *commandRow) message(now time.Time) command.Command {
	return command.Command{
		ID: c.ID, Type: c.Type, Payload: c.Payload, Attempt: c.Deliveries, CreatedAt: c.CreatedAt.UTC(), ExpiresAt: c.ExpiresAt.UTC(),
		ExpiresInMS: c.ExpiresAt.Sub(now).Milliseconds(),
	}
}

// socketRow is the newest socket of a gateway, and who holds it.
type socketRow struct {
	bun.BaseModel `bun:"table:gateway_sockets,alias:s"`
	db.Owned
	GatewayID id.UUID   `bun:"gateway_id,pk"`
	ID        id.UUID   `bun:"id"`
	ProcessID id.UUID   `bun:"process_id"`
	Since     time.Time `bun:"since"`
}

// Package command is the contract of what the server has a gateway do: how it is ordered, what goes over the control
// channel, and who carries it out.
package command

import (
	"context"
	"encoding/json"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
)

// The rights of this noun.
var (
	Read  = actor.Permission{Name: "command.read", Roles: actor.Admin | actor.HR}
	Write = actor.Permission{Name: "command.write", Roles: actor.Admin | actor.HR}
)

// ErrQueueFull is returned for an order to a gateway that has too many waiting.
var ErrQueueFull = fault.New(fault.TooMany, "commands.queue_full")

// Type says what is to be done.
type Type string

// The types, as the design document names them and some more.
const (
	PolicyUpdate       Type = "policy_update"
	RestartAgent       Type = "restart_agent"
	DeviceCommand      Type = "device_command"
	SyncDevices        Type = "sync_devices"
	RotateKey          Type = "rotate_key"
	CollectDiagnostics Type = "collect_diagnostics"
	Update             Type = "update"
)

// Types are all types.
var Types = [...]Type{PolicyUpdate, RestartAgent, DeviceCommand, SyncDevices, RotateKey, CollectDiagnostics, Update}

// Status is how far a command has come.
type Status string

// The states. The last four are final.
const (
	Pending   Status = "pending"
	Sent      Status = "sent"
	Completed Status = "completed"
	Failed    Status = "failed"
	Expired   Status = "expired"
	Cancelled Status = "cancelled"
)

// Command is a command as it goes down the control channel.
type Command struct {
	ID      id.UUID         `json:"id"`
	Type    Type            `json:"type"`
	Payload json.RawMessage `json:"payload"`
	// Attempt counts the deliveries, from 1.
	Attempt   int       `json:"attempt"`
	CreatedAt time.Time `json:"createdAt"`
	ExpiresAt time.Time `json:"expiresAt"`
	// ExpiresInMS is how long it is good for when it is sent, so that a gateway's wrong clock does not matter.
	ExpiresInMS int64 `json:"expiresInMs"`
}

// Ack is a gateway's answer to a command: Completed or Failed.
type Ack struct {
	CommandID id.UUID `json:"commandId"`
	Status    Status  `json:"status"`
	// Code is why it failed, for programs: expired, unsupported, checksum, …; Error says it in words.
	Code   string          `json:"code,omitempty"`
	Error  string          `json:"error,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	// PolicyVersion and RequiresRestart answer a PolicyUpdate.
	PolicyVersion   string    `json:"policyVersion,omitempty"`
	RequiresRestart bool      `json:"requiresRestart,omitempty"`
	At              time.Time `json:"at"`
}

// The payloads. Those of CollectDiagnostics, RotateKey and SyncDevices are empty objects.
type (
	// PolicyPayload is of a PolicyUpdate: the gateway fetches its bundle and expects this policy in it.
	PolicyPayload struct {
		PolicyID        int64  `json:"policyId"`
		Version         string `json:"version"`
		Checksum        string `json:"checksum"`
		RequiresRestart bool   `json:"requiresRestart"`
	}
	// RestartPayload is of a RestartAgent: these computers' agents, or all of the gateway if there are none.
	RestartPayload struct {
		ComputerUIDs []string `json:"computerUids,omitempty"`
		Reason       string   `json:"reason,omitempty"`
	}
	// UpdatePayload is of an Update: to this version, or to the newest of the gateway's channel if it is empty.
	UpdatePayload struct {
		Version string `json:"version,omitempty"`
	}
	// DevicePayload is of a DeviceCommand.
	DevicePayload struct {
		DeviceID int64           `json:"deviceId"`
		Command  string          `json:"command"`
		Args     json.RawMessage `json:"args,omitempty"`
	}
)

// Order is what somebody wants done.
type Order struct {
	OrganizationID int64
	GatewayID      id.UUID
	Type           Type
	Payload        any
	// Life is how long the order is good for; 24 h if 0.
	Life time.Duration
	// Replaces, if it is set, takes the place of waiting orders to the gateway that name the same.
	Replaces string
	// By is what the order was made for, as its owner names it: rollout:0192….
	By string
}

// Outbox takes orders.
type Outbox interface {
	// Order puts an order in the gateway's queue within the caller's transaction, and nudges the process that holds its
	// socket once that commits. It returns ErrQueueFull, or gateway "gateways.unknown" for a gateway that is not there.
	Order(ctx context.Context, tx db.Tx, o Order) (id.UUID, error)
}

// Ended is the event that a command has come to its end.
type Ended struct {
	ID             id.UUID         `json:"id"`
	OrganizationID int64           `json:"organizationId"`
	GatewayID      id.UUID         `json:"gatewayId"`
	Type           Type            `json:"type"`
	Payload        json.RawMessage `json:"payload"`
	By             string          `json:"by,omitempty"`
	Status         Status          `json:"status"`
	Ack            Ack             `json:"ack,omitzero"` // of Completed and Failed, where the gateway has answered
	At             time.Time       `json:"at"`
}

// Doer carries commands out on the gateway.
type Doer interface {
	// Do carries the command out, once in its life however often it comes, and returns the answer, which it remembers.
	// It carries nothing out after its expiry.
	Do(ctx context.Context, c Command) Ack
}

package command

import (
	"encoding/json"

	"github.com/staff-control/staff-control/platform/id"
)

// Subprotocol is what both ends of the control channel speak.
const Subprotocol = "staff-control.v2"

// The codes with which agent-api closes the control channel, besides those of RFC 6455.
const (
	// CloseReplaced is for a socket whose gateway has opened another. Its client waits half a minute or more.
	CloseReplaced = 4001
	// CloseRefused is for a socket whose key is not the gateway's any more.
	CloseRefused = 4003
)

// The largest messages of the control channel, in bytes.
const (
	MaxUp   = 256 << 10
	MaxDown = 1 << 20
)

// Message is one frame of the control channel, in both directions.
type Message struct {
	Event string          `json:"event"`
	Data  json.RawMessage `json:"data"`
}

// The events of messages. Besides these, the events of commands are their types, and their data a Command.
const (
	EventHeartbeat    = "heartbeat"     // up: the body of a heartbeat
	EventHeartbeatAck = "heartbeat_ack" // down: the body of its answer
	EventAck          = "command_ack"   // up: an Ack
	EventAckReceived  = "ack_received"  // down: a Reference; the ack is durable and need not come again
	EventCancel       = "cancel"        // down: a Reference; it need not be done any more
)

// Reference is the data of a message that only names a command.
type Reference struct {
	CommandID id.UUID `json:"commandId"`
}

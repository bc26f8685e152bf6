package control

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/platform/id"
)

// eventUnknown is how a message that means nothing to us counts.
const eventUnknown = "unknown"

// received is a message that was understood.
type received struct {
	event   string          // as it counts in the metrics; empty for a command
	data    json.RawMessage // of a heartbeat's answer
	id      id.UUID         // of ack_received and cancel, and of a command
	command *command.Command
	// malformed says why a command that has an id cannot be read.
	malformed error
}

// read understands a message. What does not have the shape of a message is an error; what has it and is nothing that we
// know is unknown: a newer agent-api may say more.
func read(frame []byte) (received, error) {
	var m command.Message
	if err := json.Unmarshal(frame, &m); err != nil || m.Event == "" {
		return received{}, errors.Join(errProtocol, err)
	}
	switch m.Event {
	case command.EventHeartbeatAck:
		return received{event: command.EventHeartbeatAck, data: m.Data}, nil
	case command.EventAckReceived, command.EventCancel:
		var data command.Reference
		if err := json.Unmarshal(m.Data, &data); err != nil || data.CommandID == (id.UUID{}) {
			return received{}, errors.Join(errProtocol, fmt.Errorf("%s without a command's id", m.Event), err)
		}
		return received{event: m.Event, id: data.CommandID}, nil
	}
	return readCommand(m), nil
}

// readCommand takes what names a command's id and, if any, the type that the event says.
func readCommand(m command.Message) received {
	var known struct {
		ID   id.UUID      `json:"id"`
		Type command.Type `json:"type"`
	}
	if json.Unmarshal(m.Data, &known) != nil || known.ID == (id.UUID{}) || known.Type != "" && string(known.Type) != m.Event {
		return received{event: eventUnknown}
	}
	c := command.Command{}
	if err := json.Unmarshal(m.Data, &c); err != nil {
		return received{id: known.ID, malformed: err}
	}
	c.Type = command.Type(m.Event)
	return received{id: c.ID, command: &c}
}

// ackFrame is the message with an answer. A result for which there is no room is left out.
func ackFrame(a command.Ack) ([]byte, error) {
	frame, err := frameOf(command.EventAck, a)
	if err == nil && len(frame) > command.MaxUp {
		a.Result = json.RawMessage(`{"truncated":true}`)
		frame, err = frameOf(command.EventAck, a)
	}
	return frame, err
}

func frameOf(event string, data any) ([]byte, error) {
	body, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	return json.Marshal(command.Message{Event: event, Data: body})
}

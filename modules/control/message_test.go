package control

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/staff-control/staff-control/modules/commands/command"
)

// Whatever comes, it is either refused as no message, or understood as one thing: nothing panics, and no command comes
// out without an id and the type that its event says.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		`{"event":"heartbeat_ack","data":{"success":true}}`, `{"event":"ack_received","data":{"commandId":"0192d1f0-0000-7000-8000-000000000001"}}`,
		`{"event":"cancel","data":{"commandId":1}}`, `{"event":"policy_update","data":{"id":"0192d1f0-0000-7000-8000-000000000001","payload":{"policyId":1},"expiresInMs":5}}`,
		`{"event":"policy_update","data":{"id":"0192d1f0-0000-7000-8000-000000000001","type":"update"}}`, `{"event":"rotate_key","data":{"id":"0192d1f0-0000-7000-8000-000000000001","expiresInMs":1e99}}`,
		`{"event":"","data":null}`, `{"event":"x"}`, `[]`, `null`, "\xff", `{"event":"update","data":{"ID":"0192d1f0-0000-7000-8000-000000000001","id":null}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		got, err := read(frame)
		var m command.Message
		shaped := json.Unmarshal(frame, &m) == nil && m.Event != ""
		switch {
		case err != nil:
			if !errors.Is(err, errProtocol) {
				t.Errorf("error is %v", err)
			}
		case !shaped:
			t.Error("what is no message was understood")
		case got.command != nil:
			if got.command.ID != got.id || got.id == [16]byte{} || string(got.command.Type) != m.Event {
				t.Errorf("command is %+v", got.command)
			}
			if frame, err := frameOf(m.Event, got.command); err != nil {
				t.Errorf("it cannot be written: %v", err)
			} else if again, err := read(frame); err != nil || again.command == nil || again.id != got.id || again.command.ExpiresInMS != got.command.ExpiresInMS {
				t.Errorf("written and read again it is %+v, %v", again, err)
			}
		case got.malformed != nil:
			if got.id == [16]byte{} {
				t.Error("a malformed command without an id")
			}
		case got.event == "":
			t.Error("it is nothing")
		}
	})
}

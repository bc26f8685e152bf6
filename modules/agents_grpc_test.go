package modules_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/staff-control/staff-control/modules/collector/intakepb"
	"github.com/staff-control/staff-control/platform/httpx/rpctest"
)

// An agent enrols and reports by HTTP and by gRPC, to its gateway and straight to the server: an event is stored once,
// by whichever ways it comes, and of another computer none by any.
func TestAnEventThatComesAllWaysIsStoredOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.serve(t)
	ready(t, s.agentAPI, s.dashboard, s.gateway)
	s.signIn(t)
	key := s.command(t, "apikey", "create", "--type", "AGENT", "--organization", "1")
	var enrolled struct{ Token string }
	until(t, "the gateway knows the key", func() bool {
		status, answer := call(t, http.MethodPost, s.gateway+"/v2/agent/enroll", agent(key), map[string]string{"computerUid": "PC-17"})
		return status == http.StatusCreated && json.Unmarshal(answer, &enrolled) == nil
	})
	const event = "0192f0aa-8c1e-7b52-9f0d-0f6d3a1c9a11"
	at := time.Now().UTC().Add(-time.Hour).Truncate(time.Second)
	own := window(at, "Hisobot")
	own["id"] = event
	tell := func(server, credential, computer, id string) error {
		in := &intakepb.ReportEventsRequest{ComputerUid: computer, UserSid: "S-17", Events: []*intakepb.Event{{
			Id: id, Type: "active_window", At: timestamppb.New(at), DurationSeconds: 60, Title: "Hisobot", ProcessName: "EXCEL.EXE",
		}}}
		_, err := rpctest.Call[intakepb.ReportEventsResponse](rpctest.With(t.Context(), credential), rpctest.Dial(t, server, nil),
			"/staffcontrol.agent.v1.Intake/ReportEvents", in, grpc.WaitForReady(true))
		return err
	}
	for _, credential := range []string{key, enrolled.Token} {
		if status, answer := call(t, http.MethodPost, s.gateway+"/v2/agent/events", agent(credential), report("PC-17", "S-17", own)); status != http.StatusOK {
			t.Errorf("by HTTP: %d %s", status, answer)
		}
		if err := tell(s.gateway, credential, "PC-17", event); err != nil {
			t.Errorf("by gRPC: %v", err)
		}
	}
	if err := tell(s.agentAPI, key, "PC-17", event); err != nil {
		t.Errorf("straight to the server: %v", err)
	}
	if err := tell(s.gateway, enrolled.Token, "PC-17", "0192f0aa-8c1e-7b52-9f0d-0f6d3a1c9a12"); err != nil { // the last one
		t.Error(err)
	}
	if status, _ := call(t, http.MethodPost, s.gateway+"/v2/agent/events", agent(enrolled.Token), report("PC-18", "S-17", own)); status != http.StatusForbidden {
		t.Errorf("of another computer by HTTP: %d", status)
	}
	if code, reason, _ := rpctest.Refusal(tell(s.gateway, enrolled.Token, "PC-18", event)); code != codes.PermissionDenied || reason != "agents.other_computer" {
		t.Errorf("of another computer by gRPC: %v %s", code, reason)
	}
	if code, _, _ := rpctest.Refusal(tell(s.agentAPI, enrolled.Token, "PC-17", event)); code != codes.Unauthenticated {
		t.Errorf("the gateway's token at the server: %v", code)
	}
	until(t, "the last one is stored", func() bool { return len(s.rows(t, "active-windows", "computer=PC-17")) >= 2 })
	if rows := s.rows(t, "active-windows", ""); len(rows) != 2 {
		t.Errorf("stored: %+v", rows)
	}
}

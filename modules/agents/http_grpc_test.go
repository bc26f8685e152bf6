package agents

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/staff-control/staff-control/modules/agents/agent"
	"github.com/staff-control/staff-control/modules/agents/controlpb"
	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/platform/httpx/rpctest"
	"github.com/staff-control/staff-control/platform/secret"
)

func inTime(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

// enrolRPC returns a context that shows the token of a computer's agent.
func enrolRPC(t *testing.T, conn *grpc.ClientConn, uid string) context.Context {
	t.Helper()
	out, err := rpctest.Call[controlpb.EnrollResponse](rpctest.With(inTime(t), "agent"), conn, control+"/Enroll", &controlpb.EnrollRequest{ComputerUid: uid})
	if err != nil || !isToken(out.GetToken()) || len(out.GetAgentId()) != 36 {
		t.Fatalf("enrol: %v %v", out, err)
	}
	return rpctest.With(inTime(t), out.GetToken())
}

func TestAnAgentLivesByGRPC(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(t, version(t, "1"))
	conn := rpctest.Dial(t, w.url, nil)
	ctx := enrolRPC(t, conn, "PC-1")
	watch, err := rpctest.Open[controlpb.Policy](ctx, conn, control+"/WatchPolicy")
	if err != nil {
		t.Fatal(err)
	}
	first, err := watch.Ask(&controlpb.WatchPolicyRequest{ComputerUid: "PC-1"})
	if err != nil || first.GetPolicyId() != 5 || first.GetVersion() != "1" || secret.Hash(string(first.GetContent())) != first.GetChecksum() {
		t.Fatalf("%v %v", first, err)
	}
	if got, err := rpctest.Call[controlpb.Policy](ctx, conn, control+"/GetPolicy", &controlpb.GetPolicyRequest{ComputerUid: "PC-1"}); err != nil || !proto.Equal(got, first) {
		t.Errorf("asked once: %v %v", got, err)
	}
	changed := time.Now()
	w.set(t, version(t, "20"))
	second, err := watch.Receive()
	if err != nil || second.GetVersion() != "20" || second.GetEtag() == first.GetEtag() || time.Since(changed) > time.Second {
		t.Errorf("after %s: %v %v", time.Since(changed), second, err)
	}
	if _, err := rpctest.Call[controlpb.AckPolicyResponse](ctx, conn, control+"/AckPolicy", &controlpb.AckPolicyRequest{
		ComputerUid: "PC-1", PolicyId: 5, Version: "20", Checksum: second.GetChecksum(),
	}); err != nil {
		t.Error(err)
	}
	if events := w.taken(); len(events) != 1 || events[0].Details["policyVersion"] != "5.20" {
		t.Errorf("%+v", events)
	}
	restartRPC(t, w, conn, ctx)
}

// restartRPC has the agent do what it is told.
func restartRPC(t *testing.T, w *world, conn *grpc.ClientConn, ctx context.Context) {
	t.Helper()
	watch, err := rpctest.Open[controlpb.Command](ctx, conn, control+"/WatchCommands")
	if err != nil {
		t.Fatal(err)
	}
	if err := watch.SendMsg(&controlpb.WatchCommandsRequest{ComputerUid: "PC-1"}); err != nil {
		t.Fatal(err)
	}
	_ = watch.CloseSend()
	results := make(chan map[string]agent.Outcome, 1)
	go func() {
		o, err := w.module.fleet.Restart(ctx, "cmd", []string{"PC-1"}, "why", time.Now().Add(time.Hour))
		if err != nil {
			t.Error(err)
		}
		results <- o
	}()
	c, err := watch.Receive()
	if err != nil || c.GetType() != "restart" || c.GetReason() != "why" || !c.GetExpiresAt().IsValid() {
		t.Fatalf("%v %v", c, err)
	}
	if _, err := rpctest.Call[controlpb.AckCommandResponse](ctx, conn, control+"/AckCommand", &controlpb.AckCommandRequest{Id: c.GetId(), Status: "failed", Error: "no"}); err != nil {
		t.Error(err)
	}
	if got := <-results; got["PC-1"] != agent.Failed {
		t.Errorf("%v", got)
	}
}

func TestProceduresRefuseAsRoutesDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn := rpctest.Dial(t, w.url, nil)
	mine, key := enrolRPC(t, conn, "PC-1"), rpctest.With(inTime(t), "agent")
	for _, c := range []struct {
		name, procedure string
		ctx             context.Context
		in              proto.Message
		code            codes.Code
		reason          string
	}{
		{"another's policy", "GetPolicy", mine, &controlpb.GetPolicyRequest{ComputerUid: "PC-2"}, codes.PermissionDenied, "agents.other_computer"},
		{"another's changes", "WatchPolicy", mine, &controlpb.WatchPolicyRequest{ComputerUid: "PC-2"}, codes.PermissionDenied, "agents.other_computer"},
		{"another's orders", "WatchCommands", mine, &controlpb.WatchCommandsRequest{ComputerUid: "PC-2"}, codes.PermissionDenied, "agents.other_computer"},
		{"another's ack", "AckPolicy", mine, &controlpb.AckPolicyRequest{ComputerUid: "PC-2", PolicyId: 1, Version: "1", Checksum: "x"}, codes.PermissionDenied, "agents.other_computer"},
		{"another's token", "Enroll", mine, &controlpb.EnrollRequest{ComputerUid: "PC-2"}, codes.PermissionDenied, "agents.other_computer"},
		{"a wrong key", "Enroll", rpctest.With(inTime(t), "wrong"), &controlpb.EnrollRequest{ComputerUid: "PC-2"}, codes.Unauthenticated, "auth.key_invalid"},
		{"a terminal", "Enroll", rpctest.With(inTime(t), "terminal"), &controlpb.EnrollRequest{ComputerUid: "PC-2"}, codes.PermissionDenied, "forbidden"},
		{"no computer", "Enroll", key, &controlpb.EnrollRequest{}, codes.InvalidArgument, "invalid"},
		{"no computer", "GetPolicy", key, &controlpb.GetPolicyRequest{}, codes.InvalidArgument, "invalid"},
		{"no version", "AckPolicy", key, &controlpb.AckPolicyRequest{ComputerUid: "PC-2", PolicyId: 1, Checksum: "x"}, codes.InvalidArgument, "invalid"},
		{"no outcome", "AckCommand", key, &controlpb.AckCommandRequest{Id: "x"}, codes.InvalidArgument, "invalid"},
		{"no such command", "AckCommand", key, &controlpb.AckCommandRequest{Id: "x", Status: "done"}, codes.NotFound, "agents.unknown_command"},
		{"too much", "GetPolicy", key, &controlpb.GetPolicyRequest{ComputerUid: string(make([]byte, 2<<20))}, codes.ResourceExhausted, "too_large"},
	} {
		s, err := rpctest.Open[controlpb.Policy](c.ctx, conn, control+"/"+c.procedure)
		if err == nil {
			_, err = s.Ask(c.in)
		}
		if code, reason, _ := rpctest.Refusal(err); code != c.code || reason != c.reason {
			t.Errorf("%s of %s: %v", c.name, c.procedure, err)
		}
	}
}

func TestAStreamEndsWithItsToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set(t, version(t, "1"))
	conn := rpctest.Dial(t, w.url, nil)
	ctx := enrolRPC(t, conn, "PC-1")
	watch, err := rpctest.Open[controlpb.Policy](ctx, conn, control+"/WatchPolicy")
	if err == nil {
		_, err = watch.Ask(&controlpb.WatchPolicyRequest{ComputerUid: "PC-1"})
	}
	if err != nil {
		t.Fatal(err)
	}
	until(t, "the stream waits", func() bool { return w.module.waits.count() == 1 })
	w.keyring.hide(true) // while the server is away it goes on
	w.set(t, version(t, "10"))
	if p, err := watch.Receive(); err != nil || p.GetVersion() != "10" {
		t.Errorf("%v %v", p, err)
	}
	w.keyring.hide(false)
	w.revoke("agent")
	w.set(t, version(t, "100"))
	_, err = watch.Receive()
	for err == nil { // what it had been given before
		_, err = watch.Receive()
	}
	if code, reason, _ := rpctest.Refusal(err); code != codes.Unauthenticated || reason != "auth.key_invalid" {
		t.Errorf("the stream ends with %v", err)
	}
	until(t, "nobody waits", func() bool { return w.module.waits.count() == 0 })
}

// A stream that brings nothing looks at its credential all the same, within half a minute.
func TestAQuietStreamLooksAtItsCredential(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{fleet: newFleet(t, t.TempDir())}
		began := time.Now()
		l := &limits{still: func() error {
			if time.Since(began) < 20*time.Minute {
				return nil
			}
			return identity.ErrKeyInvalid
		}}
		_, err := s.newOrders(t.Context(), "PC-1", l)
		if !errors.Is(err, identity.ErrKeyInvalid) || time.Since(began) > 20*time.Minute+recheck {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
}

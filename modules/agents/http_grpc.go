package agents

import (
	"context"
	"errors"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/staff-control/staff-control/modules/agents/controlpb"
	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/httpx"
)

// control is the gRPC service's path; its procedures are the HTTP routes in another dress.
const control = "/staffcontrol.agent.v1.Control"

func (m *Module) procedures(r httpx.Router) {
	r.POST(control+"/Enroll", activity.Report, httpx.Unary(m.callEnroll))
	r.POST(control+"/GetPolicy", activity.Report, httpx.Unary(m.callGetPolicy))
	r.POST(control+"/WatchPolicy", activity.Report, httpx.ServerStream(m.callWatchPolicy))
	r.POST(control+"/AckPolicy", activity.Report, httpx.Unary(m.callAckPolicy))
	r.POST(control+"/WatchCommands", activity.Report, httpx.ServerStream(m.callWatchCommands))
	r.POST(control+"/AckCommand", activity.Report, httpx.Unary(m.callAckCommand))
}

func (m *Module) callEnroll(ctx context.Context, in *controlpb.EnrollRequest) (*controlpb.EnrollResponse, error) {
	r := enrollRequest{ComputerUID: in.GetComputerUid()}
	if err := r.Validate(); err != nil {
		return nil, err
	}
	out, err := m.enroll(ctx, r)
	return &controlpb.EnrollResponse{AgentId: out.AgentID, Token: out.Token}, err
}

func (p policy) message() *controlpb.Policy {
	return &controlpb.Policy{
		PolicyId: p.id, Version: p.version, Checksum: p.checksum, RequiresRestart: p.requiresRestart, Content: p.content, Etag: p.etag,
	}
}

func (m *Module) callGetPolicy(ctx context.Context, in *controlpb.GetPolicyRequest) (*controlpb.Policy, error) {
	if err := (place{in.GetComputerUid(), in.GetUserSid()}).check(ctx); err != nil {
		return nil, err
	}
	p, err := m.policyOf(ctx, in.GetComputerUid(), in.GetUserSid())
	return p.message(), err
}

func (m *Module) callWatchPolicy(ctx context.Context, in *controlpb.WatchPolicyRequest, send func(*controlpb.Policy) error) error {
	etag := in.GetEtag()
	return m.watch(ctx, place{in.GetComputerUid(), in.GetUserSid()}, func(l *limits) (bool, error) {
		p, news, err := m.newPolicy(ctx, in.GetComputerUid(), in.GetUserSid(), etag, l)
		if err != nil || !news {
			return false, err
		}
		etag = p.etag
		return true, send(p.message())
	})
}

// watch serves a stream: next waits for what is new, sends it, and reports whether to go on.
func (m *Module) watch(ctx context.Context, at place, next func(*limits) (bool, error)) error {
	if err := at.check(ctx); err != nil {
		return err
	}
	leave, err := m.waits.enter(at.ComputerUID)
	if err != nil {
		return err
	}
	defer leave()
	l := &limits{stopping: httpx.Stopping(ctx), still: func() error { return still(ctx) }}
	for {
		more, err := next(l)
		if err != nil || !more {
			return err
		}
		if err := l.still(); err != nil {
			return err
		}
	}
}

// still returns why the stream's agent would not be let in now. A key that cannot be asked about is believed in.
func still(ctx context.Context) error {
	if err := httpx.Recheck(ctx); !errors.Is(err, identity.ErrKeyUnchecked) {
		return err
	}
	return nil
}

func (m *Module) callAckPolicy(ctx context.Context, in *controlpb.AckPolicyRequest) (*controlpb.AckPolicyResponse, error) {
	r := ackPolicyRequest{in.GetComputerUid(), in.GetUserSid(), in.GetPolicyId(), in.GetVersion(), in.GetChecksum()}
	if err := r.Validate(); err != nil {
		return nil, err
	}
	out, err := m.acceptPolicy(ctx, r)
	return &controlpb.AckPolicyResponse{ServerTime: timestamppb.New(out.ServerTime)}, err
}

func (m *Module) callWatchCommands(ctx context.Context, in *controlpb.WatchCommandsRequest, send func(*controlpb.Command) error) error {
	return m.watch(ctx, place{ComputerUID: in.GetComputerUid()}, func(l *limits) (bool, error) {
		orders, err := m.newOrders(ctx, in.GetComputerUid(), l)
		if err != nil || len(orders) == 0 {
			return false, err
		}
		for _, o := range orders {
			if err := send(&controlpb.Command{Id: o.ID, Type: restart, Reason: o.Reason, ExpiresAt: timestamppb.New(o.Until)}); err != nil {
				return false, err
			}
		}
		return true, nil
	})
}

func (m *Module) callAckCommand(ctx context.Context, in *controlpb.AckCommandRequest) (*controlpb.AckCommandResponse, error) {
	r := ackCommandRequest{ID: in.GetId(), Status: in.GetStatus(), Error: in.GetError()}
	if err := r.Validate(); err != nil {
		return nil, err
	}
	out, err := m.acceptCommand(ctx, r)
	return &controlpb.AckCommandResponse{ServerTime: timestamppb.New(out.ServerTime)}, err
}

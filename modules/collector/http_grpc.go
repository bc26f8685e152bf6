package collector

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/staff-control/staff-control/modules/collector/intakepb"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/httpx"
)

// intake is the gRPC service's path; its procedures are the HTTP routes in another dress.
const intake = "/staffcontrol.agent.v1.Intake"

func (m *Module) procedures(r httpx.Router) {
	limit := httpx.BodyLimit(int64(m.cfg.MaxBody))
	r.POST(intake+"/ReportEvents", activity.Report, httpx.Unary(m.reportEvents), limit)
	r.POST(intake+"/ReportEventStream", activity.Report, httpx.BidiStream(m.reportEventStream), limit)
	r.POST(intake+"/SendScreenshot", activity.Report, httpx.ClientStream(m.sendScreenshot), httpx.BodyLimit(int64(m.cfg.MaxPicture)+maxMetadata),
		httpx.BodyTimeout(pictureTime))
	r.POST(intake+"/Heartbeat", activity.Report, httpx.Unary(m.tellHeartbeat))
	r.POST(intake+"/Register", activity.Report, httpx.Unary(m.tellRegister))
}

func (m *Module) reportEvents(ctx context.Context, in *intakepb.ReportEventsRequest) (*intakepb.ReportEventsResponse, error) {
	events, err := eventsOf(in, m.cfg.MaxBatch)
	if err != nil {
		return nil, err
	}
	if err := m.service.take(ctx, sourceAPI, events); err != nil {
		return nil, err
	}
	return &intakepb.ReportEventsResponse{Accepted: int64(len(events)), ServerTime: m.stamp()}, nil
}

func (m *Module) reportEventStream(
	ctx context.Context, receive func() (*intakepb.ReportEventsRequest, error), send func(*intakepb.ReportEventsResponse) error,
) error {
	return httpx.Each(receive, func(in *intakepb.ReportEventsRequest) error {
		out, err := m.reportEvents(ctx, in)
		if err != nil {
			return err
		}
		return send(out)
	})
}

// eventsOf reads a batch of at most limit events by the rules of decode.
func eventsOf(in *intakepb.ReportEventsRequest, limit int) ([]activity.Event, error) {
	if len(in.GetEvents()) > limit {
		return nil, errBatchTooLarge.With("Max", limit)
	}
	d := &decoder{computerUID: in.GetComputerUid(), userSID: in.GetUserSid(), item: -1}
	d.Path = d.path
	require(&d.Faults, "computerUid", d.computerUID, activity.MaxUID)
	if len(in.GetEvents()) == 0 {
		d.Wrong("events", "required", nil)
	}
	events := make([]activity.Event, len(in.GetEvents()))
	for i, from := range in.GetEvents() {
		d.item = i
		e := &events[i]
		*e = activity.Event{
			Key: from.GetId(), Kind: activity.Kind(from.GetType()), UserSID: from.GetUserSid(), Duration: from.GetDurationSeconds(), Title: from.GetTitle(),
			Process: from.GetProcessName(), URL: from.GetUrl(), Session: from.GetSessionType(), FilePath: from.GetFilePath(), FileSize: from.GetFileSize(),
			Private: from.GetPrivate(),
		}
		d.timeInto(&e.At, "at", from.GetAt())
		d.timeInto(&e.End, "end", from.GetEnd())
		d.complete(e)
	}
	return events, d.Faults.Err()
}

// timeInto takes a time such as a database keeps.
func (d *decoder) timeInto(to *time.Time, field string, from *timestamppb.Timestamp) {
	if from == nil {
		return
	}
	if t := from.AsTime(); from.IsValid() && db.KeepsTime(t) {
		*to = t
		return
	}
	d.Wrong(field, "not_a_time", nil)
}

// stamp is the time of an answer.
func (m *Module) stamp() *timestamppb.Timestamp { return timestamppb.New(m.service.now()) }

func (m *Module) tellHeartbeat(ctx context.Context, in *intakepb.HeartbeatRequest) (*intakepb.HeartbeatResponse, error) {
	word := heartbeatRequest{
		ComputerUID: in.GetComputerUid(), UserSID: in.GetUserSid(), AgentVersion: in.GetAgentVersion(), State: in.GetState(),
		Reason: in.GetReason(), Detail: in.GetDetail(), IPAddress: in.GetIpAddress(),
	}
	if in.GetSince().IsValid() {
		word.Since = in.GetSince().AsTime()
	}
	err := word.Validate()
	if err == nil {
		_, err = m.heartbeat(ctx, word)
	}
	return &intakepb.HeartbeatResponse{ServerTime: m.stamp()}, err
}

func (m *Module) tellRegister(ctx context.Context, in *intakepb.RegisterRequest) (*intakepb.RegisterResponse, error) {
	c := in.GetComputer()
	all := registerRequest{Computer: computerRequest{
		ComputerUID: c.GetComputerUid(), Name: c.GetName(), OS: c.GetOs(), IPAddress: c.GetIpAddress(), MACAddress: c.GetMacAddress(), AgentVersion: c.GetAgentVersion(),
	}}
	for _, u := range in.GetUsers() {
		all.Users = append(all.Users, userRequest{
			SID: u.GetSid(), Name: u.GetName(), Domain: u.GetDomain(), Username: u.GetUsername(), IsAdmin: u.GetIsAdmin(), IsInDomain: u.GetIsInDomain(),
		})
	}
	if err := all.Validate(); err != nil {
		return nil, err
	}
	out, err := m.register(ctx, all)
	return &intakepb.RegisterResponse{Accepted: int64(out.Accepted), ServerTime: m.stamp()}, err
}

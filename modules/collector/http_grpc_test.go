package collector

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/staff-control/staff-control/modules/agents/agent"
	"github.com/staff-control/staff-control/modules/auth/identity"
	"github.com/staff-control/staff-control/modules/collector/intakepb"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/policy/rule"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx/rpctest"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

// patience is far longer than anything here takes; a test that reaches it has failed.
const patience = 20 * time.Second

// dialGateway serves the module on a gateway and connects to it. A request with the header "Bound" comes of the agent
// of that computer.
func dialGateway(t testing.TB, s activity.Sink, set ...string) (conn *grpc.ClientConn, url string) {
	t.Helper()
	return dialRuled(t, s, &policies{}, set...)
}

// dialRuled is dialGateway for a gateway with policies.
func dialRuled(t testing.TB, s activity.Sink, p *policies, set ...string) (conn *grpc.ClientConn, url string) {
	t.Helper()
	bound := kerneltest.Module{
		Is: kernel.Manifest{Name: "bound", Roles: []kernel.Role{kernel.Gateway}},
		InitFn: func(_ context.Context, h *kernel.Host) error {
			h.Authenticate(kernel.Gateway, func(_ context.Context, r *http.Request) (actor.Actor, bool, error) {
				uid := r.Header.Get("Bound")
				return agent.Of(3, uid), uid != "", nil
			})
			return nil
		},
	}
	url = kerneltest.Run(t, kernel.Gateway, kerneltest.Options{Set: set}, bound, New(), kerneltest.Provide[rule.Set](kernel.Gateway, p),
		kerneltest.Provide(kernel.Gateway, s), kerneltest.Provide(kernel.Gateway, takerOf(s)), kerneltest.Provide[identity.Keys](kernel.Gateway, keys))
	return rpctest.Dial(t, url, nil), url
}

func agentIn(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return rpctest.With(ctx, "agent")
}

func report(ctx context.Context, conn *grpc.ClientConn, in *intakepb.ReportEventsRequest) (*intakepb.ReportEventsResponse, error) {
	return rpctest.Call[intakepb.ReportEventsResponse](ctx, conn, intake+"/ReportEvents", in, grpc.WaitForReady(true))
}

// anyBatch is a batch, good and bad, in both dresses.
func anyBatch(rng *rand.Rand) (message *intakepb.ReportEventsRequest, body []byte) {
	some := func(texts ...string) string { return texts[rng.IntN(len(texts))] }
	uid, sid := some("PC-1", "PC-2", "", strings.Repeat("x", 300)), some("S-1", "S-2", "")
	message = &intakepb.ReportEventsRequest{ComputerUid: uid, UserSid: sid}
	list := []map[string]any{}
	for range rng.IntN(4) {
		at := time.Date(2026, 11, 2, 9, rng.IntN(60), rng.IntN(60), rng.IntN(1e9), time.UTC)
		e := &intakepb.Event{
			Id: some(id.New().String(), strings.ToUpper(id.New().String()), "no-uuid"), Type: some("active_window", "visited_site", "idle_period", "user_session", "screenshot", "other", ""),
			UserSid: some("", "S-3"), DurationSeconds: rng.Int64N(100) - 10, Title: some("", "Hisobot", "a\x00b", strings.Repeat("я", 400)), ProcessName: some("", "EXCEL.EXE"),
			Url: some("", "https://a.uz/x"), SessionType: some("", "login", "LOCKED", "away"), FilePath: some("", "C:/a.png"), FileSize: rng.Int64N(9), Private: rng.IntN(2) > 0,
		}
		item := map[string]any{
			"id": e.Id, "type": e.Type, "userSid": e.UserSid, "durationSeconds": e.DurationSeconds, "title": e.Title, "processName": e.ProcessName, "url": e.Url,
			"sessionType": e.SessionType, "filePath": e.FilePath, "fileSize": e.FileSize, "private": e.Private,
		}
		if rng.IntN(8) > 0 {
			e.At, item["at"] = timestamppb.New(at), at.Format(time.RFC3339Nano)
		}
		if rng.IntN(2) > 0 {
			e.End, item["end"] = timestamppb.New(at.Add(time.Hour)), at.Add(time.Hour).Format(time.RFC3339Nano)
		}
		message.Events, list = append(message.Events, e), append(list, item)
	}
	body, err := json.Marshal(map[string]any{"computerUid": uid, "userSid": sid, "events": list})
	if err != nil {
		panic(err)
	}
	return message, body
}

// Whatever is reported: by gRPC it becomes what it becomes by HTTP, or is refused for the same reasons. Equal events
// have equal keys, so one that comes both ways is stored once.
func TestBothWaysAreOne(t *testing.T) {
	t.Parallel()
	s := &sink{}
	conn, url := dialGateway(t, s)
	ctx := agentIn(t)
	taken := 0
	for seed := range uint64(300) {
		message, body := anyBatch(rand.New(rand.NewPCG(seed, 5)))
		out, err := report(ctx, conn, message)
		byRPC := s.taken()
		r, _ := http.NewRequestWithContext(ctx, http.MethodPost, url+events, bytes.NewReader(body))
		r.Header.Set("X-API-Key", "agent")
		res, httpErr := http.DefaultClient.Do(r)
		if httpErr != nil {
			t.Fatal(httpErr)
		}
		answer, _ := io.ReadAll(res.Body)
		res.Body.Close()
		byHTTP := s.taken()
		if (err == nil) != (res.StatusCode == http.StatusOK) || !reflect.DeepEqual(byRPC, byHTTP) {
			t.Fatalf("seed %d: gRPC %v %+v\nHTTP %d %s %+v", seed, err, byRPC, res.StatusCode, answer, byHTTP)
		}
		if err != nil {
			var refused struct {
				Code    string
				Details []struct{ Field, Code string }
			}
			if err := json.Unmarshal(answer, &refused); err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, d := range refused.Details {
				want = append(want, d.Field+": "+d.Code)
			}
			if code, reason, fields := rpctest.Refusal(err); code != codes.InvalidArgument || reason != refused.Code || !slices.Equal(fields, want) {
				t.Fatalf("seed %d: %v %s %v, by HTTP %s", seed, code, reason, fields, answer)
			}
			continue
		}
		taken++
		if out.GetAccepted() != int64(len(message.Events)) || !out.GetServerTime().IsValid() {
			t.Fatalf("seed %d: %v", seed, out)
		}
	}
	if taken < 5 || taken > 295 {
		t.Errorf("%d batches of 300 were good: the test tests little", taken)
	}
}

// window is a batch of one good event.
func window(uid, key string) *intakepb.ReportEventsRequest {
	return &intakepb.ReportEventsRequest{ComputerUid: uid, UserSid: "S-1", Events: []*intakepb.Event{
		{Id: key, Type: "active_window", At: timestamppb.New(noon), Title: "Hisobot", ProcessName: "EXCEL.EXE"},
	}}
}

// What the rules exclude is taken from the agent, by every procedure, and stored by none.
func TestRulesHoldForGRPC(t *testing.T) {
	t.Parallel()
	s, p := &sink{}, &policies{}
	p.are(t, rule.Policy{VisitedSites: true, Exclude: rule.Exclusions{PrivateWindows: true}})
	conn, _ := dialRuled(t, s, p)
	ctx, mixed := agentIn(t), window("PC-1", "")
	mixed.Events = append(mixed.Events,
		&intakepb.Event{Type: "visited_site", At: timestamppb.New(noon), Url: "https://a.uz"},
		&intakepb.Event{Type: "visited_site", At: timestamppb.New(noon), Url: "https://b.uz", Private: true})
	if out, err := report(ctx, conn, mixed); err != nil || out.GetAccepted() != 3 {
		t.Errorf("%v %v", out, err)
	}
	if err := callWith(ctx, conn, "ReportEventStream", mixed); err != nil {
		t.Error(err)
	}
	if err := callWith(ctx, conn, "SendScreenshot", picture("PC-1", "\x89PNG-and-more", 5)...); err != nil {
		t.Error(err)
	}
	if got := s.taken(); len(got) != 2 || got[0].URL != "https://a.uz" || got[1].URL != "https://a.uz" || len(s.pictures()) != 0 {
		t.Errorf("stored %+v, %d pictures", got, len(s.pictures()))
	}
}

func TestRefusalsOfTheIntake(t *testing.T) {
	t.Parallel()
	s := &sink{}
	conn, _ := dialGateway(t, s, "collector.max_batch=2", "collector.max_body=2000")
	ctx := agentIn(t)
	plain, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	three, large, never := window("PC-1", ""), window("PC-1", ""), window("PC-1", "")
	three.Events = append(three.Events, three.Events[0], three.Events[0])
	large.Events[0].Title = strings.Repeat("x", 2000)
	never.Events[0].At = &timestamppb.Timestamp{Seconds: 1 << 60}
	for _, c := range []struct {
		name   string
		ctx    context.Context
		in     *intakepb.ReportEventsRequest
		code   codes.Code
		reason string
	}{
		{"a wrong key", rpctest.With(plain, "wrong"), window("PC-1", ""), codes.Unauthenticated, "auth.key_invalid"},
		{"no key", plain, window("PC-1", ""), codes.Unauthenticated, "unauthenticated"},
		{"a key that cannot be checked", rpctest.With(plain, "unchecked"), window("PC-1", ""), codes.Unavailable, "auth.key_unchecked"},
		{"a key for another place", rpctest.With(plain, "office"), window("PC-1", ""), codes.PermissionDenied, "auth.key_address"},
		{"a key of another kind", rpctest.With(plain, "hikvision"), window("PC-1", ""), codes.PermissionDenied, "forbidden"},
		{"too many events", ctx, three, codes.ResourceExhausted, "collector.batch_too_large"},
		{"too large", ctx, large, codes.ResourceExhausted, "too_large"},
		{"a time that is none", ctx, never, codes.InvalidArgument, "invalid"},
	} {
		_, err := report(c.ctx, conn, c.in)
		if code, reason, _ := rpctest.Refusal(err); code != c.code || reason != c.reason {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	s.err = fault.New(fault.TooMany, "too_many").After(time.Second)
	if _, err := report(ctx, conn, window("PC-1", "")); errCode(err) != codes.ResourceExhausted {
		t.Errorf("a full buffer: %v", err)
	}
	if got := s.taken(); len(got) != 0 {
		t.Errorf("took %+v", got)
	}
}

func errCode(err error) codes.Code {
	code, _, _ := rpctest.Refusal(err)
	return code
}

// The agent of one computer reports of no other, whatever it calls.
func TestAnAgentOfOneComputerReportsOfNoOther(t *testing.T) {
	t.Parallel()
	s := &sink{}
	conn, url := dialGateway(t, s)
	ctx := boundTo(agentIn(t), "PC-1")
	shot := func(uid string) []proto.Message { return picture(uid, "\x89PNG-and-more", 5) }
	for procedure, messages := range map[string]func(uid string) []proto.Message{
		"ReportEvents":      func(uid string) []proto.Message { return []proto.Message{window(uid, "")} },
		"ReportEventStream": func(uid string) []proto.Message { return []proto.Message{window(uid, "")} },
		"SendScreenshot":    shot,
		"Heartbeat": func(uid string) []proto.Message {
			return []proto.Message{&intakepb.HeartbeatRequest{ComputerUid: uid, AgentVersion: "2"}}
		},
		"Register": func(uid string) []proto.Message {
			return []proto.Message{&intakepb.RegisterRequest{Computer: &intakepb.Computer{ComputerUid: uid}, Users: []*intakepb.User{{Sid: "S-1"}}}}
		},
	} {
		for uid, want := range map[string]codes.Code{"PC-1": codes.OK, "PC-2": codes.PermissionDenied} {
			if err := callWith(ctx, conn, procedure, messages(uid)...); errCode(err) != want {
				t.Errorf("%s of %s: %v", procedure, uid, err)
			}
		}
	}
	for path, body := range map[string]string{
		events:                         `{"computerUid":"%","userSid":"S","events":[{"type":"idle_period","at":"2026-11-02T11:00:00Z"}]}`,
		"/v2/agent/heartbeat":          `{"computerUid":"%","agentVersion":"2"}`,
		"/v2/agent/register":           `{"computer":{"computerUid":"%"}}`,
		"/api/agent/register-computer": `{"computerUid":"%"}`,
		"/api/agent/active-windows":    `{"computerUid":"%","userSid":"S","timestamp":"2026-11-02T10:00:00Z","data":[{"datetime":"2026-11-02T10:00:00Z","title":"t","processName":"p","activeTime":1}]}`,
		"/api/agent/screenshots":       `{"computerUid":"%","userSid":"S","timestamp":"2026-11-02T10:00:00Z","data":[{"datetime":"2026-11-02T10:00:00Z","filePath":"data:image/png;base64,iVBORw0KGgo=","processName":"p"}]}`,
	} {
		for uid, want := range map[string]int{"PC-1": 200, "PC-2": 403} {
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+path, strings.NewReader(strings.ReplaceAll(body, "%", uid)))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Bound", "PC-1")
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			answer, _ := io.ReadAll(res.Body)
			res.Body.Close()
			if res.StatusCode != want {
				t.Errorf("%s of %s: %d %s", path, uid, res.StatusCode, answer)
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range append(s.events, s.states...) {
		if e.ComputerUID != "PC-1" {
			t.Errorf("took %+v", e)
		}
	}
}

// boundTo makes the calls those of the agent of a computer.
func boundTo(ctx context.Context, uid string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "bound", uid)
}

// callWith sends the messages to a procedure and returns how it ended.
func callWith(ctx context.Context, conn *grpc.ClientConn, procedure string, messages ...proto.Message) error {
	s, err := rpctest.Open[emptypb.Empty](ctx, conn, intake+"/"+procedure, grpc.WaitForReady(true))
	if err != nil {
		return err
	}
	for _, m := range messages {
		if err := s.SendMsg(m); err != nil {
			break // Receive says why
		}
	}
	_ = s.CloseSend()
	for {
		if _, err = s.Receive(); err != nil {
			break
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func TestAStreamIsAnsweredBatchByBatch(t *testing.T) {
	t.Parallel()
	s := &sink{}
	conn, _ := dialGateway(t, s)
	stream, err := rpctest.Open[intakepb.ReportEventsResponse](agentIn(t), conn, intake+"/ReportEventStream", grpc.WaitForReady(true))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		key := id.New().String()
		if err := stream.SendMsg(window("PC-1", key)); err != nil {
			t.Fatal(err)
		}
		out, err := stream.Receive()
		if err != nil || out.GetAccepted() != 1 {
			t.Fatalf("batch %d: %v %v", i, out, err)
		}
		if got := s.taken(); len(got) != 1 || got[0].Key != key {
			t.Fatalf("batch %d is answered and there is %+v", i, got)
		}
	}
	if err := stream.SendMsg(&intakepb.ReportEventsRequest{ComputerUid: "PC-1"}); err != nil {
		t.Fatal(err)
	}
	_, err = stream.Receive()
	if code, reason, fields := rpctest.Refusal(err); code != codes.InvalidArgument || reason != "invalid" || len(fields) != 1 || fields[0] != "events: required" {
		t.Errorf("a bad batch: %v", err)
	}
}

// picture is a screenshot in pieces of so many bytes.
func picture(uid, content string, size int) []proto.Message {
	all := []proto.Message{&intakepb.SendScreenshotRequest{Part: &intakepb.SendScreenshotRequest_Metadata{Metadata: &intakepb.ScreenshotMetadata{
		Id: "0192f3a1-7c00-7000-8000-000000000001", ComputerUid: uid, UserSid: "S-1", At: timestamppb.New(noon), Title: "Hisobot", ProcessName: "EXCEL.EXE",
	}}}}
	for piece := range slices.Chunk([]byte(content), size) {
		all = append(all, &intakepb.SendScreenshotRequest{Part: &intakepb.SendScreenshotRequest_Chunk{Chunk: piece}})
	}
	return all
}

func TestAPictureInPieces(t *testing.T) {
	t.Parallel()
	s := &sink{}
	conn, _ := dialGateway(t, s)
	ctx, content := agentIn(t), strings.Repeat("picture", 20_000)
	for _, known := range []bool{false, true} {
		stream, err := rpctest.Open[intakepb.SendScreenshotResponse](ctx, conn, intake+"/SendScreenshot", grpc.WaitForReady(true))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range picture("PC-1", content, 64<<10) {
			if err := stream.SendMsg(m); err != nil {
				t.Fatal(err)
			}
		}
		_ = stream.CloseSend()
		if out, err := stream.Receive(); err != nil || out.GetKnown() != known || out.GetSize() != int64(len(content)) || out.GetSha256() == "" {
			t.Errorf("%v %v", out, err)
		}
	}
	if len(s.shots) != 1 || s.shots[0].content != content || s.shots[0].ComputerUID != "PC-1" || s.shots[0].Title != "Hisobot" || !s.shots[0].At.Equal(noon) {
		t.Fatalf("%d pictures", len(s.shots))
	}
	good := picture("PC-2", "picture", 64)
	bare := &intakepb.SendScreenshotRequest{Part: &intakepb.SendScreenshotRequest_Metadata{Metadata: &intakepb.ScreenshotMetadata{ComputerUid: "PC-2"}}}
	for name, c := range map[string]struct {
		messages []proto.Message
		code     codes.Code
		reason   string
	}{
		"nothing":          {nil, codes.InvalidArgument, "collector.picture_form"},
		"only a file":      {good[1:], codes.InvalidArgument, "collector.picture_form"},
		"metadata twice":   {[]proto.Message{good[0], good[0]}, codes.InvalidArgument, "collector.picture_form"},
		"an empty part":    {[]proto.Message{good[0], &intakepb.SendScreenshotRequest{}}, codes.InvalidArgument, "collector.picture_form"},
		"no user, no time": {[]proto.Message{bare}, codes.InvalidArgument, "invalid"},
		"no picture":       {good[:1], codes.InvalidArgument, "buffer.no_picture"},
		"too large":        {picture("PC-2", strings.Repeat("x", 11e6), 1<<20), codes.ResourceExhausted, "too_large"},
	} {
		err := callWith(ctx, conn, "SendScreenshot", c.messages...)
		if code, reason, _ := rpctest.Refusal(err); code != c.code || reason != c.reason {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(s.shots) != 1 {
		t.Errorf("%d pictures", len(s.shots))
	}
}

// A stream that breaks off leaves nothing of what it had begun.
func TestAStreamThatBreaksOffLeavesNothing(t *testing.T) {
	t.Parallel()
	s := &sink{}
	conn, _ := dialGateway(t, s)
	ctx, cancel := context.WithCancel(agentIn(t))
	shot, err := rpctest.Open[intakepb.SendScreenshotResponse](ctx, conn, intake+"/SendScreenshot", grpc.WaitForReady(true))
	if err != nil {
		t.Fatal(err)
	}
	batches, err := rpctest.Open[intakepb.ReportEventsResponse](ctx, conn, intake+"/ReportEventStream")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range picture("PC-1", strings.Repeat("picture", 1000), 1000)[:4] {
		if err := shot.SendMsg(m); err != nil {
			t.Fatal(err)
		}
	}
	if err := batches.SendMsg(window("PC-1", "")); err != nil {
		t.Fatal(err)
	}
	if _, err := batches.Receive(); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := shot.Receive(); errCode(err) != codes.Canceled {
		t.Errorf("the picture: %v", err)
	}
	if _, err := batches.Receive(); errCode(err) != codes.Canceled {
		t.Errorf("the batches: %v", err)
	}
	if _, err := report(agentIn(t), conn, window("PC-1", "")); err != nil {
		t.Fatal(err)
	}
	if got := s.taken(); len(got) != 2 || len(s.pictures()) != 0 {
		t.Errorf("%d events, %d pictures", len(got), len(s.pictures()))
	}
}

func (s *sink) pictures() []taken {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.shots)
}

func TestHeartbeatsAndIntroductionsByGRPC(t *testing.T) {
	t.Parallel()
	s := &sink{}
	conn, _ := dialGateway(t, s)
	ctx := agentIn(t)
	for _, c := range []struct {
		procedure string
		in        proto.Message
		fields    []string
	}{
		{"Heartbeat", &intakepb.HeartbeatRequest{ComputerUid: "PC-1", UserSid: "S-1", AgentVersion: "2.1", IpAddress: "10.0.0.1", Since: timestamppb.New(noon)}, nil},
		{"Heartbeat", &intakepb.HeartbeatRequest{ComputerUid: "PC-1", State: "stopping", Reason: "update", Detail: "2.2"}, nil},
		{"Heartbeat", &intakepb.HeartbeatRequest{State: "away"}, []string{"computerUid: required", "state: collector.state_unknown"}},
		{"Heartbeat", &intakepb.HeartbeatRequest{ComputerUid: "PC-1", State: "stopping", Reason: "x"}, []string{"reason: collector.reason_unknown"}},
		{"Register", &intakepb.RegisterRequest{Computer: &intakepb.Computer{ComputerUid: "PC-1", Name: "Kassa", Os: "Windows 11"}, Users: []*intakepb.User{{Sid: "S-1", Username: "ali", IsAdmin: true}}}, nil},
		{"Register", &intakepb.RegisterRequest{}, []string{"computer.computerUid: required"}},
	} {
		err := callWith(ctx, conn, c.procedure, c.in)
		if _, _, fields := rpctest.Refusal(err); !slices.Equal(fields, c.fields) || (err == nil) != (c.fields == nil) {
			t.Errorf("%s %v: %v", c.procedure, c.in, err)
		}
	}
	events := s.taken()
	if len(events) != 2 || events[0].Details[activity.DetailOS] != "Windows 11" || events[1].UserSID != "S-1" || events[1].Details[activity.DetailAdmin] != "true" {
		t.Errorf("introduced: %+v", events)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.states) < 2 || s.states[0].Details[activity.DetailAgentVersion] != "2.1" || s.states[1].Details[activity.DetailReason] != "update" {
		t.Errorf("states: %+v", s.states)
	}
}

func TestTheIntakeOverTLS(t *testing.T) {
	t.Parallel()
	own := httptest.NewUnstartedServer(nil)
	own.StartTLS()
	defer own.Close()
	roots := x509.NewCertPool()
	roots.AddCert(own.Certificate())
	s := &sink{}
	server := newGateway(t, s, keys)
	secure := httptest.NewUnstartedServer(server)
	secure.EnableHTTP2, secure.TLS = true, &tls.Config{Certificates: own.TLS.Certificates, MinVersion: tls.VersionTLS12}
	secure.StartTLS()
	defer secure.Close()
	conn := rpctest.Dial(t, secure.URL, &tls.Config{RootCAs: roots, ServerName: "example.com", MinVersion: tls.VersionTLS12})
	if out, err := report(agentIn(t), conn, window("PC-1", "")); err != nil || out.GetAccepted() != 1 || len(s.taken()) != 1 {
		t.Errorf("%v %v", out, err)
	}
	conn.Close()
}

// FuzzBatchOfMessages gives the intake any message: what it refuses it refuses with a fault of the client's, and what
// it takes are whole events.
func FuzzBatchOfMessages(f *testing.F) {
	for seed := range uint64(5) {
		message, _ := anyBatch(rand.New(rand.NewPCG(seed, 5)))
		b, err := proto.Marshal(message)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var in intakepb.ReportEventsRequest
		if proto.Unmarshal(b, &in) != nil {
			return
		}
		got, err := eventsOf(&in, 100)
		if err != nil {
			clientsFault(t, err)
			return
		}
		for i, e := range got {
			whole(t, e)
			if e.ComputerUID == "" || len(e.Key) != 36 {
				t.Fatalf("event %d is %+v", i, e)
			}
		}
	})
}

package trace_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/staff-control/staff-control/platform/log"
	"github.com/staff-control/staff-control/platform/trace"
)

// receiver is an OTLP/HTTP receiver that keeps what it got.
type receiver struct {
	*httptest.Server
	mu    sync.Mutex
	spans map[string]*otlp.Span
	about []string // attributes of the resources
	path  string
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{spans: map[string]*otlp.Span{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		var export collector.ExportTraceServiceRequest
		if err := proto.Unmarshal(body, &export); err != nil {
			t.Error(err)
		}
		r.keep(req.URL.Path, &export)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) keep(path string, export *collector.ExportTraceServiceRequest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.path = path
	for _, rs := range export.ResourceSpans {
		for _, a := range rs.Resource.Attributes {
			r.about = append(r.about, a.Key+"="+a.Value.GetStringValue())
		}
		for _, scope := range rs.ScopeSpans {
			for _, span := range scope.Spans {
				r.spans[span.Name] = span
			}
		}
	}
}

// record runs fn with tracing on, and returns what the receiver got by the end.
// Tracing is the process's, so tests that record do not run in parallel.
func record(t *testing.T, ratio float64, fn func(ctx context.Context)) *receiver {
	t.Helper()
	r := newReceiver(t)
	shutdown, err := trace.Setup(context.Background(), trace.Config{Endpoint: r.URL, SampleRatio: ratio}, "gateway", "1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	fn(context.Background())
	if err := shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestOneTraceCrossesRequestsAndQueues(t *testing.T) {
	var batch, unknown string
	r := record(t, 1, func(ctx context.Context) {
		ctx, endAgent := trace.Start(ctx, "agent")
		h := http.Header{}
		trace.Inject(ctx, h)

		served, endServer := trace.Start(trace.Extract(context.Background(), h), "server")
		parent := trace.Parent(served)
		if trace.ID(served) != trace.ID(ctx) || trace.ID(ctx) == "" {
			t.Errorf("ids %q and %q", trace.ID(ctx), trace.ID(served))
		}
		endServer(nil)
		endAgent(nil)

		job := trace.Continue(context.Background(), parent)
		var err error
		_, endJob := trace.Start(job, "job")
		err = errors.New("insert: password=hunter2")
		endJob(&err)

		batched, endBatch := trace.Start(context.Background(), "batch", parent, "", "rubbish")
		batch, unknown = trace.ID(batched), trace.ID(context.Background())
		var none error
		endBatch(&none)
	})
	agent, server, job := r.spans["agent"], r.spans["server"], r.spans["job"]
	if agent == nil || server == nil || job == nil || r.spans["batch"] == nil {
		t.Fatalf("received %v", r.spans)
	}
	if len(agent.ParentSpanId) != 0 || !bytes.Equal(server.ParentSpanId, agent.SpanId) || !bytes.Equal(job.ParentSpanId, server.SpanId) {
		t.Error("the spans do not follow from one another")
	}
	if !bytes.Equal(agent.TraceId, server.TraceId) || !bytes.Equal(agent.TraceId, job.TraceId) {
		t.Error("it is not one trace")
	}
	if job.Status.Code != otlp.Status_STATUS_CODE_ERROR || job.Status.Message != "insert: password=***" || server.Status.GetCode() == otlp.Status_STATUS_CODE_ERROR {
		t.Errorf("status of the job %v, of the server %v", job.Status, server.Status)
	}
	if links := r.spans["batch"].Links; len(links) != 1 || !bytes.Equal(links[0].SpanId, server.SpanId) {
		t.Errorf("links %v", links)
	}
	if hex.EncodeToString(r.spans["batch"].TraceId) != batch || unknown != "" {
		t.Errorf("batch %q, outside %q", batch, unknown)
	}
	if r.path != "/v1/traces" || strings.Join(r.about, " ") != "service.name=gateway service.version=1.2.3" {
		t.Errorf("got %s from %s", r.path, r.about)
	}
}

func TestWhatIsNotSampledIsNotSent(t *testing.T) {
	const sampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	r := record(t, 0, func(ctx context.Context) {
		own, end := trace.Start(ctx, "own")
		if trace.Parent(own) != "" || trace.ID(own) == "" {
			t.Errorf("parent %q, id %q", trace.Parent(own), trace.ID(own))
		}
		end(nil)
		_, end = trace.Start(trace.Continue(ctx, sampled), "the caller's")
		end(nil)
	})
	if r.spans["own"] != nil || r.spans["the caller's"] == nil {
		t.Errorf("received %v", r.spans)
	}
}

func TestLinesCarryTheTrace(t *testing.T) {
	var out bytes.Buffer
	logger := log.New(&out, log.Config{}, false)
	var id string
	record(t, 1, func(ctx context.Context) {
		ctx, end := trace.Start(ctx, "outer")
		ctx, endInner := trace.Start(ctx, "inner")
		logger.InfoContext(ctx, "x")
		id = trace.ID(ctx)
		endInner(nil)
		end(nil)
	})
	if !strings.Contains(out.String(), `"trace_id":"`+id+`"`) || id == "" {
		t.Errorf("%q is not in %s", id, &out)
	}
}

func TestOffItPassesOnWhatItGets(t *testing.T) {
	const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	shutdown, err := trace.Setup(context.Background(), trace.Config{}, "gateway", "1")
	if err != nil {
		t.Fatal(err)
	}
	ctx := trace.Extract(context.Background(), http.Header{"Traceparent": {traceparent}})
	ctx, end := trace.Start(ctx, "x")
	end(nil)
	h := http.Header{}
	trace.Inject(ctx, h)
	if h.Get("Traceparent") != traceparent || trace.Parent(ctx) != traceparent || trace.ID(ctx) != "4bf92f3577b34da6a3ce929d0e0e4736" {
		t.Errorf("headers %v, parent %q", h, trace.Parent(ctx))
	}
	for _, malformed := range []string{"", "rubbish", "00-00000000000000000000000000000000-00f067aa0ba902b7-01"} {
		if got := trace.Continue(context.Background(), malformed); trace.ID(got) != "" || trace.Parent(got) != "" {
			t.Errorf("%q is continued", malformed)
		}
		if got := trace.Continue(ctx, malformed); trace.Parent(got) != traceparent {
			t.Errorf("%q ends the trace that there is", malformed)
		}
	}
	ctx = context.Background()
	if n := testing.AllocsPerRun(100, func() { _, end := trace.Start(ctx, "x"); end(nil) }); n != 0 {
		t.Errorf("a span that nobody wants makes %v allocations", n)
	}
	if err := shutdown(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestASilentReceiverIsToldToTheLog(t *testing.T) {
	var out bytes.Buffer
	before := slog.Default()
	slog.SetDefault(log.New(&out, log.Config{}, false))
	t.Cleanup(func() { slog.SetDefault(before) })
	gone := httptest.NewServer(http.NotFoundHandler())
	defer gone.Close()
	shutdown, err := trace.Setup(context.Background(), trace.Config{Endpoint: gone.URL + "/", SampleRatio: 1}, "x", "1")
	if err != nil {
		t.Fatal(err)
	}
	_, end := trace.Start(context.Background(), "lost")
	end(nil)
	err = shutdown(context.Background())
	if err == nil && !strings.Contains(out.String(), "send traces") {
		t.Errorf("nothing is said: %v, %s", err, &out)
	}
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]trace.Config{
		"": {Endpoint: "https://tempo:4318/v1/traces", SampleRatio: 0.5},
		"endpoint: must be an http or https address, is tempo:4318\nsample_ratio: must be between 0 and 1, is 2": {Endpoint: "tempo:4318", SampleRatio: 2},
		"endpoint: must be an http or https address, is http://%":                                                {Endpoint: "http://%"},
	} {
		got := ""
		if err := c.Validate(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if want == "" {
			continue
		}
		if _, err := trace.Setup(context.Background(), c, "x", "1"); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
}

func BenchmarkOff(b *testing.B) {
	ctx := context.Background()
	for b.Loop() {
		_, end := trace.Start(ctx, "x")
		end(nil)
	}
}

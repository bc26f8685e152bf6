package modules_test

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"
)

// otlp receives traces as Tempo does.
type otlp struct {
	mu    sync.Mutex
	spans map[string][]string // trace id → names of its spans
}

func (o *otlp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var export collector.ExportTraceServiceRequest
	if err != nil || proto.Unmarshal(body, &export) != nil {
		http.Error(w, "not OTLP", http.StatusBadRequest)
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, resource := range export.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				trace := hex.EncodeToString(span.GetTraceId())
				o.spans[trace] = append(o.spans[trace], span.GetName())
			}
		}
	}
}

func (o *otlp) names(trace string) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.spans[trace])
}

// One trace id follows an event from the agent's request at the gateway to the transaction that writes its row.
func TestOneTraceFollowsAnEvent(t *testing.T) { // not parallel: the tracer is the process's
	receiver := &otlp{spans: map[string][]string{}}
	server := httptest.NewServer(receiver)
	defer server.Close()
	s := newSite(t, "STAFF_TRACE__ENDPOINT="+server.URL)
	stop := s.serve(t)
	ready(t, s.gateway, s.dashboard)
	s.signIn(t)
	key := s.command(t, "apikey", "create", "--type", "AGENT", "--organization", "1")
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	header := agent(key)
	header["traceparent"] = "00-" + trace + "-00f067aa0ba902b7-01"
	until(t, "the gateway takes the event", func() bool {
		status, _ := call(t, http.MethodPost, s.gateway+"/v2/agent/events", header, report("PC-1", "S-1", window(time.Now(), "traced")))
		return status == http.StatusOK
	})
	until(t, "the row is there", func() bool { return len(s.rows(t, "active-windows", "")) > 0 })
	stop() // what is left of the traces is sent when the process ends
	names := receiver.names(trace)
	for _, want := range []string{"POST /v2/agent/events", "monitoring.store"} {
		if !slices.Contains(names, want) {
			t.Errorf("the trace has no span %q: %q", want, names)
		}
	}
}

package ingest

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/monitoring/activity/activitytest"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/i18n"
	"github.com/staff-control/staff-control/platform/id"
)

const (
	me    = "0192f0aa-0000-7000-8000-000000000001"
	other = "0192f0aa-0000-7000-8000-000000000002"
)

var (
	noon     = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	myself   = &actor.Actor{Role: actor.Gateway, ID: "gateway:" + me, OrganizationID: 1}
	somebody = &actor.Actor{Role: actor.Agent, ID: "key:1", OrganizationID: 1}
)

// sink remembers batches, knows their tokens, and fails when told.
type sink struct {
	mu      sync.Mutex
	batches []activity.Batch
	err     error
	wait    chan struct{} // Put returns when it is closed
	entered chan struct{}
}

func (s *sink) Put(_ context.Context, b activity.Batch) (activity.Receipt, error) {
	if s.wait != nil {
		s.entered <- struct{}{}
		<-s.wait
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return activity.Receipt{}, s.err
	}
	if b.Token != "" && slices.ContainsFunc(s.batches, func(k activity.Batch) bool { return k.Token == b.Token }) {
		return activity.Receipt{Duplicate: true}, nil
	}
	s.batches = append(s.batches, b)
	return activity.Receipt{Stored: len(b.Events)}, nil
}

// positions remembers deliveries.
type positions struct {
	deliveries []gateway.Delivery
	gateways   []id.UUID
	err        error
}

func (p *positions) Advance(_ context.Context, gatewayID id.UUID, d gateway.Delivery) error {
	if p.err != nil {
		return p.err
	}
	p.deliveries, p.gateways = append(p.deliveries, d), append(p.gateways, gatewayID)
	return nil
}

// newServer serves ingest over these ports.
func newServer(t testing.TB, cfg Config, s activity.Sink, p gateway.Registry) (*httpx.Server, *service) {
	t.Helper()
	all := prometheus.NewRegistry()
	m, err := newMetrics(all, all)
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := i18n.New("uz", httpx.Messages, messages)
	if err != nil {
		t.Fatal(err)
	}
	server := httptestx.New(t, httpx.Options{Catalog: catalog})
	made := newService(cfg, s, p, m, func() time.Time { return noon })
	made.routes(server.Router("ingest", []string{prefix}))
	server.Authenticate(func(_ context.Context, r *http.Request) (actor.Actor, bool, error) {
		return *myself, r.Header.Get("Authorization") == "Bearer mine", nil
	})
	return server, made
}

// post sends a body as the gateway.
func post(h http.Handler, body io.Reader, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/v2/ingest/logs", body)
	r.Header.Set("Authorization", "Bearer mine")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func answered(t testing.TB, w *httptest.ResponseRecorder) (a answer) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || w.Code != http.StatusOK {
		t.Fatalf("status %d, %v: %s", w.Code, err, w.Body)
	}
	return a
}

func TestBatchIsStoredThenThePositionMoves(t *testing.T) {
	t.Parallel()
	kept, moved := &sink{}, &positions{}
	server, s := newServer(t, defaults(), kept, moved)
	events := activitytest.Events(3)
	body := `{"gatewayId":"` + me + `","idempotencyToken":"t1","epoch":"e","stream":"agent","sentAt":"2026-11-02T12:10:00Z","until":"2026-11-02T11:00:00Z",
		"dropped":[{"first":9,"last":10,"reason":"overflow"}],"data":` + dataOf(t, 11, events) + `}`
	w := post(server, strings.NewReader(body), "X-Idempotency-Token", "t1")
	want := answer{Success: true, TimescaleStatus: "success", Accepted: 3, ServerTime: noon}
	if got := answered(t, w); got != want {
		t.Errorf("answer %+v, want %+v", got, want)
	}
	if w.Header().Get("X-Idempotency-Token") != "t1" || w.Header().Get("X-Buffer-Usage") == "" {
		t.Errorf("headers %v", w.Header())
	}
	b := kept.batches[0]
	if b.Token != "t1" || b.Skew != 10*time.Minute || len(b.Events) != 3 || b.Events[2].Key != events[2].Key {
		t.Errorf("batch %+v", b)
	}
	d := moved.deliveries[0]
	if moved.gateways[0].String() != me || d.Epoch != "e" || d.Stream != "agent" || !slices.Equal(d.Stored, []gateway.Range{{First: 11, Last: 13}}) ||
		d.Dropped[0].Reason != "overflow" || !d.Until.Equal(noon.Add(-time.Hour)) {
		t.Errorf("delivery %+v", d)
	}

	again := answered(t, post(server, strings.NewReader(body)))
	if !again.DuplicateDetected || again.Duplicates != 3 || again.Accepted != 0 || len(kept.batches) != 1 {
		t.Errorf("the second time: %+v, %d batches", again, len(kept.batches))
	}
	if len(moved.deliveries) != 2 {
		t.Error("a batch that was stored before did not move the position: a crash between the two would stop it for ever")
	}
	if n := testutil.ToFloat64(s.metrics.events.WithLabelValues("active_window", "duplicate")); n != 3 {
		t.Errorf("%v duplicate events counted, want 3", n)
	}
}

func TestBatchOfDropsAloneMovesThePosition(t *testing.T) {
	t.Parallel()
	kept, moved := &sink{}, &positions{}
	server, _ := newServer(t, defaults(), kept, moved)
	answered(t, post(server, strings.NewReader(`{"epoch":"e","stream":"agent","dropped":[{"first":1,"last":2,"reason":"overflow"}],"data":[]}`)))
	answered(t, post(server, strings.NewReader(`{"epoch":"e","data":[]}`)))
	if len(kept.batches) != 0 || len(moved.deliveries) != 1 || len(moved.deliveries[0].Stored) != 0 {
		t.Errorf("stored %d batches, moved %+v", len(kept.batches), moved.deliveries)
	}
}

func TestPositionThatCannotMoveFailsTheBatch(t *testing.T) {
	t.Parallel()
	server, s := newServer(t, defaults(), &sink{}, &positions{err: fault.New(fault.Unavailable, "database")})
	w := post(server, strings.NewReader(`{"epoch":"e","stream":"agent","data":`+dataOf(t, 1, activitytest.Events(1))+`}`))
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("status %d, headers %v", w.Code, w.Header())
	}
	if n := testutil.ToFloat64(s.metrics.requests.WithLabelValues("logs", "unavailable")); n != 1 {
		t.Errorf("%v requests counted as unavailable", n)
	}
}

func TestAPositionThatCanNeverBeKeptIsRefused(t *testing.T) {
	t.Parallel()
	server, _ := newServer(t, defaults(), &sink{}, &positions{err: fmt.Errorf("%w: 22008", db.ErrInvalid)})
	w := post(server, strings.NewReader(`{"epoch":"e","stream":"agent","data":`+dataOf(t, 1, activitytest.Events(1))+`}`))
	if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "ingest.unstorable") {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
}

func TestStorageThatIsAwayIsSaidAsTheDesignDocumentDoes(t *testing.T) {
	t.Parallel()
	moved := &positions{}
	server, _ := newServer(t, defaults(), &sink{err: fault.New(fault.Unavailable, "database").After(7 * time.Second)}, moved)
	w := post(server, strings.NewReader(`{"epoch":"e","data":`+dataOf(t, 1, activitytest.Events(1))+`}`))
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "7" || !strings.Contains(w.Body.String(), "Ma'lumot saqlashda vaqtinchalik muammo") {
		t.Errorf("status %d, headers %v, body %s", w.Code, w.Header(), w.Body)
	}
	if len(moved.deliveries) != 0 {
		t.Error("the position moved over what was not stored")
	}
}

func TestEncodingsAreTheSameBatch(t *testing.T) {
	t.Parallel()
	kept := &sink{}
	server, _ := newServer(t, defaults(), kept, &positions{})
	body := []byte(`{"data":` + dataOf(t, 1, activitytest.Events(50)) + `}`)
	var zipped bytes.Buffer
	g := gzip.NewWriter(&zipped)
	if _, err := g.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for encoding, sent := range map[string][]byte{"": body, "identity": body, "gzip": zipped.Bytes(), "zstd": z.EncodeAll(body, nil)} {
		if a := answered(t, post(server, bytes.NewReader(sent), "Content-Encoding", encoding)); a.Accepted != 50 {
			t.Errorf("%q: %+v", encoding, a)
		}
	}
	if w := post(server, bytes.NewReader(zipped.Bytes()[:100]), "Content-Encoding", "gzip"); w.Code != http.StatusBadRequest {
		t.Errorf("half of it: status %d", w.Code)
	}
	if len(kept.batches) != 4 {
		t.Errorf("%d batches stored, want 4", len(kept.batches))
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	kept, moved := &sink{}, &positions{}
	server, _ := newServer(t, defaults(), kept, moved)
	data := dataOf(t, 1, activitytest.Events(2))
	bad := strings.Replace(data, `"active_window"`, `"coffee"`, 1)
	httptestx.Run(t, server,
		httptestx.Scenario{Name: "nobody", Body: `{"data":[]}`, Path: "/v2/ingest/logs", Status: 401},
		httptestx.Scenario{Name: "an agent", As: somebody, Body: `{"data":[]}`, Path: "/v2/ingest/logs", Status: 403},
		httptestx.Scenario{Name: "another gateway", As: myself, Body: `{"gatewayId":"` + other + `","data":` + data + `}`, Path: "/v2/ingest/logs", Status: 403, Contains: []string{"ingest.other_gateway", "ACCESS_DENIED"}},
		httptestx.Scenario{Name: "a gateway that is no id", As: myself, Body: `{"gatewayId":"x","data":` + data + `}`, Path: "/v2/ingest/logs", Status: 400, Contains: []string{"not_an_id"}},
		httptestx.Scenario{Name: "two tokens", As: myself, Body: `{"idempotencyToken":"a","data":` + data + `}`, Header: map[string]string{"X-Idempotency-Token": "b"}, Path: "/v2/ingest/logs", Status: 400, Contains: []string{"ingest.token_mismatch"}},
		httptestx.Scenario{Name: "a token with a line end", As: myself, Body: `{"idempotencyToken":"a\r\nX: y","data":` + data + `}`, Path: "/v2/ingest/logs", Status: 400, Contains: []string{"ingest.bad_token"}},
		httptestx.Scenario{Name: "half a body", As: myself, Body: `{"data":` + data, Path: "/v2/ingest/logs", Status: 400, Golden: "malformed"},
		httptestx.Scenario{Name: "one bad event", As: myself, Body: `{"data":` + bad + `}`, Path: "/v2/ingest/logs", Status: 400, Golden: "unknown_type"},
		httptestx.Scenario{Name: "too large", As: myself, Body: `{"data":[],"x":"` + strings.Repeat("x", 10e6) + `"}`, Path: "/v2/ingest/logs", Status: 413},
		httptestx.Scenario{Name: "too many", As: myself, Body: `{"data":[` + strings.Repeat("1,", 10_000) + `1]}`, Path: "/v2/ingest/logs", Status: 413, Contains: []string{"ingest.too_many_events"}},
	)
	if len(kept.batches)+len(moved.deliveries) != 0 {
		t.Errorf("stored %d batches, moved %d times", len(kept.batches), len(moved.deliveries))
	}
}

func TestTooManyBytesInFlightAreToldToWait(t *testing.T) {
	t.Parallel()
	cfg := defaults()
	cfg.MaxBody, cfg.MaxEvents, cfg.InFlight = 64e3, 200, 400e3
	kept := &sink{wait: make(chan struct{}), entered: make(chan struct{})}
	server, s := newServer(t, cfg, kept, &positions{})
	body := `{"data":` + dataOf(t, 1, activitytest.Events(200)) + `}`
	done := make(chan *httptest.ResponseRecorder)
	go func() { done <- post(server, strings.NewReader(body)) }()
	<-kept.entered
	w := post(server, strings.NewReader(body))
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" || w.Header().Get("X-Buffer-Usage") < "0.5" {
		t.Errorf("status %d, headers %v", w.Code, w.Header())
	}
	// A length that was not declared is found out when the body has been read.
	if w := post(server, io.MultiReader(strings.NewReader(body))); w.Code != http.StatusTooManyRequests {
		t.Errorf("undeclared length: status %d", w.Code)
	}
	close(kept.wait)
	answered(t, <-done)
	if used := s.flight.bytes.Load(); used != 0 {
		t.Errorf("%d bytes are still in flight", used)
	}
}

func TestRunsOfPositions(t *testing.T) {
	t.Parallel()
	for want, seqs := range map[string][]int64{
		"": nil, "1-1": {1}, "1-3": {1, 2, 3}, "1-2 5-6": {6, 1, 5, 2}, "7-8": {7, 7, 8},
	} {
		var got []string
		for _, r := range runs(seqs) {
			got = append(got, strings.Join([]string{itoa(r.First), itoa(r.Last)}, "-"))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("runs of %v are %v, want %s", seqs, got, want)
		}
	}
}

func itoa(n int64) string {
	b, _ := json.Marshal(n)
	return string(b)
}

func TestWrongSettingsAreAllNamed(t *testing.T) {
	t.Parallel()
	good := defaults()
	if err := good.Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	err := (&Config{MaxBody: 1e6, MaxEvents: 0, InFlight: 1e5}).Validate()
	var all interface{ Unwrap() []error }
	if !errors.As(err, &all) || len(all.Unwrap()) != 3 {
		t.Errorf("three wrong settings: %v", err)
	}
}

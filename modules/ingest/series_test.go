package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/monitoring/activity/activitytest"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
)

const seriesPath = prefix + "/timeseries"

// record is an item as the design document's clients have it.
const record = `{"type":"active_window","computerUid":"PC-001","userSid":"S-1-5-21-123","payload":{"windowTitle":"Test Window"},"timestamp":"2026-11-02T11:00:00Z"}`

// postSeries sends a body as the gateway.
func postSeries(h http.Handler, body io.Reader, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, seriesPath, body)
	r.Header.Set("Authorization", "Bearer mine")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func list(n int) string { return "[" + strings.Repeat(record+",", n-1) + record + "]" }

func TestSeriesIsTakenInEachForm(t *testing.T) {
	t.Parallel()
	kept, moved := &sink{}, &positions{}
	server, s := newServer(t, defaults(), kept, moved)
	for _, body := range []string{
		list(1000), `{"data":` + list(1000) + `}`, ` {"gatewayId":"` + me + `","records":` + list(1000) + `,"total":1000}`,
		`{"epoch":"e","stream":"agent","records":` + dataOf(t, 1, activitytest.Events(1000)) + `}`,
	} {
		w := postSeries(server, strings.NewReader(body))
		if a := answered(t, w); !a.Success || a.Accepted != 1000 || a.TimescaleStatus != "success" {
			t.Errorf("%.40s: %+v", body, a)
		}
		if w.Header().Get("X-Buffer-Usage") == "" || !strings.HasPrefix(w.Header().Get("Server-Timing"), "write;dur=") {
			t.Errorf("%.40s: headers %v", body, w.Header())
		}
	}
	if len(kept.batches) != 4 || len(moved.deliveries) != 1 {
		t.Errorf("%d batches stored, %d positions moved: only the last has any", len(kept.batches), len(moved.deliveries))
	}
	keys := map[string]bool{}
	for _, e := range kept.batches[0].Events {
		keys[e.Key] = true
	}
	if len(keys) != 1000 {
		t.Errorf("a thousand equal events have %d keys", len(keys))
	}
	if n := testutil.CollectAndCount(s.metrics.write, "timescale_write_duration_seconds"); n != 1 {
		t.Errorf("%d histograms of writes", n)
	}
	if n := testutil.ToFloat64(s.metrics.requests.WithLabelValues("timeseries", "ok")); n != 4 {
		t.Errorf("%v requests counted", n)
	}
}

func TestSeriesIsStoredOnceForItsToken(t *testing.T) {
	t.Parallel()
	kept := &sink{}
	server, _ := newServer(t, defaults(), kept, &positions{})
	for i := range 2 {
		w := postSeries(server, strings.NewReader(list(3)), "X-Idempotency-Token", "batch_1_2_3")
		if a := answered(t, w); a.DuplicateDetected != (i == 1) || w.Header().Get("X-Idempotency-Token") != "batch_1_2_3" {
			t.Errorf("time %d: %+v, headers %v", i, a, w.Header())
		}
	}
	if len(kept.batches) != 1 {
		t.Errorf("%d batches stored", len(kept.batches))
	}
}

func TestSeriesRefusals(t *testing.T) {
	t.Parallel()
	kept, moved := &sink{}, &positions{}
	server, _ := newServer(t, defaults(), kept, moved)
	httptestx.Run(t, server,
		httptestx.Scenario{Name: "nobody", Body: list(1), Path: seriesPath, Status: 401},
		httptestx.Scenario{Name: "an agent", As: somebody, Body: list(1), Path: seriesPath, Status: 403},
		httptestx.Scenario{Name: "a thousand and one", As: myself, Body: list(1001), Path: seriesPath, Status: 413, Contains: []string{"ingest.too_many_events"}},
		httptestx.Scenario{Name: "a thousand and one records", As: myself, Body: `{"records":` + list(1001) + `}`, Path: seriesPath, Status: 413, Contains: []string{"ingest.too_many_events"}},
		httptestx.Scenario{Name: "a bad record", As: myself, Body: `[` + record + `,{"type":"coffee"}]`, Path: seriesPath, Status: 400, Contains: []string{`"[1].computerUid"`, `"[1].type"`}},
		httptestx.Scenario{Name: "a bad named record", As: myself, Body: `{"records":[5]}`, Path: seriesPath, Status: 400, Contains: []string{`"records[0]"`, "not_an_object"}},
		httptestx.Scenario{Name: "no list", As: myself, Body: `{}`, Path: seriesPath, Status: 400, Contains: []string{`"data"`, "required"}},
		httptestx.Scenario{Name: "two lists", As: myself, Body: `{"data":` + list(1) + `,"records":` + list(1) + `}`, Path: seriesPath, Status: 400, Contains: []string{`"records"`, "repeated"}},
		httptestx.Scenario{Name: "more behind it", As: myself, Body: list(1) + `x`, Path: seriesPath, Status: 400, Contains: []string{"malformed"}},
		httptestx.Scenario{Name: "nothing", As: myself, Body: " ", Path: seriesPath, Status: 400, Contains: []string{"malformed"}},
		httptestx.Scenario{Name: "records in a batch of logs", As: myself, Body: `{"records":` + list(1) + `}`, Path: "/v2/ingest/logs", Status: 400, Contains: []string{`"data"`, "required"}},
		httptestx.Scenario{Name: "details without end", As: myself, Body: `[{"type":"computer","computerUid":"PC","at":"2026-11-02T11:00:00Z","details":{` + manyDetails() + `}}]`,
			Path: seriesPath, Status: 400, Contains: []string{`"[0].details"`, "too_many_items"}},
	)
	if len(kept.batches)+len(moved.deliveries) != 0 {
		t.Errorf("stored %d batches, moved %d times", len(kept.batches), len(moved.deliveries))
	}
}

func manyDetails() string {
	var names []string
	for i := range maxDetails + 1 {
		names = append(names, `"d`+itoa(int64(i))+`":""`)
	}
	return strings.Join(names, ",")
}

// A body that grows far beyond what its length promised is refused as soon as there is no room, and never read to its end.
func TestABodyThatGrowsIsRefusedOnTheWay(t *testing.T) {
	t.Parallel()
	cfg := defaults()
	server, s := newServer(t, cfg, &sink{}, &positions{})
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	bomb := z.EncodeAll([]byte(`[`+strings.Repeat(" ", 9_000_000)+`]`), nil)
	if w := postSeries(server, bytes.NewReader(bomb), "Content-Encoding", "zstd"); w.Code != http.StatusOK {
		t.Fatalf("alone: status %d %s", w.Code, w.Body)
	}
	full := reservation{flight: &s.flight}
	full.resize(s.flight.limit - 10e6)
	for encoding, body := range map[string]io.Reader{"zstd": bytes.NewReader(bomb), "": io.MultiReader(strings.NewReader("[" + strings.Repeat(" ", 9_000_000) + "]"))} {
		w := postSeries(server, body, "Content-Encoding", encoding)
		if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" || w.Header().Get("X-Buffer-Usage") < "0.9" {
			t.Errorf("%q beside others: status %d, headers %v", encoding, w.Code, w.Header())
		}
	}
	full.resize(0)
	if used := s.flight.bytes.Load(); used != 0 {
		t.Errorf("%d bytes are still in flight", used)
	}
}

// FuzzDecodeSeries compares the forms of a series with each other and with encoding/json.
func FuzzDecodeSeries(f *testing.F) {
	f.Add(list(2))
	f.Add(`{"records":` + list(1) + `}`)
	f.Add(`{"data":[],"records":null}`)
	f.Add(dataOf(f, 1, activitytest.Kinds()))
	f.Fuzz(func(t *testing.T, body string) {
		d, err := decodeSeries(body, 1000)
		start := strings.TrimLeft(body, " \t\r\n")
		valid := json.Valid([]byte(body)) && (strings.HasPrefix(start, "{") || strings.HasPrefix(start, "["))
		if valid == errors.Is(err, errMalformed) && !deep(body) {
			t.Fatalf("valid JSON: %v, error: %v", valid, err)
		}
		if err != nil || !utf8.ValidString(body) || !utc(d.events) {
			return
		}
		for _, form := range []string{"%", `{"records":%}`, `{"data":%}`} {
			again, err := decodeSeries(strings.Replace(form, "%", dataOf(t, 1, d.events), 1), 1000)
			if err != nil || !utc(again.events) || !reflect.DeepEqual(again.events, d.events) {
				t.Errorf("%s: %v\n got %+v\nwant %+v", form, err, again.events, d.events)
			}
		}
	})
}

// Batches wait for their turn to be stored, as long as whoever sent them does.
func TestNoMoreBatchesAreStoredAtOnceThanTheSettingSays(t *testing.T) {
	t.Parallel()
	cfg := defaults()
	cfg.Writers = 1
	kept := &sink{wait: make(chan struct{}), entered: make(chan struct{}, 2)}
	server, s := newServer(t, cfg, kept, &positions{})
	done := make(chan *httptest.ResponseRecorder)
	go func() { done <- postSeries(server, strings.NewReader(list(1))) }()
	<-kept.entered
	ctx, leave := context.WithCancel(t.Context())
	leave()
	if _, err := s.put(ctx, activity.Batch{}); !errors.Is(err, context.Canceled) {
		t.Errorf("one that did not want to wait: %v", err)
	}
	if len(kept.entered) != 0 {
		t.Error("two batches are stored at once")
	}
	close(kept.wait)
	answered(t, <-done)
	answered(t, postSeries(server, strings.NewReader(list(1))))
}

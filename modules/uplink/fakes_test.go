package uplink

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/buffer/backlog"
	"github.com/staff-control/staff-control/platform/id"
)

// memory is a buffer without a disk.
type memory struct {
	epoch string
	now   func() time.Time

	mu       sync.Mutex
	rows     map[backlog.Stream][]backlog.Row // undelivered
	last     map[backlog.Stream]int64
	aside    map[int64]string
	dropped  map[backlog.Stream][]backlog.Dropped
	alerts   []alert.Alert
	files    map[int64][]byte
	failures int // of Settle, yet to come
	wake     chan struct{}
}

func newMemory() *memory {
	return &memory{
		epoch: "e1", now: time.Now, rows: map[backlog.Stream][]backlog.Row{}, last: map[backlog.Stream]int64{},
		aside: map[int64]string{}, dropped: map[backlog.Stream][]backlog.Dropped{}, files: map[int64][]byte{}, wake: make(chan struct{}, 1),
	}
}

func (m *memory) add(stream backlog.Stream, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for range n {
		m.last[stream]++
		m.rows[stream] = append(m.rows[stream], backlog.Row{
			Seq: m.last[stream], OrganizationID: 1, Type: "active_window", CreatedAt: m.now(),
			Payload: fmt.Appendf(nil, `{"type":"active_window","key":"k%d","title":"t"}`, m.last[stream]),
		})
	}
	offer(m.wake)
}

func (m *memory) Next(_ context.Context, s backlog.Stream, after int64, maxRows, maxBytes int) (found []backlog.Row, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	size := 0
	for _, r := range m.rows[s] {
		if r.Seq <= after {
			continue
		}
		if size += len(r.Payload); len(found) == maxRows || len(found) > 0 && size > maxBytes {
			break
		}
		found = append(found, r)
	}
	return found, nil
}

func (m *memory) Settle(_ context.Context, s backlog.Stream, first, last int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failures > 0 {
		m.failures--
		return fmt.Errorf("no room")
	}
	m.rows[s] = slices.DeleteFunc(slices.Clone(m.rows[s]), func(r backlog.Row) bool { return r.Seq >= first && r.Seq <= last })
	return nil
}

func (m *memory) Failed(_ context.Context, s backlog.Stream, first, last int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows[s] = slices.Clone(m.rows[s])
	for i, r := range m.rows[s] {
		if r.Seq >= first && r.Seq <= last {
			m.rows[s][i].Retries++
		}
	}
	return nil
}

func (m *memory) SetAside(_ context.Context, s backlog.Stream, seq int64, reason string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows[s] = slices.DeleteFunc(slices.Clone(m.rows[s]), func(r backlog.Row) bool { return r.Seq == seq })
	m.aside[seq] = reason
	m.dropped[s] = append(m.dropped[s], backlog.Dropped{First: seq, Last: seq, Reason: backlog.ReasonRefused})
	return nil
}

func (m *memory) Dropped(_ context.Context, s backlog.Stream) ([]backlog.Dropped, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.dropped[s]), nil
}

func (m *memory) Reported(_ context.Context, s backlog.Stream, d []backlog.Dropped) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dropped[s] = slices.DeleteFunc(m.dropped[s], func(have backlog.Dropped) bool { return slices.Contains(d, have) })
	return nil
}

func (m *memory) State() backlog.State {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := backlog.State{Epoch: m.epoch, Usage: 0.25, Bytes: 1000, SetAside: int64(len(m.aside)), Last: maps.Clone(m.last), Waiting: map[backlog.Stream]int64{}}
	for stream, rows := range m.rows {
		s.Pending += int64(len(rows))
		s.Waiting[stream] = int64(len(rows))
	}
	return s
}

func (m *memory) Wait(ctx context.Context) {
	select {
	case <-m.wake:
	case <-ctx.Done():
	}
}

func (m *memory) Raise(_ context.Context, a alert.Alert) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.alerts = append(m.alerts, a)
	return nil
}

func (m *memory) Undelivered(context.Context) ([]alert.Alert, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.alerts), nil
}

func (m *memory) Delivered(_ context.Context, ids []id.UUID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.alerts = slices.DeleteFunc(m.alerts, func(a alert.Alert) bool { return slices.Contains(ids, a.ID) })
	return nil
}

func (m *memory) raised() []alert.Alert {
	alerts, _ := m.Undelivered(context.Background())
	return alerts
}

func (m *memory) setAside() map[int64]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.aside)
}

func (m *memory) pending() int { return int(m.State().Pending) }

// agentAPI is the other end: it stores by position, counts what comes twice, and answers as a test wants.
type agentAPI struct {
	mu     sync.Mutex
	stored map[string]int // how often a position of a stream was stored
	tokens map[string]bool
	asked  []asked
	keys   []keyItem
	newKey string
	beats  []heartbeat
	drops  []backlog.Dropped
	files  map[int64]int // sizes of the pictures that were stored
	// answer may take a request over; it reports whether it did.
	answer func(w http.ResponseWriter, r *http.Request, body []byte) bool
}

// asked is one request as it came.
type asked struct {
	at                  time.Time
	path, key, encoding string
	token               string
	seqs                []int64
}

type ingestBody struct {
	head
	Data []ingestItem `json:"data"`
}

type ingestItem struct {
	Seq  int64  `json:"seq"`
	Type string `json:"type"`
	Key  string `json:"key"`
}

func newAgentAPI() *agentAPI {
	return &agentAPI{stored: map[string]int{}, tokens: map[string]bool{}, files: map[int64]int{}}
}

func (a *agentAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := unpack(r)
	seen := asked{at: time.Now(), path: r.URL.Path, key: r.Header.Get("Authorization"), encoding: r.Header.Get("Content-Encoding"), token: r.Header.Get("X-Idempotency-Token")}
	var in ingestBody
	if r.URL.Path == ingest {
		if err := json.Unmarshal(body, &in); err != nil {
			panic(err)
		}
		for _, item := range in.Data {
			seen.seqs = append(seen.seqs, item.Seq)
		}
	}
	a.mu.Lock()
	a.asked = append(a.asked, seen)
	answer := a.answer
	a.mu.Unlock()
	if answer != nil && answer(w, r, body) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch r.URL.Path {
	case "/v2/gateway/enroll":
		say(w, 201, map[string]any{"gatewayId": "g1", "apiKey": "sgw_1", "organizationId": 1})
	case "/v2/gateway/heartbeat":
		a.beat(w, body)
	case "/v2/gateway/agent-keys":
		say(w, 200, keyList{Items: append([]keyItem{}, a.keys...), Version: json.RawMessage(fmt.Sprint(len(a.keys)))})
	case "/v2/gateway/agent-keys/check":
		a.check(w, body)
	case ingest:
		a.store(w, in)
	case ingestPictures:
		a.storePicture(w, r, body)
	default:
		say(w, 404, map[string]any{"success": false, "code": "not_found"})
	}
}

func (a *agentAPI) beat(w http.ResponseWriter, body []byte) {
	var h heartbeat
	if err := json.Unmarshal(body, &h); err != nil {
		panic(err)
	}
	a.beats = append(a.beats, h)
	var accepted []id.UUID
	for _, al := range h.Alerts {
		accepted = append(accepted, al.ID)
	}
	say(w, 200, map[string]any{
		"success": true, "alertsAccepted": accepted, "keysVersion": len(a.keys), "newKey": a.newKey, "serverTime": time.Now().UTC(),
	})
}

func (a *agentAPI) check(w http.ResponseWriter, body []byte) {
	var in struct{ Hash string }
	if err := json.Unmarshal(body, &in); err != nil {
		panic(err)
	}
	for _, k := range a.keys {
		if k.Hash == in.Hash {
			say(w, 200, k)
			return
		}
	}
	say(w, 401, map[string]any{"success": false, "code": "auth.key_invalid"})
}

func (a *agentAPI) store(w http.ResponseWriter, in ingestBody) {
	a.drops = append(a.drops, in.Dropped...)
	known := a.tokens[in.IdempotencyToken]
	a.tokens[in.IdempotencyToken] = true
	if !known {
		for _, item := range in.Data {
			a.stored[fmt.Sprintf("%s %d %s", in.Stream, item.Seq, item.Key)]++
		}
	}
	w.Header().Set("X-Idempotency-Token", in.IdempotencyToken)
	say(w, 200, map[string]any{"success": true, "duplicateDetected": known, "serverTime": time.Now().UTC()})
}

// once reports whether the positions 1 to n of a stream, without the given ones, were each stored once, and nothing else.
func (a *agentAPI) once(t *testing.T, stream backlog.Stream, n int, without ...int) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	want := map[string]int{}
	for i := 1; i <= n; i++ {
		if !slices.Contains(without, i) {
			want[fmt.Sprintf("%s %d k%d", stream, i, i)] = 1
		}
	}
	if !maps.Equal(a.stored, want) {
		t.Errorf("stored %d positions, want %d, each once; %v", len(a.stored), len(want), a.stored)
	}
}

// count is how many positions are stored.
func (a *agentAPI) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.stored)
}

// reported are the ranges that the gateway says it dropped.
func (a *agentAPI) reported() []backlog.Dropped {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.drops)
}

// to returns the requests to a path.
func (a *agentAPI) to(path string) (found []asked) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, r := range a.asked {
		if r.path == path {
			found = append(found, r)
		}
	}
	return found
}

// on makes the server answer like this from now on.
func (a *agentAPI) on(answer func(w http.ResponseWriter, r *http.Request, body []byte) bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answer = answer
}

func say(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// always answers requests to a path with a status, and no others.
func always(path string, status int, header ...string) func(http.ResponseWriter, *http.Request, []byte) bool {
	return func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
		if !strings.HasPrefix(r.URL.Path, path) {
			return false
		}
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		say(w, status, map[string]any{"success": false, "code": "test.fault", "message": "so it is"})
		return true
	}
}

func unpack(r *http.Request) []byte {
	var in io.Reader = r.Body
	switch r.Header.Get("Content-Encoding") {
	case "gzip":
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			panic(err)
		}
		in = z
	case "zstd":
		z, err := zstd.NewReader(r.Body, zstd.WithDecoderConcurrency(1))
		if err != nil {
			panic(err)
		}
		defer z.Close()
		in = z
	}
	body, err := io.ReadAll(in)
	if err != nil {
		panic(err)
	}
	return body
}

// direct asks the server without a network, so that it works in a bubble of synctest.
type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w.Result(), nil
}

// cut is a network that can be cut.
type cut struct {
	http.RoundTripper
	mu  sync.Mutex
	off bool
}

func (c *cut) set(off bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off = off
}

func (c *cut) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	off := c.off
	c.mu.Unlock()
	if off {
		return nil, fmt.Errorf("dial tcp: network is unreachable")
	}
	return c.RoundTripper.RoundTrip(r)
}

func testConfig(url string) Config {
	c := defaults()
	c.URL, c.Token, c.Serial = url, "enrol-me", "GW-17"
	c.Interval = 0
	return c
}

// newTestUplink returns an uplink that does not run yet.
func newTestUplink(t testing.TB, c Config, m *memory) *uplink {
	t.Helper()
	u, err := newUplink(parts{
		cfg: c, data: t.TempDir(), version: "2.0.0", log: slog.New(slog.DiscardHandler), now: time.Now,
		backlog: m, outbox: m, alerts: m,
	})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// start runs the uplink until the test ends.
func start(t testing.TB, u *uplink) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- u.run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// serve returns a server on the network, the buffer and an uplink between them that runs.
func serve(t testing.TB, change func(*Config)) (*agentAPI, *memory, *uplink) {
	t.Helper()
	a, m := newAgentAPI(), newMemory()
	s := httptest.NewServer(a)
	t.Cleanup(s.Close)
	c := testConfig(s.URL)
	if change != nil {
		change(&c)
	}
	u := newTestUplink(t, c, m)
	start(t, u)
	return a, m, u
}

func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	deadline, tick := time.After(30*time.Second), time.NewTicker(2*time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-deadline:
			t.Fatalf("not in time: %s", what)
		case <-tick.C:
		}
	}
}

package executor

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/agents/agent"
	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/id"
)

// crew is all that does the work, and notes what it was told.
type crew struct {
	mu       sync.Mutex
	did      []string
	fail     []error // of the next calls, one each
	block    chan struct{}
	outcomes map[string]agent.Outcome
	restarts bool
}

// call notes one call, and waits if the test wants that.
func (w *crew) call(ctx context.Context, format string, args ...any) error {
	w.mu.Lock()
	w.did = append(w.did, fmt.Sprintf(format, args...))
	var err error
	if len(w.fail) > 0 {
		err, w.fail = w.fail[0], w.fail[1:]
	}
	block := w.block
	w.mu.Unlock()
	if block != nil {
		select {
		case <-block:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return err
}

func (w *crew) calls() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.did)
}

func (w *crew) Refresh(ctx context.Context, policyID int64, version, checksum string) error {
	return w.call(ctx, "refresh %d %s %s", policyID, version, checksum)
}

func (w *crew) Restart(ctx context.Context, key string, uids []string, reason string, until time.Time) (map[string]agent.Outcome, error) {
	return w.outcomes, w.call(ctx, "restart %s %v %s %v", key, uids, reason, time.Until(until).Round(time.Minute))
}

func (w *crew) Install(ctx context.Context, order, version string) (bool, error) {
	return w.restarts, w.call(ctx, "install %s %s", order, version)
}

// cloud is agent-api; what it is sent goes to handler.
type cloud struct {
	*crew
	answer func(r *http.Request, body []byte) int // nil is 200
}

func (c cloud) Client() *http.Client          { return &http.Client{Transport: c} }
func (c cloud) URL() string                   { return "http://agent-api" }
func (c cloud) GatewayID() string             { return "g1" }
func (c cloud) Enrolled(context.Context) bool { return true }
func (c cloud) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	if c.answer != nil {
		w.WriteHeader(c.answer(r, body))
	}
	_, _ = w.WriteString(`{"code":"test.fault"}`)
	return w.Result(), nil
}

func (c cloud) RotateKey(ctx context.Context) error { return c.call(ctx, "rotate") }

// reporter reports what is planted.
type reporter struct{ body string }

func (r reporter) Interval() time.Duration { return time.Minute }
func (r reporter) Report(context.Context) (json.RawMessage, error) {
	return json.RawMessage(r.body), nil
}
func (r reporter) Answered(context.Context, json.RawMessage) error { return nil }
func (r reporter) Channel(gateway.Channel)                         {}

// self is the process.
type self struct{ settings, metrics, logFile string }

func (s self) Settings(w io.Writer) { _, _ = io.WriteString(w, s.settings) }
func (s self) LogFile() string      { return s.logFile }
func (s self) Measures(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, s.metrics)
	return err
}
func (s self) Readiness(context.Context) any { return map[string]string{"status": "ready"} }

func openTest(t testing.TB, path string, now func() time.Time) *memory {
	t.Helper()
	m, err := openMemory(path, slog.New(slog.DiscardHandler), now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

func newTest(t testing.TB, path string) (*service, *crew) {
	t.Helper()
	if path == "" {
		path = filepath.Join(t.TempDir(), "commands.jsonl")
	}
	w := &crew{outcomes: map[string]agent.Outcome{"PC-1": agent.Done}}
	return serviceOf(openTest(t, path, time.Now), w), w
}

func serviceOf(m *memory, w *crew) *service {
	s := newService(m, slog.New(slog.DiscardHandler), time.Now)
	c := cloud{crew: w}
	s.handle(handlers{
		keeper: w, fleet: w, installer: w, cloud: c, now: time.Now,
		bundler: &bundler{process: self{}, cloud: c, reporter: reporter{`{}`}, memory: m, now: time.Now},
	})
	return s
}

func orderOf(t command.Type, payload string) command.Command {
	return command.Command{ID: id.New(), Type: t, Payload: json.RawMessage(payload), Attempt: 1, ExpiresInMS: time.Hour.Milliseconds()}
}

func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	deadline, tick := time.After(20*time.Second), time.NewTicker(2*time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-deadline:
			t.Fatalf("not in time: %s", what)
		case <-tick.C:
		}
	}
}

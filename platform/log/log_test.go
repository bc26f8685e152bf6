package log_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/config"
	"github.com/staff-control/staff-control/platform/log"
)

func newLogger(t *testing.T) (*slog.Logger, *bytes.Buffer) {
	t.Helper()
	out := new(bytes.Buffer)
	return log.New(out, log.Config{Level: "debug", Format: "json"}, false), out
}

// line returns the one line in out without its time.
func line(t *testing.T, out *bytes.Buffer) map[string]any {
	t.Helper()
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	if _, err := time.Parse(time.RFC3339, got["ts"].(string)); err != nil {
		t.Error(err)
	}
	delete(got, "ts")
	return got
}

func TestItIsAProperSlogHandler(t *testing.T) {
	t.Parallel()
	var out *bytes.Buffer
	slogtest.Run(t, func(t *testing.T) slog.Handler {
		logger, buffer := newLogger(t)
		out = buffer
		return logger.Handler()
	}, func(t *testing.T) map[string]any {
		var got map[string]any
		if err := json.Unmarshal(out.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if ts, ok := got["ts"]; ok { // slogtest knows the time by slog's own name
			got[slog.TimeKey] = ts
		}
		return got
	})
}

func TestLinesCarryTheContextAtTheRoot(t *testing.T) {
	t.Parallel()
	logger, out := newLogger(t)
	ctx := log.With(context.Background(), slog.String("trace_id", "1"), slog.String("request_id", "2"))
	ctx = log.With(ctx, slog.String("trace_id", "3"))
	ctx = actor.With(ctx, actor.Actor{ID: "user:7", OrganizationID: 9})
	logger = logger.With("module", "uplink").WithGroup("batch").With("seq", 1).WithGroup("").WithGroup("inner").With()
	logger.InfoContext(ctx, "sent", "rows", 2)
	want := map[string]any{
		"level": "INFO", "msg": "sent", "module": "uplink", "trace_id": "3", "request_id": "2", "actor": "user:7", "org_id": 9.0,
		"batch": map[string]any{"seq": 1.0, "inner": map[string]any{"rows": 2.0}},
	}
	if got := line(t, out); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

func TestAContextsAttributesAreItsOwn(t *testing.T) {
	t.Parallel()
	parent := log.With(context.Background(), slog.Int("a", 1))
	first, second := log.With(parent, slog.Int("b", 2)), log.With(parent, slog.Int("b", 3))
	for ctx, want := range map[context.Context]float64{first: 2, second: 3} {
		logger, out := newLogger(t)
		logger.InfoContext(actor.With(ctx, actor.System("test")), "x")
		if got := line(t, out); got["a"] != 1.0 || got["b"] != want || got["actor"] != "system:test" || got["org_id"] != nil {
			t.Errorf("got %v, want b=%v", got, want)
		}
	}
}

func TestLevelsAndFormats(t *testing.T) {
	t.Parallel()
	tests := []struct {
		c    log.Config
		tty  bool
		want string
	}{
		{log.Config{Level: "warn", Format: "json"}, true, `"level":"WARN","msg":"b"}`},
		{log.Config{Level: "warn", Format: "text"}, false, "level=WARN msg=b"},
		{log.Config{Level: "warn", Format: "auto"}, true, "level=WARN msg=b"},
		{log.Config{Level: "warn", Format: "auto"}, false, `"level":"WARN","msg":"b"}`},
	}
	for _, tt := range tests {
		var out strings.Builder
		logger := log.New(&out, tt.c, tt.tty)
		logger.Info("a")
		logger.Warn("b")
		if !strings.HasSuffix(out.String(), tt.want+"\n") || strings.Count(out.String(), "\n") != 1 || !strings.Contains(out.String(), "ts") {
			t.Errorf("%+v: got %s", tt, out.String())
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	c := log.Config{Level: "info", Format: "auto"}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	for want, c := range map[string]log.Config{
		"level: must be debug, info, warn or error, is loud": {Level: "loud", Format: "json"},
		"format: must be auto, json or text, is xml":         {Level: "info", Format: "xml"},
	} {
		if err := c.Validate(); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

type visitor struct {
	Name  string `json:"name"`
	Floor int    `json:"floor"`
	Phone string `json:"phone"`
	Note  string `json:"note"`
}

func (v visitor) secretly() slog.LogValuer {
	return valuer{slog.GroupValue(slog.String("name", v.Name))}
}

type valuer struct{ v slog.Value }

func (v valuer) LogValue() slog.Value { return v.v }

type broken struct{ *time.Time }

func (b *broken) MarshalJSON() ([]byte, error) { return []byte(b.Time.String()), nil }

func TestNothingPlantedIsWritten(t *testing.T) {
	t.Parallel()
	const planted = "Malika-planted"
	v := visitor{planted, 3, planted, "password=" + planted}
	nested := map[string]any{"list": []any{map[string]any{"email": planted}, v}, "fullName": planted, "floor": 3, "ivan@example.uz": 1}
	attrs := []slog.Attr{
		slog.String("password", planted), slog.String("windowTitle", planted), slog.Any("visitor", v), slog.Any("nested", nested),
		slog.Any("visitors", []*visitor{&v, nil}), slog.Any("valuer", v.secretly()), slog.Group("group", slog.String("url", planted)),
		slog.Group("card", slog.String("a", planted)), slog.Any("raw", json.RawMessage(`{"token":"`+planted+`"}`)),
		slog.Any("error", fmt.Errorf("sign in: %w", errors.New(`{"password": "`+planted+`"}`))), slog.Any("bytes", []byte("pwd="+planted)),
		slog.Any("secret", config.Secret(planted)), slog.Any("holder", struct{ Key config.Secret }{planted}),
		slog.Any("func", func() {}), slog.Any("stringer", &url{planted}),
	}
	for _, format := range []string{"json", "text"} {
		var out strings.Builder
		logger := log.New(&out, log.Config{Format: format}, false)
		with := make([]any, 0, len(attrs))
		for _, a := range attrs {
			with = append(with, a)
		}
		logger.LogAttrs(context.Background(), slog.LevelInfo, "token="+planted, attrs...)
		logger.With(with...).Info("a")
		logger.WithGroup("g").With(with...).WithGroup("h").Info("a", with...)
		logger.WithGroup("password").Info("a", "b", planted)
		logger.InfoContext(log.With(context.Background(), attrs...), "a")
		if shown := out.String(); strings.Contains(shown, planted) || strings.Contains(shown, "ivan@") {
			t.Errorf("%s shows it: %s", format, shown)
		}
	}
}

// url has no fields that JSON shows.
type url struct{ password string }

func TestWhatIsHarmlessStays(t *testing.T) {
	t.Parallel()
	logger, out := newLogger(t)
	var nobody *visitor
	logger.Info("batch of 12 rows sent in 1.5s", "hostname", "PC", "token_count", 3, "key_id", "k1", "module_name", "uplink",
		"token", true, "password", "", "expires", time.Minute, "keys", 12, "visitor", struct{ Floor int64 }{1 << 60}, "nobody", nobody,
		"nil", nil, "blob", []byte{0xff, 0xfe}, "bad", &broken{}, "lazy", valuer{slog.IntValue(4)}, "error", errors.New("disk full"))
	want := map[string]any{
		"level": "INFO", "msg": "batch of 12 rows sent in 1.5s", "hostname": "PC", "token_count": 3.0, "key_id": "k1", "module_name": "uplink",
		"token": true, "password": "", "expires": float64(time.Minute), "keys": 12.0, "visitor": map[string]any{"Floor": float64(1 << 60)},
		"nobody": nil, "nil": nil, "blob": "[2 bytes]", "lazy": 4.0, "error": "disk full",
	}
	got := line(t, out)
	if bad, ok := got["bad"].(string); !ok || bad == "" {
		t.Errorf("a value that panics is written %v", got["bad"])
	}
	delete(got, "bad")
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func BenchmarkLine(b *testing.B) {
	logger := log.New(new(discard), log.Config{Level: "info"}, false)
	ctx := log.With(context.Background(), slog.String("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"))
	b.ReportAllocs()
	for b.Loop() {
		logger.InfoContext(ctx, "batch sent", "stream", "activity", "rows", 100, "error", "dial tcp 127.0.0.1:3001: connection refused")
	}
}

type discard struct{}

func (*discard) Write(p []byte) (int, error) { return len(p), nil }

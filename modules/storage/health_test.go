package storage

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"
)

// Whoever asks often does not make the store work, and does not learn where it is.
func TestTheHealthIsRemembered(t *testing.T) {
	t.Parallel()
	asked, now, answer := 0, time.Now(), error(nil)
	h := &health{log: slog.New(slog.DiscardHandler), now: func() time.Time { return now }, ask: func(ctx context.Context) error {
		asked++
		return errors.Join(answer, ctx.Err())
	}}
	say := func(ctx context.Context, want error, times int) {
		t.Helper()
		if err := h.check(ctx); !errors.Is(err, want) || asked != times {
			t.Errorf("it says %v, want %v; asked %d times, want %d", err, want, asked, times)
		}
	}
	say(t.Context(), nil, 1)
	answer = errors.New("https://minio.inside:9000/bucket")
	say(t.Context(), nil, 1)
	now = now.Add(askEvery)
	say(t.Context(), errAway, 2)
	answer = nil
	say(t.Context(), errAway, 2)
	now = now.Add(askEvery)
	gone, leave := context.WithCancel(t.Context())
	leave()
	say(gone, context.Canceled, 3)
	say(t.Context(), nil, 4)
}

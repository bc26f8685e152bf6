package storage

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// askEvery is how often the store is asked for its health, at the most: an answer costs a file, or a request.
const askEvery = 5 * time.Second

var errAway = errors.New("the store of files does not answer as it should: the log says more")

// health asks the store, and remembers what it said.
type health struct {
	ask   func(context.Context) error
	now   func() time.Time
	log   *slog.Logger
	mu    sync.Mutex
	until time.Time
	said  error
}

// check is for anybody to ask, so it names neither address nor bucket.
func (h *health) check(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.now().Before(h.until) {
		return h.said
	}
	err := h.ask(ctx)
	if errors.Is(ctx.Err(), context.Canceled) {
		return err // the asker went away, which says nothing of the store
	}
	h.until, h.said = h.now().Add(askEvery), nil
	if err != nil {
		h.log.WarnContext(ctx, "the store of files does not work", "error", err)
		h.said = errAway
	}
	return h.said
}

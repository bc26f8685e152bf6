package event

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/staff-control/staff-control/platform/db"
)

// channel carries changes in the database.
const channel = "staff_changes"

const (
	// backlog is how many changes a slow watcher may lag behind before it misses some. There is room for one more, which
	// says so.
	backlog = 64
	// listenPause is the wait before a lost connection is made again.
	listenPause = time.Second
)

// Change says what changed, never what it is now: who is told asks for it, with its own permissions.
type Change struct {
	// Name says what kind of thing changed: gateway.command.
	Name           string `json:"name"`
	OrganizationID int64  `json:"organizationId,omitempty"`
	ID             string `json:"id,omitempty"`
}

// Missed is the name of what a watcher is told in place of changes that came faster than it took them.
const Missed = "missed"

// Notify tells watchers, in all processes on this database, once the transaction has committed.
func (b *Bus) Notify(ctx context.Context, tx db.Tx, c Change) error {
	payload, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("notify of %s: %w", c.Name, err)
	}
	if err := tx.Notify(ctx, channel, string(payload)); err != nil {
		return fmt.Errorf("notify of %s: %w", c.Name, err)
	}
	return nil
}

// Watch returns the changes of all organizations from now until ctx ends, which closes the channel.
// A watcher that is too slow misses some, and is told so by a change called Missed. Everyone misses some while the
// database cannot be reached, and is not told.
func (b *Bus) Watch(ctx context.Context) <-chan Change {
	w := make(chan Change, backlog+1)
	b.watchers.add(w)
	context.AfterFunc(ctx, func() { b.watchers.remove(w) })
	return w
}

// Run passes changes on to watchers until ctx ends.
func (b *Bus) Run(ctx context.Context) error {
	for {
		err := b.db.Listen(ctx, channel, func(payload string) {
			var c Change
			if err := json.Unmarshal([]byte(payload), &c); err != nil {
				b.log.WarnContext(ctx, "a change cannot be read", "error", err)
				return
			}
			b.watchers.tell(c)
		})
		if ctx.Err() != nil {
			return nil
		}
		b.log.WarnContext(ctx, "changes are missed until the database is back", "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(listenPause):
		}
	}
}

// watchers are the open channels; the zero value is ready.
type watchers struct {
	mu  sync.Mutex
	all map[chan Change]bool
}

func (s *watchers) add(w chan Change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[chan Change]bool{}
	}
	s.all[w] = true
}

func (s *watchers) remove(w chan Change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, w)
	close(w)
}

// tell is the only one to send, so that a place that it sees is there. A watcher that reads that it missed some reads it
// after all that it missed was committed.
func (s *watchers) tell(c Change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for w := range s.all {
		switch len(w) {
		case backlog + 1: // it will be told
		case backlog:
			w <- Change{Name: Missed}
		default:
			w <- c
		}
	}
}

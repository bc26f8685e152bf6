package control

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
)

// state is how the channel is.
type state string

const (
	waiting      state = "waiting"    // for the gateway to be enrolled
	connecting   state = "connecting" // for the first time
	connected    state = "connected"
	disconnected state = "disconnected" // it is tried again
	refused      state = "refused"      // the gateway's key is not taken; it is tried again, slowly
	replaced     state = "replaced"     // another gateway with this key took the place; it is tried again, slowly
)

var states = [...]state{waiting, connecting, connected, disconnected, refused, replaced}

// status tells of the channel what has changed: in the log, to the uplink for its reports, and to whoever asks.
type status struct {
	log  *slog.Logger
	tell func(gateway.Channel)
	now  func() time.Time

	mu      sync.Mutex
	channel gateway.Channel
}

func newStatus(log *slog.Logger, tell func(gateway.Channel), now func() time.Time) *status {
	s := &status{log: log, tell: tell, now: now, channel: gateway.Channel{State: string(waiting), Since: now().UTC()}}
	tell(s.channel)
	return s
}

// current is how the channel is.
func (s *status) current() gateway.Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.channel
}

// become takes the state, and reports whether that changes anything.
func (s *status) become(st state, reason string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.channel.State == string(st) && s.channel.Reason == reason {
		return false
	}
	now := s.now().UTC()
	if st == connected || s.channel.State == string(connected) {
		s.channel.LastConnectedAt = now
	}
	s.channel.State, s.channel.Reason, s.channel.Since = string(st), reason, now
	s.tell(s.channel)
	return true
}

// firstTries is how many failures in a row are worth a line in the log when each is like the one before.
const firstTries = 5

// up notes that the channel is open.
func (s *status) up(ctx context.Context, address string) {
	s.become(connected, "")
	s.log.InfoContext(ctx, "the control channel is open", "server", address)
}

// down notes that it is not, for so many tries now.
func (s *status) down(ctx context.Context, e ended, attempt int, wait time.Duration) {
	changed := s.become(e.state, e.reason)
	level := slog.LevelWarn
	if !changed && attempt > firstTries {
		level = slog.LevelDebug // it has been said
	}
	s.log.Log(ctx, level, "the control channel is not open", "state", e.state, "reason", e.reason, "attempt", attempt,
		"wait", wait.Round(time.Millisecond), "error", e.err)
}

// healthy says what is wrong with the channel.
func (s *status) healthy(context.Context) error {
	c := s.current()
	if c.State == string(connected) {
		return nil
	}
	if c.Reason != "" {
		return fmt.Errorf("%s since %s: %s", c.State, c.Since.Format(time.RFC3339), c.Reason)
	}
	return fmt.Errorf("%s since %s", c.State, c.Since.Format(time.RFC3339))
}

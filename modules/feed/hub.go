package feed

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
)

const (
	// page is how many rows are read at once, if queues have room for twice as many.
	page = 500
	// crowdTime is how long those who read may take to make room when much comes at once.
	crowdTime = 100 * time.Millisecond
	// wave is how many listeners get something at once, breath the pause before the next ones do.
	wave, breath = 50, 2 * time.Millisecond
)

// hub reads what happens once for all listeners of this process, in the order of ids, and puts it before them.
type hub struct {
	service *service
	metrics metrics
	cfg     *Config
	log     *slog.Logger
	wake    chan struct{} // something is new

	mu        sync.Mutex
	last      int64 // all rows up to it have been put before listeners
	known     bool  // last is
	listeners map[*listener]bool
	byUser    map[string]int
}

func newHub(s *service, m metrics, log *slog.Logger) *hub {
	return &hub{service: s, metrics: m, cfg: s.cfg, log: log, wake: make(chan struct{}, 1), listeners: map[*listener]bool{}, byUser: map[string]int{}}
}

// frame is a row, and its text, which all listeners share.
type frame struct {
	id   int64
	text []byte
}

func newFrame(r eventRow) frame {
	return frame{r.ID, fmt.Appendf(nil, "id: %d\nevent: %s\ndata: %s\n\n", r.ID, r.Kind, r.Data)}
}

// listener is somebody who is told of what happens after an id.
type listener struct {
	view
	after int64 // what came up to it is not put before the listener
	told  int64 // all that came up to it has been put before the listener
	queue chan frame
	gone  chan struct{} // closed when it is dropped
}

// join adds a listener. What happens after what it knows, and after what the others know, is put before it.
func (h *hub) join(v view, from int64) (*listener, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case !h.known || len(h.listeners) >= h.cfg.MaxListeners:
		h.metrics.refused.Inc()
		return nil, errFull
	case h.byUser[v.who.ID] >= h.cfg.MaxPerUser:
		h.metrics.refused.Inc()
		return nil, errTooMany.With("Max", h.cfg.MaxPerUser)
	}
	l := &listener{view: v, after: max(h.last, from), told: max(h.last, from), queue: make(chan frame, h.cfg.Queue), gone: make(chan struct{})}
	h.listeners[l] = true
	h.byUser[v.who.ID]++
	h.metrics.listeners.Set(float64(len(h.listeners)))
	return l, nil
}

// restart has a listener begin where the others are: the id that it came with says nothing about those to come.
func (h *hub) restart(l *listener) (after int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	l.after = min(l.after, h.last)
	l.told = max(min(l.told, h.last), l.after)
	return l.after
}

// leave forgets a listener.
func (h *hub) leave(l *listener, why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.remove(l)
	h.metrics.ended.WithLabelValues(why).Inc()
}

func (h *hub) remove(l *listener) {
	if !h.listeners[l] {
		return
	}
	delete(h.listeners, l)
	if h.byUser[l.who.ID]--; h.byUser[l.who.ID] == 0 {
		delete(h.byUser, l.who.ID)
	}
	h.metrics.listeners.Set(float64(len(h.listeners)))
}

// position is the id up to which the listener has been told of all, if it has read its queue; ok is false if it has not.
func (h *hub) position(l *listener) (id int64, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return l.told, h.listeners[l] && len(l.queue) == 0
}

// follow reads what happens until ctx ends.
func (h *hub) follow(ctx context.Context) error {
	go h.watch(ctx)
	ctx = actor.With(ctx, actor.System("feed"))
	sweep := time.NewTicker(h.cfg.SweepInterval)
	defer sweep.Stop()
	away := false
	for {
		before := h.last
		err := h.read(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && !away {
			h.log.WarnContext(ctx, "nobody is told of anything until the database is back", "error", err)
		}
		away = err != nil
		if h.last != before && !pause(ctx, h.cfg.Gather) {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-h.wake:
		case <-sweep.C:
		}
	}
}

// pause reports whether the time passed before ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// watch has the rows read when some process says that there are more.
func (h *hub) watch(ctx context.Context) {
	for c := range h.service.events.Watch(ctx) {
		if c.Name != changed {
			continue
		}
		select {
		case h.wake <- struct{}{}:
		default:
		}
	}
}

// read puts all that is new before the listeners. At first it only finds out what is old.
func (h *hub) read(ctx context.Context) error {
	if !h.known {
		_, last, err := h.service.store.edges(ctx)
		if err != nil {
			return err
		}
		h.mu.Lock()
		h.last, h.known = last, true
		h.mu.Unlock()
	}
	for n := max(min(page, h.cfg.Queue/2), 1); ; {
		h.wait(ctx)
		rows, err := h.service.store.behind(ctx, h.last, 0, n)
		if err != nil {
			return err
		}
		h.spread(ctx, rows)
		if len(rows) < n {
			return nil
		}
	}
}

// wait lets listeners read what came, so that many events at once, from a terminal that was away, drop nobody who reads.
func (h *hub) wait(ctx context.Context) {
	if !h.crowded() {
		return
	}
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	enough := time.After(crowdTime)
	for h.crowded() {
		select {
		case <-ctx.Done():
			return
		case <-enough:
			return
		case <-look.C:
		}
	}
}

// crowded reports whether some queue has no room for a page.
func (h *hub) crowded() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for l := range h.listeners {
		if len(l.queue) > h.cfg.Queue/2 {
			return true
		}
	}
	return false
}

// spread puts rows before those who see them, some listeners at a time: each has something to write then, and requests
// shall not wait behind all of them. It waits for nobody: whose queue is full is dropped.
func (h *hub) spread(ctx context.Context, rows []eventRow) {
	if len(rows) == 0 {
		return
	}
	frames := make([]frame, len(rows))
	for i, r := range rows {
		frames[i] = newFrame(r)
		h.metrics.delay.Observe(max(h.service.clock().Sub(r.At), 0).Seconds())
	}
	h.mu.Lock()
	h.last = rows[len(rows)-1].ID // who joins from now on is told of these by the database
	all := slices.Collect(maps.Keys(h.listeners))
	h.mu.Unlock()
	for some := range slices.Chunk(all, wave) {
		h.put(some, rows, frames)
		if len(all) > wave && !pause(ctx, breath) {
			return
		}
	}
}

// put puts rows before some listeners.
func (h *hub) put(some []*listener, rows []eventRow, frames []frame) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, l := range some {
		for i, r := range rows {
			if !h.listeners[l] || r.ID <= l.after || !l.sees(r) {
				continue
			}
			select {
			case l.queue <- frames[i]:
				h.metrics.sent.WithLabelValues(r.Kind).Inc()
			default:
				h.remove(l)
				close(l.gone)
			}
		}
		l.told = max(l.told, rows[len(rows)-1].ID)
	}
}

// edges are those of all organizations' rows: the ids are common to them.
func (s *service) edges(ctx context.Context) (first, last int64, err error) {
	return s.store.edges(actor.With(ctx, actor.System("feed")))
}

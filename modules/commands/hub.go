package commands

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/event"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/ws"
)

const (
	// batch is how many gateways one look at the queues takes in.
	batch = 200
	// lookPause is the wait after a look that failed.
	lookPause = time.Second
	// atOnce is how many messages of gateways are worked on at the same time: more would only wait for the database.
	atOnce = 32
	// leaveTime is how long gateways may take to say goodbye when the process stops.
	leaveTime = 8 * time.Second
)

// hub holds the sockets of this process and delivers commands through them.
type hub struct {
	service   *service
	pulse     gateway.Pulse
	events    *event.Bus
	metrics   metrics
	cfg       *Config
	log       *slog.Logger
	now       func() time.Time
	processID id.UUID
	arrivals  chan arrival
	wake      chan struct{}  // something is wanted
	working   chan struct{}  // has a place for each message that is worked on
	busy      sync.WaitGroup // those who read sockets and who work on messages
	away      atomic.Bool    // the database is

	mu      sync.Mutex
	base    context.Context // of work for sockets; nil while the hub is shut
	sockets map[id.UUID]*socket
	wanted  map[id.UUID]bool
}

func newHub(s *service, p gateway.Pulse) *hub {
	return &hub{
		service: s, pulse: p, events: s.events, metrics: s.metrics, cfg: s.cfg, log: s.log, now: s.now, processID: id.New(),
		arrivals: make(chan arrival), wake: make(chan struct{}, 1), working: make(chan struct{}, atOnce), sockets: map[id.UUID]*socket{}, wanted: map[id.UUID]bool{},
	}
}

// join takes a gateway's new socket and closes the one before.
func (h *hub) join(s *socket) {
	h.mu.Lock()
	before := h.sockets[s.by.ID]
	stopping, late := h.base == nil, before != nil && before.place > s.place
	if stopping || late {
		h.mu.Unlock()
		s.refuse(late)
		return
	}
	h.sockets[s.by.ID] = s
	h.metrics.sockets.Set(float64(len(h.sockets)))
	s.base = h.base
	h.busy.Add(1)
	h.mu.Unlock()
	if before != nil {
		before.shut(command.CloseReplaced, "replaced", "replaced")
	}
	go s.read() // the handler returns, and with it go the request and its stack
	h.want(s.by.ID)
}

// leave forgets a socket that has ended.
func (h *hub) leave(s *socket) {
	h.mu.Lock()
	if h.sockets[s.by.ID] == s {
		delete(h.sockets, s.by.ID)
	}
	h.metrics.sockets.Set(float64(len(h.sockets)))
	h.mu.Unlock()
	h.busy.Done()
}

// of returns the gateway's socket, nil if it is not here.
func (h *hub) of(gatewayID id.UUID) *socket {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sockets[gatewayID]
}

// all returns the sockets that there are now.
func (h *hub) all() []*socket {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]*socket, 0, len(h.sockets))
	for _, s := range h.sockets {
		list = append(list, s)
	}
	return list
}

// want has the gateways' queues looked at soon. Those whose sockets are elsewhere are passed over.
func (h *hub) want(gateways ...id.UUID) {
	h.mu.Lock()
	for _, g := range gateways {
		if h.sockets[g] != nil {
			h.wanted[g] = true
		}
	}
	any := len(h.wanted) > 0
	h.mu.Unlock()
	if !any {
		return
	}
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// next takes some of the wanted gateways.
func (h *hub) next() (held []holding) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for g := range h.wanted {
		delete(h.wanted, g)
		if s := h.sockets[g]; s != nil {
			held = append(held, s.holding())
		}
		if len(held) == batch {
			break
		}
	}
	return held
}

// deliver looks at the queues of gateways that want it until ctx ends, and then says goodbye to all.
func (h *hub) deliver(ctx context.Context) error {
	h.mu.Lock()
	h.base = context.WithoutCancel(ctx)
	h.mu.Unlock()
	defer h.stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-h.wake:
		}
		for held := h.next(); len(held) > 0 && ctx.Err() == nil; held = h.next() {
			if !h.deliverTo(ctx, held) && !pause(ctx, lookPause) {
				return nil
			}
		}
	}
}

// deliverTo looks at the queues once. It reports false if it could not.
func (h *hub) deliverTo(ctx context.Context, held []holding) bool {
	r, err := h.service.look(ctx, held)
	if err != nil {
		h.failed(ctx, err)
		h.want(gatewaysOf(held)...)
		return false
	}
	for _, x := range held {
		if s := h.of(x.gatewayID); s != nil && slices.Contains(r.replaced, s.id) {
			s.shut(command.CloseReplaced, "replaced", "replaced")
		}
	}
	for _, row := range r.deliver {
		if s := h.of(row.GatewayID); s != nil && s.id == *row.SocketID {
			go s.send(row)
		}
	}
	h.want(r.again...)
	return true
}

// failed notes that the database does not answer. One line tells of it: there may be thousands of gateways.
func (h *hub) failed(ctx context.Context, err error) {
	if ctx.Err() == nil && !h.away.Swap(true) {
		h.log.WarnContext(ctx, "commands and heartbeats wait until the database is back", "error", err)
	}
}

// worked notes that the database answers.
func (h *hub) worked(ctx context.Context) {
	if h.away.Swap(false) {
		h.log.InfoContext(ctx, "the database is back, and commands go on")
	}
}

// stop says goodbye to all gateways, and waits for them for some time.
func (h *hub) stop() {
	h.mu.Lock()
	h.base = nil
	h.mu.Unlock()
	sockets := h.all()
	for _, s := range sockets {
		s.shut(int(ws.GoingAway), "the server stops", "stopping")
	}
	left := make(chan struct{})
	go func() {
		h.busy.Wait()
		close(left)
	}()
	select {
	case <-left:
	case <-time.After(leaveTime): // those who say nothing are not waited for
	}
}

// watch looks at what other processes, and this one, say has changed. It only takes note: of what it misses it is told.
func (h *hub) watch(ctx context.Context) error {
	for c := range h.events.Watch(ctx) {
		if c.Name == event.Missed {
			go h.lookAround(actor.With(ctx, actor.System("control channel")))
			continue
		}
		name, of, _ := strings.Cut(c.ID, "/")
		gatewayID, err := id.Parse(name)
		if err != nil || h.of(gatewayID) == nil {
			continue
		}
		switch c.Name {
		case changeCommand, changeSocket:
			h.want(gatewayID)
		case changeCancelled:
			if commandID, err := id.Parse(of); err == nil {
				go h.of(gatewayID).withdraw(commandID)
			}
		case gateway.Revoked:
			go h.check(ctx, gatewayID)
		}
	}
	return nil
}

// sweep looks for commands that are due and that no notice came of.
func (h *hub) sweep(ctx context.Context) error {
	ctx = actor.With(ctx, actor.System("control channel"))
	return h.every(ctx, h.cfg.SweepInterval, func() { h.findDue(ctx) })
}

func (h *hub) findDue(ctx context.Context) {
	if len(h.all()) == 0 {
		return
	}
	due, err := h.service.store.due(ctx, h.processID, h.service.clock())
	if err != nil {
		h.failed(ctx, err)
		return
	}
	h.worked(ctx)
	h.want(due...)
}

// lookAround finds at once what notices were missed of.
func (h *hub) lookAround(ctx context.Context) {
	h.findDue(ctx)
	h.check(ctx)
}

// verify asks at times whether the sockets still are their gateways', whatever notices came.
func (h *hub) verify(ctx context.Context) error {
	ctx = actor.With(ctx, actor.System("control channel"))
	return h.every(ctx, h.cfg.CheckInterval, func() {
		h.check(ctx)
		newest, err := h.service.store.heldBy(ctx, h.processID)
		if err != nil {
			return // the check has told of it
		}
		for _, s := range h.all() {
			if newest[s.by.ID].ID != s.id {
				h.want(s.by.ID)
			}
		}
	})
}

// check closes those of the gateways' sockets, or of all, whose keys are good no more.
func (h *hub) check(ctx context.Context, gateways ...id.UUID) {
	sockets := map[id.UUID]*socket{}
	var held []gateway.Caller
	for _, s := range h.all() {
		if len(gateways) == 0 || s.by.ID == gateways[0] {
			held, sockets[s.by.ID] = append(held, s.by), s
		}
	}
	if len(held) == 0 {
		return
	}
	lost, err := h.pulse.Lost(ctx, held)
	if err != nil {
		h.failed(ctx, err)
	}
	for _, g := range lost {
		sockets[g].shut(command.CloseRefused, "the key or the certificate is not valid any more", "refused")
	}
}

// ping pings each socket once in its interval, spread over it.
func (h *hub) ping(ctx context.Context) error {
	return h.every(ctx, max(h.cfg.PingInterval/20, time.Millisecond), func() {
		now := h.now()
		for _, s := range h.all() {
			if !now.Before(s.nextPing) {
				s.nextPing = now.Add(h.cfg.PingInterval)
				s.ping()
			}
		}
	})
}

// firstPing is when a new socket is pinged first.
func (h *hub) firstPing() time.Time {
	return h.now().Add(time.Duration(rand.Float64() * float64(h.cfg.PingInterval)))
}

// every calls fn in the interval until ctx ends.
func (h *hub) every(ctx context.Context, d time.Duration, fn func()) error {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			fn()
		}
	}
}

// pause waits, and reports false if ctx ends first.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

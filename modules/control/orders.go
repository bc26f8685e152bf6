package control

import (
	"context"
	"sync"
	"time"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/platform/id"
)

// maxOrders bounds the commands that wait on this side; agent-api has no more waiting for a gateway.
const maxOrders = 1000

// order is a command that came.
type order struct {
	command.Command
	at      time.Time // when it came: its life is counted from then
	started bool
}

// orders hands commands to the executor: those of one type one after another as they came, types beside each other.
type orders struct {
	do  func(ctx context.Context, c command.Command)
	now func() time.Time

	mu    sync.Mutex
	known map[id.UUID]*order // that wait or are under way
	lanes map[command.Type][]*order
	work  sync.WaitGroup
}

func newOrders(do func(context.Context, command.Command), now func() time.Time) *orders {
	return &orders{do: do, now: now, known: map[id.UUID]*order{}, lanes: map[command.Type][]*order{}}
}

// put takes a command. One that waits already or is under way is the same one; it returns false if there are too many.
func (o *orders) put(ctx context.Context, c command.Command) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.known[c.ID] != nil {
		return true
	}
	if len(o.known) >= maxOrders {
		return false
	}
	came := &order{Command: c, at: o.now()}
	o.known[c.ID] = came
	lane, busy := o.lanes[c.Type]
	o.lanes[c.Type] = append(lane, came)
	if !busy {
		o.work.Go(func() { o.drain(ctx, c.Type) })
	}
	return true
}

// cancel forgets a command that was not begun.
func (o *orders) cancel(which id.UUID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if c := o.known[which]; c != nil && !c.started {
		delete(o.known, which)
	}
}

// waiting counts those that wait or are under way.
func (o *orders) waiting() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.known)
}

// drain works through a lane until it is empty.
func (o *orders) drain(ctx context.Context, lane command.Type) {
	for {
		c := o.next(ctx, lane)
		if c == nil {
			return
		}
		todo := c.Command
		todo.ExpiresInMS -= o.now().Sub(c.at).Milliseconds()
		o.do(ctx, todo)
		o.mu.Lock()
		delete(o.known, todo.ID)
		o.mu.Unlock()
	}
}

// next begins the oldest command of a lane. At the end of the lane, or of ctx, it closes it.
func (o *orders) next(ctx context.Context, lane command.Type) *order {
	o.mu.Lock()
	defer o.mu.Unlock()
	for ctx.Err() == nil && len(o.lanes[lane]) > 0 {
		c := o.lanes[lane][0]
		o.lanes[lane] = o.lanes[lane][1:]
		if o.known[c.ID] == c { // else it was cancelled
			c.started = true
			return c
		}
	}
	for _, c := range o.lanes[lane] {
		delete(o.known, c.ID)
	}
	delete(o.lanes, lane)
	return nil
}

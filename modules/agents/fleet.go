package agents

import (
	"cmp"
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/staff-control/staff-control/modules/agents/agent"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/jsonfile"
)

const (
	// patience is how long Restart waits for the agents that are there.
	patience = time.Minute
	// again is how soon an order that has no ack is given to its agent once more.
	again = 15 * time.Second
	// maxOrdersEach bounds the orders of one agent, maxOrders those of all; the oldest go first.
	maxOrdersEach, maxOrders = 16, 20_000
)

// order is to restart one agent.
type order struct {
	ID          string        `json:"id"`
	Key         string        `json:"key"` // of the command that it is of
	ComputerUID string        `json:"computerUid"`
	Reason      string        `json:"reason,omitempty"`
	CreatedAt   time.Time     `json:"createdAt"`
	Until       time.Time     `json:"until"`
	Outcome     agent.Outcome `json:"outcome,omitempty"` // Done or Failed; empty while it is open
	Error       string        `json:"error,omitempty"`

	given time.Time // when the agent last got it
}

// fleet reaches the agents: what it orders is in <data>/orders.json until the agent has answered and the order has
// expired.
type fleet struct {
	waits    *waits
	enrolled func(since time.Time) []string
	now      func() time.Time
	file     file

	mu       sync.Mutex
	byID     map[string]*order
	orders   map[string][]*order // by computer, oldest first
	byKey    map[string][]*order
	ordered  chan struct{} // closed when there are orders more
	answered chan struct{} // closed when there is an answer more
}

type ordersFile struct {
	Orders []order `json:"orders"`
}

func openFleet(data string, w *waits, log *slog.Logger, now func() time.Time) *fleet {
	f := &fleet{
		waits: w, now: now, enrolled: func(time.Time) []string { return nil },
		byID: map[string]*order{}, orders: map[string][]*order{}, byKey: map[string][]*order{}, ordered: make(chan struct{}), answered: make(chan struct{}),
	}
	f.file = file{path: filepath.Join(data, "orders.json"), state: f.state}
	var kept ordersFile
	if err := jsonfile.Read(f.file.path, &kept); err != nil {
		log.Warn("the agents' orders on disk are unreadable and are forgotten", "error", err)
	}
	for _, o := range kept.Orders {
		f.add(&o)
	}
	f.expire()
	return f
}

func (f *fleet) state() any {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := ordersFile{Orders: []order{}}
	for _, o := range f.byID {
		all.Orders = append(all.Orders, *o)
	}
	slices.SortFunc(all.Orders, func(a, b order) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(a.ID, b.ID))
	})
	return all
}

func (f *fleet) add(o *order) {
	f.byID[o.ID] = o
	f.orders[o.ComputerUID] = append(f.orders[o.ComputerUID], o)
	f.byKey[o.Key] = append(f.byKey[o.Key], o)
}

// Restart has agents restart.
func (f *fleet) Restart(ctx context.Context, key string, computerUIDs []string, reason string, until time.Time) (map[string]agent.Outcome, error) {
	if err := f.order(key, computerUIDs, reason, until); err != nil {
		return nil, err
	}
	enough := time.NewTimer(patience)
	defer enough.Stop()
	for {
		answered := f.watch(&f.answered)
		outcomes, settled := f.outcomes(key, false)
		if settled {
			return outcomes, nil
		}
		select {
		case <-answered:
		case <-enough.C:
			outcomes, _ = f.outcomes(key, true)
			return outcomes, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// order makes the orders and returns when they are on the disk. With a key that was there before it makes none.
func (f *fleet) order(key string, uids []string, reason string, until time.Time) error {
	if len(uids) == 0 {
		then := f.now().Add(-lately)
		uids = append(f.waits.since(then), f.enrolled(then)...)
	}
	uids = slices.Compact(slices.Sorted(slices.Values(uids)))
	f.mu.Lock()
	known := len(f.byKey[key]) > 0
	if !known {
		f.expire()
		for _, uid := range uids {
			f.room(uid)
			f.add(&order{
				ID: id.Derive(0, "restart", key, uid).String(), Key: key, ComputerUID: uid, Reason: cut(reason), CreatedAt: f.now().UTC(), Until: until.UTC(),
			})
		}
	}
	f.mu.Unlock()
	err := f.file.save()
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil && !known {
		for _, o := range slices.Clone(f.byKey[key]) {
			f.remove(o)
		}
	}
	tell(&f.ordered)
	return err
}

// room forgets the oldest order where there are too many.
func (f *fleet) room(uid string) {
	if of := f.orders[uid]; len(of) >= maxOrdersEach {
		f.remove(of[0])
		return
	}
	if len(f.byID) < maxOrders {
		return
	}
	var oldest *order
	for _, o := range f.byID {
		if oldest == nil || o.CreatedAt.Before(oldest.CreatedAt) {
			oldest = o
		}
	}
	f.remove(oldest)
}

func (f *fleet) remove(o *order) {
	delete(f.byID, o.ID)
	for _, in := range []struct {
		m   map[string][]*order
		key string
	}{{f.orders, o.ComputerUID}, {f.byKey, o.Key}} {
		in.m[in.key] = slices.DeleteFunc(in.m[in.key], func(p *order) bool { return p == o })
		if len(in.m[in.key]) == 0 {
			delete(in.m, in.key)
		}
	}
}

// expire forgets the orders whose time is over, and reports whether there were any.
func (f *fleet) expire() (any bool) {
	now := f.now()
	for _, o := range f.byID {
		if !now.Before(o.Until) {
			f.remove(o)
			any = true
		}
	}
	return any
}

// forget is expire on the disk too.
func (f *fleet) forget() error {
	f.mu.Lock()
	any := f.expire()
	f.mu.Unlock()
	if !any {
		return nil
	}
	return f.file.save()
}

// outcomes says how the orders of a key went. They are settled when all agents that are there have answered. Of those
// that have not, one that has got its order counts as failed at the end.
func (f *fleet) outcomes(key string, end bool) (outcomes map[string]agent.Outcome, settled bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	outcomes, settled = map[string]agent.Outcome{}, true
	for _, o := range f.byKey[key] {
		switch {
		case o.Outcome != "":
			outcomes[o.ComputerUID] = o.Outcome
		case end && !o.given.IsZero():
			outcomes[o.ComputerUID] = agent.Failed
		default:
			outcomes[o.ComputerUID] = agent.Away
			settled = settled && !f.waits.isHere(o.ComputerUID)
		}
	}
	return outcomes, settled
}

// due returns the open orders that the agent should get now, or how long it is until there will be one again; 0 if
// there are none.
func (f *fleet) due(uid string) (orders []order, wait time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	for _, o := range f.orders[uid] {
		if o.Outcome != "" || !now.Before(o.Until) {
			continue
		}
		if left := again - now.Sub(o.given); left > 0 {
			if wait == 0 || left < wait {
				wait = left
			}
			continue
		}
		o.given = now
		orders = append(orders, *o)
	}
	return orders, wait
}

// ack keeps how an order went. What was said first counts.
func (f *fleet) ack(orderID string, outcome agent.Outcome, text string) error {
	f.mu.Lock()
	o, known := f.byID[orderID]
	if !known {
		f.mu.Unlock()
		return errNoCommand
	}
	if o.Outcome == "" {
		o.Outcome, o.Error = outcome, cut(text)
		tell(&f.answered)
	}
	f.mu.Unlock()
	return f.file.save()
}

// of returns whose order it is.
func (f *fleet) of(orderID string) (uid string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if o, known := f.byID[orderID]; known {
		return o.ComputerUID, nil
	}
	return "", errNoCommand
}

// watch returns what is closed when there is news after the call: of ordered or answered.
func (f *fleet) watch(news *chan struct{}) <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return *news
}

// tell wakes those who watch.
func tell(news *chan struct{}) {
	close(*news)
	*news = make(chan struct{})
}

// tally counts the orders by outcome, "open" for none.
func (f *fleet) tally() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := map[string]int{"open": 0, string(agent.Done): 0, string(agent.Failed): 0}
	for _, o := range f.byID {
		n[cmp.Or(string(o.Outcome), "open")]++
	}
	return n
}

// cut bounds what is said of an order.
func cut(text string) string {
	if len(text) > activity.MaxTitle {
		text = text[:activity.MaxTitle]
	}
	return strings.Clone(strings.ToValidUTF8(text, ""))
}

package commands

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/id"
)

// thought is a command as the model of the queue has it.
type thought struct {
	id                   id.UUID
	gateway              int
	status               command.Status
	attempts, deliveries int
	socket               id.UUID
	due, expires         time.Time
	name                 string
}

// model is the queue as its rules say, in as few lines as they can be said.
type model struct {
	t     *testing.T
	o     office
	rng   *rand.Rand
	ids   [3]id.UUID
	links [2]*link
	all   []*thought
}

// Many random sequences of all that can happen to a queue. After each step the database says what the model says, and
// so: nothing is lost, at most one command of a gateway is under way, the order is kept, nothing goes down after its end.
func TestTheQueueKeepsItsRules(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		seed := uint64(time.Now().UnixNano())
		m := &model{t: t, o: newOffice(t, d), rng: rand.New(rand.NewPCG(seed, 0)), ids: populate(t, d)}
		m.o.cfg.MaxWaiting, m.o.cfg.Lease = 6, 2*time.Second
		t.Logf("seed %d", seed)
		steps := []func(){m.order, m.order, m.order, m.look, m.look, m.look, m.answer, m.connect, m.pass, m.edge, m.edge, m.edge, m.cancel, m.expire}
		for n := range 600 {
			m.o.clock.pass(time.Microsecond)
			steps[m.rng.IntN(len(steps))]()
			if n%10 == 0 {
				m.compare(fmt.Sprintf("step %d", n))
			}
		}
		m.drain()
		m.compare("at the end")
	})
}

func (m *model) now() time.Time { return m.o.clock.now() }

// queue are the commands of a gateway that have not ended, the next one first.
func (m *model) queue(gateway int) (open []*thought) {
	for _, c := range m.all {
		if c.gateway == gateway && (c.status == command.Pending || c.status == command.Sent) {
			open = append(open, c)
		}
	}
	return open
}

func (m *model) order() {
	g := m.rng.IntN(2)
	c := &thought{gateway: g, status: command.Pending, expires: m.now().Add(time.Duration(2+m.rng.IntN(30)) * time.Second)}
	if m.rng.IntN(3) == 0 {
		c.name = "bundle"
		for _, before := range m.queue(g) {
			if before.status == command.Pending && before.name == c.name {
				before.status = command.Cancelled
			}
		}
	}
	full := len(m.queue(g)) >= m.o.cfg.MaxWaiting
	got, err := m.o.tryOrder(hr(1), m.ids[g], func(o *command.Order) { o.Life, o.Replaces = c.expires.Sub(m.now()), c.name })
	if full != errors.Is(err, command.ErrQueueFull) || !full && err != nil {
		m.t.Fatalf("order: full %v, %v", full, err)
	}
	if c.id = got; !full {
		m.all = append(m.all, c)
	}
}

// look lets a connected gateway have what is next.
func (m *model) look() {
	g := m.rng.IntN(2)
	if m.links[g] == nil {
		return
	}
	got := m.o.next(m.t, m.links[g])
	want := m.next(g)
	switch {
	case want == nil && len(got) == 0:
	case want == nil || len(got) != 1 || got[0].ID != want.id:
		m.t.Fatalf("goes down: %+v, want %+v", got, want)
	case !m.now().Before(got[0].ExpiresAt):
		m.t.Fatalf("goes down after its end: %+v", got[0])
	}
}

// next is what goes down now; on the way to it, what is done with ends.
func (m *model) next(g int) *thought {
	for _, c := range m.queue(g) {
		here := c.status == command.Sent && c.socket == m.links[g].socketID
		over, leased := !m.now().Before(c.expires), c.status == command.Sent && m.now().Before(c.due)
		switch {
		case leased && (here || over):
			return nil
		case over:
			c.status = command.Expired
			continue
		case here && c.attempts == 3:
			c.status = command.Failed
			continue
		}
		if here || c.attempts == 0 {
			c.attempts++
		}
		c.deliveries++
		c.status, c.socket, c.due = command.Sent, m.links[g].socketID, m.now().Add(m.o.cfg.Lease<<(c.attempts-1))
		return c
	}
	return nil
}

// answer is of any command, also of such as nobody sent or as have ended.
func (m *model) answer() {
	if len(m.all) == 0 {
		return
	}
	c := m.all[len(m.all)-1-m.rng.IntN(min(len(m.all), 8))]
	status := []command.Status{command.Completed, command.Failed}[m.rng.IntN(2)]
	by := c.gateway
	if m.rng.IntN(4) == 0 {
		by = 1 - by
	}
	m.o.ack(m.t, m.ids[by], command.Ack{CommandID: c.id, Status: status})
	if by == c.gateway && c.status == command.Sent {
		c.status = status
	}
}

func (m *model) connect() {
	g := m.rng.IntN(2)
	m.links[g] = connect(m.ids[g])
}

func (m *model) pass() { m.o.clock.pass(time.Duration(m.rng.IntN(2000)) * time.Millisecond) }

// edge moves the time to the moment at which something is due or over, or just before it, and looks.
func (m *model) edge() {
	var edges []time.Time
	for _, c := range append(m.queue(0), m.queue(1)...) {
		for _, at := range []time.Time{c.due, c.expires} {
			if at.After(m.now()) {
				edges = append(edges, at)
			}
		}
	}
	if len(edges) == 0 {
		return
	}
	m.o.clock.pass(slices.MinFunc(edges, time.Time.Compare).Sub(m.now()) - time.Duration(m.rng.IntN(2))*time.Microsecond)
	m.look()
}

func (m *model) cancel() {
	if len(m.all) == 0 {
		return
	}
	c := m.all[m.rng.IntN(len(m.all))]
	is := c.status == command.Pending || c.status == command.Sent
	if err := m.o.cancel(administrator(), c.id); is != (err == nil) {
		m.t.Fatalf("cancel of %+v: %v", c, err)
	}
	if is {
		c.status = command.Cancelled
	}
}

func (m *model) expire() {
	if err := m.o.expireOld(system()); err != nil {
		m.t.Fatal(err)
	}
	for _, c := range append(m.queue(0), m.queue(1)...) {
		if !m.now().Before(c.expires) && (c.status == command.Pending || !m.now().Before(c.due)) {
			c.status = command.Expired
		}
	}
}

// drain connects both gateways and has them answer all that comes: then nothing is open any more.
func (m *model) drain() {
	for g := range m.links {
		m.links[g] = connect(m.ids[g])
		for range 10 * len(m.all) {
			m.o.clock.pass(time.Microsecond)
			got, want := m.o.next(m.t, m.links[g]), m.next(g)
			if want == nil && len(got) == 0 {
				m.o.clock.pass(8 * time.Second) // what is leased
			} else if len(got) == 1 && got[0].ID == want.id {
				m.o.ack(m.t, m.ids[g], command.Ack{CommandID: want.id, Status: command.Completed})
				want.status = command.Completed
			} else {
				m.t.Fatalf("goes down: %+v, want %+v", got, want)
			}
			if len(m.queue(g)) == 0 {
				break
			}
		}
		if open := m.queue(g); len(open) > 0 {
			m.t.Errorf("%d are open still", len(open))
		}
	}
}

func (m *model) compare(when string) {
	m.t.Helper()
	var rows []commandRow
	under := map[id.UUID]int{}
	for _, c := range m.all {
		row := m.o.row(m.t, c.id)
		rows = append(rows, row)
		if row.Status != c.status || row.Attempts != c.attempts || row.Deliveries != c.deliveries {
			m.t.Fatalf("%s: it is %+v, want %+v", when, row, c)
		}
		if row.Status == command.Sent {
			under[row.GatewayID]++
		}
	}
	for g, n := range under {
		if n > 1 {
			m.t.Errorf("%s: %d are under way to %s", when, n, g)
		}
	}
	if !slices.IsSortedFunc(rows, func(a, b commandRow) int { return cmp.Compare(a.CreatedAt.UnixMicro(), b.CreatedAt.UnixMicro()) }) {
		m.t.Errorf("%s: the order is not that of the orders", when)
	}
}

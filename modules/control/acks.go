package control

import (
	"cmp"
	"slices"
	"sync"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/platform/id"
)

// maxAcks bounds the answers that wait. One that is forgotten is not lost: agent-api sends the command again, and the
// executor remembers its answer.
const maxAcks = 1000

// acks are the answers that agent-api has not said that it has, over all sockets.
type acks struct {
	news chan struct{} // holds a token when there is a new one

	mu      sync.Mutex
	waiting []waitingAck
	last    int64
}

// waitingAck is an answer with a number that grows.
type waitingAck struct {
	command.Ack
	n int64
}

func newAcks() *acks { return &acks{news: make(chan struct{}, 1)} }

// add takes an answer; a newer one of the same command takes the place of the older.
func (a *acks) add(answer command.Ack) {
	a.mu.Lock()
	a.remove(answer.CommandID)
	if len(a.waiting) >= maxAcks {
		a.waiting = slices.Delete(a.waiting, 0, 1)
	}
	a.last++
	a.waiting = append(a.waiting, waitingAck{answer, a.last})
	a.mu.Unlock()
	select {
	case a.news <- struct{}{}:
	default:
	}
}

// received forgets an answer that agent-api has.
func (a *acks) received(which id.UUID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.remove(which)
}

func (a *acks) remove(which id.UUID) {
	a.waiting = slices.DeleteFunc(a.waiting, func(w waitingAck) bool { return w.CommandID == which })
}

// after are the answers that wait with larger numbers than this, in the order of their numbers.
func (a *acks) after(n int64) []waitingAck {
	a.mu.Lock()
	defer a.mu.Unlock()
	i, _ := slices.BinarySearchFunc(a.waiting, n+1, func(w waitingAck, n int64) int { return cmp.Compare(w.n, n) })
	return slices.Clone(a.waiting[i:])
}

// count is how many wait.
func (a *acks) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.waiting)
}

package commands

import (
	"sync"

	"github.com/staff-control/staff-control/modules/commands/command"
)

// maxInbox is how many messages of a gateway wait at most; they have as many bytes as the largest one may have.
const maxInbox = 16

// inbox holds the messages of a socket that wait to be worked on, so that its reader reads on: the gateway's pings, its
// answers to ours and its farewell are seen while the database is slow. Where it is full nobody reads, and the gateway waits.
type inbox struct {
	mu      sync.Mutex
	room    *sync.Cond
	waiting [][]byte
	size    int  // of those that wait, in bytes
	busy    bool // somebody works them off
	full    bool // the reader waits for room
}

func newInbox() *inbox {
	i := &inbox{}
	i.room = sync.NewCond(&i.mu)
	return i
}

// put takes a message as soon as there is room. It reports whether nobody works: then the caller has it done.
func (i *inbox) put(message []byte) (begin bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for len(i.waiting) == maxInbox || len(i.waiting) > 0 && i.size+len(message) > command.MaxUp {
		i.full = true
		i.room.Wait()
	}
	i.full = false
	i.waiting, i.size = append(i.waiting, message), i.size+len(message)
	begin, i.busy = !i.busy, true
	return begin
}

// next gives out the oldest message. When there is none, whoever asked is done.
func (i *inbox) next() (message []byte, more bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.waiting) == 0 {
		i.waiting, i.busy = nil, false
		return nil, false
	}
	message, i.waiting = i.waiting[0], i.waiting[1:]
	i.size -= len(message)
	i.room.Signal()
	return message, true
}

// stuck reports whether the reader waits for room.
func (i *inbox) stuck() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.full
}

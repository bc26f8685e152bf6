package agents

import (
	"sync"

	"github.com/staff-control/staff-control/platform/jsonfile"
)

// file is a JSON file whose content many change at once: those who wait for the disk share one write.
type file struct {
	path  string
	state func() any

	mu      sync.Mutex
	next    *write // asked for, not begun
	writing sync.Mutex
}

type write struct {
	done chan struct{}
	err  error
}

// save returns when a state taken after the call has reached the disk, or could not.
func (f *file) save() error {
	f.mu.Lock()
	w := f.next
	mine := w == nil
	if mine {
		w = &write{done: make(chan struct{})}
		f.next = w
	}
	f.mu.Unlock()
	if !mine {
		<-w.done
		return w.err
	}
	f.writing.Lock()
	defer f.writing.Unlock()
	f.mu.Lock()
	f.next = nil
	f.mu.Unlock()
	w.err = jsonfile.Write(f.path, f.state())
	close(w.done)
	return w.err
}

package agents

import (
	"strings"
	"sync"
	"time"
)

const (
	// maxWaitsEach is how many polls and streams of one computer may wait: two for each of some people at a terminal
	// server.
	maxWaitsEach = 32
	// here is how long after it was last heard an agent counts as being there.
	here = 90 * time.Second
	// lately is how long an agent that was heard once counts as one of ours.
	lately = 24 * time.Hour
)

// waits knows which agents wait, and when others did so last.
type waits struct {
	limit int
	now   func() time.Time

	mu    sync.Mutex
	all   int
	each  map[string]int // by computer, those that wait
	heard map[string]time.Time
}

func newWaits(limit int, now func() time.Time) *waits {
	return &waits{limit: limit, now: now, each: map[string]int{}, heard: map[string]time.Time{}}
}

// enter notes that an agent waits, until leave is called. Too many are refused.
func (w *waits) enter(uid string) (leave func(), err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all >= w.limit || w.each[uid] >= maxWaitsEach {
		return nil, errWaiting.After(10 * time.Second)
	}
	uid = strings.Clone(uid) // it is remembered longer than the request that it is part of
	w.all++
	w.each[uid]++
	w.hear(uid)
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.all--
		if w.each[uid]--; w.each[uid] == 0 {
			delete(w.each, uid)
		}
		w.hear(uid)
	}, nil
}

// hear notes when the agent was last there. Where there are too many it forgets who is not there any more, and then
// notes no more: a key can name any computer.
func (w *waits) hear(uid string) {
	if _, known := w.heard[uid]; !known && len(w.heard) >= 2*w.limit {
		w.forget(w.now().Add(-here))
		if len(w.heard) >= 2*w.limit {
			return
		}
	}
	w.heard[uid] = w.now()
}

// forget drops those last heard before then.
func (w *waits) forget(then time.Time) {
	for uid, at := range w.heard {
		if at.Before(then) {
			delete(w.heard, uid)
		}
	}
}

func (w *waits) tidy() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.forget(w.now().Add(-lately))
}

// isHere reports whether the agent waits, or did so a moment ago.
func (w *waits) isHere(uid string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	at, known := w.heard[uid]
	return w.each[uid] > 0 || known && w.now().Sub(at) <= here
}

// since returns the computers whose agents were heard since then.
func (w *waits) since(then time.Time) (uids []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for uid, at := range w.heard {
		if at.After(then) {
			uids = append(uids, uid)
		}
	}
	return uids
}

func (w *waits) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all
}

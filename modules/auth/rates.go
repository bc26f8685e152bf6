package auth

import (
	"net/netip"
	"sync"
	"time"
)

const (
	// rateWindow is v1's: what is used within it counts.
	rateWindow = time.Minute
	// maxWindows bounds the memory that counting takes.
	maxWindows = 50_000
)

// rates counts the uses of keys by address, in this process.
type rates struct {
	mu    sync.Mutex
	since time.Time
	// Windows begin at their first use, so those of the minute before may still be open.
	windows, before map[rateKey]rateCount
}

type rateKey struct {
	key  int64
	host netip.Prefix
}

type rateCount struct {
	began time.Time
	used  int
}

// use counts one use and returns how many are left and when they are all back; a negative rest is one too many.
func (r *rates) use(k rateKey, limit int, now time.Time) (rest int, reset time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.since) >= rateWindow || len(r.windows) >= maxWindows {
		r.before, r.windows, r.since = r.windows, map[rateKey]rateCount{}, now
	}
	c, open := r.windows[k]
	if !open {
		c, open = r.before[k]
	}
	if !open || now.Sub(c.began) >= rateWindow {
		c = rateCount{began: now}
	}
	if c.used <= limit {
		c.used++ // what is over is refused; how far does not matter
	}
	r.windows[k] = c
	return limit - c.used, c.began.Add(rateWindow)
}

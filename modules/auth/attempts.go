package auth

import (
	"sync"
	"time"
)

const (
	// maxLock is the longest lock-out.
	maxLock = 24 * time.Hour
	// ipWindow is in which failures of an address are counted.
	ipWindow = 15 * time.Minute
	// maxRemembered bounds the names and addresses of which failures are remembered.
	maxRemembered = 10_000
)

// lockFor is how long the n-th failure in a row locks a name; 0: not at all. Each further lock-out is twice as long.
func (c *Config) lockFor(failures int) time.Duration {
	if failures == 0 || failures%c.LockAfter != 0 {
		return 0
	}
	d := c.LockFor
	for range failures/c.LockAfter - 1 {
		if d *= 2; d >= maxLock {
			return maxLock
		}
	}
	return d
}

// tally counts failures of one name or address.
type tally struct {
	failures int
	until    time.Time // locked, or the end of the window
	last     time.Time
}

// attempts remembers failures of this process: of names that nobody has, which are locked as if somebody had them,
// and of addresses.
type attempts struct {
	mu        sync.Mutex
	names     map[string]tally
	addresses map[string]tally
}

func newAttempts() *attempts {
	return &attempts{names: map[string]tally{}, addresses: map[string]tally{}}
}

// lockedUntil returns until when a name that nobody has is locked.
func (a *attempts) lockedUntil(name string) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.names[name].until
}

// failName counts a failure of a name that nobody has.
func (a *attempts) failName(name string, now time.Time, c *Config) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.names[name]
	t.failures++
	t.last = now
	if d := c.lockFor(t.failures); d > 0 {
		t.until = now.Add(d)
	}
	a.names[name] = t
	trim(a.names)
}

// wait returns how long an address has to wait; 0 for one that need not.
func (a *attempts) wait(ip string, now time.Time, c *Config) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.addresses[ip]
	if t.failures < c.FailuresPerIP || !now.Before(t.until) {
		return 0
	}
	return t.until.Sub(now)
}

// failAddress counts a failure from an address.
func (a *attempts) failAddress(ip string, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.addresses[ip]
	if !now.Before(t.until) {
		t = tally{until: now.Add(ipWindow)}
	}
	t.failures++
	t.last = now
	a.addresses[ip] = t
	trim(a.addresses)
}

// trim forgets the entry that failed longest ago when there are too many.
func trim(m map[string]tally) {
	if len(m) <= maxRemembered {
		return
	}
	oldest := ""
	for k, t := range m {
		if oldest == "" || t.last.Before(m[oldest].last) {
			oldest = k
		}
	}
	delete(m, oldest)
}

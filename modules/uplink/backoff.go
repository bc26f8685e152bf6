package uplink

import (
	"context"
	"math/rand/v2"
	"time"
)

// The design document's ladder: 1, 2, 4, 8, 16 s. After its five tries an alert is raised, once; then the
// server is asked every 16 s for ever, because a gateway that stops for good would lose what it gathers.
const (
	baseDelay  = time.Second
	maxDelay   = 16 * time.Second
	maxRetries = 5
)

// delay is the wait after the n-th failure in a row, counted from 0.
func delay(n int) time.Duration {
	if n >= 5 {
		return maxDelay
	}
	return min(baseDelay<<n, maxDelay)
}

// spread lengthens a wait by up to a fifth, so that a thousand gateways do not come back at once.
// It never shortens it.
func spread(d time.Duration) time.Duration {
	if d < 5 {
		return d
	}
	return d + rand.N(d/5)
}

// sleep waits, and reports whether ctx is still on.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

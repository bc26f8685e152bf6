package agents

import (
	"context"
	"time"
)

// recheck is how often a stream's credential is looked at again.
const recheck = 30 * time.Second

// limits are how long somebody waits.
type limits struct {
	// enough ends the wait; nil for a stream, which waits on.
	enough <-chan time.Time
	// stopping is closed when the gateway stops.
	stopping <-chan struct{}
	// still is asked now and then whether to go on.
	still func() error
}

// wait returns true when there may be news: something has changed, or due is over. It returns false when the wait is
// over, and why if that is a fault.
func (l *limits) wait(ctx context.Context, changed <-chan struct{}, due time.Duration) (more bool, err error) {
	look := time.NewTimer(recheck)
	defer look.Stop()
	var again <-chan time.Time
	if due > 0 {
		t := time.NewTimer(due)
		defer t.Stop()
		again = t.C
	}
	for {
		select {
		case <-changed:
			return true, nil
		case <-again:
			return true, nil
		case <-l.enough:
			return false, nil
		case <-l.stopping:
			return false, nil
		case <-ctx.Done():
			return false, ctx.Err()
		case <-look.C:
			if err := l.still(); err != nil {
				return false, err
			}
			look.Reset(recheck)
		}
	}
}

package db

import (
	"context"
	"runtime"
	"time"
)

// turns are for reads that would all take a few milliseconds: where more of them are under way than there are processors to
// share, each takes as long as all of them. Those that began first end first if the others wait for a turn, and the
// slowest of them sooner (docs/decisions/0041).
type turns chan struct{}

const (
	turnsEach = 2 // by processor: some wait for the database, or for whoever asked
	// Whoever has waited so long reads all the same: a few reads that take seconds hold nobody up.
	turnsWait = 20 * time.Millisecond
)

func newTurns() turns { return make(turns, turnsEach*runtime.GOMAXPROCS(0)) }

// take waits for a turn, and returns what ends it.
func (t turns) take(ctx context.Context) (end func()) {
	if t == nil {
		return func() {}
	}
	select {
	case t <- struct{}{}:
		return t.end
	default:
	}
	late := time.NewTimer(turnsWait)
	defer late.Stop()
	select {
	case t <- struct{}{}:
		return t.end
	case <-late.C:
	case <-ctx.Done():
	}
	return func() {}
}

func (t turns) end() { <-t }

package computer

import (
	"context"
	"time"
)

// Stop is a time in which an agent did not run, because it had said that it stops.
type Stop struct {
	UID         string
	From, Until time.Time // Until is zero where it had not come back at the end of what was asked for
	Reason      string
}

// History knows when agents of the actor's organization did not run.
type History interface {
	// Stops returns the stops of these computers that touch [from, until).
	Stops(ctx context.Context, uids []string, from, until time.Time) ([]Stop, error)
}

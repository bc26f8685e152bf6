package computer

import (
	"context"
	"time"
)

// Standing is how a computer and its agent are now.
type Standing struct {
	ID                    int64
	UID, Name             string
	State, Reason, Detail string // online, offline or unknown, and why
	Since                 time.Time
}

// Watch knows how the computers of the actor's organization are.
type Watch interface {
	// Standings returns those of these computers that are known, by UID; of one that was merged into another, the other.
	Standings(ctx context.Context, uids []string) (map[string]Standing, error)
}

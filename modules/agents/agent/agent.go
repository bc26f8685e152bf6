// Package agent is the contract of the agents that report to a gateway, as the gateway reaches them.
package agent

import (
	"context"
	"time"
)

// Outcome says what became of an order to an agent.
type Outcome string

// The outcomes. Away is an agent that was not heard of; it gets the order when it comes, until that expires.
const (
	Done   Outcome = "done"
	Failed Outcome = "failed"
	Away   Outcome = "away"
)

// Fleet reaches the agents of a gateway.
type Fleet interface {
	// Restart has the agents of these computers restart, or all that were heard of lately if there are none. It returns
	// when all that are there have said how it went, or when they had a minute for it. The key makes a repeat harmless;
	// after until an order is forgotten.
	Restart(ctx context.Context, key string, computerUIDs []string, reason string, until time.Time) (map[string]Outcome, error)
}

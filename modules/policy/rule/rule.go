// Package rule is the contract of what an organization has agents report.
package rule

import (
	"context"
	"time"
)

// Screenshots say whether and how screens are pictured.
type Screenshots struct {
	Enabled   bool
	Grayscale bool
	Interval  time.Duration
}

// Book knows the rules of the actor's organization.
type Book interface {
	Screenshots(ctx context.Context) (Screenshots, error)
}

// Package rule is the contract of what an organization has agents report.
package rule

import "time"

// Screenshots say whether and how screens are pictured.
type Screenshots struct {
	Enabled   bool
	Grayscale bool
	Interval  time.Duration
}

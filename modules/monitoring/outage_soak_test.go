//go:build soak

package monitoring

import "testing"

// The same twenty times; its result stands in docs/reliability.md.
func TestSoakOutagesLoseNothingThatWasAcknowledged(t *testing.T) { survives(t, 20) }

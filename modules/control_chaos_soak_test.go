//go:build soak

package modules_test

import (
	"testing"
	"time"
)

// The same for ten minutes, with ten ends of the database; its result stands in docs/reliability.md.
func TestSoakChaosOnTheControlChannel(t *testing.T) { chaos(t, 10*time.Minute, 10) }

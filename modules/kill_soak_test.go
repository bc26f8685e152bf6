//go:build soak

package modules_test

import "testing"

// The same with a hundred kills; its result stands in docs/reliability.md.
func TestSoakWhatWasAcknowledgedSurvivesKills(t *testing.T) {
	surviveKills(t, 100)
}

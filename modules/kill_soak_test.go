//go:build soak

package modules_test

import "testing"

// The same with a hundred kills, half of them on each database; its result stands in docs/reliability.md.
func TestSoakWhatWasAcknowledgedSurvivesKills(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { surviveKills(t, newSite(t), 50) })
	t.Run("postgres", func(t *testing.T) { surviveKills(t, onPostgres(t), 50) })
}

//go:build soak

package modules_test

import (
	"testing"

	"github.com/staff-control/staff-control/platform/blob/blobtest"
)

// The same with forty rounds, half of them on each database; its result stands in docs/reliability.md.
func TestSoakPicturesSurviveAStorageThatIsKilled(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		s3 := blobtest.Server(t)
		picturesSurvive(t, newSite(t, storedIn(s3)...), s3, 20)
	})
	t.Run("postgres", func(t *testing.T) {
		s3 := blobtest.Server(t)
		picturesSurvive(t, onPostgres(t, storedIn(s3)...), s3, 20)
	})
}

package dbtest

import (
	"testing"

	"github.com/staff-control/staff-control/platform/db"
)

// Compress makes columns of a table's days, as TimescaleDB's workers do with those that are old. Elsewhere it does nothing.
func Compress(t testing.TB, series *db.DB, table string) {
	t.Helper()
	if series.Engine().Name != db.TimescaleDB {
		return
	}
	owner := connect(t, As(t, addressOf(t, series), "staff_owner", ""))
	if _, err := owner.Exec("SELECT compress_chunk(c, if_not_compressed => true) FROM show_chunks('ts." + table + "') AS c"); err != nil {
		t.Fatalf("compress %s: %v", table, err)
	}
}

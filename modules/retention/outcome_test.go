package retention

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/kernel"
)

// Whoever types the command is told what went and what somebody holds.
func TestTheCommandSaysWhatItDid(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	o.fill(t)
	for _, c := range []struct{ kind, from, until string }{{"active_window", "2026-08-01", "2026-08-22"}, {"screenshot", "2026-09-21", "2026-09-21"}} {
		o.mustHold(t, 1, holdInput{ResourceType: c.kind, From: c.from, Until: c.until})
	}
	var out bytes.Buffer
	if err := (&Module{service: o.service}).command(context.Background(), &kernel.CommandHost{Out: &out}, []string{"run"}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"active_window         10 rows,       0 files (0 bytes) are gone; held: 2 rows, 0 files\n",
		"visited_site          12 rows,       0 files (0 bytes) are gone; held: 0 rows, 0 files\n",
		"screenshot            10 rows,      30 files (1370 bytes) are gone; held: 2 rows, 6 files\n",
		"credential             0 rows,       2 files (3 bytes) are gone; held: 0 rows, 0 files\n",
		"the rules are carried out\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}

// A process that has just begun, and has carried nothing out itself, tells when the rules were.
func TestEveryProcessTellsWhenTheRulesWereCarriedOut(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		if err := o.run(all()); err != nil {
			t.Fatal(err)
		}
		other := officeOn(t, d, newWorld())
		if got := testutil.ToFloat64(other.metrics.ran); got != 0 {
			t.Fatalf("it says %v before it has looked", got)
		}
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- other.measure(ctx) }()
		defer func() {
			stop()
			if err := <-done; err != nil {
				t.Error(err)
			}
		}()
		deadline := time.After(10 * time.Second)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for testutil.ToFloat64(other.metrics.ran) != float64(noon.Unix()) {
			select {
			case <-tick.C:
			case <-deadline:
				t.Fatalf("it says %v", testutil.ToFloat64(other.metrics.ran))
			}
		}
	})
}

package computers

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

func TestStandingsAndStops(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		at := func(minute int) time.Time { return noon.Add(time.Duration(minute) * time.Minute) }
		stop := func(minute int, reason string) computer.Told {
			return computer.Told{UID: "PC-1", At: at(minute), Stopped: true, Reason: reason, Detail: "lid"}
		}
		run := func(from, until int) computer.Told { return computer.Told{UID: "PC-1", Since: at(from), At: at(until)} }
		o.clock.pass(5 * time.Hour)
		// It slept, stopped to be updated twice over, was heard no more for an hour, and was shut down.
		for _, told := range []computer.Told{
			run(0, 10), stop(11, "suspend"), run(40, 50), stop(60, "update"), stop(61, "logout"), run(62, 70), run(140, 150), stop(155, "shutdown"),
		} {
			if err := o.Report(agent(1), []computer.Told{told}); err != nil {
				t.Fatal(err)
			}
		}
		told := func(from, until int) (got []string) {
			t.Helper()
			stops, err := o.Stops(hr(1), []string{"PC-1", "PC-9"}, at(from), at(until))
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range stops {
				end := "…"
				if !s.Until.IsZero() {
					end = fmt.Sprint(s.Until.Sub(noon).Minutes())
				}
				got = append(got, fmt.Sprint(s.UID, " ", s.From.Sub(noon).Minutes(), "-", end, " ", s.Reason))
			}
			return got
		}
		if got, want := told(-60, 300), []string{"PC-1 11-40 suspend", "PC-1 60-62 update", "PC-1 155-… shutdown"}; !slices.Equal(got, want) {
			t.Errorf("stops %q, want %q", got, want)
		}
		if got, want := told(20, 30), []string{"PC-1 11-… suspend"}; !slices.Equal(got, want) {
			t.Errorf("stops %q, want %q", got, want)
		}
		if got := told(62, 155); len(got) != 0 {
			t.Errorf("while it ran, stops %q", got)
		}
		if stops, err := o.Stops(hr(2), []string{"PC-1"}, at(-60), at(300)); err != nil || len(stops) != 0 {
			t.Errorf("organization 2 sees %v, %v", stops, err)
		}

		see(t, o.service, 1, "PC-2", "S-1")
		see(t, o.service, 2, "PC-2", "S-1")
		found, err := o.Standings(hr(1), []string{"PC-1", "PC-2", "PC-3"})
		if err != nil || len(found) != 2 {
			t.Fatalf("standings %+v, %v", found, err)
		}
		if c := found["PC-1"]; c.ID != computerID(t, o, 1, "PC-1") || c.State != offline || c.Reason != "shutdown" || c.Detail != "lid" || !c.Since.Equal(at(155)) {
			t.Errorf("PC-1 is %+v", c)
		}
		if err := o.merge(hr(1), computerID(t, o, 1, "PC-2"), computerID(t, o, 1, "PC-1")); err != nil {
			t.Fatal(err)
		}
		if found, err = o.Standings(hr(1), []string{"PC-2"}); err != nil || found["PC-2"].UID != "PC-1" {
			t.Errorf("what was merged into PC-1 is %+v, %v", found, err)
		}
	})
}

package monitoring

import (
	"testing"

	"github.com/staff-control/staff-control/modules/computers/computer"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// What its intake does not vouch for goes into quarantine with that reason, possible or not, and makes nobody known.
func TestWhatIsKeptApartByItsIntakeIsInQuarantine(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newService(t, d)
		seen := make(chan []computer.Sighting, 9)
		s.computers = registry{seen: seen}
		good, apart, both := newWindow("1", "PC-1", noon), newWindow("2", "PC-2", noon), newWindow("3", "PC-3", noon)
		apart.Aside, both.Aside, both.Duration = activity.UnidentifiedAgent, activity.UnidentifiedAgent, -1
		for range 2 {
			r := mustPut(t, s, agent(1), activity.Batch{Events: []activity.Event{good, apart, both}})
			if r.Quarantined != 2 {
				t.Errorf("receipt %+v", r)
			}
		}
		if rows := all(t, s, 1, activity.ActiveWindow); len(rows) != 1 {
			t.Errorf("stored are %+v", rows)
		}
		rows := allAside(t, s, 1)
		if len(rows) != 2 || rows[0].Reason != activity.UnidentifiedAgent || rows[1].Reason != activity.UnidentifiedAgent {
			t.Errorf("in quarantine are %+v", rows)
		}
		for len(seen) > 0 {
			for _, who := range <-seen {
				if who.ComputerUID != "PC-1" {
					t.Errorf("%s has become known", who.ComputerUID)
				}
			}
		}
	})
}

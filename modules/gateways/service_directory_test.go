package gateways

import (
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/id"
)

func TestGatewaysAreFoundByTheirIDs(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		mine, theirs := register(t, o, 1, "GW-001"), register(t, o, 2, "GW-002")
		at := o.clock.pass(time.Minute)
		o.beat(t, mine, report{Version: "1"}, mine.key)
		ids := []id.UUID{mine.gateway.ID, theirs.gateway.ID, id.New()}
		found, err := o.ByIDs(mine.as(), ids)
		if g := found[mine.gateway.ID]; err != nil || len(found) != 1 || !g.Online || g.Label() != "GW-001" || !g.LastSeenAt.Equal(at) || !g.Since.Equal(at) {
			t.Errorf("found %+v (%v)", found, err)
		}
		found, err = o.ByIDs(system(), ids)
		if g := found[theirs.gateway.ID]; err != nil || len(found) != 2 || g.Online || !g.LastSeenAt.IsZero() {
			t.Errorf("across organizations found %+v (%v)", found, err)
		}
		if found, err := o.ByIDs(mine.as(), nil); err != nil || len(found) != 0 {
			t.Errorf("of none found %+v (%v)", found, err)
		}
	})
}

package gateways

import (
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

func TestTroubledGateways(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		silent, holey, lossy, fine := register(t, o, 1, "GW-1"), register(t, o, 1, "GW-2"), register(t, o, 1, "GW-3"), register(t, o, 1, "GW-4")
		register(t, o, 1, "GW-5") // has never come
		theirs := register(t, o, 2, "GW-6")
		hear := func(list ...enrolled) {
			for _, e := range list {
				if _, err := o.hear(e.as(), report{Version: "1"}, ""); err != nil {
					t.Fatal(err)
				}
			}
		}
		midnight := o.now()
		hear(silent, theirs)
		o.delivers(t, holey, []gateway.Range{{First: 1, Last: 1}, {First: 4, Last: 4}})
		o.delivers(t, lossy, []gateway.Range{{First: 1, Last: 1}}, gateway.Dropped{First: 2, Last: 8, Reason: "overflow"})
		o.clock.pass(o.cfg.GapAfter + o.cfg.OfflineAfter + time.Minute)
		hear(holey, lossy, fine)
		if err := o.findSilent(system()); err != nil {
			t.Fatal(err)
		}
		list, err := o.Troubled(admin(1), midnight)
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]gateway.Trouble{}
		for _, g := range list {
			found[g.Name] = g
		}
		if len(found) != 3 {
			t.Errorf("troubled are %+v", list)
		}
		if g := found["GW-1"]; g.ID != silent.gateway.ID || g.Online || g.Reason != "no_heartbeat" || g.Since.IsZero() {
			t.Errorf("the silent one is %+v", g)
		}
		if g := found["GW-2"]; !g.Online || g.Reason != gateway.ReasonGap || g.Missing != 1 {
			t.Errorf("the one with a hole is %+v", g)
		}
		if g := found["GW-3"]; !g.Online || g.Reason != gateway.ReasonDropped || g.Missing != 7 {
			t.Errorf("the one that dropped is %+v", g)
		}
		if list, err = o.Troubled(admin(1), o.now()); err != nil || len(list) != 2 {
			t.Errorf("what was dropped before is told still: %+v, %v", list, err)
		}
	})
}

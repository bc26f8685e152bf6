package gateways

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

func TestSilentGatewayGoesOfflineWithOneAlert(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		there := o.neighbour()
		silent, alive, never := register(t, o, 1, "GW-001"), register(t, o, 2, "GW-002"), register(t, o, 1, "GW-003")
		o.beat(t, silent, report{}, silent.key)
		o.clock.pass(o.cfg.OfflineAfter)
		o.beat(t, alive, report{}, alive.key)
		search := func() {
			t.Helper()
			for _, process := range []office{o, there, o} {
				if err := process.findSilent(system()); err != nil {
					t.Fatal(err)
				}
			}
		}
		search() // exactly as old as allowed
		if g := shown(t, o, silent); g.Status != "online" {
			t.Errorf("too early it is %s", g.Status)
		}
		went := o.clock.pass(time.Microsecond)
		search()
		if g := shown(t, o, silent); g.Status != "offline" || g.StatusReason != "no_heartbeat" || !g.StatusSince.Equal(went) {
			t.Errorf("the silent one is %+v", g)
		}
		if g := shown(t, o, alive); g.Status != "online" {
			t.Errorf("the living one is %s", g.Status)
		}
		if g := shown(t, o, never); g.StatusReason != "enrolled" {
			t.Errorf("the one that was never heard of is %+v", g)
		}
		found := o.raised.of(1, alert.GatewayOffline)
		if len(found) != 1 || found[0].Subject != "gateway:"+silent.gateway.ID.String() || found[0].Severity != alert.Critical || found[0].Details["serial"] != "GW-001" {
			t.Errorf("alerts are %+v", found)
		}
		o.beat(t, silent, report{}, silent.key) // it comes back, and goes again: another alert
		if g := shown(t, o, silent); g.Status != "online" {
			t.Errorf("back again it is %s", g.Status)
		}
		o.clock.pass(o.cfg.OfflineAfter + time.Second)
		o.beat(t, alive, report{}, alive.key)
		search()
		if found := o.raised.of(1, alert.GatewayOffline); len(found) != 2 {
			t.Errorf("%d alerts after the second silence, want 2", len(found))
		}
		if found := o.raised.of(2, alert.GatewayOffline); len(found) != 0 {
			t.Errorf("alerts of organization 2: %+v", found)
		}
	})
}

func TestSilenceIsFoundAgainIfItsAlertFails(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	populate(t, d)
	o := newOffice(d)
	e := register(t, o, 1, "GW-001")
	o.beat(t, e, report{}, e.key)
	o.clock.pass(time.Hour)
	o.raised.err = errors.New("no room")
	if err := o.findSilent(system()); err == nil {
		t.Error("the failure is kept quiet")
	}
	o.raised.err = nil
	if err := o.findSilent(system()); err != nil {
		t.Fatal(err)
	}
	if found := o.raised.of(1, alert.GatewayOffline); len(found) != 1 {
		t.Errorf("%d alerts, want 1", len(found))
	}
}

func TestOldGapIsOneAlert(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		e := register(t, o, 1, "GW-001")
		deliver := func(first, last int64) {
			t.Helper()
			err := o.Advance(e.as(), e.gateway.ID, gateway.Delivery{Epoch: "e1", Stream: "agent", Stored: []gateway.Range{{First: first, Last: last}}, Until: o.now()})
			if err != nil {
				t.Fatal(err)
			}
		}
		search := func() int {
			t.Helper()
			for range 2 {
				if err := o.findGaps(system()); err != nil {
					t.Fatal(err)
				}
			}
			return len(o.raised.of(1, alert.DataGap))
		}
		deliver(1, 4)
		deliver(9, 12)
		o.clock.pass(o.cfg.GapAfter - time.Second)
		if n := search(); n != 0 {
			t.Errorf("%d alerts too early", n)
		}
		deliver(8, 8) // makes the gap smaller, and not younger
		deliver(13, 13)
		o.clock.pass(time.Second)
		if n := search(); n != 1 {
			t.Fatalf("%d alerts, want 1", n)
		}
		a := o.raised.of(1, alert.DataGap)[0]
		if a.Details["first"] != int64(5) || a.Details["last"] != int64(7) || a.Details["stream"] != "agent" || !a.Details["since"].(time.Time).Equal(noon) {
			t.Errorf("the alert says %+v", a.Details)
		}
		deliver(5, 7)
		o.clock.pass(time.Hour)
		if n := search(); n != 1 {
			t.Errorf("%d alerts after the gap was filled", n)
		}
		deliver(20, 20)
		o.clock.pass(time.Hour)
		o.raised.err = errors.New("no room")
		if err := o.findGaps(system()); err == nil {
			t.Error("the failure is kept quiet")
		}
	})
}

func TestOldSnapshotsAreForgotten(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		e := register(t, o, 1, "GW-001")
		o.beat(t, e, report{}, e.key)
		err := d.Write(system(), func(ctx context.Context, tx db.Tx) error { // more than one part of the deletion; unscoped
			_, err := tx.Raw(`INSERT INTO gateway_status_snapshots (id, organization_id, gateway_id, timestamp)
				WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
				SELECT `+map[string]string{"sqlite": "hex(randomblob(16))", "postgres": "gen_random_uuid()"}[d.Name()]+`, 1, ?0, ?2 FROM n`,
				e.gateway.ID, db.Part+1, noon).Exec(ctx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		o.clock.pass(24 * time.Hour)
		o.beat(t, e, report{}, e.key)
		o.clock.pass(29*24*time.Hour + time.Second)
		if err := o.forgetSnapshots(system()); err != nil {
			t.Fatal(err)
		}
		if n := counted(t, d, "SELECT count(*) FROM gateway_status_snapshots"); n != 1 {
			t.Errorf("%d snapshots are left, want 1", n)
		}
	})
}

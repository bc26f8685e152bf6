package alerts

import (
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

func TestBoardShowsWhatNobodyHasSeen(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		for i, kind := range []string{alert.DataGap, alert.BufferOverflow, alert.GatewayOffline} {
			a := newAlert(noon.Add(time.Duration(i) * time.Minute))
			a.Kind = kind
			mustRaise(t, o, hr(1), a)
		}
		if err := o.acknowledge(hr(1), shown(t, o, hr(1))[0].ID); err != nil {
			t.Fatal(err)
		}
		open, err := o.Open(hr(1), 10)
		if err != nil || len(open) != 2 {
			t.Fatalf("%+v, %v", open, err)
		}
		kinds := map[string]bool{open[0].Kind: true, open[1].Kind: true}
		if kinds[alert.GatewayOffline] && kinds[alert.BufferOverflow] || open[0].At.Before(open[1].At) || open[0].Severity != alert.Critical || open[0].Subject != "gateway:1" {
			t.Errorf("open are %+v", open)
		}
		if open, err = o.Open(hr(1), 1); err != nil || len(open) != 1 {
			t.Errorf("the newest is %+v, %v", open, err)
		}
	})
}

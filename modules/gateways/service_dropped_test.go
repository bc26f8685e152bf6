package gateways

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// delivers is a batch of the gateway's stream "agent".
func (o office) delivers(t testing.TB, e enrolled, stored []gateway.Range, gone ...gateway.Dropped) {
	t.Helper()
	d := gateway.Delivery{Epoch: "e1", Stream: "agent", Stored: stored, Dropped: gone, Until: o.now()}
	if err := o.Advance(e.as(), e.gateway.ID, d); err != nil {
		t.Fatal(err)
	}
}

// said is what the API says of the one stream's gaps: first, last and reason.
func said(t testing.TB, o office, e enrolled) string {
	t.Helper()
	s := shown(t, o, e).Streams[0]
	text := fmt.Sprintf("%d:", s.Watermark)
	for _, g := range s.Gaps {
		text += fmt.Sprintf(" %d-%d %s", g.First, g.Last, g.Reason)
	}
	return text
}

func TestWhatIsDroppedStaysVisible(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		e, quiet := register(t, o, 1, "GW-001"), register(t, o, 2, "GW-002")
		o.delivers(t, quiet, []gateway.Range{{First: 1, Last: 9}})
		o.delivers(t, e, []gateway.Range{{First: 1, Last: 1}, {First: 4, Last: 4}}, gateway.Dropped{First: 2, Last: 3, Reason: "overflow"})
		if got, want := said(t, o, e), "4: 2-3 overflow"; got != want {
			t.Errorf("shown is %q, want %q", got, want)
		}
		o.delivers(t, e, nil, gateway.Dropped{First: 2, Last: 3, Reason: "overflow"}) // told again
		o.delivers(t, e, nil, gateway.Dropped{First: 1, Last: 4, Reason: "refused"})  // told too late
		o.delivers(t, e, nil, gateway.Dropped{First: 5, Last: 6, Reason: "overflow"})
		o.delivers(t, e, nil, gateway.Dropped{First: 7, Last: 9, Reason: "overflow"})
		o.delivers(t, e, nil, gateway.Dropped{First: 10, Last: 10, Reason: "refused"}, gateway.Dropped{First: 13, Last: 13, Reason: "a joke"})
		if got, want := said(t, o, e), "10: 2-3 overflow 5-9 overflow 10-10 refused 11-12  13-13 other"; got != want {
			t.Errorf("shown is %q, want %q", got, want)
		}
		o.delivers(t, e, []gateway.Range{{First: 11, Last: 12}})
		o.delivers(t, e, []gateway.Range{{First: 14, Last: 14}})
		if got, want := said(t, o, e), "14: 2-3 overflow 5-9 overflow 10-10 refused 13-13 other"; got != want {
			t.Errorf("shown is %q, want %q", got, want)
		}
		if n := shown(t, o, e).Streams[0].GapsTotal; n != 4 {
			t.Errorf("%d gaps in all, want 4", n)
		}
		if n := counted(t, d, "SELECT count(*) FROM gateway_ranges"); n != 4 {
			t.Errorf("%d ranges are kept, want 4", n)
		}
	})
}

func TestDroppedDataIsOneAlertADay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		e := register(t, o, 1, "GW-001")
		search := func(want int) []alert.Alert {
			t.Helper()
			for range 2 {
				if err := o.findDropped(system()); err != nil {
					t.Fatal(err)
				}
			}
			found := o.raised.of(1, alert.DataDropped)
			if len(found) != want {
				t.Fatalf("%d alerts, want %d: %+v", len(found), want, found)
			}
			return found
		}
		search(0)
		o.delivers(t, e, []gateway.Range{{First: 1, Last: 1}}, gateway.Dropped{First: 2, Last: 3, Reason: "overflow"}, gateway.Dropped{First: 5, Last: 9, Reason: "overflow"})
		a := search(1)[0]
		details, err := json.Marshal(a.Details)
		if want := `{"count":7,"first":2,"last":9,"reason":"overflow","stream":"agent"}`; err != nil || string(details) != want {
			t.Errorf("the alert says %s, want %s (%v)", details, want, err)
		}
		if a.Severity != alert.Critical || a.Subject != "gateway:"+e.gateway.ID.String() {
			t.Errorf("the alert is %+v", a)
		}
		o.delivers(t, e, nil, gateway.Dropped{First: 10, Last: 10, Reason: "overflow"})
		search(1)
		o.delivers(t, e, nil, gateway.Dropped{First: 11, Last: 11, Reason: "refused"})
		for _, a := range search(2) {
			if a.Details["reason"] == "refused" && a.Severity != alert.Warning {
				t.Errorf("the alert of a refused event is %s", a.Severity)
			}
		}
		o.clock.pass(24 * time.Hour)
		search(2)
		o.delivers(t, e, nil, gateway.Dropped{First: 12, Last: 12, Reason: "refused"})
		search(3)
		if n := len(o.raised.of(2, alert.DataDropped)); n != 0 {
			t.Errorf("the other organization has %d alerts", n)
		}
		o.raised.err = fmt.Errorf("no room")
		if err := o.findDropped(system()); err == nil {
			t.Error("the failure is kept quiet")
		}
	})
}

func TestDroppedRangesAreForgottenByAge(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		e := register(t, o, 1, "GW-001")
		o.delivers(t, e, nil, gateway.Dropped{First: 1, Last: 3, Reason: "overflow"}, gateway.Dropped{First: 9, Last: 9, Reason: "overflow"})
		o.clock.pass(24 * time.Hour)
		o.delivers(t, e, nil, gateway.Dropped{First: 4, Last: 4, Reason: "overflow"})
		o.clock.pass(29*24*time.Hour + time.Second)
		if err := o.forgetDropped(system()); err != nil {
			t.Fatal(err)
		}
		// What is dropped beyond the watermark stays, or it would become a hole.
		if got, want := said(t, o, e), "4: 4-4 overflow 5-8  9-9 overflow"; got != want {
			t.Errorf("shown is %q, want %q", got, want)
		}
	})
}

// A gateway that says it delivered every second event makes neither rows nor answers without end.
func TestRangesAndGapsAreBounded(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		e := register(t, o, 1, "GW-001")
		var odd []gateway.Range
		for i := range int64(maxRuns + 50) {
			odd = append(odd, gateway.Range{First: 2*i + 3, Last: 2*i + 3})
		}
		o.delivers(t, e, odd)
		if n := counted(t, d, "SELECT count(*) FROM gateway_ranges WHERE state = 'stored'"); n != maxRuns {
			t.Errorf("%d runs are kept beyond the watermark, want %d", n, maxRuns)
		}
		s := shown(t, o, e).Streams[0]
		// 1 and 2 are one hole; then every second position up to 100 is lost for no known reason.
		if s.Watermark != 101 || len(s.Gaps) != maxGaps || s.GapsTotal != maxRuns+50 || s.Gaps[0].First != 102 {
			t.Errorf("watermark %d, %d gaps of %d from %+v", s.Watermark, len(s.Gaps), s.GapsTotal, s.Gaps[0])
		}
		o.clock.pass(o.cfg.GapAfter)
		if err := o.findGaps(system()); err != nil {
			t.Fatal(err)
		}
		if n := len(o.raised.of(1, alert.DataGap)); n != maxGaps {
			t.Errorf("%d alerts of gaps, want %d", n, maxGaps)
		}
		o.delivers(t, e, []gateway.Range{{First: 102, Last: 102}})
		if n := counted(t, d, "SELECT count(*) FROM gateway_ranges WHERE state = 'stored'"); n != maxRuns-1 {
			t.Errorf("%d runs are kept when a hole was filled, want %d", n, maxRuns-1)
		}
		var every []gateway.Dropped
		for i := range int64(maxRuns) {
			reason := []string{"overflow", "refused"}[i%2]
			every = append(every, gateway.Dropped{First: 50_000 + i, Last: 50_000 + i, Reason: reason})
		}
		o.delivers(t, e, []gateway.Range{{First: 103, Last: 49_999}}, every...)
		if n := counted(t, d, "SELECT count(*) FROM gateway_ranges WHERE state = 'dropped'"); n != maxRuns {
			t.Errorf("%d dropped runs are kept, want %d", n, maxRuns)
		}
	})
}

// Deliveries change the rows that they touch, and no other.
func TestOnlyChangedRangesAreWritten(t *testing.T) {
	t.Parallel()
	at := func(first, last int64, state string) rangeRow {
		until := noon
		return rangeRow{First: first, Last: last, State: state, CreatedAt: noon, Until: &until}
	}
	known := []rangeRow{at(3, 4, stored), at(9, 9, dropped), at(12, 14, stored)}
	c := changesOf(known, []rangeRow{at(3, 4, stored), at(9, 14, dropped), at(20, 20, stored)})
	if len(c.gone) != 2 || len(c.news) != 2 || c.news[0].First != 9 || c.news[1].First != 20 {
		t.Errorf("the changes are %+v", c)
	}
	if c := changesOf(known, known); len(c.gone)+len(c.news) != 0 {
		t.Errorf("without a difference they are %+v", c)
	}
}

// More streams than one page of the search holds are all looked at.
func TestGapsOfManyGatewaysAreFound(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		populate(t, d)
		o := newOffice(d)
		const many = pageSize + 5
		for i := range many {
			e := register(t, o, 1, fmt.Sprintf("GW-%03d", i))
			o.delivers(t, e, []gateway.Range{{First: 3, Last: 3}}, gateway.Dropped{First: 4, Last: 4, Reason: "overflow"})
		}
		o.clock.pass(o.cfg.GapAfter)
		if err := o.findGaps(system()); err != nil {
			t.Fatal(err)
		}
		if err := o.findDropped(system()); err != nil {
			t.Fatal(err)
		}
		if gaps, losses := len(o.raised.of(1, alert.DataGap)), len(o.raised.of(1, alert.DataDropped)); gaps != many || losses != many {
			t.Errorf("%d and %d alerts, want %d each", gaps, losses, many)
		}
	})
}

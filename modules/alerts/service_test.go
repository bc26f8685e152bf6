package alerts

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
)

func TestAlertRaisedTwiceIsOne(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		a := newAlert(noon.Add(-time.Minute))
		a.Details = map[string]any{"serial": "GW-001", "odd": "\x00'\\"}
		var group sync.WaitGroup
		for range 5 {
			group.Go(func() {
				if err := o.Raise(hr(1), a); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		rows := shown(t, o, hr(1))
		if len(rows) != 1 {
			t.Fatalf("%d alerts, want 1", len(rows))
		}
		r := rows[0]
		if r.Kind != a.Kind || r.Severity != "critical" || !r.At.Equal(a.At) || r.Subject != a.Subject || r.Details["serial"] != "GW-001" || r.AcknowledgedAt != nil {
			t.Errorf("kept as %+v", r)
		}
		want := `
			# HELP staff_alerts_raised_total Alerts raised.
			# TYPE staff_alerts_raised_total counter
			staff_alerts_raised_total{kind="gateway_offline",severity="critical"} 1
		`
		if err := testutil.GatherAndCompare(o.metrics, strings.NewReader(want), "staff_alerts_raised_total"); err != nil {
			t.Error(err)
		}
		if n := strings.Count(o.logged.String(), "msg=alert"); n != 1 {
			t.Errorf("logged %d times: %s", n, o.logged)
		}
	})
}

func TestEachOrganizationHasItsOwnAlertOfAnID(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		a := newAlert(noon)
		mustRaise(t, o, hr(2), a) // whoever knows the id cannot take it away
		mustRaise(t, o, hr(1), a)
		for org := range int64(2) {
			if n := len(shown(t, o, hr(org+1))); n != 1 {
				t.Errorf("organization %d has %d alerts, want 1", org+1, n)
			}
		}
	})
}

func TestAlertWithoutIDOrTimeGetsThem(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	o := newOffice(t, d)
	for _, at := range []time.Time{{}, noon.Add(48 * time.Hour), time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)} {
		a := newAlert(at)
		a.ID = id.Nil
		mustRaise(t, o, hr(1), a)
	}
	rows := shown(t, o, hr(1))
	if len(rows) != 3 {
		t.Fatalf("%d alerts, want 3", len(rows))
	}
	for _, r := range rows {
		if !r.At.Equal(noon) {
			t.Errorf("happened at %v, want now", r.At)
		}
	}
}

func TestImpossibleAlertsAreRefused(t *testing.T) {
	t.Parallel()
	d := dbtest.SQLite(t)
	o := newOffice(t, d)
	for name, spoil := range map[string]func(*alert.Alert){
		"no kind":           func(a *alert.Alert) { a.Kind = "" },
		"a long kind":       func(a *alert.Alert) { a.Kind = strings.Repeat("k", 256) },
		"no subject":        func(a *alert.Alert) { a.Subject = "" },
		"a NUL":             func(a *alert.Alert) { a.Subject = "gateway\x00" },
		"broken UTF-8":      func(a *alert.Alert) { a.Subject = "gateway\xff" },
		"unknown severity":  func(a *alert.Alert) { a.Severity = "huge" },
		"no severity":       func(a *alert.Alert) { a.Severity = "" },
		"severity in upper": func(a *alert.Alert) { a.Severity = "CRITICAL" },
	} {
		a := newAlert(noon)
		spoil(&a)
		if err := o.Raise(hr(1), a); !errors.Is(err, fault.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if rows := shown(t, o, hr(1)); len(rows) != 0 {
		t.Errorf("kept %+v", rows)
	}
}

func TestKindsOfOthersShareALabel(t *testing.T) {
	t.Parallel()
	o := newOffice(t, dbtest.SQLite(t))
	for i := range 3 {
		a := newAlert(noon)
		a.Kind, a.Severity = fmt.Sprint("made_up_", i), alert.Info
		mustRaise(t, o, hr(1), a)
	}
	want := `
		# HELP staff_alerts_raised_total Alerts raised.
		# TYPE staff_alerts_raised_total counter
		staff_alerts_raised_total{kind="other",severity="info"} 3
	`
	if err := testutil.GatherAndCompare(o.metrics, strings.NewReader(want), "staff_alerts_raised_total"); err != nil {
		t.Error(err)
	}
}

func TestAlertOfTheWholeSystemIsUnseenByTenants(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		mustRaise(t, o, system(), newAlert(noon))
		if rows := shown(t, o, hr(1)); len(rows) != 0 {
			t.Errorf("organization 1 sees %+v", rows)
		}
		rows := shown(t, o, system())
		if len(rows) != 1 || rows[0].OrganizationID != nil {
			t.Fatalf("the system sees %+v", rows)
		}
		if err := o.acknowledge(hr(1), rows[0].ID); !errors.Is(err, errUnknown) {
			t.Errorf("organization 1 acknowledges it: %v", err)
		}
		if err := o.acknowledge(system(), rows[0].ID); err != nil {
			t.Errorf("the system acknowledges it: %v", err)
		}
	})
}

func TestAlertIsAcknowledgedOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		mustRaise(t, o, hr(1), newAlert(noon))
		alertID := shown(t, o, hr(1))[0].ID
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				if err := o.acknowledge(hr(1), alertID); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		r := shown(t, o, hr(1))[0]
		if r.AcknowledgedAt == nil || !r.AcknowledgedAt.Equal(noon) || *r.AcknowledgedBy != "user:7" {
			t.Errorf("acknowledged at %v by %v", r.AcknowledgedAt, r.AcknowledgedBy)
		}
		n := counted(t, d, "SELECT count(*) FROM audit_log WHERE action = 'alerts.acknowledge' AND organization_id = 1 AND actor = 'user:7' AND permission = 'alert.write' AND object = ?", "alert:"+alertID.String())
		if n != 1 {
			t.Errorf("%d lines in the audit, want 1", n)
		}
	})
}

func TestReachingForAnotherOrganizationsAlertIsAViolation(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		mustRaise(t, o, hr(1), newAlert(noon))
		alertID := shown(t, o, hr(1))[0].ID
		if err := o.acknowledge(hr(2), alertID); !errors.Is(err, errUnknown) {
			t.Errorf("acknowledged: %v", err)
		}
		if err := o.acknowledge(hr(2), id.New()); !errors.Is(err, errUnknown) {
			t.Errorf("one that is not there: %v", err)
		}
		if n := counted(t, d, "SELECT count(*) FROM audit_log WHERE reason = 'RLS_POLICY_VIOLATION' AND organization_id = 2"); n != 1 {
			t.Errorf("%d violations in the audit, want 1", n)
		}
		if n := testutil.CollectAndCount(o.metrics, "rls_violations_total"); n != 1 {
			t.Errorf("the metric has %d series, want 1", n)
		}
	})
}

package alerts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/alerts/alert"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
	"github.com/staff-control/staff-control/platform/grid/gridtest"
)

func TestPagesAreCompleteWithoutRepeats(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		for i := range 20 {
			a := newAlert(noon.Add(-time.Duration(i/3) * time.Minute)) // three at a time
			a.Subject = fmt.Sprint(i)
			mustRaise(t, o, hr(1), a)
		}
		for limit := 1; limit < 25; limit += 4 {
			var seen []string
			var times []time.Time
			for _, a := range gridtest.All(t, hr(1), o.alerts(), fmt.Sprint("limit=", limit)) {
				seen, times = append(seen, a.Subject), append(times, a.At)
			}
			if !slices.IsSortedFunc(times, func(a, b time.Time) int { return b.Compare(a) }) {
				t.Errorf("%d a page: not the latest first: %v", limit, times)
			}
			slices.Sort(seen)
			if len(seen) != 20 || len(slices.Compact(seen)) != 20 {
				t.Errorf("%d a page: saw %v", limit, seen)
			}
		}
	})
}

func TestListIsNarrowedBySeverityAndState(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		for i, s := range []alert.Severity{alert.Info, alert.Warning, alert.Warning, alert.Critical} {
			a := newAlert(noon.Add(time.Duration(i) * time.Second))
			a.Severity = s
			mustRaise(t, o, hr(1), a)
		}
		if err := o.acknowledge(hr(1), shown(t, o, hr(1))[1].ID); err != nil { // a warning
			t.Fatal(err)
		}
		for query, want := range map[string]int{
			"": 4, "open=true": 3, "open=false": 1, "severity=warning": 2, "severity=warning&open=true": 1, "severity=info&open=true": 1,
			"severity=critical,info": 2, "severity=info&severity=critical": 2, "at.from=2026-11-02T12:00:02Z": 2, "acknowledgedAt.from=2000-01-01T00:00:00Z": 1,
		} {
			if rows := gridtest.All(t, hr(1), o.alerts(), query); len(rows) != want {
				t.Errorf("%s: %d alerts, want %d", query, len(rows), want)
			}
		}
		if rows := gridtest.All(t, hr(1), o.alerts(), "sort=-severity,at&limit=1"); rows[0].Severity != "critical" || rows[3].Severity != "info" {
			t.Errorf("the gravest first are %v", rows)
		}
	})
}

func TestStoreKeepsTenantsApart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		mustRaise(t, o, hr(1), newAlert(noon))
		mine := shown(t, o, hr(1))[0]
		s, theirs := o.store, hr(2)
		dbtest.Tenants(t, map[string]func() error{
			"page": func() error {
				if rows := gridtest.All(t, theirs, o.alerts(), "sort=severity,-at&open=true"); len(rows) != 0 {
					return fmt.Errorf("shows %+v", rows)
				}
				return nil
			},
			"open": func() error {
				rows, err := s.open(theirs, 10)
				if len(rows) != 0 {
					return fmt.Errorf("shows %+v", rows)
				}
				return err
			},
			"alert": func() error {
				err := d.Read(theirs, func(ctx context.Context, tx db.Tx) error { _, err := s.alert(ctx, tx, mine.ID); return err })
				if !errors.Is(err, db.ErrNotFound) {
					return fmt.Errorf("finds it: %w", err)
				}
				return nil
			},
			"acknowledge": func() error {
				return d.Write(theirs, func(ctx context.Context, tx db.Tx) error {
					changed, err := s.acknowledge(ctx, tx, mine.ID, "thief", noon)
					if changed {
						return errors.New("changes it")
					}
					return err
				})
			},
			"add": func() error {
				if _, err := s.add(theirs, mine, nil); !errors.Is(err, db.ErrForeign) {
					return fmt.Errorf("a row of organization 1: %w", err)
				}
				return nil
			},
		})
		if rows := shown(t, o, hr(1)); len(rows) != 1 || rows[0].AcknowledgedAt != nil {
			t.Errorf("organization 1 has %+v", rows)
		}
	})
}

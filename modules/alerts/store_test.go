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
		m := &Module{service: o.service}
		for limit := 1; limit < 25; limit += 4 {
			var seen []string
			var times []time.Time
			for after, more := "", true; more; more = after != "" {
				page, err := m.list(hr(1), listRequest{Limit: limit, After: after})
				if err != nil {
					t.Fatal(err)
				}
				for _, a := range page.Items {
					seen, times = append(seen, a.Subject), append(times, a.At)
				}
				after = page.Next
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
		for _, c := range []struct {
			severity string
			open     bool
			want     int
		}{{"", false, 4}, {"", true, 3}, {"warning", false, 2}, {"warning", true, 1}, {"info", true, 1}, {"critical", false, 1}} {
			rows, err := o.store.page(hr(1), listQuery{severity: c.severity, open: c.open, limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			if len(rows) != c.want {
				t.Errorf("severity %q, open %v: %d alerts, want %d", c.severity, c.open, len(rows), c.want)
			}
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
				rows, err := s.page(theirs, listQuery{limit: 10})
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
				if _, err := s.add(theirs, mine); !errors.Is(err, db.ErrForeign) {
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

package monitoring

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// together are the checks of several parts of the store.
func together(parts ...map[string]func() error) map[string]func() error {
	all := map[string]func() error{}
	for _, p := range parts {
		maps.Copy(all, p)
	}
	return all
}

// keepTenants are the checks of how rows are taken away, by an organization that has none of them. The picture shows that
// organization 1 has lost nothing.
func keepTenants(s store, theirs context.Context, mine row) map[string]func() error {
	const k = activity.ActiveWindow
	on, late := mine.Datetime.UTC().Truncate(day), mine.Datetime.AddDate(1, 0, 0)
	none := func(n int64, err error) error {
		if n != 0 {
			return fmt.Errorf("touches %d rows", n)
		}
		return err
	}
	return map[string]func() error{
		"daysBefore": func() error {
			counts, err := s.daysBefore(theirs, k, late)
			return none(int64(len(counts)), err)
		},
		"rowsOf": func() error {
			for rows, err := range s.rowsOf(theirs, k, on) {
				if err := none(int64(len(rows)), err); err != nil {
					return err
				}
			}
			return nil
		},
		"pageOf": func() error {
			page, err := s.pageOf(theirs, k, on, row{})
			return none(int64(len(page)), err)
		},
		"waits": func() error {
			waits, err := s.waits(theirs, k, on)
			if waits {
				return errors.New("sees rows")
			}
			return err
		},
		"keepSums": func() error {
			if err := s.keepSums(theirs, applications, late); err != nil {
				return err
			}
			return s.db.Read(system(), func(ctx context.Context, tx db.Tx) error {
				n, err := tx.Select((*usageFloor)(nil)).Where("organization_id = 1").Count(ctx)
				return none(n, err)
			})
		},
		"removeDay":  func() error { return none(s.removeDay(theirs, k, on)) },
		"removeRows": func() error { return none(s.removeRows(theirs, k, []row{mine})) },
		"restore": func() error { // a row of theirs, whatever the archive says
			r := row{OrganizationID: 1, Datetime: mine.Datetime.Add(2 * day), ID: id.New(), ComputerUID: "PC-1"}
			_, err := s.restore(theirs, k, []row{r})
			return err
		},
		"dropDays": func() error {
			_, err := s.dropDays(theirs, k, late, []int64{2})
			if s.series.Engine().Name != db.SQLite && !errors.Is(err, db.ErrForeign) {
				return fmt.Errorf("drops: %w", err)
			}
			return nil
		},
	}
}

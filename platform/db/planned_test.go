package db_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

func TestAPlannedStatementReadsLikeAnother(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		org := newOrganizations(t, d, 1)[0]
		var ids []int64
		for _, title := range []string{"a", "b?", "c"} {
			ids = append(ids, newPolicy(t, d, org, title))
		}
		const query = "SELECT p.id, p.title FROM policies AS p WHERE p.organization_id = ? AND (p.id IN (?) OR p.title = ?) ORDER BY p.id"
		for range 8 { // PostgreSQL plans for any arguments after some times
			for _, c := range []struct {
				of   int64
				ids  []int64
				or   string
				want string
			}{
				{org, ids[:2], "", "[a b?]"},
				{org, ids[2:], "b?", "[b? c]"},
				{org, nil, "a' OR '1'='1", "[]"},
				{org + 1, ids, "a", "[]"},
			} {
				var rows []listedPolicy
				read(t, d, hr(org), func(ctx context.Context, tx db.Tx) error { return tx.Planned(ctx, &rows, query, c.of, c.ids, c.or) })
				titles := []string{}
				for _, r := range rows {
					titles = append(titles, r.Title)
				}
				if got := fmt.Sprint(titles); got != c.want {
					t.Errorf("of %d: %s, want %s", c.of, got, c.want)
				}
			}
		}
		var rows []listedPolicy
		if err := d.Read(hr(org), func(ctx context.Context, tx db.Tx) error {
			return tx.Planned(ctx, &rows, "SELECT p.nothing FROM policies AS p")
		}); err == nil {
			t.Error("no error for a column that is not there")
		}
	})
}

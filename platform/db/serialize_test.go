package db_test

import (
	"context"
	"testing"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// Of transactions that name the same work, each sees all that the one before it wrote: none counts what another counts.
func TestWorkOfOneNameIsDoneOneAtATime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const n = 8
		of := newOrganizations(t, d, 1)[0]
		counts := make(chan int64, n)
		for range n {
			go func() {
				seen := int64(-1)
				err := d.Write(hr(of), func(ctx context.Context, tx db.Tx) error {
					if err := tx.Serialize(ctx, "count"); err != nil {
						return err
					}
					var err error
					if seen, err = tx.Select((*policy)(nil)).Count(ctx); err != nil {
						return err
					}
					_, err = tx.Insert(&policy{Title: "P", CreatedAt: noon, UpdatedAt: noon}).Exec(ctx)
					return err
				})
				if err != nil {
					t.Error(err)
				}
				counts <- seen
			}()
		}
		seen := map[int64]bool{}
		for range n {
			seen[<-counts] = true
		}
		if len(seen) != n {
			t.Errorf("%d transactions counted %d different numbers: %v", n, len(seen), seen)
		}
	})
}

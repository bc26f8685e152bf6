package db_test

import (
	"context"
	"testing"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// Of transactions that hold the same row, each adds to what the one before it wrote: none is lost.
func TestWhatIsHeldIsChangedByOneAtATime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const n = 8
		of := newOrganizations(t, d, 1)[0]
		p := policy{Title: "P", CreatedAt: noon, UpdatedAt: noon}
		err := d.Write(hr(of), func(ctx context.Context, tx db.Tx) error {
			_, err := tx.Insert(&p).Exec(ctx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		errs := make(chan error, n)
		for range n {
			go func() {
				errs <- d.Write(hr(of), func(ctx context.Context, tx db.Tx) error {
					p := policy{ID: p.ID}
					if err := tx.Hold(tx.Select(&p)).WherePK().Scan(ctx); err != nil {
						return err
					}
					p.Title += "+"
					return db.One(tx.Update(&p).Column("title").WherePK().Exec(ctx))
				})
			}()
		}
		for range n {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		read(t, d, hr(of), func(ctx context.Context, tx db.Tx) error { return tx.Select(&p).WherePK().Scan(ctx) })
		if p.Title != "P++++++++" {
			t.Errorf("%d transactions made %q", n, p.Title)
		}
	})
}

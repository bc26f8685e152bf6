package db_test

import (
	"context"
	"testing"
	"time"

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

// Those who share work do it side by side; who serializes it waits for them, and they for him.
func TestSharedWorkIsDoneSideBySide(t *testing.T) {
	t.Parallel()
	d := dbtest.Postgres(t) // SQLite has one writer
	of := newOrganizations(t, d, 1)[0]
	take := func(name string, lock func(tx db.Tx, ctx context.Context) error, until <-chan struct{}) (has, ended chan struct{}) {
		has, ended = make(chan struct{}), make(chan struct{})
		go func() {
			defer close(ended)
			err := d.Write(hr(of), func(ctx context.Context, tx db.Tx) error {
				err := lock(tx, ctx)
				close(has)
				<-until
				return err
			})
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}()
		return has, ended
	}
	share := func(tx db.Tx, ctx context.Context) error { return tx.Share(ctx, "work") }
	alone := func(tx db.Tx, ctx context.Context) error { return tx.Serialize(ctx, "work") }
	done, over := make(chan struct{}), make(chan struct{})
	first, _ := take("first", share, done)
	second, _ := take("second", share, done)
	<-first
	<-second // side by side, or this would wait for ever
	third, ended := take("alone", alone, over)
	select {
	case <-third:
		t.Error("serialized beside those who share")
	case <-time.After(100 * time.Millisecond):
	}
	close(done)
	<-third
	fourth, last := take("fourth", share, over)
	select {
	case <-fourth:
		t.Error("shared beside who serializes")
	case <-time.After(100 * time.Millisecond):
	}
	close(over)
	<-fourth
	<-ended
	<-last
}

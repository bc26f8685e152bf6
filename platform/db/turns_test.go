package db_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// However many reads take long, another one comes through, and so does what is read within one of them.
func TestLongReadsHoldNobodyUp(t *testing.T) {
	t.Parallel()
	d := dbtest.Postgres(t)
	done, began := make(chan struct{}), make(chan struct{})
	var long sync.WaitGroup
	for range min(2*runtime.GOMAXPROCS(0), 12) + 2 { // more than there are turns, if there are few processors
		long.Go(func() {
			err := d.Read(system(), func(ctx context.Context, _ db.Tx) error {
				began <- struct{}{}
				<-done
				return d.Read(ctx, func(context.Context, db.Tx) error { return nil })
			})
			if err != nil {
				t.Error(err)
			}
		})
		<-began
	}
	ctx, cancel := context.WithTimeout(system(), 10*time.Second)
	defer cancel()
	if err := d.Read(ctx, func(context.Context, db.Tx) error { return nil }); err != nil {
		t.Errorf("beside long reads: %v", err)
	}
	close(done)
	long.Wait()
}

package storage

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/staff-control/staff-control/platform/blob"
	"github.com/staff-control/staff-control/platform/db"
)

const (
	// deletedAtOnce is how many rows one transaction deletes.
	deletedAtOnce = 500
	// erasers is how many files are being removed at a time.
	erasers = 8
)

// Delete implements file.Store.
func (s *service) Delete(ctx context.Context, paths ...string) (err error) {
	defer s.metrics.measure("delete", s.now, &err)()
	if _, err := organizationOf(ctx); err != nil {
		return err
	}
	paths = slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return blob.CheckPath(p) != nil })
	for some := range slices.Chunk(paths, deletedAtOnce) {
		if err := s.deleteSome(ctx, some, nil); err != nil {
			return err
		}
	}
	return nil
}

// deleteSome deletes rows, does with what belongs into the same transaction, and then removes the files.
func (s *service) deleteSome(ctx context.Context, paths []string, with func(context.Context, db.Tx) error) error {
	var gone []fileRow
	err := s.store.db.Write(ctx, func(ctx context.Context, tx db.Tx) (err error) {
		if gone, err = s.store.remove(ctx, tx, paths); err != nil || with == nil {
			return err
		}
		return with(ctx, tx)
	})
	if err != nil {
		return err
	}
	blobs := make([]string, len(gone))
	for i, row := range gone {
		blobs[i] = row.Blob
	}
	s.discard(ctx, blobs...)
	return nil
}

// erase removes files, several at a time, and counts them. After the first that cannot be removed it tries no more.
func (s *service) erase(ctx context.Context, blobs []string) (n int, err error) {
	var next, done atomic.Int64
	var wait sync.WaitGroup
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	for range min(erasers, len(blobs)) {
		wait.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(blobs) && ctx.Err() == nil; i = next.Add(1) - 1 {
				if err := s.blobs.Delete(ctx, blobs[i]); err != nil {
					stop(err)
					return
				}
				done.Add(1)
			}
		})
	}
	wait.Wait()
	return int(done.Load()), context.Cause(ctx)
}

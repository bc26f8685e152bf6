package monitoring

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
)

// errOnTheWay is a day that cannot be removed now: rows of it, or from before it, are on their way back to TimescaleDB,
// where their sums are made again.
var errOnTheWay = errors.New("rows from before the end of the day are on their way back to TimescaleDB")

// whole refuses to touch rows while TimescaleDB is away: what is there can neither be counted nor removed.
func (s *service) whole(ctx context.Context, k activity.Kind) error {
	if _, ok := tables[k]; !ok {
		return errUnknownKind.With("Kind", string(k))
	}
	if s.store.fallback.active() {
		return errStorage
	}
	return nil
}

// alone is whole for an actor of one organization.
func (s *service) alone(ctx context.Context, k activity.Kind) error {
	if a, _ := actor.From(ctx); a.OrganizationID == 0 {
		return db.ErrNoOrganization
	}
	return s.whole(ctx, k)
}

// Expired implements activity.Keeper.
func (s *service) Expired(ctx context.Context, k activity.Kind, before time.Time) ([]activity.DayCount, error) {
	if err := s.alone(ctx, k); err != nil {
		return nil, err
	}
	counts, err := s.store.daysBefore(ctx, k, before)
	return counts, storage(err)
}

// Files implements activity.Keeper. Agents name files too, whatever they like; a row's own has its key for a name.
func (s *service) Files(ctx context.Context, k activity.Kind, on time.Time) (paths []string, err error) {
	if err := s.alone(ctx, k); err != nil || k != activity.Screenshot {
		return nil, err
	}
	if err := s.settled(ctx, k, on.Add(day)); err != nil {
		return nil, err
	}
	for rows, err := range s.store.rowsOf(ctx, k, on) {
		if err != nil {
			return nil, storage(err)
		}
		for _, r := range rows {
			paths = append(paths, screenshotID(r).Files())
		}
	}
	slices.Sort(paths)
	return paths, nil
}

// Export implements activity.Keeper.
func (s *service) Export(ctx context.Context, k activity.Kind, on time.Time, w io.Writer) (n int64, err error) {
	if err := s.alone(ctx, k); err != nil {
		return 0, err
	}
	out := newSheetWriter(k, w)
	for rows, err := range s.store.rowsOf(ctx, k, on) {
		if err != nil {
			return n, storage(err)
		}
		if err := out.write(rows); err != nil {
			return n, err
		}
		n += int64(len(rows))
	}
	return n, out.flush()
}

// Remove implements activity.Keeper.
func (s *service) Remove(ctx context.Context, k activity.Kind, on time.Time) (int64, error) {
	if err := s.readyToRemove(ctx, k, on); err != nil {
		return 0, err
	}
	n, err := s.store.removeDay(ctx, k, on)
	return n, storage(err)
}

// RemoveExported implements activity.Keeper.
func (s *service) RemoveExported(ctx context.Context, k activity.Kind, on time.Time, r io.Reader) (n int64, err error) {
	if err := s.readyToRemove(ctx, k, on); err != nil {
		return 0, err
	}
	for rows, err := range readSheet(k, r) {
		if err != nil {
			return n, err
		}
		if rows[0].Datetime.Before(on) || !rows[len(rows)-1].Datetime.Before(on.Add(day)) {
			return n, fmt.Errorf("rows of %s are not all of %s", rows[0].Datetime, on.Format(time.DateOnly))
		}
		removed, err := s.store.removeRows(ctx, k, rows)
		n += removed
		if err != nil {
			return n, storage(err)
		}
	}
	return n, nil
}

// readyToRemove makes sure that the sums of the day stay when its rows go.
func (s *service) readyToRemove(ctx context.Context, k activity.Kind, on time.Time) error {
	if err := s.alone(ctx, k); err != nil {
		return err
	}
	if err := s.settled(ctx, k, on.Add(day)); err != nil {
		return err
	}
	u, summed := usageOf(k)
	if !summed {
		return nil
	}
	return storage(s.store.keepSums(ctx, u, on.Add(day)))
}

// settled makes sure that no rows from before the time are on their way back to TimescaleDB.
func (s *service) settled(ctx context.Context, k activity.Kind, until time.Time) error {
	waiting, err := s.store.waits(ctx, k, until)
	if err == nil && waiting {
		return errStorage.Wrap(errOnTheWay)
	}
	return storage(err)
}

// usageOf is what is summed of the kind, if anything is.
func usageOf(k activity.Kind) (usage, bool) {
	for _, u := range usages() {
		if u.of == k {
			return u, true
		}
	}
	return usage{}, false
}

// Import implements activity.Keeper.
func (s *service) Import(ctx context.Context, k activity.Kind, r io.Reader) (n int64, err error) {
	if err := s.alone(ctx, k); err != nil {
		return 0, err
	}
	for rows, err := range readSheet(k, bufio.NewReader(r)) {
		if err != nil {
			return n, err
		}
		added, err := s.store.restore(ctx, k, rows)
		n += int64(added)
		if err != nil {
			return n, storage(err)
		}
	}
	return n, nil
}

// Drop implements activity.Keeper.
func (s *service) Drop(ctx context.Context, k activity.Kind, before time.Time, organizations []int64) (int, error) {
	a, _ := actor.From(ctx)
	if !a.CrossesOrganizations() {
		return 0, db.ErrForeign
	}
	if err := s.whole(ctx, k); err != nil {
		return 0, err
	}
	if s.store.series.Engine().Name == db.SQLite {
		return 0, nil // its days are not kept apart
	}
	if err := s.settled(ctx, k, before); err != nil {
		return 0, err
	}
	if u, summed := usageOf(k); summed {
		for _, o := range organizations {
			if err := s.store.keepSums(actor.With(ctx, a.In(o)), u, before); err != nil {
				return 0, storage(err)
			}
		}
	}
	n, err := s.store.dropDays(ctx, k, before, organizations)
	return n, storage(err)
}

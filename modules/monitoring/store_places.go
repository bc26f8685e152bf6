package monitoring

import (
	"context"
	"errors"
	"slices"

	"github.com/staff-control/staff-control/platform/db"
)

// places are the databases that have rows now: the primary database, where it has rows that belong in TimescaleDB, and
// TimescaleDB, in this order: so what is moved meanwhile is found where it comes to. While TimescaleDB is away it is left
// out unless it can be read.
func (s store) places() []*db.DB {
	if s.fallback == nil {
		return []*db.DB{s.db}
	}
	switch now := s.fallback.current(); {
	case !s.fallback.legible():
		return []*db.DB{s.db}
	case now.Active, now.Waiting:
		return []*db.DB{s.db, s.series}
	}
	return []*db.DB{s.series}
}

// read runs fn in a read-only transaction of each database that has rows now; see places. A row may be in both, and
// fn merges what it reads. While rows go to the primary database, TimescaleDB may fail: then fn has seen less.
func (s store) read(ctx context.Context, fn func(ctx context.Context, tx db.Tx) error) error {
	places := s.places()
	for i := 0; i < len(places); i++ {
		err := places[i].Read(ctx, fn)
		switch {
		case err == nil:
		case places[i] == s.db || !s.fallback.excuses(ctx, err):
			return err
		case !slices.Contains(places, s.db):
			places = append(places, s.db)
		}
	}
	s.fallback.tellMode(ctx)
	return nil
}

// readTogether makes one transaction of all that fn reads, if all of it is in one database. Beside TimescaleDB it does not: readers
// would keep the connections of the primary database while they wait for the other, and when that is away what is done without
// it needs more of them.
func readTogether[Out any](ctx context.Context, s store, fn func(context.Context) (Out, error)) (Out, error) {
	if s.fallback != nil {
		return fn(ctx)
	}
	return db.Together(s.db, func(ctx context.Context, _ struct{}) (Out, error) { return fn(ctx) })(ctx, struct{}{})
}

// everywhere repeats the statement in parts, in each database that has rows now. It returns how many it touched in all.
func (s store) everywhere(ctx context.Context, part func(context.Context, db.Tx) (db.Affected, error)) (touched int64, err error) {
	for _, d := range s.places() {
		n, err := d.InParts(ctx, part)
		touched += n
		if err != nil {
			return touched, err
		}
	}
	return touched, nil
}

// turns bounds how often the state may change under one write.
const turns = 4

// write runs do, which writes in one transaction that begins with to.check, where rows go now. instead says that this
// was the primary database, although there is TimescaleDB.
func (s store) write(ctx context.Context, do func(ctx context.Context, to target) error) (instead bool, err error) {
	if s.fallback == nil {
		return false, do(ctx, target{DB: s.db})
	}
	for range turns {
		if s.fallback.active() {
			err = do(ctx, target{DB: s.db, instead: true})
			if !errors.Is(err, errRecovered) {
				return true, err
			}
			if err := s.fallback.refresh(ctx); err != nil {
				return true, err
			}
			continue
		}
		var again bool
		again, err = s.fallback.try(ctx, func(ctx context.Context) error { return do(ctx, target{DB: s.series}) })
		if !again {
			return false, err
		}
	}
	return false, errors.Join(db.ErrUnavailable, err)
}

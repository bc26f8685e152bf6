package monitoring

import (
	"context"
	"errors"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// deciding is what those serialize who change where rows go, and those share who write by it.
const deciding = "monitoring fallback"

// target is where a batch goes: to TimescaleDB or, instead of it, to the primary database.
type target struct {
	*db.DB
	instead bool
}

// check makes sure that the rows may go there until the transaction ends.
func (t target) check(ctx context.Context, tx db.Tx) error {
	if !t.instead {
		return nil
	}
	if err := tx.Share(ctx, deciding); err != nil {
		return err
	}
	s, err := state(ctx, tx)
	if err == nil && !s.Active {
		return errRecovered
	}
	return err
}

// state reads where rows go; it is nobody's, and the same for all.
func state(ctx context.Context, tx db.Tx) (row stateRow, err error) {
	err = tx.Select(&row).Where("id = 1").Scan(ctx)
	return row, err
}

func (s store) state(ctx context.Context) (row stateRow, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		row, err = state(ctx, tx)
		return err
	})
	return row, err
}

// turn makes the fallback active or ends it, and returns the state and whether that is new. It waits for those who write
// by the old state.
func (s store) turn(ctx context.Context, active bool, reason string, at time.Time) (row stateRow, turned bool, err error) {
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := tx.Serialize(ctx, deciding); err != nil {
			return err
		}
		if row, err = state(ctx, tx); err != nil || row.Active == active {
			return err
		}
		row.Active, row.ChangedAt, turned = active, &at, true
		if active {
			row.Waiting, row.Since, row.Reason = true, &at, reason
		}
		return db.One(tx.Update(&row).Column("active", "waiting", "since", "reason", "changed_at").WherePK().Exec(ctx))
	})
	return row, turned && err == nil, err
}

// await notes that the primary database has rows that belong to TimescaleDB, if it has any.
func (s store) await(ctx context.Context, at time.Time) error {
	return s.settle(ctx, at, func(s stateRow, empty bool) (waiting bool) { return s.Waiting || !empty })
}

// finish notes that the primary database has no rows any more that belong to TimescaleDB, if that is so.
func (s store) finish(ctx context.Context, at time.Time) error {
	return s.settle(ctx, at, func(s stateRow, empty bool) (waiting bool) { return s.Active || s.Waiting && !empty })
}

// settle sets whether rows wait, by the state and by whether there are none. No row comes meanwhile.
func (s store) settle(ctx context.Context, at time.Time, waits func(s stateRow, empty bool) bool) error {
	return s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := tx.Serialize(ctx, deciding); err != nil {
			return err
		}
		row, err := state(ctx, tx)
		if err != nil {
			return err
		}
		empty, err := vacant(ctx, tx)
		if err != nil {
			return err
		}
		waiting := waits(row, empty)
		if waiting == row.Waiting {
			return nil
		}
		row.Waiting, row.ChangedAt = waiting, &at
		return db.One(tx.Update(&row).Column("waiting", "changed_at").WherePK().Exec(ctx))
	})
}

// vacant reports whether nothing is there of what stands beside rows, nor rows, for an actor that sees all.
func vacant(ctx context.Context, tx db.Tx) (bool, error) {
	for _, name := range movedTables() {
		var some bool
		// Scoped by nothing: only for the system, which learns no more than that there is something.
		if err := tx.Raw("SELECT EXISTS (SELECT 1 FROM "+name+")").Scan(ctx, &some); err != nil || some {
			return false, err
		}
	}
	return true, nil
}

// movedTables are those whose rows go where time series go.
func movedTables() (names []string) {
	for _, k := range activity.Kinds {
		names = append(names, tables[k].name)
	}
	return append(names, "batch_tokens", "quarantine")
}

// errProbe takes a probe back.
var errProbe = errors.New("a probe leaves nothing")

// probe writes an event to TimescaleDB in the actor's one organization, as a batch does, and takes it back.
func (s store) probe(ctx context.Context, now time.Time) error {
	e := activity.Event{Kind: activity.ActiveWindow, ComputerUID: "probe", At: now}
	p := &prepared{}
	p.tables[tableOf(e.Kind)].add(&e, id.New(), id.New())
	err := s.series.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		duplicate, err := s.claim(ctx, tx, &tokenRow{Token: "probe " + id.New().String(), StoredAt: now})
		if err == nil && duplicate {
			err = db.ErrConflict
		}
		if err != nil {
			return err
		}
		if _, _, err := s.insert(ctx, tx, target{DB: s.series}, p, true); err != nil {
			return err
		}
		return errProbe
	})
	if errors.Is(err, errProbe) {
		return nil
	}
	return err
}

// peek reads from TimescaleDB, in the actor's one organization.
func (s store) peek(ctx context.Context) error {
	return s.series.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Select((*tokenRow)(nil)).Limit(1).Exists(ctx)
		return err
	})
}

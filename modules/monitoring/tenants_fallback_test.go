package monitoring

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// fallbackTenants are the checks of how rows go elsewhere and come back, by organization 6, which has none. The picture
// shows that organization 1 has lost nothing; what was moved is looked for in the other database.
func fallbackTenants(t *testing.T, s store, mine row) map[string]func() error {
	theirs, k := as(actor.HR, 6), activity.ActiveWindow
	s.series = dbtest.SQLite(t)
	moved := func(n int, err error) error {
		ids, of := s.organizationsThere()
		if err == nil && (n != 0 || of != nil || len(ids) != 0) {
			return fmt.Errorf("%d rows, of %v, %w", n, ids, of)
		}
		return err
	}
	in := func(do func(ctx context.Context, tx db.Tx) error) error { return s.db.Write(theirs, do) }
	to := target{DB: s.db}
	theirRows := asPrepared(k, []row{mine})
	return map[string]func() error{
		"insert": func() error { // the row is new to them
			err := in(func(ctx context.Context, tx db.Tx) error {
				_, n, err := s.insert(ctx, tx, to, theirRows, true)
				if err == nil && n != 1 {
					err = fmt.Errorf("stores %d rows", n)
				}
				return cmp.Or(err, errProbe)
			})
			if errors.Is(err, errProbe) {
				return nil
			}
			return err
		},
		// The database scopes what runs in them, as anywhere.
		"places": func() error {
			if list := s.places(); len(list) != 1 || list[0] != s.db {
				return fmt.Errorf("%d places", len(list))
			}
			return nil
		},
		"read": func() error {
			return s.read(theirs, func(ctx context.Context, tx db.Tx) error {
				rows, err := newest(ctx, tx, k, []sight{{organization: 1}, {organization: 6}}, window{limit: 10})
				return moved(len(rows), err)
			})
		},
		"everywhere": func() error {
			n, err := s.everywhere(theirs, func(ctx context.Context, tx db.Tx) (db.Affected, error) {
				return tx.Delete((*tokenRow)(nil)).Where("1 = 1").Exec(ctx)
			})
			return moved(int(n), err)
		},
		"write": func() error {
			_, err := s.write(theirs, func(ctx context.Context, to target) error {
				return to.Write(ctx, func(ctx context.Context, tx db.Tx) error {
					res, err := tx.Delete((*tokenRow)(nil)).Where("1 = 1").Exec(ctx)
					if err != nil {
						return err
					}
					n, err := res.RowsAffected()
					return moved(int(n), err)
				})
			})
			return err
		},
		"mark": func() error {
			return in(func(ctx context.Context, tx db.Tx) error { return s.mark(ctx, tx, to, theirRows) })
		},
		// The state is nobody's, and says of no organization anything.
		"state":  func() error { _, err := s.state(theirs); return err },
		"turn":   func() error { _, _, err := s.turn(theirs, false, "", noon); return err },
		"await":  func() error { return s.await(theirs, noon) },
		"finish": func() error { return s.finish(theirs, noon) },
		"settle": func() error { return s.settle(theirs, noon, func(stateRow, bool) bool { return false }) },
		"probe":  func() error { return moved(0, s.probe(theirs, noon)) },
		"peek":   func() error { return s.peek(theirs) },
		"left": func() error {
			ids, err := s.left(theirs, "active_windows")
			if err == nil && fmt.Sprint(ids) != "[6]" {
				return fmt.Errorf("shows organizations %v", ids)
			}
			return err
		},
		"moveRows": func() error {
			of, err := s.moveRows(theirs, k, time.Time{}, noon)
			return moved(of.SourceCount, err)
		},
		"copyRows": func() error { // they become theirs, there
			s := s
			s.series = dbtest.SQLite(t)
			if _, err := s.copyRows(theirs, k, []row{mine}, noon); err != nil {
				return err
			}
			if ids, err := s.organizationsThere(); err != nil || fmt.Sprint(ids) != "[6]" {
				return fmt.Errorf("stores rows of %v, %w", ids, err)
			}
			return nil
		},
		"verifyDataIntegrity": func() error {
			s := s
			s.series = s.db
			of, err := s.verifyDataIntegrity(theirs, k, []row{mine}, nil)
			if err == nil && of.TargetCount != 0 {
				return fmt.Errorf("compares %+v", of)
			}
			return err
		},
		"strike": func() error {
			return in(func(ctx context.Context, tx db.Tx) error { return s.strike(ctx, tx, k, []row{mine}) })
		},
		"moveTokens": func() error { return moved(s.moveTokens(theirs)) },
		"moveAsides": func() error { return moved(s.moveAsides(theirs)) },
		"endsOfBoth": func() error {
			s := s
			s.series = s.db
			rows, err := s.endsOfBoth(theirs, []activity.Seat{{ComputerUID: mine.ComputerUID, UserSID: mine.UserSID}}, longest, noon.AddDate(-1, 0, 0), noon.AddDate(1, 0, 0))
			if err == nil && (len(rows) != 1 || rows[0].FirstWindow != nil || rows[0].LastWindow != nil) {
				return fmt.Errorf("shows %+v", rows)
			}
			return err
		},
	}
}

// organizationsThere are those that have rows in the other database.
func (s store) organizationsThere() (ids []int64, err error) {
	err = s.series.Read(asSystem(context.Background()), func(ctx context.Context, tx db.Tx) error {
		ids, err = organizationsIn(ctx, tx, "active_windows")
		return err
	})
	return ids, err
}

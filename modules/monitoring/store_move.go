package monitoring

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/id"
)

// moving is what movers serialize: two steps at a time would do the same.
const moving = "monitoring fallback moves"

// left returns the organizations, of those that the actor sees, that may have rows of a table in the primary database.
func (s store) left(ctx context.Context, table string) (ids []int64, err error) {
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		ids, err = organizationsIn(ctx, tx, table)
		return err
	})
	return ids, err
}

// moveRows moves the oldest rows from a time on of one kind of the actor's organization, of one day and no more than a
// part, and returns what it compared: after an error at least the day, if that is known. SourceCount is 0 when none are left.
func (s store) moveRows(ctx context.Context, k activity.Kind, from, now time.Time) (checked integrity, err error) {
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := tx.Serialize(ctx, moving); err != nil {
			return err
		}
		source, err := oldest(ctx, tx, k, from)
		if err != nil || len(source) == 0 {
			return err
		}
		checked.Day = source[0].Datetime.UTC().Truncate(day)
		differing, err := s.copyRows(ctx, k, source, now)
		if err != nil {
			return fmt.Errorf("store: %w", err)
		}
		compared, err := s.verifyDataIntegrity(ctx, k, source, differing)
		if err != nil {
			return fmt.Errorf("read again: %w", err)
		}
		checked = compared
		if !checked.IsValid() {
			return errDiffers{checked}
		}
		return s.strike(ctx, tx, k, source)
	})
	return checked, err
}

// oldest reads rows of one day, the first from a time on, in the order of their key.
func oldest(ctx context.Context, tx db.Tx, k activity.Kind, from time.Time) (rows []row, err error) {
	// Scoped by the organization that the statement names: the actor's.
	err = tx.Raw(everything(k)+" WHERE organization_id = ? AND datetime >= ? ORDER BY datetime, id LIMIT ?", tx.Actor().OrganizationID, from, db.Part).Scan(ctx, &rows)
	return oneDay(rows), err
}

// everything selects all columns of a kind's rows.
func everything(k activity.Kind) string {
	t := tables[k]
	return "SELECT organization_id, datetime, id, agent_id, computer_uid, user_sid, " + t.columns + " FROM " + t.name
}

// copyRows stores rows in TimescaleDB unless they are there. It returns the keys of those that are there with another
// content, which are set aside.
func (s store) copyRows(ctx context.Context, k activity.Kind, source []row, now time.Time) (differing map[rowKey]bool, err error) {
	err = s.series.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		there, err := keyed(ctx, tx, k, source)
		if err != nil {
			return err
		}
		known := make(map[rowKey]uint64, len(there))
		for _, r := range there {
			known[keyOf(r)] = contentOf(r)
		}
		differing = map[rowKey]bool{}
		missing := make([]row, 0, len(source))
		var set []aside
		for _, r := range source {
			content, has := known[keyOf(r)]
			switch {
			case !has:
				missing = append(missing, r)
			case content != contentOf(r):
				differing[keyOf(r)] = true
				e := asEvent(k, r)
				set = append(set, aside{id: r.ID, kind: k, reason: otherContent, payload: payload(&e)})
			}
		}
		if err := s.setAside(ctx, tx, set, now); err != nil {
			return err
		}
		// Others may bring the same event meanwhile.
		_, _, err = s.insert(ctx, tx, target{DB: s.series}, asPrepared(k, missing), true)
		return err
	})
	return differing, err
}

// keyed reads the rows that have the keys of these, and perhaps some more. All are of one day, in the order of time.
func keyed(ctx context.Context, tx db.Tx, k activity.Kind, of []row) (rows []row, err error) {
	where, args := byKey(tx, of)
	// Scoped by the organization that the statement names: the actor's.
	err = tx.Raw(everything(k)+where, args...).Scan(ctx, &rows)
	return rows, err
}

func byKey(tx db.Tx, of []row) (string, []any) {
	ids := make([]id.UUID, len(of))
	for i, r := range of {
		ids[i] = r.ID
	}
	return " WHERE organization_id = ? AND datetime >= ? AND datetime <= ? AND id IN (?)",
		[]any{tx.Actor().OrganizationID, of[0].Datetime, of[len(of)-1].Datetime, bun.List(ids)}
}

// verifyDataIntegrity reads from TimescaleDB what was stored there and compares it with the source.
func (s store) verifyDataIntegrity(ctx context.Context, k activity.Kind, source []row, differing map[rowKey]bool) (checked integrity, err error) {
	err = s.series.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		target, err := keyed(ctx, tx, k, source)
		checked = compared(k, source, target, differing)
		return err
	})
	return checked, err
}

// strike deletes rows that were moved, and with them their part of the sums.
func (s store) strike(ctx context.Context, tx db.Tx, k activity.Kind, rows []row) error {
	where, args := byKey(tx, rows)
	// Scoped by the organization that the statement names: the actor's.
	res, err := tx.Raw("DELETE FROM "+tables[k].name+where, args...).Exec(ctx)
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err != nil {
		return err
	}
	if n > int64(len(rows)) {
		return fmt.Errorf("%d rows would be deleted for %d that were moved", n, len(rows))
	}
	if err := s.mark(ctx, tx, target{DB: s.db}, asPrepared(k, rows)); err != nil {
		return err
	}
	return moved(ctx, tx, n)
}

// moved adds to how many rows were moved; last of all, since who changes the state waits for it.
func moved(ctx context.Context, tx db.Tx, n int64) error {
	row := stateRow{ID: 1}
	return db.One(tx.Update(&row).Set("moved = moved + ?", n).WherePK().Exec(ctx))
}

// moveTokens moves tokens of batches of the actor's organization, no more than a statement holds.
func (s store) moveTokens(ctx context.Context) (int, error) {
	return moveBeside(ctx, s, "token", func(r tokenRow) string { return r.Token })
}

// moveAsides does it with what was set aside.
func (s store) moveAsides(ctx context.Context) (int, error) {
	return moveBeside(ctx, s, "id", func(r quarantineRow) id.UUID { return r.ID })
}

// moveBeside moves what stands beside rows, by its key in an organization.
func moveBeside[T any, K comparable](ctx context.Context, s store, column string, key func(T) K) (n int, err error) {
	err = s.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if err := tx.Serialize(ctx, moving); err != nil {
			return err
		}
		var rows []T
		if err := tx.Select(&rows).Order(column).Limit(setAsideRows).Scan(ctx); err != nil || len(rows) == 0 {
			return err
		}
		keys := make([]K, len(rows))
		for i, r := range rows {
			keys[i] = key(r)
		}
		if err := s.series.Write(ctx, func(ctx context.Context, tx db.Tx) error {
			_, err := tx.Insert(&rows).On("CONFLICT DO NOTHING").Exec(ctx)
			return err
		}); err != nil {
			return fmt.Errorf("store: %w", err)
		}
		var there int64
		if err := s.series.Read(ctx, func(ctx context.Context, tx db.Tx) error {
			there, err = tx.Select((*T)(nil)).Where(column+" IN (?)", bun.List(keys)).Count(ctx)
			return err
		}); err != nil {
			return fmt.Errorf("read again: %w", err)
		}
		if there != int64(len(rows)) {
			return fmt.Errorf("of %d rows TimescaleDB has %d", len(rows), there)
		}
		if _, err := tx.Delete((*T)(nil)).Where(column+" IN (?)", bun.List(keys)).Exec(ctx); err != nil {
			return err
		}
		n = len(rows)
		return nil
	})
	return n, err
}

package monitoring

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/db"
)

// ofDay narrows to the rows of an organization that began in [?, ?).
const ofDay = " WHERE organization_id = ? AND datetime >= ? AND datetime < ?"

// daysBefore counts the rows of the actor's organization that began before the time, by UTC day. It jumps from day to
// day along the key.
func (s store) daysBefore(ctx context.Context, k activity.Kind, before time.Time) (counts []activity.DayCount, err error) {
	rows := map[time.Time]int64{}
	err = s.read(ctx, func(ctx context.Context, tx db.Tx) error {
		for from := (time.Time{}); ; {
			first, err := firstRow(ctx, tx, k, from, before)
			if err != nil || first.IsZero() {
				return err
			}
			from = first.Truncate(day).Add(day)
			var n int64
			// Scoped by the organization that the statement names: the actor's.
			if err := tx.Raw("SELECT count(*) FROM "+tables[k].name+ofDay, tx.Actor().OrganizationID, first, earlier(from, before)).Scan(ctx, &n); err != nil {
				return err
			}
			rows[first.Truncate(day)] += n
		}
	})
	for d, n := range rows {
		counts = append(counts, activity.DayCount{Day: d, Rows: n})
	}
	slices.SortFunc(counts, func(a, b activity.DayCount) int { return a.Day.Compare(b.Day) })
	return counts, err
}

// firstRow is when the first row of the actor's organization in [from, before) began; zero for none.
func firstRow(ctx context.Context, tx db.Tx, k activity.Kind, from, before time.Time) (time.Time, error) {
	var rows []row
	// Scoped by the organization that the statement names: the actor's.
	err := tx.Raw("SELECT datetime FROM "+tables[k].name+ofDay+" ORDER BY datetime LIMIT 1", tx.Actor().OrganizationID, from, before).Scan(ctx, &rows)
	if err != nil || len(rows) == 0 {
		return time.Time{}, err
	}
	return rows[0].Datetime.UTC(), nil
}

// rowsOf reads the rows of the actor's organization of a UTC day, in the order of their key, some at a time. A row that
// is in two databases comes once.
func (s store) rowsOf(ctx context.Context, k activity.Kind, on time.Time) iter.Seq2[[]row, error] {
	return func(yield func([]row, error) bool) {
		var last row
		for {
			page, err := s.pageOf(ctx, k, on, last)
			if err != nil {
				yield(nil, err)
				return
			}
			if len(page) == 0 || !yield(page, nil) {
				return
			}
			last = page[len(page)-1]
		}
	}
}

func (s store) pageOf(ctx context.Context, k activity.Kind, on time.Time, last row) (page []row, err error) {
	from := on
	if !last.Datetime.IsZero() {
		from = last.Datetime
	}
	err = s.read(ctx, func(ctx context.Context, tx db.Tx) error {
		var rows []row
		// Scoped by the organization that the statement names: the actor's. The first condition lets each database begin
		// and leave partitions out; the second is exact.
		err := tx.Raw(everything(k)+ofDay+" AND (datetime, id) > (?, ?) ORDER BY datetime, id LIMIT ?",
			tx.Actor().OrganizationID, from, on.Add(day), last.Datetime, last.ID, db.Part).Scan(ctx, &rows)
		page = append(rows, page...) // of a row that is in both, TimescaleDB's counts: it is read last
		return err
	})
	slices.SortStableFunc(page, byKeyOrder)
	page = slices.CompactFunc(page, func(a, b row) bool { return byKeyOrder(a, b) == 0 })
	return page[:min(len(page), db.Part)], err
}

func byKeyOrder(a, b row) int {
	return cmp.Or(a.Datetime.Compare(b.Datetime), slices.Compare(a.ID[:], b.ID[:]))
}

// waits reports whether the primary database has, or may get, rows from before the time that belong in TimescaleDB, of
// any organization that the actor sees. It asks the database: what this process knows may be a second old.
func (s store) waits(ctx context.Context, k activity.Kind, until time.Time) (waiting bool, err error) {
	if s.series == s.db {
		return false, nil
	}
	err = s.db.Read(ctx, func(ctx context.Context, tx db.Tx) error {
		now, err := state(ctx, tx)
		if err != nil || now.Active {
			waiting = now.Active
			return err
		}
		query, args := "SELECT EXISTS (SELECT 1 FROM "+tables[k].name+" WHERE datetime < ?", []any{until}
		if a := tx.Actor(); !a.CrossesOrganizations() {
			query, args = query+" AND organization_id = ?", append(args, a.OrganizationID)
		}
		// Scoped by the organization that the statement names, but for actors that cross organizations.
		return tx.Raw(query+")", args...).Scan(ctx, &waiting)
	})
	return waiting, err
}

// keepSums makes the sums of what began before the time in the actor's organization stay when its rows are gone.
func (s store) keepSums(ctx context.Context, u usage, until time.Time) error {
	if s.series.Engine().Name != db.TimescaleDB {
		return s.raiseFloor(ctx, u, until)
	}
	return s.series.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		// Scoped by the organization that the call names: the actor's.
		_, err := tx.Raw("SELECT keep_usage(?, ?, ?)", tx.Actor().OrganizationID, u.kind, until).Exec(ctx)
		return err
	})
}

// removeDay deletes the rows of the actor's organization of a day, in each database that has some.
func (s store) removeDay(ctx context.Context, k activity.Kind, on time.Time) (n int64, err error) {
	for _, d := range s.places() {
		for from := on; from.Before(on.Add(day)); {
			removed, next, err := removePart(ctx, d, k, from, on.Add(day))
			n += removed
			if err != nil {
				return n, err
			}
			from = next
		}
	}
	return n, nil
}

// removePart deletes about a part of the rows in [from, until), the oldest, and returns where the rest begins.
func removePart(ctx context.Context, d *db.DB, k activity.Kind, from, until time.Time) (n int64, next time.Time, err error) {
	err = d.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		if next, err = endOfPart(ctx, tx, k, from, until); err != nil {
			return err
		}
		// Scoped by the organization that the statement names: the actor's.
		res, err := tx.Raw("DELETE FROM "+tables[k].name+ofDay, tx.Actor().OrganizationID, from, next).Exec(ctx)
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	})
	return n, next, err
}

// endOfPart is the time before which about a part of the rows in [from, until) began. A columnstore is unpacked for each
// statement that deletes from it, so it gives a day away in one.
func endOfPart(ctx context.Context, tx db.Tx, k activity.Kind, from, until time.Time) (time.Time, error) {
	if tx.Engine().Name == db.TimescaleDB {
		return until, unpack(ctx, tx)
	}
	var rows []row
	// Scoped by the organization that the statement names: the actor's.
	err := tx.Raw("SELECT datetime FROM "+tables[k].name+ofDay+" ORDER BY datetime, id LIMIT 1 OFFSET ?",
		tx.Actor().OrganizationID, from, until, db.Part-1).Scan(ctx, &rows)
	if err != nil || len(rows) == 0 {
		return until, err
	}
	return earlier(rows[0].Datetime.UTC().Add(time.Microsecond), until), nil
}

// unpack lets the transaction change any number of compressed rows.
func unpack(ctx context.Context, tx db.Tx) error {
	// Reads no table.
	_, err := tx.Raw("SET LOCAL timescaledb.max_tuples_decompressed_per_dml_transaction = 0").Exec(ctx)
	return err
}

// removeRows deletes these rows of the actor's organization. They are in the order of time.
func (s store) removeRows(ctx context.Context, k activity.Kind, rows []row) (n int64, err error) {
	for _, d := range s.places() {
		err := d.Write(ctx, func(ctx context.Context, tx db.Tx) error {
			if tx.Engine().Name == db.TimescaleDB {
				if err := unpack(ctx, tx); err != nil {
					return err
				}
			}
			where, args := byKey(tx, rows)
			// Scoped by the organization that the statement names: the actor's.
			res, err := tx.Raw("DELETE FROM "+tables[k].name+where, args...).Exec(ctx)
			if err != nil {
				return err
			}
			removed, err := res.RowsAffected()
			n += removed
			return err
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// restore puts rows back into the actor's organization.
func (s store) restore(ctx context.Context, k activity.Kind, rows []row) (added int, err error) {
	to := target{DB: s.series}
	err = to.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		_, added, err = s.insert(ctx, tx, to, asPrepared(k, rows), true)
		return err
	})
	return added, err
}

// dropDays drops the days before the time in which only these organizations have rows. Where the primary database stands
// in for TimescaleDB it has no rows now, or some that came this moment: there, only empty days go.
func (s store) dropDays(ctx context.Context, k activity.Kind, before time.Time, organizations []int64) (days int, err error) {
	days, err = s.series.DropDaysOf(ctx, tables[k].name, before, organizations)
	if s.series == s.db || err != nil {
		return days, err
	}
	_, err = s.db.DropDaysOf(ctx, tables[k].name, before, nil)
	return days, err
}

package db

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
)

// DropDaysOf drops the days of a table that ended before a time and in which no other organization than these has a row,
// from the oldest on to the first that somebody else has. While it looks and drops nobody adds a row, so none is lost that
// comes at that moment. It returns how many there were. On SQLite days are not kept apart, and it drops none. The actor has
// to cross organizations.
func (d *DB) DropDaysOf(ctx context.Context, table string, before time.Time, organizations []int64) (dropped int, err error) {
	if d.Engine().Name == SQLite {
		return 0, nil
	}
	days, err := d.daysUntil(ctx, table, before, organizations)
	for _, end := range days { // each by itself, so that nobody waits for long
		if err == nil {
			var n int
			n, err = d.dropDay(ctx, table, end, organizations)
			dropped += n
		}
	}
	return dropped, err
}

// LastDay returns the end of the last day before a time for which the table keeps rows of anybody, and zero if there is
// none. Where days are not kept apart it is the time itself.
func (tx Tx) LastDay(ctx context.Context, table string, before time.Time) (end time.Time, err error) {
	var last sql.NullTime
	switch tx.db.Engine().Name {
	case SQLite:
		return before, nil
	case TimescaleDB:
		err = tx.bun.NewRaw("SELECT max(range_end) FROM timescaledb_information.chunks WHERE hypertable_name = ? AND range_start < ?", table, before).Scan(ctx, &last)
	default: // the names of partitions end with their days
		err = tx.bun.NewRaw("SELECT to_date(right(relname, 8), 'YYYYMMDD') + 1 FROM pg_class WHERE relname > ? AND relname < ?"+
			" AND relkind = 'r' AND relispartition AND relnamespace = 'partitions'::regnamespace ORDER BY relname DESC LIMIT 1",
			table+"_", table+before.UTC().Add(secondsOfDay*time.Second-1).Format("_20060102")).Scan(ctx, &last)
	}
	if errors.Is(err, sql.ErrNoRows) || err == nil && !last.Valid {
		return end, nil
	}
	if err != nil {
		return end, err
	}
	if end = last.Time.UTC(); end.After(before) {
		end = before
	}
	return end, nil
}

// daysUntil are the ends of the days that may be dropped: of each partition, or of all chunks at once.
func (d *DB) daysUntil(ctx context.Context, table string, before time.Time, organizations []int64) (ends []time.Time, err error) {
	err = d.Read(ctx, func(ctx context.Context, tx Tx) error {
		if !tx.actor.CrossesOrganizations() {
			return ErrForeign
		}
		first, err := tx.firstOfOthers(ctx, table, before, organizations)
		if err != nil {
			return err
		}
		if d.Engine().Name == TimescaleDB {
			ends = []time.Time{first}
			return nil
		}
		there, err := partitionsOf(ctx, tx.bun.Tx, table)
		for day := range there {
			if end := dateOf(day + 1); !end.After(first) {
				ends = append(ends, end)
			}
		}
		slices.SortFunc(ends, time.Time.Compare)
		return err
	})
	return ends, err
}

// firstOfOthers is the day on which other organizations have their first row, or before if that is earlier.
func (tx Tx) firstOfOthers(ctx context.Context, table string, before time.Time, organizations []int64) (time.Time, error) {
	var all []int64
	// Along the key from one organization to the next: there are many rows of each.
	err := tx.bun.NewRaw("WITH RECURSIVE o (id) AS (SELECT min(organization_id) FROM ?0 WHERE datetime < ?1"+
		" UNION ALL SELECT (SELECT min(organization_id) FROM ?0 WHERE organization_id > o.id AND datetime < ?1) FROM o WHERE o.id IS NOT NULL)"+
		" SELECT id FROM o WHERE id IS NOT NULL", bun.Ident(table), before).Scan(ctx, &all)
	for _, o := range all {
		var first []time.Time
		if err == nil && !slices.Contains(organizations, o) {
			err = tx.bun.NewRaw("SELECT datetime FROM ? WHERE organization_id = ? AND datetime < ? ORDER BY datetime LIMIT 1", bun.Ident(table), o, before).Scan(ctx, &first)
		}
		if len(first) > 0 {
			before = first[0].UTC().Truncate(secondsOfDay * time.Second)
		}
	}
	return before, err
}

// dropDay drops the day that ends then; of a hypertable all days until then.
func (d *DB) dropDay(ctx context.Context, table string, end time.Time, organizations []int64) (dropped int, err error) {
	err = d.Write(ctx, func(ctx context.Context, tx Tx) error {
		// Who waits for this lock makes others wait: not for long. A partition goes only under the strongest, which is taken at
		// once: whoever reads the table and then writes to it would wait for a weaker one, and be waited for.
		mode := "ACCESS EXCLUSIVE"
		if d.Engine().Name == TimescaleDB {
			mode = "SHARE" // readers go on
		}
		if _, err := tx.bun.NewRaw("SET LOCAL lock_timeout = '300ms'; LOCK TABLE ? IN "+mode+" MODE", bun.Ident(table)).Exec(ctx); err != nil {
			return err
		}
		first, err := tx.firstOfOthers(ctx, table, end, organizations)
		if err != nil || first.Before(end) {
			return err
		}
		if d.Engine().Name == TimescaleDB {
			return tx.bun.NewRaw("SELECT drop_chunks_before(?, ?, ?)", table, end, pgdialect.Array(organizations)).Scan(ctx, &dropped)
		}
		var was bool
		err = tx.bun.NewRaw("SELECT drop_partition(?, ?)", table, end.Add(-time.Second).Format(time.DateOnly)).Scan(ctx, &was)
		if was {
			dropped = 1
		}
		return err
	})
	d.partitions.forget(table)
	return dropped, err
}

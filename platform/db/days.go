package db

import (
	"context"
	"slices"
	"time"
)

// MakeDays makes the partitions of n days from the day of a time on, of every table that has some, so that no batch has
// to. Elsewhere than on PostgreSQL it does nothing.
func (d *DB) MakeDays(ctx context.Context, from time.Time, n int) error {
	tables, err := d.dialect.partitionedTables(ctx, d)
	if err != nil {
		return Translate(err)
	}
	days := make([]time.Time, n)
	for i := range days {
		days[i] = from.AddDate(0, 0, i)
	}
	for _, table := range tables {
		if err := d.partitions.ensure(ctx, table, days); err != nil {
			return Translate(err)
		}
	}
	return nil
}

// DropDays drops the days of a table that ended before a time, with the rows of all organizations, and returns how many
// there were. On SQLite days are not kept apart, and it drops none. The actor has to cross organizations.
func (d *DB) DropDays(ctx context.Context, table string, before time.Time) (dropped int, err error) {
	var days []time.Time
	err = d.Write(ctx, func(ctx context.Context, tx Tx) error {
		if !tx.actor.CrossesOrganizations() {
			return ErrForeign
		}
		dropped, days, err = d.dialect.oldDays(ctx, tx, table, before)
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, day := range days { // each by itself, so that nobody waits for long
		err := d.Write(ctx, func(ctx context.Context, tx Tx) error {
			var was bool
			err := tx.bun.NewRaw("SELECT drop_partition(?, ?)", table, day.Format(time.DateOnly)).Scan(ctx, &was)
			if was {
				dropped++
			}
			return err
		})
		if err != nil {
			return dropped, err
		}
		d.partitions.forget(table)
	}
	return dropped, nil
}

func (sqlite) partitionedTables(context.Context, *DB) ([]string, error) { return nil, nil }

func (sqlite) oldDays(context.Context, Tx, string, time.Time) (int, []time.Time, error) {
	return 0, nil, nil
}

func (postgres) partitionedTables(ctx context.Context, d *DB) (tables []string, err error) {
	if err := d.greet(ctx); err != nil {
		return nil, err
	}
	err = d.read.NewRaw("SELECT relname FROM pg_class WHERE relkind = 'p' AND pg_table_is_visible(oid) ORDER BY 1").Scan(ctx, &tables)
	return tables, err
}

// oldDays drops the old days of a hypertable and counts them, or says which partitions are old.
func (p postgres) oldDays(ctx context.Context, tx Tx, table string, before time.Time) (dropped int, days []time.Time, err error) {
	if tx.db.Engine().Name == TimescaleDB {
		err = tx.bun.NewRaw("SELECT drop_chunks_before(?, ?)", table, before).Scan(ctx, &dropped)
		return dropped, nil, err
	}
	there, err := partitionsOf(ctx, tx.bun.Tx, table)
	for day := range there {
		if !dateOf(day + 1).After(before) {
			days = append(days, dateOf(day))
		}
	}
	slices.SortFunc(days, time.Time.Compare)
	return 0, days, err
}

package db

import (
	"context"
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

func (sqlite) partitionedTables(context.Context, *DB) ([]string, error) { return nil, nil }

func (postgres) partitionedTables(ctx context.Context, d *DB) (tables []string, err error) {
	if err := d.greet(ctx); err != nil {
		return nil, err
	}
	err = d.read.NewRaw("SELECT relname FROM pg_class WHERE relkind = 'p' AND pg_table_is_visible(oid) ORDER BY 1").Scan(ctx, &tables)
	return tables, err
}

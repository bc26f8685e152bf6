package db

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"time"
)

// seriesVersions is the table of the migrations of time series: they may be in one database with the others.
const seriesVersions = "goose_timescale_version"

// OpenSeriesOwner opens a database of time series as the tables' owner, to migrate and for nothing else.
func OpenSeriesOwner(url string) (*DB, error) {
	pool, err := postgresPool(url, onePath{schemas: "public, monitoring"})
	if err != nil {
		return nil, err
	}
	return &DB{dialect: postgres{series: true}, write: pool, read: pool, engine: Engine{Name: TimescaleDB}, versions: seriesVersions}, nil
}

// HasTimescale reports whether the extension is created in the database.
func (d *DB) HasTimescale(ctx context.Context) (has bool, err error) {
	if d.Name() == "sqlite" {
		return false, nil
	}
	err = d.read.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb')").Scan(&has)
	return has, Translate(err)
}

// MigrateSeries makes the tables of time series on TimescaleDB, in primary itself or in a second database; both are open
// as owner. From then on rows that are in primary's own tables wait there to be moved. Primary is nil if there is none yet.
func MigrateSeries(ctx context.Context, primary, series *DB, files fs.FS, compressAfter time.Duration) error {
	if _, err := series.write.ExecContext(ctx, "CREATE EXTENSION IF NOT EXISTS timescaledb"); err != nil {
		return fmt.Errorf("create the extension timescaledb: %w", Translate(err))
	}
	p, err := series.provider(files)
	if err != nil {
		return err
	}
	at, err := p.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("compare migrations of time series: %w", err)
	}
	if at == 0 && primary != nil { // before, so that nobody overlooks the rows
		if _, err := primary.write.ExecContext(ctx, "UPDATE timescale_state SET waiting = true WHERE id = 1"); err != nil {
			return fmt.Errorf("say that rows wait: %w", err)
		}
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate time series: %w", err)
	}
	if primary != nil {
		err = carryKept(ctx, primary, series)
	}
	if err != nil {
		return fmt.Errorf("carry kept sums: %w", err)
	}
	_, err = series.write.ExecContext(ctx, "SELECT set_compress_after(?)", fmt.Sprintf("%d seconds", compressAfter/time.Second))
	if err != nil {
		return fmt.Errorf("set when days become columns: %w", err)
	}
	return nil
}

// sums are the tables of sums, each with the kind of its floor. From them those sums go whose rows are gone: nobody could
// make them again.
var sums = [...]struct{ table, kind string }{
	{"application_usage_15m", "application"}, {"application_usage_1d", "application"}, {"site_usage_15m", "site"}, {"site_usage_1d", "site"},
}

// carryKept brings the sums from before primary's floors, and the floors, to series. They are deleted in primary after
// they are kept there; done twice it does no harm.
func carryKept(ctx context.Context, primary, series *DB) error {
	from, err := primary.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer from.Rollback()
	to, err := series.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer to.Rollback()
	if floors, err := reveal(ctx, from.Tx, "usage_floors"); err != nil || floors == 0 {
		return err
	}
	for _, s := range sums {
		if _, err := reveal(ctx, from.Tx, s.table); err != nil {
			return err
		}
		where := "EXISTS (SELECT FROM usage_floors AS f WHERE f.organization_id = t.organization_id AND f.kind = '" + s.kind + "' AND t.bucket < f.until)"
		if err := carry(ctx, from.Tx, to.Tx, s.table, where, s.table+"_kept"); err != nil {
			return err
		}
	}
	if err := carry(ctx, from.Tx, to.Tx, "usage_floors", "true", "usage_floors"); err != nil {
		return err
	}
	for _, table := range append([]string{"usage_floors"}, sumTables()...) {
		if _, err := from.ExecContext(ctx, "ALTER TABLE "+table+" FORCE ROW LEVEL SECURITY"); err != nil {
			return err
		}
	}
	if err := to.Commit(); err != nil {
		return err
	}
	return from.Commit()
}

func sumTables() (tables []string) {
	for _, s := range sums {
		tables = append(tables, s.table)
	}
	return tables
}

// reveal shows a table's rows to its owner, and returns whether there are any.
func reveal(ctx context.Context, tx *sql.Tx, table string) (some int, err error) {
	if _, err := tx.ExecContext(ctx, "ALTER TABLE "+table+" NO FORCE ROW LEVEL SECURITY"); err != nil {
		return 0, err
	}
	err = tx.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT FROM "+table+" LIMIT 1) AS t").Scan(&some)
	return some, err
}

// carry takes those rows t of a table that the condition names, and puts those of them into a table in ts that are not
// there.
func carry(ctx context.Context, from, to *sql.Tx, table, where, into string) error {
	for {
		var rows sql.NullString
		take := fmt.Sprintf("WITH gone AS (DELETE FROM %[1]s WHERE ctid IN (SELECT ctid FROM %[1]s AS t WHERE %[2]s LIMIT %[3]d) RETURNING *) "+
			"SELECT jsonb_agg(to_jsonb(gone)) FROM gone", table, where, Part)
		if err := from.QueryRowContext(ctx, take).Scan(&rows); err != nil || !rows.Valid {
			return err
		}
		put := fmt.Sprintf("INSERT INTO ts.%[1]s SELECT * FROM jsonb_populate_recordset(NULL::ts.%[1]s, $1::jsonb) ON CONFLICT DO NOTHING", into)
		if _, err := to.ExecContext(ctx, put, rows.String); err != nil {
			return err
		}
	}
}

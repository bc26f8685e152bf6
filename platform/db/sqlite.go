package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/mattn/go-sqlite3" // also the driver "sqlite3"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
)

// readers bounds SQLite's reading connections.
const readers = 4

// FileOptions are those of a SQLite file.
type FileOptions struct {
	Log *slog.Logger
	// Full makes each commit reach the disk before it returns (synchronous=FULL): for a file that stands
	// where power fails. Without it a power cut can undo the last commits, but never damage the file.
	Full bool
	// MaxBytes bounds the file; past it writes return ErrFull. 0 is unbounded.
	MaxBytes int64
}

// OpenFile opens a SQLite file and makes it, readable by its owner alone, if it is not there.
func OpenFile(ctx context.Context, path string, o FileOptions) (*DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("make the database's directory: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	info, err := f.Stat()
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	// Everything stands in the DSN: a pragma that is executed reaches one connection of the pool.
	common := url.Values{"_busy_timeout": {"5000"}, "_journal_mode": {"WAL"}, "_foreign_keys": {"on"}, "_synchronous": {"NORMAL"}}
	if o.Full {
		common.Set("_synchronous", "FULL")
	}
	own := url.Values{"_txlock": {"immediate"}}
	if o.MaxBytes > 0 && info.Size() == 0 {
		own.Set("_auto_vacuum", "incremental") // so that Shrink can; it is decided before the first table is made
	}
	write, err := openSQLite(path, common, own, 1)
	if err != nil {
		return nil, err
	}
	read, err := openSQLite(path, common, url.Values{"_query_only": {"on"}}, readers)
	if err != nil {
		write.Close()
		return nil, err
	}
	d := &DB{dialect: sqlite{}, write: write, read: read, log: o.Log, engine: FileEngine()}
	if err := d.patiently(ctx, func() error { return d.limit(ctx, o.MaxBytes) }); err != nil {
		d.Close()
		return nil, Translate(fmt.Errorf("open %s: %w", path, err))
	}
	return d, nil
}

// patiently does what SQLite refuses at once, without the patience of its busy timeout, while another process makes the
// same new file one with a log.
func (d *DB) patiently(ctx context.Context, do func() error) error {
	var busy sqlite3.Error
	for tries := 0; ; tries++ {
		err := do()
		if !errors.As(err, &busy) || busy.Code != sqlite3.ErrBusy || tries == 100 {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// limit opens the writer's connection, on which the bound lives, and sets it.
func (d *DB) limit(ctx context.Context, maxBytes int64) error {
	if maxBytes <= 0 {
		return d.write.PingContext(ctx)
	}
	var page int64
	if err := d.write.QueryRowContext(ctx, "PRAGMA page_size").Scan(&page); err != nil {
		return err
	}
	_, err := d.write.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", max(1, maxBytes/page)))
	return err
}

func openSQLite(path string, common, own url.Values, connections int) (*bun.DB, error) {
	for k, v := range common {
		own[k] = v
	}
	file := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: own.Encode()}
	pool, err := sql.Open("sqlite3", file.String())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	return bun.NewDB(pool, sqlitedialect.New()), nil
}

// Checkpoint writes a SQLite file's log into the file and empties the log, which otherwise keeps the size
// of its busiest time.
func (d *DB) Checkpoint(ctx context.Context) error {
	_, err := d.write.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return Translate(err)
}

// Shrink gives back to the disk up to so many of the pages that deleted rows left in a bounded SQLite file.
func (d *DB) Shrink(ctx context.Context, pages int64) error {
	rows, err := d.write.QueryContext(ctx, fmt.Sprintf("PRAGMA incremental_vacuum(%d)", pages))
	if err != nil {
		return Translate(err)
	}
	defer rows.Close()
	for rows.Next() { // each step moves one page
	}
	return Translate(rows.Err())
}

package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// A Step is what a library migrates by itself, after our own files: jobs' tables.
type Step func(ctx context.Context, d *DB) error

// Migrate brings the schema to the newest of files (NNNN_<module>_<what>.sql), each in a transaction of its own
// together with its mark, then runs the steps. On SQLite a backup is made beside the file first,
// if there is anything in it and anything to do.
//
// Processes that start together wait for each other: on PostgreSQL by an advisory lock, on SQLite by a lock file.
func (d *DB) Migrate(ctx context.Context, files fs.FS, now time.Time, steps ...Step) error {
	unlock, err := d.lock(ctx)
	if err != nil {
		return fmt.Errorf("wait to migrate: %w", err)
	}
	return errors.Join(d.migrate(ctx, files, now, steps), unlock())
}

func (d *DB) migrate(ctx context.Context, files fs.FS, now time.Time, steps []Step) error {
	p, err := d.provider(files)
	if err != nil {
		return err
	}
	pending, err := p.HasPending(ctx)
	if err != nil {
		return fmt.Errorf("compare migrations: %w", err)
	}
	if pending {
		if err := d.backup(ctx, p, now); err != nil {
			return err
		}
		if _, err := p.Up(ctx); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
	}
	for _, s := range steps {
		if err := s(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// CheckSchema returns an error that says what to run if the schema is not that of files.
func (d *DB) CheckSchema(ctx context.Context, files fs.FS) error {
	p, err := d.provider(files)
	if err != nil {
		return err
	}
	at, needs, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("the database has no schema that this binary knows: run staff-control migrate: %w", err)
	}
	if at != needs {
		return fmt.Errorf("database is at %04d, this binary needs %04d: run staff-control migrate", at, needs)
	}
	return nil
}

func (d *DB) provider(files fs.FS) (*goose.Provider, error) {
	options := []goose.ProviderOption{goose.WithVerbose(false)}
	kind := goose.DialectSQLite3
	if d.Name() == "postgres" {
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return nil, err
		}
		kind, options = goose.DialectPostgres, append(options, goose.WithSessionLocker(locker))
	}
	if d.versions != "" {
		options = append(options, goose.WithTableName(d.versions))
	}
	p, err := goose.NewProvider(kind, d.write.DB, files, options...)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return p, nil
}

// lock waits until no other process migrates this SQLite file, by a transaction on an empty file beside it.
func (d *DB) lock(ctx context.Context) (unlock func() error, err error) {
	if d.Name() != "sqlite" {
		return func() error { return nil }, nil // goose's advisory lock
	}
	path, err := d.file(ctx)
	if err != nil {
		return nil, err
	}
	pool, err := openSQLite(path+".lock", url.Values{"_busy_timeout": {"60000"}}, url.Values{"_txlock": {"exclusive"}}, 1)
	if err != nil {
		return nil, err
	}
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return func() error { return errors.Join(tx.Rollback(), pool.Close()) }, nil
}

// file is where the SQLite database is.
func (d *DB) file(ctx context.Context) (path string, err error) {
	err = d.write.QueryRowContext(ctx, "SELECT file FROM pragma_database_list WHERE name = 'main'").Scan(&path)
	return path, err
}

// backup keeps a whole copy of a SQLite file that holds something.
func (d *DB) backup(ctx context.Context, p *goose.Provider, now time.Time) error {
	at, err := p.GetDBVersion(ctx)
	if err != nil || at == 0 || d.Name() != "sqlite" {
		return err
	}
	path, err := d.file(ctx)
	if err != nil {
		return fmt.Errorf("find the database's file: %w", err)
	}
	copied := fmt.Sprintf("%s.%04d-%s", path, at, now.UTC().Format("20060102-150405"))
	if _, err := d.write.ExecContext(ctx, "VACUUM INTO ?", copied); err != nil {
		return fmt.Errorf("back up to %s: %w", copied, err)
	}
	return os.Chmod(copied, 0o600)
}

// SQL is the pool that writes, for libraries that keep tables of their own (jobs), and for nobody else.
func (d *DB) SQL() *sql.DB { return d.write.DB }

// OpenOwner opens PostgreSQL as the tables' owner, to migrate and for nothing else.
func OpenOwner(url string) (*DB, error) {
	pool, err := postgresPool(url, ownPath)
	if err != nil {
		return nil, err
	}
	return &DB{dialect: postgres{}, write: pool, read: pool, engine: Engine{Name: PostgreSQL}}, nil
}

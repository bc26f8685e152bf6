package db

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
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
func (d *DB) Migrate(ctx context.Context, files fs.FS, now time.Time, steps ...Step) error {
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
	p, err := goose.NewProvider(kind, d.write.DB, files, options...)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return p, nil
}

// backup keeps a whole copy of a SQLite file that holds something.
func (d *DB) backup(ctx context.Context, p *goose.Provider, now time.Time) error {
	at, err := p.GetDBVersion(ctx)
	if err != nil || at == 0 || d.Name() != "sqlite" {
		return err
	}
	var path string
	if err := d.write.QueryRowContext(ctx, "SELECT file FROM pragma_database_list WHERE name = 'main'").Scan(&path); err != nil {
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
	pool, err := postgresPool(url)
	if err != nil {
		return nil, err
	}
	return &DB{dialect: postgres{}, write: pool, read: pool}, nil
}

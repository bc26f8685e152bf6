// Package db keeps the product's rows, on SQLite or PostgreSQL. There is no way to run a statement
// outside a transaction, and no transaction without an actor: what code sees is its organization's.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/trace"
)

// DB is a database. Reads and writes of SQLite have pools of their own: many readers, one writer.
type DB struct {
	dialect     dialect
	write, read *bun.DB
	log         *slog.Logger

	prepared   statements
	listeners  listeners
	partitions *partitions // nil on SQLite
	series     *series     // nil but for a database of time series

	engine    Engine
	timescale string // the extension's version
	versions  string // the table of migrations, if not the usual one
}

// Open opens the database at url: postgres://… , or else the path of a SQLite file, which is made
// if it is not there. It applies nothing; see Migrate.
func Open(ctx context.Context, url string, log *slog.Logger) (*DB, error) {
	if IsPostgres(url) {
		return openPostgres(ctx, url, log)
	}
	return OpenFile(ctx, url, FileOptions{Log: log, Full: true}) // it answers gateways, which then forget
}

// IsPostgres reports whether url names a PostgreSQL database.
func IsPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

// Name is "sqlite" or "postgres".
func (d *DB) Name() string { return d.dialect.name() }

// Ping asks the database whether it answers.
func (d *DB) Ping(ctx context.Context) error {
	if err := d.greet(ctx); err != nil {
		return err
	}
	return errors.Join(d.read.PingContext(ctx), d.write.PingContext(ctx))
}

// Close closes all connections.
func (d *DB) Close() error {
	if d.read == d.write {
		return errors.Join(d.write.Close(), d.partitions.close())
	}
	return errors.Join(d.read.Close(), d.write.Close())
}

// Read runs fn in a read-only transaction that sees what the context's actor may see.
// Errors of the database come back as this package's Err… around the driver's.
func (d *DB) Read(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error {
	return d.run(ctx, d.read, true, fn)
}

// Write runs fn in a transaction that commits if fn returns nil. When Write returns nil, what fn
// wrote is durable. Inside another Write it returns ErrNested at once.
func (d *DB) Write(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error {
	return d.run(ctx, d.write, false, fn)
}

// spans are the names of transactions in a trace.
var spans = map[bool]string{true: "db.read", false: "db.write"}

type writing struct{}

func (d *DB) run(ctx context.Context, pool *bun.DB, readOnly bool, fn func(context.Context, Tx) error) (err error) {
	a, ok := actor.From(ctx)
	if !ok {
		return ErrNoActor
	}
	if a.OrganizationID == 0 && !a.CrossesOrganizations() {
		return ErrNoOrganization
	}
	if !readOnly {
		if ctx.Value(writing{}) == d {
			return ErrNested
		}
		ctx = context.WithValue(ctx, writing{}, d)
	}
	ctx, end := trace.Start(ctx, spans[readOnly])
	defer end(&err)
	if err := d.greet(ctx); err != nil {
		return err
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return Translate(fmt.Errorf("connect: %w", ownTimeout(ctx, err)))
	}
	defer conn.Close()
	btx, err := conn.BeginTx(ctx, &sql.TxOptions{ReadOnly: readOnly && d.dialect.readOnlyTx()})
	if err != nil {
		return Translate(fmt.Errorf("begin: %w", err))
	}
	defer btx.Rollback() // after a commit it does nothing
	if err := d.dialect.enter(ctx, btx, a); err != nil {
		return Translate(fmt.Errorf("enter as %s: %w", a.ID, err))
	}
	tx := Tx{db: d, bun: btx, conn: conn.Conn, actor: a, notes: new([]note)}
	if err := fn(ctx, tx); err != nil {
		return Translate(err)
	}
	if err := btx.Commit(); err != nil {
		return Translate(fmt.Errorf("commit: %w", err))
	}
	d.listeners.tell(*tx.notes)
	return nil
}

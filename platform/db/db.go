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
	"sync/atomic"

	"github.com/uptrace/bun"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/trace"
)

// DB is a database. Reads and writes of SQLite have pools of their own: many readers, one writer.
type DB struct {
	dialect     dialect
	write, read *bun.DB
	log         *slog.Logger

	turns      turns // of reads; nil on SQLite, whose readers are few
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
// Errors of the database come back as this package's Err… around the driver's. A Read inside another of the same database
// and organization is a part of it, so what is read together costs one transaction; fn must not read in two goroutines.
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

type (
	writing struct{}
	reading struct{}
)

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
		ctx = context.WithValue(ctx, reading{}, nil) // what is read in a write is not what was read before it
	}
	outer, inside := ctx.Value(reading{}).(*openRead)
	if inside && readOnly && outer.serves(d, a) {
		tx := outer.Tx
		tx.actor = a
		return Translate(fn(ctx, tx))
	}
	ctx, end := trace.Start(ctx, spans[readOnly])
	defer end(&err)
	if err := d.greet(ctx); err != nil {
		return err
	}
	if readOnly && !inside && ctx.Value(writing{}) != d {
		defer d.turns.take(ctx)()
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return Translate(fmt.Errorf("connect: %w", ownTimeout(ctx, err)))
	}
	defer conn.Close()
	btx, err := conn.BeginTx(context.WithValue(ctx, entry{}, d.dialect.enter(a)), &sql.TxOptions{ReadOnly: readOnly && d.dialect.readOnlyTx()})
	if err != nil {
		return Translate(fmt.Errorf("begin as %s: %w", a.ID, err))
	}
	defer btx.Rollback() // after a commit it does nothing
	tx := Tx{db: d, bun: btx, conn: conn.Conn, actor: a, notes: new([]note)}
	if readOnly {
		open := &openRead{Tx: tx}
		defer open.over.Store(true)
		ctx = context.WithValue(ctx, reading{}, open)
	}
	if err := fn(ctx, tx); err != nil {
		return Translate(err)
	}
	if err := btx.Commit(); err != nil {
		return Translate(fmt.Errorf("commit: %w", err))
	}
	d.listeners.tell(*tx.notes)
	return nil
}

// openRead is a read that others may be a part of until it is over.
type openRead struct {
	Tx
	over atomic.Bool
}

// serves reports whether the transaction shows to the actor what one of its own would.
func (r *openRead) serves(d *DB, a actor.Actor) bool {
	return r.db == d && r.actor.Role == a.Role && r.actor.OrganizationID == a.OrganizationID && !r.over.Load()
}

// Together makes one Read of all that fn reads of d.
func Together[In, Out any](d *DB, fn func(context.Context, In) (Out, error)) func(context.Context, In) (Out, error) {
	return func(ctx context.Context, in In) (out Out, err error) {
		err = d.Read(ctx, func(ctx context.Context, _ Tx) error {
			out, err = fn(ctx, in)
			return err
		})
		return out, err
	}
}

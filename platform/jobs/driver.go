package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"github.com/staff-control/staff-control/platform/db"
)

// connections of River's own pool on PostgreSQL: one listens, the others fetch, complete and keep house.
const connections = 6

// queue is River on one of the databases.
type queue interface {
	insert(ctx context.Context, tx db.Tx, many []river.InsertManyParams) error
	work(ctx context.Context, c *river.Config) error
	list(ctx context.Context, p *river.JobListParams) ([]*rivertype.JobRow, error)
	retry(ctx context.Context, id int64) (*rivertype.JobRow, error)
	check(ctx context.Context) error
	migrate(ctx context.Context) error
	close()
}

// open makes the queue of d, with connections of its own where d's cannot serve River.
func open(ctx context.Context, d *db.DB, log *slog.Logger) (queue, error) {
	if d.Name() == "sqlite" {
		within := func(tx db.Tx, fn func(*sql.Tx) error) error { return fn(tx.SQL()) }
		return newEngine(riversqlite.New(d.SQL()), within, func() {}, log)
	}
	pool, err := openPool(ctx, d)
	if err != nil {
		return nil, err
	}
	within := func(tx db.Tx, fn func(pgx.Tx) error) error {
		return tx.Driver(func(lent any) error { return fn(borrowed{conn: lent.(db.Pgx).Conn()}) })
	}
	return newEngine(riverpgxv5.New(pool), within, pool.Close, log)
}

// openPool opens connections like d's, in the mode that River likes best.
func openPool(ctx context.Context, d *db.DB) (*pgxpool.Pool, error) {
	conn, err := d.SQL().Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	var address string
	err = conn.Raw(func(lent any) error {
		address = lent.(db.Pgx).Conn().Config().ConnString()
		return nil
	})
	if err != nil {
		return nil, err
	}
	c, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, err
	}
	c.MaxConns = connections
	c.ConnConfig.RuntimeParams["search_path"] = "public"
	c.ConnConfig.RuntimeParams["timezone"] = "UTC"
	return pgxpool.NewWithConfig(ctx, c)
}

// engine is River with the driver whose transactions are a T.
type engine[T any] struct {
	driver   riverdriver.Driver[T]
	inserter *river.Client[T]
	within   func(db.Tx, func(T) error) error
	shut     func()
	log      *slog.Logger
}

func newEngine[T any](driver riverdriver.Driver[T], within func(db.Tx, func(T) error) error, shut func(), log *slog.Logger) (queue, error) {
	inserter, err := river.NewClient(driver, &river.Config{Logger: log})
	if err != nil {
		shut()
		return nil, err
	}
	return &engine[T]{driver, inserter, within, shut, log}, nil
}

func (e *engine[T]) insert(ctx context.Context, tx db.Tx, many []river.InsertManyParams) error {
	return e.within(tx, func(t T) error {
		_, err := e.inserter.InsertManyTx(ctx, t, many)
		return err
	})
}

func (e *engine[T]) work(ctx context.Context, c *river.Config) error {
	client, err := river.NewClient(e.driver, c)
	if err != nil {
		return err
	}
	if err := client.Start(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("start the jobs: %w", err)
	}
	<-client.Stopped()
	return nil
}

func (e *engine[T]) list(ctx context.Context, p *river.JobListParams) ([]*rivertype.JobRow, error) {
	found, err := e.inserter.JobList(ctx, p)
	if err != nil {
		return nil, err
	}
	return found.Jobs, nil
}

func (e *engine[T]) retry(ctx context.Context, id int64) (*rivertype.JobRow, error) {
	return e.inserter.JobRetry(ctx, id)
}

func (e *engine[T]) close() { e.shut() }

func (e *engine[T]) migrate(ctx context.Context) error {
	m, err := rivermigrate.New(e.driver, &rivermigrate.Config{Logger: e.log})
	if err != nil {
		return err
	}
	_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

func (e *engine[T]) check(ctx context.Context) error {
	m, err := rivermigrate.New(e.driver, &rivermigrate.Config{Logger: e.log})
	if err != nil {
		return err
	}
	result, err := m.Validate(ctx, nil)
	if err != nil {
		return fmt.Errorf("look at the tables of the jobs: %w", err)
	}
	if !result.OK {
		return errors.New("the database lacks tables of the jobs: run staff-control migrate")
	}
	return nil
}

// borrowed is the caller's transaction on PostgreSQL, through the connection that carries it. River only
// queries in it; what it must not do, or does not, is left out: Commit, Rollback, Begin, CopyFrom, SendBatch.
type borrowed struct {
	pgx.Tx
	conn *pgx.Conn
}

// mode is the extended protocol; the connection's own default is bun's.
const mode = pgx.QueryExecModeCacheStatement

// Conn hides the connection: River would read its mode, which is not ours.
func (b borrowed) Conn() *pgx.Conn { return nil }

func (b borrowed) Exec(ctx context.Context, query string, args ...any) (pgconn.CommandTag, error) {
	return b.conn.Exec(ctx, query, append([]any{mode}, args...)...)
}

func (b borrowed) Query(ctx context.Context, query string, args ...any) (pgx.Rows, error) {
	return b.conn.Query(ctx, query, append([]any{mode}, args...)...)
}

func (b borrowed) QueryRow(ctx context.Context, query string, args ...any) pgx.Row {
	return b.conn.QueryRow(ctx, query, append([]any{mode}, args...)...)
}

package db

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/mattn/go-sqlite3"
)

// The names of engines.
const (
	SQLite      = "sqlite"
	PostgreSQL  = "postgresql"
	TimescaleDB = "timescaledb"
)

// Engine is what keeps the rows. Time series are kept differently by each: SQLite has plain tables, PostgreSQL daily
// partitions, TimescaleDB hypertables behind views.
type Engine struct{ Name, Version string }

// String is the engine as people read it.
func (e Engine) String() string {
	if e.Version == "" {
		return e.Name
	}
	return e.Name + " " + e.Version
}

// Engine says what keeps the rows. That a database of time series is TimescaleDB is taken for granted until it has
// answered once; its version is empty until then.
func (d *DB) Engine() Engine {
	if d.series != nil {
		if known := d.series.engine.Load(); known != nil {
			return *known
		}
		return Engine{Name: TimescaleDB}
	}
	return d.engine
}

// Timescale is the version of the extension in a PostgreSQL database of the server; empty where it is not created.
func (d *DB) Timescale() string { return d.timescale }

// FileEngine is that of a SQLite file.
func FileEngine() Engine {
	version, _, _ := sqlite3.Version()
	return Engine{SQLite, version}
}

// seriesTimeout bounds the wait for a connection to a database of time series, which may be away: rows then go
// somewhere else.
const seriesTimeout = 3 * time.Second

// series is what a database of time series has beyond others: it is looked at when it first answers.
type series struct {
	files  fs.FS
	engine atomic.Pointer[Engine]

	turn  chan struct{} // held by whoever looks
	tries atomic.Int64
	fault error // of the last try
}

// OpenSeries opens the PostgreSQL database at url for time series, which it does not reach for yet: what serves goes on
// without it. Its role, and its schema unless files is nil, are looked at when it first answers; until they are right
// each transaction returns why not.
func OpenSeries(url string, files fs.FS, log *slog.Logger) (*DB, error) {
	path := onePath{schemas: "public, monitoring", timeout: seriesTimeout}
	pool, err := postgresPool(url, path)
	if err != nil {
		return nil, err
	}
	return &DB{
		dialect: postgres{series: true}, write: pool, read: pool, log: log, versions: seriesVersions,
		series: &series{files: files, turn: make(chan struct{}, 1)}, partitions: newPartitions(url, path),
	}, nil
}

// greet looks at a database of time series that has not answered yet. Those who come while somebody looks get what he
// finds, so that they do not wait one after the other for what is away.
func (d *DB) greet(ctx context.Context) error {
	s := d.series
	if s == nil || s.engine.Load() != nil {
		return nil
	}
	before := s.tries.Load()
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.turn }()
	if s.engine.Load() != nil || s.tries.Load() != before {
		return s.fault
	}
	ctx = context.WithoutCancel(ctx) // others get what is found, too
	bounded, cancel := context.WithTimeout(ctx, 2*seriesTimeout)
	defer cancel()
	s.fault = ownTimeout(ctx, d.look(bounded))
	s.tries.Add(1)
	return s.fault
}

// ownTimeout makes ErrUnavailable of a timeout that was not the caller's.
func ownTimeout(ctx context.Context, err error) error {
	if ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: %v", ErrUnavailable, err) // which hides the other: it says that the caller had enough
}

// look wraps what it finds wrong as ErrUnavailable: rows go somewhere else meanwhile.
func (d *DB) look(ctx context.Context) error {
	err := d.checkRole(ctx)
	if err == nil && d.series.files != nil {
		err = Translate(d.CheckSchema(ctx, d.series.files))
	}
	if err == nil || errors.Is(err, ErrUnavailable) || ended(err) {
		return d.met(err)
	}
	return fmt.Errorf("%w: %w: %w", ErrUnavailable, ErrUnfit, err)
}

func (d *DB) met(err error) error {
	if err != nil {
		return fmt.Errorf("database of time series: %w", err)
	}
	found := d.engine
	if d.timescale != "" {
		found = Engine{TimescaleDB, d.timescale}
	}
	d.series.engine.Store(&found)
	return nil
}

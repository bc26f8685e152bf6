package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// partitionedBy is the column by whose day tables are partitioned.
const partitionedBy = "datetime"

// partitions makes the daily partitions that rows need, and remembers which there are.
type partitions struct {
	url  string
	path onePath
	// turn is held by whoever asks the database.
	turn chan struct{}
	// pool has one connection, of its own: a transaction that waits for a partition must not wait for a connection
	// that other such transactions hold. It is opened when it is needed.
	pool *sql.DB

	mu   sync.Mutex
	days map[string]map[int64]bool // of each table; nil for one without partitions
}

func newPartitions(url string, path onePath) *partitions {
	return &partitions{url: url, path: path, turn: make(chan struct{}, 1), days: map[string]map[int64]bool{}}
}

// ensure makes those partitions of the table that rows of these times need.
func (p *partitions) ensure(ctx context.Context, table string, at []time.Time) error {
	if p == nil || p.knows(table, at) {
		return nil
	}
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-p.turn }()
	if err := p.look(ctx, table); err != nil {
		return fmt.Errorf("look for partitions of %s: %w", table, err)
	}
	for _, day := range p.missing(table, at) {
		if err := p.make(ctx, table, day); err != nil {
			return fmt.Errorf("make a partition of %s: %w", table, err)
		}
	}
	return nil
}

func (p *partitions) knows(table string, at []time.Time) bool {
	p.mu.Lock()
	_, looked := p.days[table]
	p.mu.Unlock()
	return looked && len(p.missing(table, at)) == 0
}

// missing are the days of the times for which no partition is known, in the order of the times.
func (p *partitions) missing(table string, at []time.Time) (days []int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.days[table]
	if known == nil {
		return nil
	}
	last := int64(-1 << 62)
	asked := map[int64]bool{}
	for _, t := range at {
		if day := dayOf(t); day != last {
			last = day
			if !known[day] && !asked[day] {
				asked[day] = true
				days = append(days, day)
			}
		}
	}
	return days
}

const secondsOfDay = 24 * 60 * 60

// dayOf numbers the days of UTC.
func dayOf(t time.Time) int64 {
	s := t.Unix()
	day := s / secondsOfDay
	if s%secondsOfDay < 0 {
		day--
	}
	return day
}

func dateOf(day int64) time.Time { return time.Unix(day*secondsOfDay, 0).UTC() }

// look reads once which partitions a table has.
func (p *partitions) look(ctx context.Context, table string) error {
	p.mu.Lock()
	_, looked := p.days[table]
	p.mu.Unlock()
	if looked {
		return nil
	}
	if err := p.open(); err != nil {
		return err
	}
	known, err := partitionsOf(ctx, p.pool, table)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.days[table] = known
	return nil
}

func (p *partitions) open() error {
	if p.pool != nil {
		return nil
	}
	path := p.path
	path.role = "staff_system"
	pool, err := postgresPool(p.url, path)
	if err != nil {
		return err
	}
	pool.SetMaxOpenConns(1)
	pool.SetConnMaxIdleTime(time.Minute)
	p.pool = pool.DB
	return nil
}

func (p *partitions) make(ctx context.Context, table string, day int64) error {
	if _, err := p.pool.ExecContext(ctx, "SELECT make_partition($1, $2)", table, dateOf(day).Format(time.DateOnly)); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.days[table] != nil {
		p.days[table][day] = true
	}
	return nil
}

// missed forgets what was known of a table if the error says that a partition is gone, which then is no fault of the
// row's: whoever tries again finds a new one.
func (p *partitions) missed(table string, err error) error {
	var pg *pgconn.PgError
	if p == nil || !errors.As(err, &pg) || pg.Code != "23514" || pg.ConstraintName != "" {
		return err
	}
	p.forget(table)
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

func (p *partitions) forget(table string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.days, table)
}

func (p *partitions) close() error {
	if p == nil {
		return nil
	}
	p.turn <- struct{}{}
	defer func() { <-p.turn }()
	if p.pool == nil {
		return nil
	}
	return p.pool.Close()
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// partitionsOf are the days for which the table that goes by this name has a partition; nil if it has none and never will.
func partitionsOf(ctx context.Context, q querier, table string) (days map[int64]bool, err error) {
	rows, err := q.QueryContext(ctx, `
		SELECT to_date(right(part.relname, 8), 'YYYYMMDD')
		FROM pg_class AS whole LEFT JOIN pg_inherits AS i ON i.inhparent = whole.oid LEFT JOIN pg_class AS part ON part.oid = i.inhrelid
		WHERE whole.oid = to_regclass($1) AND whole.relkind = 'p'`, table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		if days == nil {
			days = map[int64]bool{}
		}
		var day sql.NullTime
		if err := rows.Scan(&day); err != nil {
			return nil, err
		}
		if day.Valid {
			days[dayOf(day.Time)] = true
		}
	}
	return days, rows.Err()
}

package db

import (
	"context"
	"database/sql/driver"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"
)

// note is what a transaction says on a channel when it commits.
type note struct{ channel, payload string }

// Notify says payload to everyone who listens on the channel once the transaction has committed: on PostgreSQL
// in all processes, on SQLite in this one. Nothing keeps it for those who do not listen.
func (tx Tx) Notify(ctx context.Context, channel, payload string) error {
	return tx.db.dialect.notify(ctx, tx, note{channel, payload})
}

// Listen calls fn, which must not wait, with each payload that is said on the channel. It returns when ctx
// ends or the connection breaks, with the error.
func (d *DB) Listen(ctx context.Context, channel string, fn func(payload string)) error {
	return d.dialect.listen(ctx, d, channel, fn)
}

func (sqlite) notify(_ context.Context, tx Tx, n note) error {
	*tx.notes = append(*tx.notes, n)
	return nil
}

func (sqlite) listen(ctx context.Context, d *DB, channel string, fn func(string)) error {
	l := &listener{channel, fn}
	d.listeners.add(l)
	defer d.listeners.remove(l)
	<-ctx.Done()
	return ctx.Err()
}

func (postgres) notify(ctx context.Context, tx Tx, n note) error {
	_, err := tx.bun.Tx.ExecContext(ctx, "SELECT pg_notify($1, $2)", n.channel, n.payload)
	return err
}

func (postgres) listen(ctx context.Context, d *DB, channel string, fn func(string)) error {
	conn, err := d.read.Conn(ctx)
	if err != nil {
		return Translate(fmt.Errorf("listen: %w", err))
	}
	defer conn.Close()
	var broke error
	err = conn.Raw(func(lent any) error {
		c := lent.(Pgx).Conn()
		_, broke = c.Exec(ctx, "LISTEN "+pgx.Identifier{channel}.Sanitize())
		for broke == nil {
			n, err := c.WaitForNotification(ctx)
			if broke = err; err == nil {
				fn(n.Payload)
			}
		}
		return driver.ErrBadConn // it listens still: the pool must not lend it again
	})
	if broke != nil {
		return Translate(fmt.Errorf("listen: %w", broke))
	}
	return err
}

type listener struct {
	channel string
	fn      func(payload string)
}

// listeners are those of this process; the zero value is ready.
type listeners struct {
	mu  sync.Mutex
	all map[*listener]bool
}

func (s *listeners) add(l *listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[*listener]bool{}
	}
	s.all[l] = true
}

func (s *listeners) remove(l *listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, l)
}

func (s *listeners) tell(notes []note) {
	if len(notes) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range notes {
		for l := range s.all {
			if l.channel == n.channel {
				l.fn(n.payload)
			}
		}
	}
}

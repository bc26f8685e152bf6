package db

import (
	"context"
	"database/sql/driver"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// Pgx is what Tx.Driver lends on PostgreSQL.
type Pgx interface{ Conn() *pgx.Conn }

// entry is the key of the SQL with which a transaction begins.
type entry struct{}

// connector makes connections whose transactions begin and enter in one round trip: each costs the server and us as much
// as a short statement does.
type connector struct{ driver.Connector }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return postgresConn{conn.(*stdlib.Conn)}, nil
}

type stdlibConn = stdlib.Conn

type postgresConn struct{ *stdlibConn }

func (c postgresConn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	enter, ours := ctx.Value(entry{}).(string)
	if !ours {
		return c.stdlibConn.BeginTx(ctx, options)
	}
	begin := "BEGIN; "
	if options.ReadOnly {
		begin = "BEGIN READ ONLY; "
	}
	tx, err := c.Conn().BeginTx(ctx, pgx.TxOptions{BeginQuery: begin + enter}) // on an error it closes the connection
	if err != nil {
		return nil, err
	}
	return postgresTx{ctx, tx}, nil
}

// postgresTx is pgx's as database/sql wants it.
type postgresTx struct {
	ctx context.Context
	tx  pgx.Tx
}

func (t postgresTx) Commit() error   { return t.tx.Commit(t.ctx) }
func (t postgresTx) Rollback() error { return t.tx.Rollback(t.ctx) }

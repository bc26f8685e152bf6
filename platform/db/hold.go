package db

import "github.com/uptrace/bun"

// Hold makes a query of a writing transaction wait for others that change the rows it reads, and them for this one until
// it ends: what it reads is what it may write. Who only refers to the rows does not wait. Many are read in the order of
// their ids, so that two who hold the same never wait for each other. On SQLite all writes wait for each other.
func (tx Tx) Hold(q *bun.SelectQuery) *bun.SelectQuery { return tx.db.dialect.hold(q) }

func (sqlite) hold(q *bun.SelectQuery) *bun.SelectQuery { return q }

func (postgres) hold(q *bun.SelectQuery) *bun.SelectQuery { return q.For("NO KEY UPDATE") }

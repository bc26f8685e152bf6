package db

import (
	"context"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Planned reads rows into dest, a pointer to a slice of models, by a statement that PostgreSQL plans once for each
// connection: for one of several tables, which takes longer to plan than to run. Its text is always the same; what differs
// is in args, a slice of ids for the placeholder of IN (?). As for Raw, the caller writes the scope and tests it.
func (tx Tx) Planned(ctx context.Context, dest any, query string, args ...any) error {
	return Translate(tx.db.dialect.planned(ctx, tx, dest, query, args))
}

// SQLite plans fast.
func (sqlite) planned(ctx context.Context, tx Tx, dest any, query string, args []any) error {
	return tx.Raw(query, listed(args)...).Scan(ctx, dest)
}

func (postgres) planned(ctx context.Context, tx Tx, dest any, query string, args []any) error {
	rows, err := tx.bun.Tx.QueryContext(ctx, numbered(query), append([]any{pgx.QueryExecModeCacheStatement}, args...)...)
	if err != nil {
		return err
	}
	return tx.db.read.ScanRows(ctx, rows, dest) // which closes them
}

// numbered is a statement with placeholders as PostgreSQL has them; one of several values is an array.
func numbered(query string) string {
	var text strings.Builder
	for n, rest := 1, strings.ReplaceAll(query, "IN (?)", "= ANY(?)"); ; n++ {
		before, after, found := strings.Cut(rest, "?")
		text.WriteString(before)
		if !found {
			return text.String()
		}
		text.WriteString("$" + strconv.Itoa(n))
		rest = after
	}
}

// Package dbtest counts as platform/db.
package dbtest

import (
	"context"
	_ "database/sql"
	"os"

	_ "github.com/jackc/pgx/v5/stdlib"
)

var _, _ = context.Background(), os.Getenv("A")

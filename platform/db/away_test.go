package db_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"

	"github.com/staff-control/staff-control/platform/db"
)

func TestAwayIsWhatIsWrongWithTheDatabaseNotWithTheQuestion(t *testing.T) {
	t.Parallel()
	code := func(c string) error { return &pgconn.PgError{Code: c} }
	for name, c := range map[string]struct {
		err  error
		away bool
	}{
		"nothing":            {nil, false},
		"shut down":          {code("57P01"), true},
		"starting":           {code("57P03"), true},
		"too many":           {code("53300"), true},
		"disk full":          {code("53100"), true},
		"a limit of one":     {code("53400"), false},
		"too complex":        {code("54001"), false},
		"connection lost":    {code("08006"), true},
		"library missing":    {code("58P01"), true},
		"broken page":        {code("XX001"), true},
		"read only":          {code("25006"), true},
		"no such table":      {code("42P01"), true},
		"deadlock":           {code("40P01"), false},
		"repeated":           {code("23505"), false},
		"of another tenant":  {code("42501"), false},
		"a bad value":        {code("22008"), false},
		"a bad statement":    {code("42601"), false},
		"cut off":            {fmt.Errorf("begin: %w", io.ErrUnexpectedEOF), true},
		"refused":            {&net.OpError{Op: "dial", Err: errors.New("refused")}, true},
		"closed":             {sql.ErrConnDone, true},
		"ended by the asker": {fmt.Errorf("begin: %w", context.Canceled), false},
		"too late":           {fmt.Errorf("begin: %w", context.DeadlineExceeded), false},
		"no room in SQLite":  {sqlite3.Error{Code: sqlite3.ErrFull}, true},
		"no such row":        {sql.ErrNoRows, false},
		"anything else":      {errors.New("else"), false},
	} {
		if got := db.Away(db.Translate(c.err)); got != c.away {
			t.Errorf("%s: away %v", name, got)
		}
	}
}

func TestUnsureIsWhatMayBeTheQuestionsFault(t *testing.T) {
	t.Parallel()
	for code, unsure := range map[string]bool{"XX000": true, "XX001": true, "57P01": false, "53100": false, "23505": false} {
		if got := db.Unsure(fmt.Errorf("store: %w", db.Translate(&pgconn.PgError{Code: code}))); got != unsure {
			t.Errorf("%s: unsure %v", code, got)
		}
	}
	if db.Unsure(nil) || db.Unsure(io.EOF) {
		t.Error("unsure of what is none of a server's answers")
	}
}

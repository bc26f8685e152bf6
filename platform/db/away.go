package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Away reports whether the error says that the database cannot be used now, whatever it is asked: it does not answer,
// has no room, or is broken. An answer to what was asked, such as a conflict or a deadlock, says no such thing, and
// neither does a context that has ended.
func Away(err error) bool {
	var pg *pgconn.PgError
	switch {
	case err == nil || ended(err):
		return false
	case errors.As(err, &pg):
		return awayCode(pg.Code)
	}
	return errors.Is(err, ErrUnavailable) || errors.Is(err, ErrFull)
}

// awayCode reads SQLSTATE; classes are in PostgreSQL's appendix A.
func awayCode(code string) bool {
	switch code {
	case "25006", // read-only: a replica, or a disk that an operator protects
		"42P01", "3F000", "42883": // the schema is gone, or not there yet
		return true
	case "53400": // a limit of the settings that this statement has met
		return false
	}
	switch code[:min(len(code), 2)] {
	case "08", // connection
		"53", // no room, memory or connections
		"57", // the operator ended it
		"58", // the system: a file or a library is missing
		"F0", // a broken settings file
		"XX": // broken data, or a bug
		return true
	}
	return false
}

// Unsure reports whether an error for which Away holds may come of what the database was asked: it has met a bug, or
// broken data, which need not be in the way of anything else.
func Unsure(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && strings.HasPrefix(pg.Code, "XX")
}

func ended(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// cutOff reports whether the connection broke.
func cutOff(err error) bool {
	if ended(err) {
		return false
	}
	var network *net.OpError
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone)
}

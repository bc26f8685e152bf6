package db

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"
)

// What a statement can come back with. The service knows what it means.
var (
	ErrNotFound         = errors.New("no such row")
	ErrConflict         = errors.New("such a row exists")
	ErrMissingReference = errors.New("a row that is referred to is missing, or still referred to")
	ErrFull             = errors.New("no room on the disk")
	ErrNoActor          = errors.New("a transaction needs an actor")
	ErrNoOrganization   = errors.New("the actor has no organization")
	ErrNested           = errors.New("a write inside a write")
	// ErrForeign is a row that would belong to another organization than the actor's.
	ErrForeign = errors.New("the row belongs to another organization")
	// ErrInvalid is a value that no row can hold.
	ErrInvalid = errors.New("a value that cannot be kept")
	// ErrUnfit is a database of time series that answers and must not be used: its schema or our role there is wrong.
	ErrUnfit = errors.New("the database cannot be used as it is")
	// ErrUnavailable is a database that does not answer now.
	ErrUnavailable = errors.New("the database does not answer")
)

// Translate puts this package's error around the driver's, by its code. Read and Write do it to what they return; inside a
// transaction it tells a missing row from a broken statement. It leaves alone what it has translated.
func Translate(err error) error {
	known := meaning(err)
	if known == nil || errors.Is(err, known) {
		return err
	}
	return fmt.Errorf("%w: %w", known, err)
}

func meaning(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	var lite sqlite3.Error
	if errors.As(err, &lite) {
		return sqliteMeaning(lite)
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return postgresMeaning(pg.Code)
	}
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) || pgconn.SafeToRetry(err) || cutOff(err) {
		return ErrUnavailable
	}
	return nil
}

func sqliteMeaning(err sqlite3.Error) error {
	switch err.ExtendedCode {
	case sqlite3.ErrConstraintUnique, sqlite3.ErrConstraintPrimaryKey, sqlite3.ErrConstraintRowID:
		return ErrConflict
	case sqlite3.ErrConstraintForeignKey:
		return ErrMissingReference
	}
	switch err.Code {
	case sqlite3.ErrFull, sqlite3.ErrIoErr:
		return ErrFull
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return ErrUnavailable
	}
	return nil
}

// postgresMeaning reads SQLSTATE; classes are in PostgreSQL's appendix A.
func postgresMeaning(code string) error {
	switch code {
	case "23505":
		return ErrConflict
	case "23503":
		return ErrMissingReference
	case "42501", "44000": // also what row level security, and the check of a view, say to a row of another tenant
		return ErrForeign
	case "53100":
		return ErrFull
	case "57P01", "57P02", "57P03", "53300", "40001", "40P01", "55P03":
		return ErrUnavailable
	}
	switch code[:min(len(code), 2)] {
	case "08":
		return ErrUnavailable
	case "22": // data exception: the same value is refused whenever it comes
		return ErrInvalid
	}
	return nil
}

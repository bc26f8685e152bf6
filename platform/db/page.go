package db

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/staff-control/staff-control/platform/fault"
)

// ErrCursor is a cursor that did not come from here.
var ErrCursor = fault.New(fault.Invalid, "bad_cursor")

// The bounds of a page.
const (
	DefaultLimit = 50
	MaxLimit     = 1000
)

// Limit puts the asked number of rows between 1 and MaxLimit; nothing asked is DefaultLimit.
func Limit(asked int) int {
	if asked <= 0 {
		return DefaultLimit
	}
	return min(asked, MaxLimit)
}

// Cursor is the place after the last row of a page, as the values of its sort keys. It is opaque to
// clients: base64url of a JSON array.
func Cursor(keys ...any) string {
	b, err := json.Marshal(keys)
	if err != nil {
		panic("db: cursor of " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// ParseCursor reads a Cursor into pointers to its keys, or returns ErrCursor.
func ParseCursor(s string, keys ...any) error {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return ErrCursor.Wrap(err)
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return ErrCursor.Wrap(err)
	}
	if len(raw) != len(keys) || bytes.Contains(b, []byte(`\u0000`)) { // a text with a NUL is in no row
		return ErrCursor
	}
	for i, k := range keys {
		if err := json.Unmarshal(raw[i], k); err != nil {
			return ErrCursor.Wrap(err)
		}
		if t, is := k.(*time.Time); is && !KeepsTime(*t) { // nor is such a time
			return ErrCursor
		}
	}
	return nil
}

// NextPage cuts rows, which were read with a limit one larger, to the limit, and returns the cursor
// after the last; empty if there is no more.
func NextPage[T any](rows []T, limit int, keys func(T) []any) ([]T, string) {
	if len(rows) <= limit {
		return rows, ""
	}
	rows = rows[:limit]
	return rows, Cursor(keys(rows[limit-1])...)
}

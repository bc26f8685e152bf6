package db

import (
	"strings"
	"time"
	"unicode/utf8"
)

// KeepsText reports whether both databases keep the text as it is: PostgreSQL takes neither NUL nor broken UTF-8.
func KeepsText(s string) bool { return strings.IndexByte(s, 0) < 0 && utf8.ValidString(s) }

// KeepsTime reports whether both databases, and JSON, keep the time: its year in UTC is 1 to 9999.
func KeepsTime(t time.Time) bool {
	y := t.UTC().Year()
	return 1 <= y && y <= 9999
}

package js

import (
	"strings"
	"time"
)

// Layouts are those that are read: the forms of ISO 8601, of .NET and of JavaScript itself. Without a zone v1 took its
// server's, which ran in UTC. A fraction of a second is taken wherever there are seconds.
var Layouts = [...]string{
	time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05Z0700",
	"2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly, "2006-01", "2006",
	"1/2/2006 3:04:05 PM", "1/2/2006 15:04:05", "1/2/2006 15:04", "1/2/2006", "2006/1/2 15:04:05", "2006/1/2",
	time.RFC1123, time.RFC1123Z, "Mon Jan 02 2006 15:04:05 GMT-0700", "Mon Jan 02 2006",
	"Jan 2, 2006 15:04:05", "Jan 2, 2006", "2 Jan 2006 15:04:05", "2 Jan 2006",
}

// ParseTime reads a time in UTC, to the microsecond; ok is false for what is none.
func ParseTime(text string) (time.Time, bool) {
	text, _, _ = strings.Cut(strings.TrimSpace(text), " (") // Date's own text ends in the name of the zone
	for _, layout := range Layouts {
		at, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		if at = at.UTC().Truncate(time.Microsecond); at.IsZero() {
			at = at.Add(time.Microsecond) // .NET's DateTime.MinValue is a time like others, and not none
		}
		return at, true
	}
	return time.Time{}, false
}

package activity

import (
	"context"
	"io"
	"time"
)

// DayCount is how many rows began on a UTC day.
type DayCount struct {
	Day  time.Time `json:"day"`
	Rows int64     `json:"rows"`
}

// Keeper takes rows out of what is kept, by whole UTC days, and puts archived ones back. But for Drop it acts for the
// actor's one organization. Roll-ups stay.
type Keeper interface {
	// Expired counts what began before the time, oldest day first; days without rows are left out.
	Expired(ctx context.Context, k Kind, before time.Time) ([]DayCount, error)
	// Files returns what the paths of the files begin with, up to a dot, that rows of the day own.
	Files(ctx context.Context, k Kind, day time.Time) ([]string, error)
	// Export writes the rows of the day as CSV with a header line, in the order of their key, and says how many.
	Export(ctx context.Context, k Kind, day time.Time, w io.Writer) (rows int64, err error)
	// Remove deletes the rows of the day and returns how many there were.
	Remove(ctx context.Context, k Kind, day time.Time) (rows int64, err error)
	// RemoveExported deletes the rows that Export wrote of the day, and none that came since.
	RemoveExported(ctx context.Context, k Kind, day time.Time, r io.Reader) (rows int64, err error)
	// Import puts exported rows back; rows that are there stay as they are and do not count.
	Import(ctx context.Context, k Kind, r io.Reader) (rows int64, err error)
	// Drop drops the days before the time at once, where the database keeps days apart, and says how many. It leaves
	// a day in which there is a row of any organization but these.
	Drop(ctx context.Context, k Kind, before time.Time, organizations []int64) (days int, err error)
}

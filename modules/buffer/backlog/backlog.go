// Package backlog is the contract of what a gateway holds and has not delivered yet.
package backlog

import (
	"context"
	"errors"
	"io"
	"time"
)

// Stream is one of the buffer's tables; positions count within it.
type Stream string

// The streams, as the server's watermarks name them.
const (
	Agent  Stream = "agent"
	Device Stream = "device"
	// Picture has the events that come with a file.
	Picture Stream = "picture"
)

// Streams are all streams.
var Streams = [...]Stream{Agent, Device, Picture}

// Row is one buffered event. Rows never change.
type Row struct {
	// Seq is the row id: the delivery position within the buffer's epoch. It only grows and is never reused.
	Seq int64
	// OrganizationID is the one of the key that reported it.
	OrganizationID int64
	Type           string
	// Payload is the event's JSON.
	Payload   []byte
	CreatedAt time.Time
	Retries   int
}

// Dropped is a range of positions that will never be delivered, with the reason.
type Dropped struct {
	First  int64  `json:"first"`
	Last   int64  `json:"last"`
	Reason string `json:"reason"`
}

// Reasons for a dropped range.
const (
	ReasonOverflow = "overflow"
	ReasonRefused  = "refused"   // the server can never take it; set aside on the gateway
	ReasonFileLost = "file_lost" // the picture's file is gone, or is not what was taken
)

// File is what belongs to a row of the stream Picture. Who opens it closes it.
type File interface {
	io.ReaderAt
	io.Closer
}

// Spooled is a row's picture, as it was taken.
type Spooled struct {
	File
	// Name is made up here; it has an ending that fits.
	Name, ContentType string
	Size              int64
	SHA256            string
}

// ErrLost says that a picture's file is gone, or is not what was taken.
var ErrLost = errors.New("the picture's file is lost")

// State is how full the buffer is.
type State struct {
	// Epoch was made at random with the buffer file.
	Epoch string
	// Usage is the share of the bound that is used, 0 to 1.
	Usage float64
	// Pending counts undelivered rows; Bytes is what the buffer takes on disk.
	Pending, Bytes int64
	// SetAside counts rows that the server refused for good.
	SetAside int64
	// Oldest is when the oldest pending row came; zero if none is pending.
	Oldest time.Time
	// Agents counts the computers that reported in the last minutes.
	Agents int
	// Last is the newest position given out, Waiting how many rows are undelivered, by stream.
	Last, Waiting map[Stream]int64
}

// Log is the buffer as the uplink sees it: read in order, settle, set aside.
type Log interface {
	// Next returns undelivered rows of the stream after the position, oldest first: at most max rows and,
	// but for the first, at most maxBytes of payload.
	Next(ctx context.Context, s Stream, after int64, max, maxBytes int) ([]Row, error)
	// Settle marks first..last delivered.
	Settle(ctx context.Context, s Stream, first, last int64) error
	// Failed counts one more try for first..last.
	Failed(ctx context.Context, s Stream, first, last int64) error
	// SetAside takes the row out of delivery and keeps it, with the server's words, where an operator sees it.
	SetAside(ctx context.Context, s Stream, seq int64, reason string) error
	// Drop gives an undelivered row up and notes its position as dropped for the reason.
	Drop(ctx context.Context, s Stream, seq int64, reason string) error
	// Picture opens the file of a row of the stream Picture, whose content has been checked; ErrLost says that there
	// will never be one.
	Picture(ctx context.Context, seq int64) (Spooled, error)
	// Dropped returns the ranges that were dropped and not yet reported; Reported forgets them.
	Dropped(ctx context.Context, s Stream) ([]Dropped, error)
	Reported(ctx context.Context, s Stream, d []Dropped) error
	// State is cheap: it is kept, not counted.
	State() State
	// Wait returns when something new is pending or ctx ends.
	Wait(ctx context.Context)
}

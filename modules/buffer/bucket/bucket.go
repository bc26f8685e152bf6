// Package bucket is the contract of ActivityWatch's buckets as the gateway's buffer keeps them: each with its last
// event, which may still grow, and for a while those before it.
package bucket

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/modules/monitoring/activity"
)

// Bucket is what one watcher on one computer fills. Owner and Name are unique within an organization.
type Bucket struct {
	ID int64
	// OrganizationID is 0 for a bucket made before the gateway was enrolled: what is in it goes to the
	// organization that the gateway is enrolled in then.
	OrganizationID int64
	// Owner says who may fill it and read it: a key, a computer.
	Owner string
	// Name is its id in ActivityWatch.
	Name                   string
	Type, Client, Hostname string
	ComputerUID            string
	// Aside is the reason for which its events are kept apart; see activity.Event.
	Aside     string
	CreatedAt time.Time
}

// Event is one of ActivityWatch's. Its ID counts within the bucket; Data is its canonical JSON.
type Event struct {
	ID       int64
	At       time.Time // whole milliseconds
	Duration time.Duration
	Data     string
}

// End is when it ended, as far as is known.
func (e Event) End() time.Time { return e.At.Add(e.Duration) }

// Draft is the last event of a bucket. It grows while its watcher goes on reporting the same.
type Draft struct {
	Event
	// Pulse is how long after its end a report may come and still continue it.
	Pulse time.Duration
	// Heard is when the gateway last heard of it.
	Heard time.Time
	// Sent is until when it is in the buffer, in Pieces pieces.
	Sent   time.Time
	Pieces int
	// Ended is true when nothing may continue it: what came next is not kept.
	Ended bool
}

// Stored is a bucket with its draft; nil if it has none.
type Stored struct {
	Bucket
	Draft *Draft
}

// Change is what one report does to a bucket. It is kept whole or not at all.
type Change struct {
	// Draft replaces the draft.
	Draft Draft
	// New is true when Draft is another event than the draft before: then it takes room.
	New bool
	// Closed are events that do not grow any more, to be kept for reading.
	Closed []Event
	// Events go into the buffer.
	Events []activity.Event
}

// Range selects events for reading: those that end at From or later and begin at To or before; Limit 0 is none,
// less than 0 all.
type Range struct {
	From, To time.Time
	Limit    int
}

// Shelf keeps buckets on the gateway's disk, in the file that holds the buffer and within its bound.
type Shelf interface {
	// All returns every bucket.
	All(ctx context.Context) ([]Stored, error)
	// Create makes the bucket, puts the events into the buffer with it, and returns its id.
	Create(ctx context.Context, b Bucket, events []activity.Event) (id int64, err error)
	// Keep returns when the change is durable. A change that takes no more room than before, because it only lets
	// the draft grow, is taken even when the buffer is full.
	Keep(ctx context.Context, b Bucket, c Change) error
	// Events returns what is kept of the bucket's events without its draft, newest first.
	Events(ctx context.Context, bucketID int64, r Range) ([]Event, error)
	// Remove forgets the bucket.
	Remove(ctx context.Context, bucketID int64) error
}

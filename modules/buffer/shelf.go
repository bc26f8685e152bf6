package buffer

import (
	"context"
	"time"

	"github.com/staff-control/staff-control/modules/buffer/bucket"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/db"
)

// All returns every bucket.
func (s *service) All(ctx context.Context) ([]bucket.Stored, error) {
	return s.store.buckets(s.reading(ctx))
}

// Create makes the bucket and puts the events into the buffer with it.
func (s *service) Create(ctx context.Context, b bucket.Bucket, events []activity.Event) (id int64, err error) {
	err = s.shelve(ctx, b.OrganizationID, events, 0, func(ctx context.Context, tx db.Tx, _ *working) error {
		id, err = insertBucket(ctx, tx, b)
		return err
	})
	return id, err
}

// Keep returns when the change is durable.
func (s *service) Keep(ctx context.Context, b bucket.Bucket, c bucket.Change) error {
	var size int64
	if c.New {
		size = int64(len(c.Draft.Data)) + closedOverhead
	}
	for _, e := range c.Closed {
		size += int64(len(e.Data)) + closedOverhead
	}
	return s.shelve(ctx, b.OrganizationID, c.Events, size, func(ctx context.Context, tx db.Tx, _ *working) error {
		if err := saveDraft(ctx, tx, b.ID, c.Draft); err != nil {
			return err
		}
		return saveClosed(ctx, tx, b.ID, c.Closed, s.now())
	})
}

// closedOverhead is about what an event of a bucket takes on the disk beside its data.
const closedOverhead = 64

// shelve makes a change of buckets and puts events into the buffer, together. The bytes are what it takes beside the
// events; where there are neither, it takes no room and is not refused for want of it.
func (s *service) shelve(ctx context.Context, organizationID int64, events []activity.Event, bytes int64, change func(context.Context, db.Tx, *working) error) error {
	job := &job{change: change, size: bytes}
	if len(events) > 0 {
		rows, err := encode(organizationID, events)
		if err != nil {
			return err
		}
		job.events, job.size = rows, bytes+rows.bytes
	}
	if job.size > 0 {
		if err := s.admit(job.size); err != nil {
			return err
		}
	}
	if err := s.do(ctx, job); err != nil {
		return kept(err)
	}
	return nil
}

// Events returns what is kept of a bucket's closed events.
func (s *service) Events(ctx context.Context, bucketID int64, r bucket.Range) ([]bucket.Event, error) {
	return s.store.bucketEvents(s.reading(ctx), bucketID, r)
}

// Remove forgets the bucket.
func (s *service) Remove(ctx context.Context, bucketID int64) error {
	return s.do(ctx, &job{change: func(ctx context.Context, tx db.Tx, _ *working) error {
		return deleteBucket(ctx, tx, bucketID)
	}})
}

// forgetClosed deletes a step of the closed events of buckets: those kept before a time, or any if it is zero.
// What they say is in the buffer or has left it.
func (s *service) forgetClosed(ctx context.Context, before time.Time) (n int64) {
	s.change(ctx, "delete events of buckets", func(ctx context.Context, tx db.Tx, _ *working) (err error) {
		n, err = forgetEvents(ctx, tx, before)
		return err
	})
	return n
}

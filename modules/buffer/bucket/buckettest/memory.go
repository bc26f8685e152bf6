// Package buckettest tests what keeps buckets, and has a shelf in memory for the tests of who uses one.
package buckettest

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/staff-control/staff-control/modules/buffer/bucket"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
)

// Memory is a shelf without a disk. It does what the buffer does, as the suite shows.
type Memory struct {
	mu     sync.Mutex
	last   int64
	stored map[int64]*bucket.Stored
	closed map[int64][]bucket.Event
	events map[int64][]activity.Event
	err    error
	full   error
}

// NewMemory returns an empty shelf.
func NewMemory() *Memory {
	return &Memory{stored: map[int64]*bucket.Stored{}, closed: map[int64][]bucket.Event{}, events: map[int64][]activity.Event{}}
}

// Fail makes every change fail with err; nil ends it.
func (m *Memory) Fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = err
}

// Fill makes every change fail that takes room; nil ends it.
func (m *Memory) Fill(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.full = err
}

// Taken returns the organization's events in the buffer.
func (m *Memory) Taken(organizationID int64) []activity.Event {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.events[organizationID])
}

// All returns every bucket.
func (m *Memory) All(context.Context) (all []bucket.Stored, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.stored {
		all = append(all, copyOf(*s))
	}
	slices.SortFunc(all, func(a, b bucket.Stored) int { return cmp.Compare(a.ID, b.ID) })
	return all, m.err
}

func copyOf(s bucket.Stored) bucket.Stored {
	if s.Draft != nil {
		d := *s.Draft
		s.Draft = &d
	}
	return s
}

// Create makes the bucket.
func (m *Memory) Create(_ context.Context, b bucket.Bucket, events []activity.Event) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := cmp.Or(m.err, m.full); err != nil {
		return 0, err
	}
	m.last++
	b.ID = m.last
	m.stored[b.ID] = &bucket.Stored{Bucket: b}
	m.events[b.OrganizationID] = append(m.events[b.OrganizationID], events...)
	return b.ID, nil
}

// Keep makes the change.
func (m *Memory) Keep(_ context.Context, b bucket.Bucket, c bucket.Change) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	if m.full != nil && (c.New || len(c.Closed)+len(c.Events) > 0) {
		return m.full
	}
	m.stored[b.ID].Draft = &c.Draft
	m.closed[b.ID] = append(m.closed[b.ID], c.Closed...)
	m.events[b.OrganizationID] = append(m.events[b.OrganizationID], c.Events...)
	return nil
}

// Events returns the bucket's closed events.
func (m *Memory) Events(_ context.Context, bucketID int64, r bucket.Range) (found []bucket.Event, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.closed[bucketID] {
		if (r.From.IsZero() || !e.End().Before(r.From)) && (r.To.IsZero() || !e.At.After(r.To)) {
			found = append(found, e)
		}
	}
	slices.SortFunc(found, func(a, b bucket.Event) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID)) })
	if r.Limit >= 0 {
		found = found[:min(r.Limit, len(found))]
	}
	return found, m.err
}

// Remove forgets the bucket.
func (m *Memory) Remove(_ context.Context, bucketID int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.stored, bucketID)
	delete(m.closed, bucketID)
	return m.err
}

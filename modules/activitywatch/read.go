package activitywatch

import (
	"context"
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/buffer/bucket"
)

// list returns the sender's buckets.
func (s *service) list(from sender) (found []bucket.Stored) {
	for n, h := range s.all() {
		if n.organizationID != from.organizationID || n.owner != from.owner {
			continue
		}
		if b, ok := h.stored(); ok {
			found = append(found, b)
		}
	}
	return found
}

// one returns one of the sender's buckets.
func (s *service) one(from sender, bucketName string) (bucket.Stored, error) {
	if h := s.find(from, bucketName); h != nil {
		if b, ok := h.stored(); ok {
			return b, nil
		}
	}
	return bucket.Stored{}, errNoBucket.With("Name", bucketName)
}

// stored is the bucket as it is now; ok is false while it is none.
func (h *held) stored() (b bucket.Stored, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.draft != nil {
		d := *h.draft
		b.Draft = &d
	}
	b.Bucket = h.is
	return b, !h.gone && h.is.ID != 0
}

// events returns the bucket's events within the range, newest first.
func (s *service) events(ctx context.Context, from sender, bucketName string, r bucket.Range) ([]bucket.Event, error) {
	b, err := s.one(from, bucketName)
	if err != nil {
		return nil, err
	}
	all, err := s.shelf.Events(ctx, b.ID, r)
	if err != nil {
		return nil, err
	}
	if d := b.Draft; d != nil && within(d.Event, r) {
		all = slices.DeleteFunc(all, func(e bucket.Event) bool { return e.ID == d.ID }) // closed between the two looks
		i, _ := slices.BinarySearchFunc(all, d.At, func(e bucket.Event, at time.Time) int { return at.Compare(e.At) })
		all = slices.Insert(all, i, d.Event)
	}
	if r.Limit >= 0 {
		all = all[:min(r.Limit, len(all))]
	}
	return all, nil
}

func within(e bucket.Event, r bucket.Range) bool {
	return (r.From.IsZero() || !e.End().Before(r.From)) && (r.To.IsZero() || !e.At.After(r.To))
}

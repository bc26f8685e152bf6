package buffer

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/buffer/bucket"
	"github.com/staff-control/staff-control/modules/buffer/bucket/buckettest"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/fault"
)

func TestShelf(t *testing.T) {
	t.Parallel()
	buckettest.Shelf(t, func(t *testing.T) buckettest.Provider {
		b := newBuffer(t, nil)
		return buckettest.Provider{Shelf: b, Taken: func(organizationID int64) []activity.Event { return fileEvents(t, b.cfg.Path, organizationID) }}
	})
}

func newBucket(t *testing.T, b *testBuffer, name string) bucket.Bucket {
	t.Helper()
	made := buckettest.Bucket(1, "o", name)
	id, err := b.Create(t.Context(), made, nil)
	if err != nil {
		t.Fatal(err)
	}
	made.ID = id
	return made
}

func closed(from, n int) (events []bucket.Event) {
	for i := range n {
		events = append(events, buckettest.Event(from+i))
	}
	return events
}

// Past the threshold nothing new is taken, but what grows in place is: it takes no room.
func TestADraftGrowsWhenTheBufferIsFull(t *testing.T) {
	t.Parallel()
	b := filledTo(t, 0.90, nil)
	w := newBucket(t, b, "w")
	c := bucket.Change{Draft: bucket.Draft{Event: buckettest.Event(1), Heard: time.Now()}}
	if err := b.Keep(t.Context(), w, c); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := b.Put(agent(t), activity.Batch{Events: windows(0, 20)}); err != nil {
			break
		}
	}
	for name, change := range map[string]bucket.Change{
		"an event":       {Draft: c.Draft, Events: windows(0, 1)},
		"a closed event": {Draft: c.Draft, Closed: closed(0, 1)},
		"another draft":  {Draft: c.Draft, New: true},
	} {
		if err := b.Keep(t.Context(), w, change); fault.Of(err) == nil || fault.Of(err).Kind != fault.TooMany {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := b.Create(t.Context(), buckettest.Bucket(1, "o", "v"), windows(0, 1)); fault.Of(err) == nil {
		t.Error("a bucket that brings events is made")
	}
	c.Draft.Duration = time.Hour
	if err := b.Keep(t.Context(), w, c); err != nil {
		t.Errorf("growth: %v", err)
	}
	all, err := b.All(t.Context())
	if err != nil || all[0].Draft.Duration != time.Hour {
		t.Errorf("the draft is %+v (%v)", all[0].Draft, err)
	}
}

func TestOnlyTheNewestClosedEventsStay(t *testing.T) {
	t.Parallel()
	b := newBuffer(t, nil)
	w, v := newBucket(t, b, "w"), newBucket(t, b, "v")
	keep := func(of bucket.Bucket, from, n int) {
		t.Helper()
		if err := b.Keep(t.Context(), of, bucket.Change{Draft: bucket.Draft{Event: buckettest.Event(from + n)}, Closed: closed(from, n)}); err != nil {
			t.Fatal(err)
		}
	}
	keep(v, 1, 10)
	keep(w, 1, 10)
	keep(w, 11, keepEvents+5)
	keep(w, keepEvents+16, 1)
	found, err := b.Events(t.Context(), w.ID, bucket.Range{Limit: -1})
	if err != nil || len(found) != keepEvents || found[0].ID != keepEvents+16 || found[keepEvents-1].ID != 17 {
		t.Errorf("there are %d from %d to %d (%v)", len(found), found[len(found)-1].ID, found[0].ID, err)
	}
	if found, err := b.Events(t.Context(), v.ID, bucket.Range{Limit: -1}); err != nil || len(found) != 10 {
		t.Errorf("of the other %d are there (%v)", len(found), err)
	}
}

func TestClosedEventsGoAfterADayAndWhenRoomIsShort(t *testing.T) {
	t.Parallel()
	b := newBuffer(t, nil)
	w := newBucket(t, b, "w")
	if err := b.Keep(t.Context(), w, bucket.Change{Draft: bucket.Draft{Event: buckettest.Event(600)}, Closed: closed(1, 500)}); err != nil {
		t.Fatal(err)
	}
	put(t, b, windows(0, 100))
	settleRows(t, b, 1, 100)
	b.cancel()
	<-b.stopped // from here the test is the writer
	ctx := b.own(t.Context())
	left := func() int {
		t.Helper()
		found, err := b.Events(context.WithoutCancel(t.Context()), w.ID, bucket.Range{Limit: -1})
		if err != nil {
			t.Fatal(err)
		}
		return len(found)
	}
	b.now = func() time.Time { return time.Now().Add(23 * time.Hour) }
	if b.sweep(ctx); left() != 500 {
		t.Errorf("after 23 hours %d are left", left())
	}
	if !b.relieve(ctx, 0.9) || left() != 0 || b.tally()["agent"].Sent != 100 {
		t.Errorf("when room is short %d are left, of delivered rows %d", left(), b.tally()["agent"].Sent)
	}
	if !b.relieve(ctx, 0.9) || b.tally()["agent"].Sent != 0 {
		t.Error("then delivered rows are not next")
	}
}

func TestClosedEventsAreSweptAfterADay(t *testing.T) {
	t.Parallel()
	b := newBuffer(t, nil)
	w := newBucket(t, b, "w")
	if err := b.Keep(t.Context(), w, bucket.Change{Draft: bucket.Draft{Event: buckettest.Event(600)}, Closed: closed(1, 500)}); err != nil {
		t.Fatal(err)
	}
	b.cancel()
	<-b.stopped
	b.now = func() time.Time { return time.Now().Add(25 * time.Hour) }
	b.sweep(b.own(t.Context()))
	if found, err := b.Events(context.WithoutCancel(t.Context()), w.ID, bucket.Range{Limit: -1}); err != nil || len(found) != 0 {
		t.Errorf("%d are left (%v)", len(found), err)
	}
}

func TestWhatCannotBeEncodedIsRefusedWhole(t *testing.T) {
	t.Parallel()
	b := newBuffer(t, nil)
	w := newBucket(t, b, "w")
	bad := activity.Event{Kind: "coffee_break", Key: "k"}
	err := b.Keep(t.Context(), w, bucket.Change{Draft: bucket.Draft{Event: buckettest.Event(1)}, Events: []activity.Event{bad}})
	if err == nil || !strings.Contains(err.Error(), "unknown_kind") {
		t.Errorf("error is %v", err)
	}
	if all, err := b.All(t.Context()); err != nil || all[0].Draft != nil {
		t.Errorf("the draft is %+v (%v)", all[0].Draft, err)
	}
}

package buckettest

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/staff-control/staff-control/modules/buffer/bucket"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
)

// Provider is a shelf and a way to see what it put into the buffer.
type Provider struct {
	bucket.Shelf
	Taken func(organizationID int64) []activity.Event
}

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// Shelf tests one, which open makes anew.
func Shelf(t *testing.T, open func(t *testing.T) Provider) {
	t.Run("what is kept is there again", func(t *testing.T) { t.Parallel(); comesBack(t, open(t)) })
	t.Run("events are read by range", func(t *testing.T) { t.Parallel(); readByRange(t, open(t)) })
	t.Run("buckets do not meet", func(t *testing.T) { t.Parallel(); apart(t, open(t)) })
	t.Run("a bucket is forgotten whole", func(t *testing.T) { t.Parallel(); removed(t, open(t)) })
}

// Bucket is one of an organization, with something in every field.
func Bucket(organizationID int64, owner, name string) bucket.Bucket {
	return bucket.Bucket{
		OrganizationID: organizationID, Owner: owner, Name: name, Type: "currentwindow", Client: "aw-watcher-window", Hostname: "ПК-1",
		ComputerUID: "PC-1", Aside: activity.UnidentifiedAgent, CreatedAt: noon,
	}
}

// Event is the nth of a bucket: ten seconds each minute.
func Event(n int) bucket.Event {
	return bucket.Event{
		ID: int64(n), At: noon.Add(time.Duration(n)*time.Minute + 123*time.Millisecond), Duration: 10*time.Second + 7*time.Microsecond,
		Data: fmt.Sprintf(`{"app":"a","title":"O‘zbekiston? %d"}`, n),
	}
}

func event(key string) activity.Event {
	return activity.Event{Kind: activity.IdlePeriod, Key: key, ComputerUID: "PC-1", UserSID: "S", At: noon, Duration: 5, Aside: activity.UnidentifiedAgent}
}

func mustCreate(t *testing.T, s bucket.Shelf, b bucket.Bucket, events ...activity.Event) bucket.Bucket {
	t.Helper()
	id, err := s.Create(t.Context(), b, events)
	if err != nil || id == 0 {
		t.Fatalf("create: %d, %v", id, err)
	}
	b.ID = id
	return b
}

func mustKeep(t *testing.T, s bucket.Shelf, b bucket.Bucket, c bucket.Change) {
	t.Helper()
	if err := s.Keep(t.Context(), b, c); err != nil {
		t.Fatal(err)
	}
}

func comesBack(t *testing.T, p Provider) {
	b := mustCreate(t, p, Bucket(1, "key:1 PC-1", "w"), event("made"))
	other := mustCreate(t, p, Bucket(0, "local", "w"), event("early"))
	first := bucket.Draft{Event: Event(1), Pulse: 2500 * time.Millisecond, Heard: noon.Add(time.Second)}
	mustKeep(t, p, b, bucket.Change{Draft: first})
	second := bucket.Draft{Event: Event(2), Pulse: time.Second, Heard: noon.Add(time.Minute), Sent: noon.Add(1234567 * time.Microsecond), Pieces: 3, Ended: true}
	mustKeep(t, p, b, bucket.Change{Draft: second, Closed: []bucket.Event{Event(1)}, Events: []activity.Event{event("one"), event("two")}})
	all, err := p.All(t.Context())
	if want := []bucket.Stored{{Bucket: b, Draft: &second}, {Bucket: other}}; err != nil || !reflect.DeepEqual(all, want) {
		t.Errorf("got %+v (%v)\nwant %+v", all, err, want)
	}
	if got, want := p.Taken(1), []activity.Event{event("made"), event("one"), event("two")}; !reflect.DeepEqual(got, want) {
		t.Errorf("in the buffer is %+v\nwant %+v", got, want)
	}
	if got := p.Taken(0); len(got) != 1 || got[0].Key != "early" {
		t.Errorf("of no organization there is %+v", got)
	}
}

func readByRange(t *testing.T, p Provider) {
	b := mustCreate(t, p, Bucket(1, "o", "w"))
	mustKeep(t, p, b, bucket.Change{Draft: bucket.Draft{Event: Event(6)}, Closed: []bucket.Event{Event(1), Event(3), Event(2), Event(4)}})
	for _, c := range []struct {
		r    bucket.Range
		want string
	}{
		{bucket.Range{Limit: -1}, "4 3 2 1"},
		{bucket.Range{Limit: 2}, "4 3"},
		{bucket.Range{}, ""},
		{bucket.Range{Limit: -1, From: Event(3).End()}, "4 3"},
		{bucket.Range{Limit: -1, From: Event(3).End().Add(time.Microsecond)}, "4"},
		{bucket.Range{Limit: -1, To: Event(2).At}, "2 1"},
		{bucket.Range{Limit: 1, From: Event(2).At, To: Event(3).At}, "3"},
	} {
		found, err := p.Events(t.Context(), b.ID, c.r)
		got := ""
		for i, e := range found {
			if i > 0 {
				got += " "
			}
			got += fmt.Sprint(e.ID)
			if e != Event(int(e.ID)) {
				t.Errorf("event %d is %+v", e.ID, e)
			}
		}
		if err != nil || got != c.want {
			t.Errorf("%+v: %q (%v), want %q", c.r, got, err, c.want)
		}
	}
}

func apart(t *testing.T, p Provider) {
	var all []bucket.Bucket
	for _, b := range []bucket.Bucket{Bucket(1, "o", "w"), Bucket(2, "o", "w"), Bucket(1, "p", "w"), Bucket(1, "o", "v")} {
		b = mustCreate(t, p, b)
		e := Event(len(all) + 1)
		mustKeep(t, p, b, bucket.Change{Draft: bucket.Draft{Event: Event(9)}, Closed: []bucket.Event{e}})
		all = append(all, b)
	}
	for i, b := range all {
		if found, err := p.Events(t.Context(), b.ID, bucket.Range{Limit: -1}); err != nil || len(found) != 1 || found[0] != Event(i+1) {
			t.Errorf("%+v has %+v (%v)", b, found, err)
		}
	}
}

func removed(t *testing.T, p Provider) {
	b, stays := mustCreate(t, p, Bucket(1, "o", "w")), mustCreate(t, p, Bucket(1, "o", "v"))
	for _, of := range []bucket.Bucket{b, stays} {
		mustKeep(t, p, of, bucket.Change{Draft: bucket.Draft{Event: Event(2), Heard: noon}, Closed: []bucket.Event{Event(1)}})
	}
	if err := p.Remove(t.Context(), b.ID); err != nil {
		t.Fatal(err)
	}
	if found, err := p.Events(t.Context(), b.ID, bucket.Range{Limit: -1}); err != nil || len(found) != 0 {
		t.Errorf("there is %+v (%v)", found, err)
	}
	if all, err := p.All(t.Context()); err != nil || len(all) != 1 || all[0].ID != stays.ID || all[0].Draft == nil {
		t.Errorf("there are %+v (%v)", all, err)
	}
	if again := mustCreate(t, p, Bucket(1, "o", "w")); again.ID == b.ID {
		t.Error("the id is used again")
	}
}

package activitywatch

import (
	"time"

	"github.com/staff-control/staff-control/modules/buffer/bucket"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
)

// merge lets a heartbeat continue the last inserted event, by ActivityWatch's rule.
func merge(last, heartbeat bucket.Event, pulse time.Duration) (bucket.Event, bool) {
	early, late := heartbeat.At.Before(last.At), heartbeat.At.After(last.End().Add(pulse))
	if last.Data != heartbeat.Data || early || late || last.Duration < 0 {
		return last, false
	}
	last.Duration = max(last.Duration, heartbeat.At.Sub(last.At)+heartbeat.Duration)
	return last, true
}

// longest is how much of an event may wait for its end before a piece of it goes into the buffer.
const longest = time.Minute

// heartbeat is what one does to a bucket: it continues the draft, or closes it and begins another.
// The merged event is what ActivityWatch answers with.
func heartbeat(b bucket.Bucket, last *bucket.Draft, h bucket.Event, pulse time.Duration, now time.Time) (c bucket.Change, merged bool) {
	var d bucket.Draft
	if last != nil && !last.Ended {
		d = *last
		d.Event, merged = merge(last.Event, h, pulse)
	}
	if !merged {
		if last != nil {
			c = ending(b, *last, h.At, pulse)
			c.Closed = []bucket.Event{last.Event}
		}
		d = bucket.Draft{Event: h}
		d.ID = nextID(last)
		c.New = true
	}
	d.Pulse, d.Heard = pulse, now
	if d.End().Sub(unsent(d)) >= longest {
		c.Events = append(c.Events, cut(b, &d, d.End())...)
	}
	c.Draft = d
	return c, merged
}

// ending puts the rest of a draft into the buffer because something else begins then. Watchers look every second or
// so: what they saw last lasted until they saw the next, if that is within the pulse.
func ending(b bucket.Bucket, last bucket.Draft, next time.Time, pulse time.Duration) bucket.Change {
	until := last.End()
	if fills(b.Type) && !last.Ended && next.After(until) && !next.After(until.Add(pulse)) {
		until = next
	}
	events := cut(b, &last, until)
	return bucket.Change{Draft: last, Events: events}
}

// private ends the draft because what came next must not be kept.
func private(b bucket.Bucket, last bucket.Draft, at time.Time, pulse time.Duration, now time.Time) bucket.Change {
	c := ending(b, last, at, pulse)
	c.Draft.Ended, c.Draft.Heard = true, now
	return c
}

// insert adds whole events, as importers do; the last of them is the one that heartbeats continue.
func insert(b bucket.Bucket, last *bucket.Draft, events []bucket.Event, now time.Time) (c bucket.Change) {
	if last != nil {
		d := *last
		c.Events = cut(b, &d, d.End())
		c.Closed = []bucket.Event{last.Event}
	}
	c.New = true
	id := nextID(last)
	for i, e := range events {
		e.ID = id + int64(i)
		d := bucket.Draft{Event: e, Heard: now}
		c.Events = append(c.Events, cut(b, &d, d.End())...)
		if c.Draft = d; i < len(events)-1 {
			c.Closed = append(c.Closed, e)
		}
	}
	return c
}

func nextID(last *bucket.Draft) int64 {
	if last == nil {
		return 1
	}
	return last.ID + 1
}

// unsent is from when on the draft is not in the buffer.
func unsent(d bucket.Draft) time.Time {
	if d.Pieces == 0 {
		return d.At
	}
	return d.Sent
}

// cut makes the event of what of the draft is not in the buffer yet, up to an instant; none if there is nothing to say.
//
// Its edges are rounded to whole seconds, and its duration is what lies between them: the events of a day meet where
// the reports met, so no sum of them drifts and none overlaps, however short they are.
func cut(b bucket.Bucket, d *bucket.Draft, until time.Time) []activity.Event {
	from := unsent(*d)
	begin, end := from.Round(time.Second), until.Round(time.Second)
	if d.Pieces > 0 && !end.After(begin) {
		return nil
	}
	e, ok := mapped(b, d)
	if !ok {
		return nil
	}
	e.At, e.Duration = begin, int64(end.Sub(begin)/time.Second)
	d.Sent = until
	d.Pieces++
	return []activity.Event{e}
}

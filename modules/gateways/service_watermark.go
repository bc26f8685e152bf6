package gateways

import (
	"cmp"
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
)

// The states of a run of positions.
const (
	stored  = "stored"
	dropped = "dropped"
)

// Why positions were dropped. The first two are a gateway's words.
const (
	overflow = "overflow"
	refused  = "refused"
	other    = "other"
	// unknown is ours, for holes that are too many to wait for.
	unknown = "unknown"
)

// maxRuns bounds the runs of a stream that are kept beyond its watermark, and the dropped ones below it.
const maxRuns = 10_000

// run is a run of positions that was stored or dropped, both ends included.
type run struct {
	first, last   int64
	state, reason string
	until         time.Time // when its newest event was buffered; zero if that is not known
	since         time.Time // when we heard of it
}

// runsOf are the runs that a delivery brings.
func runsOf(d gateway.Delivery, now time.Time) []run {
	var runs []run
	for _, r := range d.Stored {
		runs = append(runs, run{first: r.First, last: r.Last, state: stored, until: d.Until, since: now})
	}
	for _, r := range d.Dropped {
		reason := r.Reason
		if reason != overflow && reason != refused {
			reason = other
		}
		runs = append(runs, run{first: r.First, last: r.Last, state: dropped, reason: reason, since: now})
	}
	return slices.DeleteFunc(runs, func(r run) bool { return r.first < 1 || r.last < r.first })
}

// advanced is where a stream stands after runs were told of.
type advanced struct {
	watermark int64
	// until is the latest time that the watermark passed; zero if none.
	until time.Time
	// lost are the dropped runs that the watermark passed, beyond the runs that remain beyond it: each in order, no
	// position in two of them, joined where they touch and are alike.
	lost, beyond []run
}

// advance moves the watermark over runs that follow it without a hole.
func advance(watermark int64, runs []run) advanced {
	slices.SortFunc(runs, func(a, b run) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(b.last, a.last), cmp.Compare(b.state, a.state))
	})
	a := advanced{watermark: watermark}
	for _, r := range runs {
		if r.first > a.watermark+1 {
			a.beyond = join(a.beyond, r)
			continue
		}
		a.until = later(a.until, r.until)
		if r.first = a.watermark + 1; r.last < r.first {
			continue
		}
		a.watermark = r.last
		if r.state == dropped {
			a.lost = join(a.lost, r)
		}
	}
	return a
}

// join adds a run to those before it, less what they have of it already.
func join(runs []run, r run) []run {
	n := len(runs) - 1
	if n < 0 || r.first > runs[n].last+1 {
		return append(runs, r)
	}
	last := &runs[n]
	if last.like(r) {
		last.last, last.until, last.since = max(last.last, r.last), later(last.until, r.until), earlier(last.since, r.since)
		return runs
	}
	if r.first = last.last + 1; r.last < r.first {
		return runs
	}
	return append(runs, r)
}

// like reports whether two runs that touch can be one. What was dropped stays apart by days: each has its alert, and
// its age.
func (r run) like(b run) bool {
	return r.state == b.state && r.reason == b.reason && (r.state == stored || day(r.since).Equal(day(b.since)))
}

func day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// giveUp makes lost runs of the first holes, so that no more runs than the limit remain.
func (a advanced) giveUp(limit int, now time.Time) advanced {
	if len(a.beyond) <= limit {
		return a
	}
	n := len(a.beyond) - limit
	var given []run
	for _, g := range gapsOf(a.watermark, a.beyond[:n]) {
		given = append(given, run{first: g.first, last: g.last, state: dropped, reason: unknown, since: now})
	}
	next := advance(a.watermark, append(given, a.beyond...))
	next.until = later(a.until, next.until)
	lost := a.lost
	for _, r := range next.lost {
		lost = join(lost, r)
	}
	next.lost = lost
	return next
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// gap is a run of positions that nobody has told us of, though later ones came.
type gap struct {
	first, last int64
	since       time.Time
}

// gapsOf are the holes between the watermark and the runs beyond it, which are in order.
func gapsOf(watermark int64, beyond []run) []gap {
	var gaps []gap
	at := watermark
	for _, r := range beyond {
		if r.first > at+1 {
			gaps = append(gaps, gap{at + 1, r.first - 1, r.since})
		}
		at = max(at, r.last)
	}
	return gaps
}

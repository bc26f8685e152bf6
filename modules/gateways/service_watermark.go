package gateways

import (
	"cmp"
	"slices"
	"time"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
)

// The states of a run of positions beyond the watermark.
const (
	stored  = "stored"
	dropped = "dropped"
)

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
		runs = append(runs, run{first: r.First, last: r.Last, state: dropped, reason: r.Reason, since: now})
	}
	return slices.DeleteFunc(runs, func(r run) bool { return r.first < 1 || r.last < r.first })
}

// advance moves the watermark over runs that follow it without a hole. It returns the new watermark, the latest
// time that it passed (zero if none), and the runs that remain beyond it: in order, none in two of them, joined where
// they touch and are alike.
func advance(watermark int64, runs []run) (at int64, until time.Time, beyond []run) {
	slices.SortFunc(runs, func(a, b run) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(b.last, a.last), cmp.Compare(b.state, a.state))
	})
	at = watermark
	for _, r := range runs {
		if r.first <= at+1 {
			at = max(at, r.last)
			until = later(until, r.until)
			continue
		}
		if n := len(beyond) - 1; n >= 0 && r.first <= beyond[n].last+1 {
			last := &beyond[n]
			if r.state == last.state && r.reason == last.reason {
				last.last, last.until, last.since = max(last.last, r.last), later(last.until, r.until), earlier(last.since, r.since)
				continue
			}
			if r.first = last.last + 1; r.last < r.first {
				continue
			}
		}
		beyond = append(beyond, r)
	}
	return at, until, beyond
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

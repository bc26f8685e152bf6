package monitoring

import (
	"cmp"
	"slices"
)

// span is time from one microsecond of the Unix epoch to another, which is outside it.
type span struct{ from, to int64 }

// spans are in order and do not touch.
type spans []span

// union is the time that any of these covers.
func union(list []span) spans {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	out := list[:0]
	for _, s := range list {
		switch last := len(out) - 1; {
		case s.from >= s.to:
		case last >= 0 && s.from <= out[last].to:
			out[last].to = max(out[last].to, s.to)
		default:
			out = append(out, s)
		}
	}
	return spans(out)
}

// minus is the time of s that is not in other.
func (s spans) minus(other spans) spans {
	var out spans
	i := 0
	for _, a := range s {
		for i < len(other) && other[i].to <= a.from {
			i++
		}
		for j := i; j < len(other) && other[j].from < a.to; j++ {
			if other[j].from > a.from {
				out = append(out, span{a.from, other[j].from})
			}
			a.from = max(a.from, other[j].to)
		}
		if a.from < a.to {
			out = append(out, a)
		}
	}
	return out
}

// length is in microseconds.
func (s spans) length() int64 {
	var n int64
	for _, a := range s {
		n += a.to - a.from
	}
	return n
}

// clip is the part of s within the bounds; empty (from >= to) if there is none.
func (s span) clip(bounds span) span {
	return span{max(s.from, bounds.from), min(s.to, bounds.to)}
}

// piece is a span of the event with this index.
type piece struct {
	span
	event int
}

// paint gives every moment to one event: of those that cover it, to the one that began last, as the window
// that came to the front last is the one that is seen. The pieces come in order and do not overlap.
// events must be in the order of their beginnings.
func paint(events []piece) []piece {
	var out, open []piece
	var now int64
	until := func(limit int64) {
		for len(open) > 0 && now < limit {
			top := open[len(open)-1]
			if top.to <= now {
				open = open[:len(open)-1]
				continue
			}
			end := min(top.to, limit)
			out = append(out, piece{span{now, end}, top.event})
			now = end
		}
	}
	for _, e := range events {
		until(e.from)
		now = e.from
		open = append(open, e)
	}
	if len(open) > 0 {
		latest := slices.MaxFunc(open, func(a, b piece) int { return cmp.Compare(a.to, b.to) })
		until(latest.to)
	}
	return out
}

// and is the time that is in both.
func (s spans) and(other spans) spans { return s.minus(s.minus(other)) }

// has reports whether the moment is in one of the spans.
func (s spans) has(moment int64) bool {
	i, found := slices.BinarySearchFunc(s, moment, func(a span, m int64) int { return cmp.Compare(a.from, m) })
	return found || i > 0 && moment < s[i-1].to
}

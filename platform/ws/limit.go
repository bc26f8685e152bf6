package ws

import "time"

// Limit bounds how many messages the other side may send: so many a second on average over the time, and all of them at
// once if it likes. The zero value lets nothing through.
type Limit struct {
	PerSecond int
	Over      time.Duration

	left float64
	last time.Time
}

// Allow reports whether one more message is within the limit at the time.
func (l *Limit) Allow(now time.Time) bool {
	most := float64(l.PerSecond) * l.Over.Seconds()
	if l.last.IsZero() {
		l.left = most
	} else {
		l.left = min(most, l.left+now.Sub(l.last).Seconds()*float64(l.PerSecond))
	}
	l.last = now
	l.left--
	return l.left >= 0
}

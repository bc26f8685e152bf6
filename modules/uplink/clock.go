package uplink

import (
	"encoding/json"
	"net/http"
	"sync/atomic"
	"time"
)

// clock compares our clock with the server's on every answer. Nothing is corrected: the server keeps the
// difference beside each batch, from the batch's sentAt.
type clock struct {
	skew  atomic.Int64 // ours minus theirs, in nanoseconds
	known atomic.Bool
}

// note takes the server's time from the answer's serverTime, else from its Date, which has whole seconds.
// The server is taken to have spoken halfway between question and answer.
func (c *clock) note(a answer, sent, received time.Time) {
	var body struct {
		ServerTime time.Time `json:"serverTime"`
	}
	ours := sent.Add(received.Sub(sent) / 2)
	if json.Unmarshal(a.body, &body) == nil && !body.ServerTime.IsZero() {
		c.skew.Store(int64(ours.Sub(body.ServerTime)))
		c.known.Store(true)
		return
	}
	date, err := http.ParseTime(a.header.Get("Date"))
	if err != nil {
		return
	}
	skew := ours.Sub(date.Add(500 * time.Millisecond))
	if was, known := c.ahead(); !known || (skew-was).Abs() > time.Second { // else it may be the better one
		c.skew.Store(int64(skew))
		c.known.Store(true)
	}
}

// ahead is how far our clock is ahead of the server's.
func (c *clock) ahead() (skew time.Duration, known bool) {
	return time.Duration(c.skew.Load()), c.known.Load()
}

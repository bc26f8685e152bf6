package ingest

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/staff-control/staff-control/platform/httpx"
)

// flight counts the bytes that batches hold in memory while they are taken in.
type flight struct {
	limit int64
	bytes atomic.Int64
}

// usage is the part of the limit that is taken, 0 to 1.
func (f *flight) usage() float64 { return min(1, float64(f.bytes.Load())/float64(f.limit)) }

// reservation is one batch's part of the flight.
type reservation struct {
	flight *flight
	n      int64
}

// resize makes the part n bytes large, or leaves it if there is no room.
func (r *reservation) resize(n int64) bool {
	more := n - r.n
	if r.flight.bytes.Add(more) > r.flight.limit && more > 0 {
		r.flight.bytes.Add(-more)
		return false
	}
	r.n = n
	return true
}

// What a batch holds at most until it is stored, as measured: its text, the parts of it that had escapes, and the
// statement that is made of them stand beside each other, the statement twice while it is sent; so do an event and
// its row.
const (
	heldText  = 4 // times the body's length
	heldEvent = 700
)

func held(text int64, events int) int64 { return heldText*text + heldEvent*int64(events) }

// What a body is taken to be before it is read.
const (
	inflation = 8       // times its compressed length
	unknown   = 256_000 // where no length is declared
)

// expected is what the batch will probably hold, judged by what the request declares.
func (s *service) expected(r *http.Request) int64 {
	n, coded := r.ContentLength, r.Header.Get("Content-Encoding") != ""
	switch {
	case n < 0 && coded:
		n = int64(s.cfg.MaxBody)
	case n < 0:
		n = unknown
	case coded:
		n *= inflation
	}
	return s.heldBy(min(n, int64(s.cfg.MaxBody)))
}

// heldBy is what a batch with a text of n bytes holds, its events being of the usual length.
func (s *service) heldBy(n int64) int64 {
	return held(n, int(min(n/typicalItem+1, int64(s.cfg.MaxEvents))))
}

// reserve makes the batch's part n bytes large, or refuses it. The gateway reads how full it is, to slow down before
// it is told to.
func (s *service) reserve(ctx context.Context, room *reservation, n int64) error {
	fits := room.resize(n)
	usage := s.flight.usage()
	s.metrics.usage.Set(usage)
	httpx.SetHeader(ctx, "X-Buffer-Usage", strconv.FormatFloat(usage, 'f', 3, 64))
	if !fits {
		return errBusy
	}
	return nil
}

// maxInflating bounds the bodies that are decompressed at one time. It takes a moment, since they have been received.
const maxInflating = 4

// text reads the body as far as there is room for it. A compressed one is received first, so that no decoder waits
// for a slow client.
func (s *service) text(ctx context.Context, room *reservation) (string, error) {
	r := httpx.Request(ctx)
	if r.Body == nil {
		return "", nil
	}
	if r.Header.Get("Content-Encoding") != "" {
		if err := httpx.Receive(ctx); err != nil {
			return "", err
		}
		select {
		case s.inflating <- struct{}{}:
			defer func() { <-s.inflating }()
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	var text strings.Builder
	if n := r.ContentLength; n > 0 {
		text.Grow(int(min(n, int64(s.cfg.MaxBody))))
	}
	_, err := io.Copy(&grower{text: &text, room: func(n int) error {
		return s.reserve(ctx, room, max(room.n, s.heldBy(int64(n))))
	}}, r.Body)
	return text.String(), err
}

// grower writes into a text whose room was asked for. It doubles it, where the text's own way is by a quarter: what a
// text was moved from is garbage that stays for a while.
type grower struct {
	text *strings.Builder
	room func(n int) error
}

func (g *grower) Write(p []byte) (int, error) {
	if left := g.text.Cap() - g.text.Len(); left < len(p) {
		grown := max(2*g.text.Cap(), g.text.Len()+len(p))
		if err := g.room(grown); err != nil {
			return 0, err
		}
		g.text.Grow(grown - g.text.Len())
	}
	return g.text.Write(p)
}

// tellWrite lets the gateway see what part of its waiting was the database's.
func (s *service) tellWrite(ctx context.Context, took time.Duration) {
	s.metrics.write.Observe(took.Seconds())
	httpx.SetHeader(ctx, "Server-Timing", "write;dur="+strconv.FormatFloat(float64(took.Microseconds())/1000, 'f', 3, 64))
}

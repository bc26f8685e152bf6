package uplink

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/staff-control/staff-control/modules/buffer/backlog"
	"github.com/staff-control/staff-control/platform/trace"
)

// ingest is where each stream goes, but for pictures.
const ingest = "/v2/ingest/logs"

// outcome is what became of a part of a batch.
type outcome int

const (
	stopped   outcome = iota // the context ended first
	delivered                // the server has it
	rejected                 // the server can never take it as it is
	lost                     // it is not here any more, or is not to be kept anywhere
)

// drainer delivers one stream of the buffer, in order. Each stream has its own, so that one that is stuck
// does not hold up the other.
type drainer struct {
	*uplink
	stream backlog.Stream
	wake   chan struct{}
	// line is what link calls it.
	line string
	// mates deliver pictures beside it; the first is itself.
	mates []*drainer
	// rejectedInARow counts events that were refused alone since one was taken.
	rejectedInARow int
	// mute is until when dropped ranges are not sent, after the server refused them.
	mute time.Time
}

// newDrainer makes the drainer of a stream.
func newDrainer(u *uplink, s backlog.Stream) *drainer {
	d := &drainer{uplink: u, stream: s, line: string(s), wake: make(chan struct{}, 1)}
	d.mates = append(d.mates, d)
	for n := 2; s == backlog.Picture && n <= u.cfg.Pictures; n++ {
		d.mates = append(d.mates, &drainer{uplink: u, stream: s, line: fmt.Sprint(s, " ", n)})
	}
	return d
}

// run delivers until ctx ends.
func (d *drainer) run(ctx context.Context) {
	for ctx.Err() == nil {
		b, err := d.gather(ctx)
		if err != nil {
			d.log.ErrorContext(ctx, "the buffer cannot be read", "stream", d.stream, "error", err)
			sleep(ctx, spread(maxDelay))
			continue
		}
		if b == nil {
			select {
			case <-d.wake:
			case <-ctx.Done():
			}
			continue
		}
		if b.pictured() {
			d.deliverEach(ctx, *b)
			continue
		}
		d.deliver(ctx, *b)
	}
}

// gather returns the next batch: full, or as old as it may get; nil if there is nothing to send.
func (d *drainer) gather(ctx context.Context) (*batch, error) {
	for {
		rows, err := d.backlog.Next(ctx, d.stream, 0, d.most(), int(d.cfg.BatchBytes))
		if err != nil {
			return nil, err
		}
		rows = d.resume.cut(d.stream, d.backlog.State().Epoch, rows)
		var dropped []backlog.Dropped
		if !d.now().Before(d.mute) {
			if dropped, err = d.backlog.Dropped(ctx, d.stream); err != nil {
				return nil, err
			}
		}
		if d.stream == backlog.Picture && len(dropped) > 0 {
			rows = nil // the report goes to where there are no pictures
		}
		if len(rows) == 0 && len(dropped) == 0 {
			return nil, nil
		}
		if left := d.ripens(rows); left > 0 {
			if !d.wait(ctx, rows, left) {
				return nil, nil
			}
			continue
		}
		return &batch{stream: d.stream, epoch: d.backlog.State().Epoch, rows: rows, dropped: dropped}, nil
	}
}

// most is how many rows go at once.
func (d *drainer) most() int {
	if d.stream == backlog.Picture {
		return len(d.mates)
	}
	return d.cfg.BatchSize
}

// wait waits until the rows are old enough to go, or others that have joined them make a batch. It reports whether
// ctx is still on. What has joined is only counted: rows may also leave the buffer meanwhile.
func (d *drainer) wait(ctx context.Context, rows []backlog.Row, left time.Duration) bool {
	timer := time.NewTimer(left)
	defer timer.Stop()
	n, size, last := len(rows), sizeOf(rows), rows[len(rows)-1].Seq
	for !d.full(n, size) {
		select {
		case <-timer.C:
			return true
		case <-ctx.Done():
			return false
		case <-d.wake:
		}
		more, err := d.backlog.Next(ctx, d.stream, last, d.cfg.BatchSize-n, int(d.cfg.BatchBytes))
		if err != nil {
			return ctx.Err() == nil // who reads them next says why
		}
		if n, size = n+len(more), size+sizeOf(more); len(more) > 0 {
			last = more[len(more)-1].Seq
		}
	}
	return true
}

// full reports whether so many rows of so many bytes need not wait for more.
func (d *drainer) full(rows, size int) bool {
	return rows >= d.most() || size >= int(d.cfg.BatchBytes)/2
}

func sizeOf(rows []backlog.Row) (size int) {
	for _, r := range rows {
		size += len(r.Payload)
	}
	return size
}

// ripens says how long the rows may still wait for others to join them.
func (d *drainer) ripens(rows []backlog.Row) time.Duration {
	if len(rows) == 0 || d.stream == backlog.Picture || d.full(len(rows), sizeOf(rows)) || d.resume.begun(d.stream, d.backlog.State().Epoch, rows) {
		return 0
	}
	age := d.now().Sub(rows[0].CreatedAt)
	if age < 0 { // the clock was set back
		return 0
	}
	return d.cfg.Interval - age
}

// deliver sends the batch. What the server refuses is split in half until the bad event is alone, and that
// one is set aside; the others go through.
func (d *drainer) deliver(ctx context.Context, b batch) {
	for parts := []batch{b}; len(parts) > 0; {
		part := parts[0]
		result, err := d.send(ctx, part)
		switch {
		case result == stopped:
			return
		case result == delivered:
			parts = parts[1:]
			d.rejectedInARow = 0
		case result == lost:
			if !d.giveUp(ctx, part, err) {
				return
			}
			parts = parts[1:]
		case len(part.rows) > 1:
			half := len(part.rows) / 2
			left, right := part, part
			left.rows, right.rows, right.dropped = part.rows[:half], part.rows[half:], nil
			parts = append([]batch{left, right}, parts[1:]...)
		default:
			if !d.setAside(ctx, part, err) {
				return
			}
			parts = parts[1:]
		}
	}
}

// send sends a part until the server has said what it thinks of it, however long that takes.
func (d *drainer) send(ctx context.Context, b batch) (outcome, error) {
	for {
		wait, err := d.post(ctx, b)
		switch {
		case err == nil:
			d.link.up(ctx, d.line)
			return delivered, d.settle(ctx, b)
		case ctx.Err() != nil:
			return stopped, ctx.Err()
		case rejects(err) && len(b.dropped) > 0:
			// It must not be the report of what is lost that loses more.
			d.log.ErrorContext(ctx, "agent-api refuses the report of dropped ranges", "stream", d.stream, "error", err)
			d.mute = d.now().Add(time.Hour)
			if b.dropped = nil; len(b.rows) == 0 {
				return delivered, nil
			}
			continue
		case errors.Is(err, backlog.ErrLost):
			return lost, err
		case rejects(err):
			d.link.up(ctx, d.line)
			if unwanted(err) && b.pictured() {
				return lost, err
			}
			return rejected, err
		}
		tries := d.link.down(ctx, d.line, err)
		d.metrics.items.WithLabelValues("retried").Add(float64(len(b.rows)))
		if tries <= maxRetries && len(b.rows) > 0 { // later tries are probes
			if err := d.backlog.Failed(ctx, d.stream, b.first(), b.last()); err != nil {
				d.log.WarnContext(ctx, "a try could not be counted", "stream", d.stream, "error", err)
			}
		}
		if !sleep(ctx, max(spread(delay(tries-1)), wait)) {
			return stopped, ctx.Err()
		}
	}
}

// rejects reports whether the server can never take what it was sent.
func rejects(err error) bool {
	var r *refusal
	if !errors.As(err, &r) {
		return false
	}
	return r.status == http.StatusBadRequest || r.status == http.StatusRequestEntityTooLarge || r.status == http.StatusUnprocessableEntity
}

// post sends the part once. The wait is the one that the server asks for.
func (d *drainer) post(ctx context.Context, b batch) (wait time.Duration, err error) {
	if b.pictured() {
		return d.postPicture(ctx, b)
	}
	ctx, end := trace.Start(ctx, "deliver batch", b.traces()...)
	defer end(&err)
	self := d.card()
	body, err := b.encode(self.GatewayID, d.now())
	if err != nil {
		return 0, err
	}
	if body, err = d.packer.pack(body); err != nil {
		return 0, fmt.Errorf("compress batch: %w", err)
	}
	token := b.token(self.GatewayID)
	d.resume.note(b)
	a, err := d.client.do(ctx, request{
		method: http.MethodPost, path: ingest, key: self.APIKey, body: body, encoding: d.packer.encoding, token: token,
	})
	if err != nil {
		return 0, err
	}
	if a.status/100 != 2 {
		return a.retryAfter, said(a)
	}
	return a.retryAfter, d.accepted(a, b, token)
}

// accepted believes a 2xx only if agent-api says it: a hotel's sign-in page is also a 200.
func (d *drainer) accepted(a answer, b batch, token string) error {
	got, err := decode[struct {
		Success           bool `json:"success"`
		DuplicateDetected bool `json:"duplicateDetected"`
	}](a)
	if err != nil {
		return err
	}
	if echo := a.header.Get("X-Idempotency-Token"); !got.Success || echo != "" && echo != token {
		return fmt.Errorf("the answer %d does not confirm the batch", a.status)
	}
	result := "delivered"
	if got.DuplicateDetected {
		result = "duplicate"
	}
	d.metrics.items.WithLabelValues(result).Add(float64(len(b.rows)))
	return nil
}

// settle tells the buffer what the server has. Where that fails the rows are sent again later, under the same token.
func (d *drainer) settle(ctx context.Context, b batch) error {
	var err error
	if len(b.rows) > 0 {
		err = d.backlog.Settle(ctx, d.stream, b.first(), b.last())
	}
	if err == nil && len(b.dropped) > 0 {
		err = d.backlog.Reported(ctx, d.stream, b.dropped)
	}
	if err != nil && ctx.Err() == nil {
		d.log.ErrorContext(ctx, "the buffer could not note a delivery", "stream", d.stream, "error", err)
		sleep(ctx, spread(maxDelay))
	}
	return err
}

// maxRejected is how many events in a row may be set aside. More than that is no accident of the events':
// something between here and there refuses everything, and is asked again later.
const maxRejected = 100

// setAside takes the one event that the server refuses out of delivery. It reports whether to go on.
func (d *drainer) setAside(ctx context.Context, b batch, cause error) bool {
	if d.rejectedInARow++; d.rejectedInARow > maxRejected {
		if d.rejectedInARow == maxRejected+1 {
			d.log.ErrorContext(ctx, "agent-api refuses every event; no more are set aside", "stream", d.stream, "error", cause)
			d.link.raise(ctx, d.line, maxRetries+1, cause)
		}
		sleep(ctx, spread(maxDelay))
		return false
	}
	row := b.rows[0]
	d.log.ErrorContext(ctx, "agent-api refuses an event; it is set aside", "stream", d.stream, "seq", row.Seq, "type", row.Type, "error", cause)
	if err := d.backlog.SetAside(ctx, d.stream, row.Seq, cause.Error()); err != nil {
		d.log.ErrorContext(ctx, "the event could not be set aside", "stream", d.stream, "seq", row.Seq, "error", err)
		sleep(ctx, spread(maxDelay))
		return false
	}
	d.metrics.items.WithLabelValues("set_aside").Inc()
	return true
}

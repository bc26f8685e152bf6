package uplink

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"sync"
	"time"

	"github.com/staff-control/staff-control/modules/buffer/backlog"
	"github.com/staff-control/staff-control/platform/trace"
)

// ingestPictures is where the stream of pictures goes, one by one. What it dropped is told like that of others.
const ingestPictures = "/v2/ingest/screenshots"

// pictured reports whether the batch is a picture, rather than a report of what was dropped.
func (b batch) pictured() bool { return b.stream == backlog.Picture && len(b.rows) > 0 }

// deliverEach delivers several pictures at one time, each by itself, and returns when all are done with.
func (d *drainer) deliverEach(ctx context.Context, b batch) {
	var all sync.WaitGroup
	for i, mate := range d.mates[:len(b.rows)] {
		one := b
		one.rows = b.rows[i : i+1]
		all.Go(func() { mate.deliver(ctx, one) })
	}
	all.Wait()
}

// slowest is the least that a line is taken to carry, in bytes a second: a picture has that much more time.
const slowest = 32 << 10

// postPicture sends the one picture of the batch once, from the disk.
func (d *drainer) postPicture(ctx context.Context, b batch) (wait time.Duration, err error) {
	ctx, end := trace.Start(ctx, "deliver picture", b.traces()...)
	defer end(&err)
	p, err := d.backlog.Picture(ctx, b.first())
	if err != nil {
		return 0, err
	}
	defer p.Close()
	self := d.card()
	form, err := newForm(b, self.GatewayID, p, d.now())
	if err != nil {
		return 0, fmt.Errorf("encode picture: %w", err)
	}
	token := b.token(self.GatewayID)
	a, err := d.client.do(ctx, request{
		method: http.MethodPost, path: ingestPictures, key: self.APIKey, token: token, form: form,
		longer: time.Duration(p.Size/slowest) * time.Second,
	})
	if err != nil {
		return 0, err
	}
	if a.status/100 != 2 {
		return a.retryAfter, said(a)
	}
	return a.retryAfter, d.accepted(a, b, token)
}

// form is a picture with what is known of it, as multipart/form-data. The file stays on the disk.
type form struct {
	contentType string
	head, tail  []byte
	file        backlog.Spooled
}

func newForm(b batch, gatewayID string, p backlog.Spooled, now time.Time) (*form, error) {
	metadata, err := b.metadata(gatewayID, now)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	w := multipart.NewWriter(&text)
	part, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="metadata"`}, "Content-Type": {"application/json"},
	})
	if err == nil {
		_, err = part.Write(metadata)
	}
	if err == nil {
		_, err = w.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {multipart.FileContentDisposition("file", p.Name)}, "Content-Type": {p.ContentType},
		})
	}
	head := bytes.Clone(text.Bytes())
	text.Reset()
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, err
	}
	return &form{contentType: w.FormDataContentType(), head: head, tail: text.Bytes(), file: p}, nil
}

// metadata is the head of a batch and its one event, in one object.
func (b batch) metadata(gatewayID string, now time.Time) ([]byte, error) {
	h, err := json.Marshal(b.head(gatewayID, now))
	if err != nil {
		return nil, err
	}
	item := appendItem(nil, b.rows[0])
	return append(append(h[:len(h)-1], ','), item[1:]...), nil
}

func (f *form) size() int64 { return int64(len(f.head)) + f.file.Size + int64(len(f.tail)) }

// open returns the body from its beginning.
func (f *form) open() (io.ReadCloser, error) {
	return io.NopCloser(io.MultiReader(bytes.NewReader(f.head), io.NewSectionReader(f.file, 0, f.file.Size), bytes.NewReader(f.tail))), nil
}

// switchedOff is what agent-api says of a picture that nobody may keep: that goes here as well.
const switchedOff = "screenshots.switched_off"

// unwanted reports whether the server refuses to keep a thing, rather than cannot.
func unwanted(err error) bool {
	var r *refusal
	return errors.As(err, &r) && r.code == switchedOff
}

// giveUp drops a picture that is lost, or that nobody may keep. It reports whether to go on.
func (d *drainer) giveUp(ctx context.Context, b batch, cause error) bool {
	reason, outcome := backlog.ReasonRefused, "refused"
	if errors.Is(cause, backlog.ErrLost) {
		reason, outcome = backlog.ReasonFileLost, "lost"
	}
	d.log.WarnContext(ctx, "a picture is given up", "seq", b.first(), "reason", reason, "error", cause)
	if err := d.backlog.Drop(ctx, b.stream, b.first(), reason); err != nil {
		d.log.ErrorContext(ctx, "the picture could not be given up", "seq", b.first(), "error", err)
		sleep(ctx, spread(maxDelay))
		return false
	}
	d.metrics.items.WithLabelValues(outcome).Inc()
	return true
}

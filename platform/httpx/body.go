package httpx

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/labstack/echo/v5"
)

const (
	// maxWindow is how much history a zstd stream may ask the reader to keep; RFC 9659 has 8 MiB for HTTP.
	maxWindow = 8 << 20
	// frameRoom is what compression may add to a body that does not compress.
	frameRoom = 64 << 10
)

// body is a request's body as handlers read it: decompressed, bounded in size and in time.
// Its errors are faults, and stay.
type body struct {
	wire    wire
	pool    *inflaters
	coding  string
	length  int64 // as declared; -1 if it was not
	limit   int64
	plain   io.Reader
	giveUp  func() // returns a decoder to its pool
	count   int64
	failure error
}

// bound puts limits around the request's body before anybody reads it. The deadline holds for the body that
// nobody reads as well: net/http reads that itself, to keep the connection. A request that came by no connection
// has no deadlines, which is why their errors do not matter.
func (s *Server) bound(c *echo.Context, rt *route) (b *body, release func()) {
	r := c.Request()
	control := http.NewResponseController(c.Response())
	if rt.handler.in == nil {
		_ = control.SetWriteDeadline(time.Time{}) // Raw routes stream for as long as they want
	}
	b = &body{
		wire: wire{src: r.Body, room: rt.bodyLimit + frameRoom}, pool: &s.inflaters,
		coding: strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))),
		length: r.ContentLength, limit: rt.bodyLimit,
	}
	if rt.handler.rpc {
		b.limit += frameRoom // the messages' heads; connect holds each message to the limit
	}
	if r.Body == nil || r.Body == http.NoBody {
		return b, b.release
	}
	if rt.handler.endless {
		return b, s.messagesOf(c, rt)
	}
	_ = control.SetReadDeadline(s.clock().Add(rt.bodyTimeout))
	b.wire.done = func() { _ = control.SetReadDeadline(time.Time{}) }
	r.Body = b
	return b, b.release
}

// admit refuses what the headers say already: a body too large, or an encoding that is not known.
func (b *body) admit() error {
	switch b.coding {
	case "", "identity", "gzip", "x-gzip", "zstd":
	default:
		return errEncoding
	}
	if b.length > b.limit {
		return errTooLarge
	}
	return nil
}

// Read reads decompressed bytes.
func (b *body) Read(p []byte) (int, error) {
	if b.failure != nil {
		return 0, b.failure
	}
	if b.plain == nil {
		if err := b.open(); err != nil {
			return 0, b.fail(err)
		}
	}
	n, err := b.plain.Read(p)
	b.count += int64(n)
	if b.count > b.limit {
		return 0, b.fail(errTooLarge)
	}
	if err != nil {
		err = b.fail(err)
	}
	return n, err
}

// fail makes a fault of a reader's error. What the wire said comes before what a decoder made of it.
func (b *body) fail(err error) error {
	switch {
	case errors.Is(err, errTooLarge):
		b.failure = errTooLarge
	case b.wire.failure != nil:
		b.failure = b.wire.failure
	case errors.Is(err, io.EOF):
		b.failure = io.EOF
	default:
		b.failure = errMalformed.Wrap(err)
	}
	return b.failure
}

func (b *body) open() error {
	switch b.coding {
	case "gzip", "x-gzip":
		z, err := b.pool.gzip(&b.wire)
		if err != nil {
			return err
		}
		b.plain, b.giveUp = z, func() { b.pool.gzips.Put(z) }
	case "zstd":
		z, err := b.pool.zstd(&b.wire)
		if err != nil {
			return err
		}
		b.plain, b.giveUp = z, func() { _ = z.Reset(nil); b.pool.zstds.Put(z) }
	default:
		b.plain = &b.wire
	}
	return nil
}

// Close closes the connection's body.
func (b *body) Close() error { return b.wire.src.Close() }

// release returns the decoder; the body cannot be read afterwards.
func (b *body) release() {
	if b.failure == nil {
		b.failure = http.ErrBodyReadAfterClose
	}
	if b.giveUp != nil {
		b.giveUp()
		b.giveUp = nil
	}
}

// wire reads the bytes of the connection. It counts them too, because a compressed stream may consist
// of frames that hold nothing.
type wire struct {
	src      io.ReadCloser
	room     int64
	done     func()
	failure  error
	received *bytes.Reader // the rest of the body, if Receive was called
}

func (w *wire) Read(p []byte) (int, error) {
	if w.received != nil {
		return w.received.Read(p)
	}
	n, err := w.src.Read(p)
	w.room -= int64(n)
	switch {
	case w.room < 0:
		err = errTooLarge
	case errors.Is(err, io.EOF):
		w.done()
		return n, err
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = errTimeout
	case err != nil:
		err = errMalformed.Wrap(err)
	}
	w.failure = err
	return n, err
}

// inflaters keeps decoders for the next request: a zstd decoder costs more to make than a batch to decode.
type inflaters struct{ gzips, zstds sync.Pool }

func (i *inflaters) gzip(r io.Reader) (*gzip.Reader, error) {
	z, ok := i.gzips.Get().(*gzip.Reader)
	if !ok {
		return gzip.NewReader(r)
	}
	if err := z.Reset(r); err != nil {
		i.gzips.Put(z)
		return nil, err
	}
	return z, nil
}

func (i *inflaters) zstd(r io.Reader) (*zstd.Decoder, error) {
	z, ok := i.zstds.Get().(*zstd.Decoder)
	if !ok {
		return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	}
	if err := z.Reset(r); err != nil {
		i.zstds.Put(z)
		return nil, err
	}
	return z, nil
}

// Receive takes the whole body of ctx's request from its connection, as it came and within the route's limit, so that
// what decompresses it later does not wait for the client. For Raw routes; its errors are faults.
func Receive(ctx context.Context) error {
	b, ok := Request(ctx).Body.(*body)
	if !ok || b.plain != nil || b.failure != nil {
		return nil // Read says what is wrong
	}
	raw, err := readAll(&b.wire, make([]byte, 0, min(max(b.length, 511), b.limit+frameRoom)+1))
	if err != nil {
		return b.fail(err)
	}
	b.wire.received = bytes.NewReader(raw)
	return nil
}

// ReadBody reads the whole body of ctx's request, decompressed and within the route's limit. For Raw routes;
// its errors are faults.
func ReadBody(ctx context.Context) ([]byte, error) {
	r := Request(ctx)
	if r.Body == nil {
		return nil, nil
	}
	size := int64(512)
	if b, ok := r.Body.(*body); ok && b.length > 0 {
		size = min(b.length, b.limit) + 1 // room to see the end without growing
	}
	return readAll(r.Body, make([]byte, 0, size))
}

func readAll(r io.Reader, buf []byte) ([]byte, error) {
	for {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if errors.Is(err, io.EOF) {
			return buf, nil
		}
		if err != nil {
			return nil, err
		}
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
	}
}

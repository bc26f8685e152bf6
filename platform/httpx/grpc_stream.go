package httpx

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/labstack/echo/v5"
)

// quietStream is how long a stream without an end may bring nothing.
const quietStream = 5 * time.Minute

// messages is the body of a stream without an end: messages, each after five bytes that say how long it is. One that
// has begun must end in time; between two the stream may be quiet for long, and there it is cut when the server stops.
// It has no limit of its own: each message has one.
type messages struct {
	src     io.ReadCloser
	set     func(deadline time.Time)
	clock   func() time.Time
	message time.Duration
	limit   int64
	head    []byte // of the message that comes
	left    int64  // bytes of it still to come, after its head

	mu      sync.Mutex
	between bool
	stopped bool // the server stops
	ended   bool // the call has
}

// messagesOf puts the bounds around the request's body. The caller calls release.
func (s *Server) messagesOf(c *echo.Context, rt *route) (release func()) {
	r, control := c.Request(), http.NewResponseController(c.Response())
	m := &messages{
		src: r.Body, clock: s.clock, message: rt.bodyTimeout, limit: rt.bodyLimit, between: true,
		set: func(t time.Time) { _ = control.SetReadDeadline(t) },
	}
	m.set(s.clock().Add(rt.bodyTimeout)) // the first must come at once
	r.Body = m
	forget := func() bool { return true }
	if stop, ok := r.Context().Value(stopKey{}).(context.Context); ok {
		forget = context.AfterFunc(stop, m.stop)
	}
	return func() {
		forget()
		m.mu.Lock()
		m.ended = true
		m.mu.Unlock()
	}
}

// stop ends the stream where it waits for a message.
func (m *messages) stop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stopped = true
	if m.between && !m.ended { // the connection's ways are no more after the call
		m.set(m.clock())
	}
}

// Read reads no further than the end of the head or of the message, so that it knows where it is.
func (m *messages) Read(p []byte) (int, error) {
	switch {
	case m.left > m.limit:
		return 0, errTooLarge
	case m.left > 0:
		p = p[:min(int64(len(p)), m.left)]
	default:
		p = p[:min(len(p), headSize-len(m.head))]
	}
	n, err := m.src.Read(p)
	switch {
	case err != nil && m.isStopped():
		err = errStopping
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = errTimeout
	}
	m.move(p[:n])
	return n, err
}

const headSize = 5

// move takes note of what was read, and sets the time that the next may take.
func (m *messages) move(read []byte) {
	if len(read) == 0 {
		return
	}
	began := m.left == 0 && len(m.head) == 0
	if m.left > 0 {
		m.left -= int64(len(read))
	} else if m.head = append(m.head, read...); len(m.head) == headSize {
		m.left = int64(binary.BigEndian.Uint32(m.head[1:]))
	}
	ended := m.left == 0 && len(m.head) == headSize
	m.mu.Lock()
	defer m.mu.Unlock()
	m.between = ended
	switch {
	case ended:
		m.head = m.head[:0]
		m.set(m.clock().Add(quietStream))
		if m.stopped {
			m.set(m.clock())
		}
	case began:
		m.set(m.clock().Add(m.message))
	}
}

func (m *messages) isStopped() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.stopped && m.between
}

// Close closes the connection's body.
func (m *messages) Close() error { return m.src.Close() }

// patientWriter gives the client some time for each answer of a stream, and none for the stream as a whole.
type patientWriter struct {
	http.ResponseWriter
	control *http.ResponseController
	server  *Server
}

// Write has the next bytes go in time.
func (w *patientWriter) Write(p []byte) (int, error) {
	w.hurry()
	return w.ResponseWriter.Write(p)
}

// Flush sends what was written. After that nothing is due.
func (w *patientWriter) Flush() {
	w.hurry()
	_ = w.control.Flush()
	_ = w.control.SetWriteDeadline(time.Time{})
}

// Unwrap is for http.ResponseController.
func (w *patientWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *patientWriter) hurry() {
	_ = w.control.SetWriteDeadline(w.server.clock().Add(w.server.opts.BodyTimeout))
}

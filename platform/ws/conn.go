// Package ws carries text messages over WebSockets, both halves: bounded in size and in time, not compressed, and with
// no goroutine of its own for a connection that is idle.
package ws

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

// Code says why a connection was closed.
type Code int

// Codes of RFC 6455. Those from 4000 on are the applications' own.
const (
	Normal      Code = Code(websocket.StatusNormalClosure)
	GoingAway   Code = Code(websocket.StatusGoingAway)
	Unsupported Code = Code(websocket.StatusUnsupportedData)
	Policy      Code = Code(websocket.StatusPolicyViolation)
	TooBig      Code = Code(websocket.StatusMessageTooBig)
	Internal    Code = Code(websocket.StatusInternalError)
	TryAgain    Code = Code(websocket.StatusTryAgainLater)
)

const (
	// defaultLimit is the largest message that is read, in bytes, where nothing else was said.
	defaultLimit = 1 << 20
	// writePatience is how long the other side may take to make room for one message.
	writePatience = 10 * time.Second
	// maxReason is what fits into a close frame.
	maxReason = 123
)

var (
	// ErrNotText is returned for a binary message. The connection is closed with Unsupported.
	ErrNotText = errors.New("ws: a binary message")
	// ErrTooBig is returned for a message over the limit. The connection is closed with TooBig.
	ErrTooBig = errors.New("ws: a message over the limit")
)

// Conn is one connection. Read is for one caller at a time; all else is for any number at once. Somebody must read, or
// neither pings nor the other side's farewell are seen.
type Conn struct {
	conn  *websocket.Conn
	heard atomic.Uint64
}

// Read returns the next message. When ctx ends the connection is closed. A message over the limit closes it with TooBig.
func (c *Conn) Read(ctx context.Context) ([]byte, error) {
	kind, message, err := c.read(ctx)
	switch {
	case errors.Is(err, websocket.ErrMessageTooBig):
		c.Close(TooBig, "the message is too large")
		return nil, fmt.Errorf("%w: %w", ErrTooBig, err)
	case err != nil:
		return nil, err
	case kind != websocket.MessageText:
		c.Close(Unsupported, "binary messages are not understood")
		return nil, ErrNotText
	}
	return message, nil
}

func (c *Conn) read(ctx context.Context) (websocket.MessageType, []byte, error) {
	kind, parts, err := c.conn.Reader(ctx)
	if err != nil {
		return 0, nil, err
	}
	message, err := io.ReadAll(overheard{parts, c})
	return kind, message, err
}

// overheard notes each part of a message, which may be long on its way.
type overheard struct {
	parts io.Reader
	conn  *Conn
}

func (o overheard) Read(p []byte) (int, error) {
	n, err := o.parts.Read(p)
	o.conn.heard.Add(1)
	return n, err
}

// Heard counts the signs of life of the other side that somebody has read: pings, answers to pings, and parts of messages.
// While it grows the other side is there, whether it answers pings in time or not.
func (c *Conn) Heard() uint64 { return c.heard.Load() }

func (c *Conn) pinged(context.Context, []byte) bool {
	c.heard.Add(1)
	return true // it is answered
}

func (c *Conn) ponged(context.Context, []byte) { c.heard.Add(1) }

// Write sends a message. The other side has ten seconds to make room for it, or the connection is closed.
func (c *Conn) Write(ctx context.Context, message []byte) error {
	ctx, cancel := context.WithTimeout(ctx, writePatience)
	defer cancel()
	return c.conn.Write(ctx, websocket.MessageText, message)
}

// Ping sends a ping and waits for its answer, which somebody who reads lets through. The connection stays open when none
// comes before ctx ends.
func (c *Conn) Ping(ctx context.Context) error { return c.conn.Ping(ctx) }

// Close says why, waits some seconds for the other side to say goodbye, and ends the connection.
func (c *Conn) Close(code Code, reason string) {
	reason = strings.ToValidUTF8(reason[:min(len(reason), maxReason)], "")
	_ = c.conn.Close(websocket.StatusCode(code), reason) // the other side may be gone already: that is an end, too
}

// CloseNow ends the connection without a word.
func (c *Conn) CloseNow() { _ = c.conn.CloseNow() }

// Subprotocol is the one that both sides agreed on; empty if there is none.
func (c *Conn) Subprotocol() string { return c.conn.Subprotocol() }

// Closed returns the code and the reason with which the other side closed the connection, out of an error of Read or
// Write. Where it said nothing, as when the line was cut, the code is 0.
func Closed(err error) (code Code, reason string) {
	var said websocket.CloseError
	if errors.As(err, &said) {
		return Code(said.Code), said.Reason
	}
	return 0, ""
}

// DialOptions are how a client reaches its server.
type DialOptions struct {
	// Client makes the first request; its proxy, TLS and transport are used. It must speak HTTP/1.1.
	Client *http.Client
	Header http.Header
	// Subprotocol is what the client wants to speak; empty is nothing in particular.
	Subprotocol string
	// Limit is the largest message that is read, in bytes; 1 MiB if 0.
	Limit int64
}

// RefusedError is the answer of a server that does not want the connection.
type RefusedError struct {
	Status int
	Header http.Header
	// Body is the beginning of what it said.
	Body []byte
}

// Error names the status.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("ws: refused with %d %s", e.Status, http.StatusText(e.Status))
}

// Dial connects to the address, of http(s) or ws(s). ctx bounds the connecting only. It returns a *RefusedError where
// the server answers without a socket.
func Dial(ctx context.Context, url string, o DialOptions) (*Conn, error) {
	c := &Conn{}
	options := &websocket.DialOptions{
		HTTPClient: o.Client, HTTPHeader: o.Header, CompressionMode: websocket.CompressionDisabled,
		OnPingReceived: c.pinged, OnPongReceived: c.ponged,
	}
	if o.Subprotocol != "" {
		options.Subprotocols = []string{o.Subprotocol}
	}
	conn, response, err := websocket.Dial(ctx, url, options)
	if err != nil {
		if response != nil && response.StatusCode != http.StatusSwitchingProtocols {
			return nil, refused(response)
		}
		return nil, err
	}
	return c.over(conn, o.Limit), nil
}

func refused(r *http.Response) error {
	e := &RefusedError{Status: r.StatusCode, Header: r.Header}
	if r.Body != nil {
		e.Body, _ = io.ReadAll(io.LimitReader(r.Body, 4<<10))
		r.Body.Close()
	}
	return e
}

// Asked reports whether the request asks for a socket.
func Asked(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.EqualFold(strings.TrimSpace(r.Header.Get("Upgrade")), "websocket")
}

// AcceptOptions are how a server takes connections.
type AcceptOptions struct {
	// Subprotocol is agreed on with clients that want it.
	Subprotocol string
	// Limit is the largest message that is read, in bytes; 1 MiB if 0.
	Limit int64
}

// Accept makes a connection of a request, which it has answered when it fails. The connection outlives the handler.
func Accept(w http.ResponseWriter, r *http.Request, o AcceptOptions) (*Conn, error) {
	c := &Conn{}
	options := &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled, OnPingReceived: c.pinged, OnPongReceived: c.ponged}
	if o.Subprotocol != "" {
		options.Subprotocols = []string{o.Subprotocol}
	}
	conn, err := websocket.Accept(w, r, options)
	if err != nil {
		return nil, err
	}
	return c.over(conn, o.Limit), nil
}

func (c *Conn) over(conn *websocket.Conn, limit int64) *Conn {
	if limit == 0 {
		limit = defaultLimit
	}
	conn.SetReadLimit(limit)
	c.conn = conn
	return c
}

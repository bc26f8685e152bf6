package httpx

import (
	"context"
	"errors"
	"io"
	"net/http"

	"connectrpc.com/connect"
	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/platform/fault"
)

// Unary makes a handler of a gRPC procedure of one message each way. It is added by POST, its path is the procedure's:
// /package.Service/Method. The route's limit is that of a message, and what goes around it (permission, log, metric,
// faults) is that of any route. In and Out are messages of protobuf.
func Unary[In, Out any](fn func(context.Context, *In) (*Out, error)) Handler {
	return procedure(false, func(ctx context.Context, s *connect.BidiStream[In, Out]) error {
		in, err := only(s)
		if err != nil {
			return err
		}
		out, err := fn(ctx, in)
		if err != nil {
			return err
		}
		return s.Send(out)
	})
}

// ServerStream is Unary for a procedure that answers as often as it likes. It returns when it wants to end, or soon
// after Stopping.
func ServerStream[In, Out any](fn func(ctx context.Context, in *In, send func(*Out) error) error) Handler {
	return procedure(false, func(ctx context.Context, s *connect.BidiStream[In, Out]) error {
		in, err := only(s)
		if err != nil {
			return err
		}
		return fn(ctx, in, s.Send)
	})
}

// ClientStream is Unary for a procedure that takes many messages; receive returns io.EOF after the last. Their sum is
// bounded by the route's limit, and the time of all by its BodyTimeout.
func ClientStream[In, Out any](fn func(ctx context.Context, receive func() (*In, error)) (*Out, error)) Handler {
	return procedure(false, func(ctx context.Context, s *connect.BidiStream[In, Out]) error {
		out, err := fn(ctx, receiver(s))
		if err != nil {
			return err
		}
		return s.Send(out)
	})
}

// BidiStream is Unary for a procedure with messages both ways, for as long as its client wants: only each message is
// bounded, in size and in time, and each is let in like a request of its own. receive returns io.EOF after the last, and
// a fault when the server stops.
func BidiStream[In, Out any](fn func(ctx context.Context, receive func() (*In, error), send func(*Out) error) error) Handler {
	return procedure(true, func(ctx context.Context, s *connect.BidiStream[In, Out]) error {
		next, first := receiver(s), true
		return fn(ctx, func() (*In, error) {
			in, err := next()
			if err == nil && !first {
				err = Recheck(ctx)
			}
			first = false
			return in, err
		}, s.Send)
	})
}

// Each calls fn for each message of a stream until its end.
func Each[In any](receive func() (*In, error), fn func(*In) error) error {
	for {
		in, err := receive()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := fn(in); err != nil {
			return err
		}
	}
}

// receiver returns the stream's messages, io.EOF after the last, and faults.
func receiver[In, Out any](s *connect.BidiStream[In, Out]) func() (*In, error) {
	return func() (*In, error) {
		in, err := s.Receive()
		switch {
		case err == nil:
			return in, nil
		case errors.Is(err, io.EOF):
			return nil, io.EOF
		}
		return nil, rpcFault(err)
	}
}

// Stopping is closed when the server begins to stop: who waits for something on behalf of ctx's request should answer
// then. It is nil, and so never closed, for a request that came by no connection.
func Stopping(ctx context.Context) <-chan struct{} {
	if stop, ok := ctx.Value(stopKey{}).(context.Context); ok {
		return stop.Done()
	}
	return nil
}

type stopKey struct{}

// procedure makes a handler of connect's widest kind: on the wire all four are the same, and so every error passes
// through our hands.
func procedure[In, Out any](endless bool, fn func(context.Context, *connect.BidiStream[In, Out]) error) Handler {
	return Handler{rpc: true, endless: endless, build: func(rt *route) func(*echo.Context, *route) error {
		h := connect.NewBidiStreamHandler(rt.Path, func(ctx context.Context, s *connect.BidiStream[In, Out]) error {
			if err := fn(ctx, s); err != nil {
				return rt.server.refuseRPC(ctx, err)
			}
			return nil
		}, connect.WithReadMaxBytes(int(rt.bodyLimit)), connect.WithCompressMinBytes(compressFrom))
		return func(c *echo.Context, _ *route) error {
			if !isRPC(c.Request()) {
				return c.NoContent(http.StatusUnsupportedMediaType)
			}
			w := &patientWriter{ResponseWriter: c.Response(), control: http.NewResponseController(c.Response()), server: rt.server}
			h.ServeHTTP(w, c.Request())
			w.hurry() // what is left to send: the trailers
			return nil
		}
	}}
}

// compressFrom is the size of answers from which they are compressed, for clients that take that.
const compressFrom = 1 << 10

// only receives the one message of a call.
func only[In, Out any](s *connect.BidiStream[In, Out]) (*In, error) {
	in, err := s.Receive()
	if errors.Is(err, io.EOF) {
		return nil, errMalformed.Wrap(err)
	}
	if err != nil {
		return nil, err
	}
	if _, err = s.Receive(); err == nil {
		return nil, errMalformed
	}
	if !errors.Is(err, io.EOF) {
		return nil, err
	}
	return in, nil
}

// rpcFault is the fault that an error of a call means. What connect itself found wrong it says by a code.
func rpcFault(err error) *fault.Error {
	var f *fault.Error
	var c *connect.Error
	if errors.As(err, &f) || !errors.As(err, &c) {
		return faultOf(err)
	}
	switch c.Code() {
	case connect.CodeResourceExhausted:
		return errTooLarge.Wrap(err)
	case connect.CodeDeadlineExceeded:
		return errTimeout.Wrap(err)
	case connect.CodeCanceled:
		return fault.ErrCancelled.Wrap(err)
	case connect.CodeUnimplemented:
		return errEncoding.Wrap(err)
	}
	return errMalformed.Wrap(err)
}

package httpx

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"connectrpc.com/connect"
	"github.com/labstack/echo/v5"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/staff-control/staff-control/platform/fault"
)

// domain is whose the codes are that ErrorInfo names as reasons.
const domain = "staff-control"

// codes are the kinds of faults as gRPC knows them.
var codes = map[fault.Kind]connect.Code{
	fault.Malformed:       connect.CodeInvalidArgument,
	fault.Invalid:         connect.CodeInvalidArgument,
	fault.Unprocessable:   connect.CodeInvalidArgument,
	fault.Unauthenticated: connect.CodeUnauthenticated,
	fault.Forbidden:       connect.CodePermissionDenied,
	fault.NotFound:        connect.CodeNotFound,
	fault.Gone:            connect.CodeNotFound,
	fault.Conflict:        connect.CodeFailedPrecondition,
	fault.TooLarge:        connect.CodeResourceExhausted,
	fault.TooMany:         connect.CodeResourceExhausted,
	fault.Unavailable:     connect.CodeUnavailable,
	fault.Internal:        connect.CodeInternal,
}

func codeOf(f *fault.Error) connect.Code {
	if f.Is(errTimeout) {
		return connect.CodeDeadlineExceeded
	}
	if code, known := codes[f.Kind]; known {
		return code
	}
	return connect.CodeInternal
}

// refuseRPC is refuse for an error of a call whose handler has begun.
func (s *Server) refuseRPC(ctx context.Context, err error) error {
	cl, f := callOf(ctx), rpcFault(err)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) && f.Is(fault.ErrCancelled) {
		f = errTimeout.Wrap(err) // the client has said how long it waits
	}
	m := meaningOf(f)
	if clientGone(ctx, f) {
		m = meaning{statusClientGone, "CLIENT_GONE"}
	}
	cl.status = m.status
	s.report(ctx, cl, f, m.status)
	return s.rpcError(cl.request, cl, f, m)
}

// speaksRPC reports whether the call is of a procedure, by a client that reads gRPC's errors.
func speaksRPC(c *echo.Context, cl *call) bool {
	return cl.route != nil && cl.route.handler.rpc && isRPC(c.Request())
}

// isRPC reports whether a request is gRPC, and not one of the protocols for browsers.
func isRPC(r *http.Request) bool {
	kind := r.Header.Get("Content-Type")
	return kind == "application/grpc" || strings.HasPrefix(kind, "application/grpc+") || strings.HasPrefix(kind, "application/grpc;")
}

// writeRPC is write for a call that was refused before its handler began.
func (s *Server) writeRPC(c *echo.Context, cl *call, f *fault.Error, m meaning) {
	cl.status = m.status
	_ = connect.NewErrorWriter().Write(c.Response(), c.Request(), s.rpcError(c.Request(), cl, f, m))
}

// rpcError says a fault as gRPC does: a code, the text, and as details the fault's own code, its fields and when to
// come back.
func (s *Server) rpcError(r *http.Request, cl *call, f *fault.Error, m meaning) *connect.Error {
	said := s.translate(r, cl, f, m)
	e := connect.NewError(codeOf(f), errors.New(said.message))
	attach(e, &errdetails.ErrorInfo{Reason: f.Code, Domain: domain, Metadata: map[string]string{"traceId": cl.traceID}})
	if len(said.details) > 0 {
		fields := &errdetails.BadRequest{}
		for _, d := range said.details {
			fields.FieldViolations = append(fields.FieldViolations, &errdetails.BadRequest_FieldViolation{Field: d.Field, Description: d.Message, Reason: d.Code})
		}
		attach(e, fields)
	}
	if f.RetryAfter > 0 {
		attach(e, &errdetails.RetryInfo{RetryDelay: durationpb.New(f.RetryAfter)})
	}
	return e
}

// attach leaves out a detail that cannot be written: the code says enough.
func attach(e *connect.Error, m proto.Message) {
	if d, err := connect.NewErrorDetail(m); err == nil {
		e.AddDetail(d)
	}
}

package httpx

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/log"
)

var (
	errMalformed       = fault.New(fault.Malformed, "malformed")
	errEncoding        = fault.New(fault.Malformed, "encoding_unknown")
	errTimeout         = fault.New(fault.Unavailable, "timeout")
	errTooLarge        = fault.New(fault.TooLarge, "too_large")
	errUnauthenticated = fault.New(fault.Unauthenticated, "unauthenticated")
	errForbidden       = fault.New(fault.Forbidden, "forbidden")
	errNotFound        = fault.New(fault.NotFound, "not_found")
	errMethod          = fault.New(fault.NotFound, "method_not_allowed")
	errDatabase        = fault.New(fault.Unavailable, "database")
	errExports         = fault.New(fault.TooMany, "exports_running")
	errRange           = fault.New(fault.Malformed, "range_unsatisfiable")
	errPrecondition    = fault.New(fault.Conflict, "precondition_failed")
	errStopping        = fault.New(fault.Unavailable, "unavailable")
)

const (
	statusClientGone  = 499
	defaultRetryAfter = 5 * time.Second
	maxFieldName      = 100
)

// meaning is a kind's status and its name in the design document's envelope.
type meaning struct {
	status int
	name   string
}

var meanings = map[fault.Kind]meaning{
	fault.Malformed:       {http.StatusBadRequest, "VALIDATION_ERROR"},
	fault.Invalid:         {http.StatusBadRequest, "VALIDATION_ERROR"},
	fault.Unauthenticated: {http.StatusUnauthorized, "UNAUTHENTICATED"},
	fault.Forbidden:       {http.StatusForbidden, "ACCESS_DENIED"},
	fault.NotFound:        {http.StatusNotFound, "NOT_FOUND"},
	fault.Conflict:        {http.StatusConflict, "CONFLICT"},
	fault.Gone:            {http.StatusGone, "GONE"},
	fault.TooLarge:        {http.StatusRequestEntityTooLarge, "PAYLOAD_TOO_LARGE"},
	fault.Unprocessable:   {http.StatusUnprocessableEntity, "VALIDATION_ERROR"},
	fault.TooMany:         {http.StatusTooManyRequests, "RATE_LIMITED"},
	fault.Unavailable:     {http.StatusServiceUnavailable, "UNAVAILABLE"},
	fault.Internal:        {http.StatusInternalServerError, "INTERNAL_ERROR"},
}

// exceptions are the codes that say more than their kind.
var exceptions = map[string]meaning{
	"timeout":             {http.StatusRequestTimeout, "REQUEST_TIMEOUT"},
	"method_not_allowed":  {http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED"},
	"range_unsatisfiable": {http.StatusRequestedRangeNotSatisfiable, "RANGE_NOT_SATISFIABLE"},
	"precondition_failed": {http.StatusPreconditionFailed, "PRECONDITION_FAILED"},
	"database":            {http.StatusServiceUnavailable, "DATABASE_ERROR"},
}

// faultOf is err's fault. A database that does not answer means the same to everybody, so no service has to say it.
func faultOf(err error) *fault.Error {
	f := fault.Of(err)
	if f.Is(fault.ErrInternal) && (errors.Is(err, db.ErrUnavailable) || errors.Is(err, db.ErrFull)) {
		return errDatabase.Wrap(err)
	}
	return f
}

func meaningOf(f *fault.Error) meaning {
	if m, ok := exceptions[f.Code]; ok {
		return m
	}
	if m, ok := meanings[f.Kind]; ok {
		return m
	}
	return meanings[fault.Internal]
}

// refusal is a fault in the words of one answer.
type refusal struct {
	meaning
	fault   *fault.Error
	message string
	details []detail
	at      string
	traceID string
}

// detail is one field's fault as clients read it.
type detail struct {
	Field   string `json:"field"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// failure is the design document's envelope of an error.
type failure struct {
	Success   bool     `json:"success"`
	Error     string   `json:"error"`
	Code      string   `json:"code"`
	Message   string   `json:"message"`
	Details   []detail `json:"details"`
	Timestamp string   `json:"timestamp"`
	TraceID   string   `json:"traceId"`
}

// problem is RFC 9457's form of the same.
type problem struct {
	Type     string   `json:"type"`
	Title    string   `json:"title"`
	Status   int      `json:"status"`
	Detail   string   `json:"detail"`
	Instance string   `json:"instance"`
	Code     string   `json:"code"`
	Errors   []detail `json:"errors"`
	TraceID  string   `json:"traceId"`
}

// refuse answers a fault: the only place where one becomes HTTP. It returns what the span should know,
// nil where the client alone is at fault.
func (s *Server) refuse(c *echo.Context, cl *call, err error) error {
	ctx := c.Request().Context()
	f := faultOf(err)
	if cl.route != nil && strings.HasSuffix(cl.route.Path, "*") && f.Is(errNotFound) {
		cl.route = nil // a route for everything that finds nothing is no route
	}
	m := meaningOf(f)
	if clientGone(ctx, f) {
		m = meaning{statusClientGone, "CLIENT_GONE"}
	}
	s.report(ctx, cl, f, m.status)
	if res, unwrapErr := echo.UnwrapResponse(c.Response()); unwrapErr == nil && res.Committed {
		// Half an answer must not look like a whole one: the connection is cut.
		panic(http.ErrAbortHandler)
	}
	s.write(c, cl, f, m)
	if m.status < http.StatusInternalServerError {
		return nil
	}
	return errors.New(f.Code)
}

// clientGone reports a fault that only says that nobody waits any more. Drivers word a cancelled
// context in their own ways, so what is internal counts too, unless it was a panic. A body that came
// too late is none: net/http cancels that request, and yet the client may read the answer.
func clientGone(ctx context.Context, f *fault.Error) bool {
	var p *panicked
	return errors.Is(ctx.Err(), context.Canceled) && !errors.As(f, &p) &&
		(f.Kind == fault.Internal || f.Is(fault.ErrCancelled) || f.Is(errDatabase))
}

// report logs a fault once, as loud as somebody must act on it.
func (s *Server) report(ctx context.Context, cl *call, f *fault.Error, status int) {
	level := slog.LevelDebug
	switch {
	case status == statusClientGone:
	case f.Kind == fault.Internal:
		level = slog.LevelError
	case f.Kind == fault.Unavailable && status >= http.StatusInternalServerError:
		level = slog.LevelWarn
	}
	attrs := []slog.Attr{slog.String("code", f.Code), slog.Int("status", status), slog.String("error", log.ScrubText(f.Error()))}
	if cl.route != nil {
		attrs = append(attrs, slog.String("method", cl.route.Method), slog.String("route", cl.route.Path))
	}
	var p *panicked
	if errors.As(f, &p) {
		attrs = append(attrs, slog.String("stack", log.ScrubText(string(p.stack))))
	}
	s.opts.Log.LogAttrs(ctx, level, "request refused", attrs...)
}

func (s *Server) write(c *echo.Context, cl *call, f *fault.Error, m meaning) {
	h := c.Response().Header()
	if m.status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	if m.status == http.StatusRequestEntityTooLarge || m.status == http.StatusRequestTimeout {
		h.Set("Connection", "close") // the rest of the body is not worth waiting for
	}
	if f.Kind == fault.TooMany || f.Kind == fault.Unavailable {
		h.Set("Retry-After", retryAfter(f.RetryAfter))
	}
	h.Set("Cache-Control", "no-store")
	if speaksRPC(c, cl) {
		s.writeRPC(c, cl, f, m)
		return
	}
	if client := s.clientOf(c.Request(), cl); client != 0 {
		s.writeV1(c, cl, f, m, client)
		return
	}
	r := s.translate(c.Request(), cl, f, m)
	if wantsProblem(c.Request()) {
		_ = writeJSON(c.Response(), m.status, "application/problem+json", r.problem(c.Request().URL.Path))
		return
	}
	_ = writeJSON(c.Response(), m.status, "application/json", r.failure())
}

func retryAfter(d time.Duration) string {
	if d <= 0 {
		d = defaultRetryAfter
	}
	return strconv.Itoa(int(math.Ceil(d.Seconds())))
}

// translate puts the fault into the language of the reader. What a client sent may stand in a field's name
// or in a parameter, so texts are scrubbed.
func (s *Server) translate(r *http.Request, cl *call, f *fault.Error, m meaning) refusal {
	a, _ := actor.From(r.Context())
	lang := s.opts.Catalog.Match(a.Language, r.Header.Get("Accept-Language"))
	return s.translateTo(lang, cl, f, m)
}

func (s *Server) translateTo(lang string, cl *call, f *fault.Error, m meaning) refusal {
	r := refusal{
		meaning: m, fault: f, details: []detail{}, traceID: cl.traceID, at: s.timestamp(),
		message: log.ScrubText(s.opts.Catalog.Text(lang, f.Code, f.Params)),
	}
	for _, d := range f.Details {
		r.details = append(r.details, detail{
			Field: log.ScrubText(shorten(d.Field)), Code: d.Code,
			Message: log.ScrubText(s.opts.Catalog.Text(lang, d.Code, d.Params)),
		})
	}
	cl.header.Set("Content-Language", lang)
	return r
}

func (s *Server) timestamp() string { return s.opts.Now().UTC().Format("2006-01-02T15:04:05.000Z") }

// shorten cuts a field's name, which may be anything that a client sent.
func shorten(name string) string {
	if len(name) > maxFieldName {
		name = name[:maxFieldName]
	}
	return strings.ToValidUTF8(name, "")
}

func (r refusal) failure() failure {
	return failure{
		Error: r.name, Code: r.fault.Code, Message: r.message, Details: r.details, Timestamp: r.at, TraceID: r.traceID,
	}
}

func (r refusal) problem(path string) problem {
	return problem{
		Type: "urn:staff-control:fault:" + r.fault.Code, Title: http.StatusText(r.status), Status: r.status,
		Detail: r.message, Instance: log.ScrubText(path), Code: r.fault.Code, Errors: r.details, TraceID: r.traceID,
	}
}

func wantsProblem(r *http.Request) bool {
	return strings.Contains(strings.Join(r.Header.Values("Accept"), ","), "application/problem+json")
}

func methodNotAllowed(c *echo.Context) error {
	if allow, ok := c.Get(echo.ContextKeyHeaderAllow).(string); ok {
		c.Response().Header().Set("Allow", allow)
	}
	return errMethod
}

package httpx

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/log"
	"github.com/staff-control/staff-control/platform/trace"
)

// Authenticator finds on whose behalf a request comes. It returns (zero, false, nil) for a request
// without a credential of its kind, and a fault for a credential that it refuses.
type Authenticator func(ctx context.Context, r *http.Request) (a actor.Actor, ok bool, err error)

// Authenticate adds an authenticator. The first that knows the credential decides.
func (s *Server) Authenticate(a Authenticator) {
	s.adding.Lock()
	defer s.adding.Unlock()
	list := append([]Authenticator{}, *s.authenticators.Load()...)
	list = append(list, a)
	s.authenticators.Store(&list)
}

// Forbidden tells fn of each actor that asks for what its role may not. It is called before Serve.
func (s *Server) Forbidden(fn func(ctx context.Context, a actor.Actor)) { s.forbidden = fn }

// observe surrounds every request, matched or not: headers, trace, recovery, the answer to a fault, log and metrics.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c *echo.Context) error {
		began := s.clock()
		ctx := trace.Extract(c.Request().Context(), c.Request().Header)
		ctx, end := trace.Start(ctx, strings.TrimSpace(knownMethod(c.Request().Method)+" "+c.Path()))
		cl := s.begin(ctx, c)
		var failed error
		defer func() {
			end(&failed)
			s.finish(c, cl, began)
		}()
		if err := recovered(next, c); err != nil {
			failed = s.refuse(c, cl, err)
		}
		if s.opts.Inspect != nil {
			s.inspect(c, cl)
		}
		return nil
	}
}

func (s *Server) begin(ctx context.Context, c *echo.Context) *call {
	if s.opts.Inspect != nil {
		c.SetResponse(&inspected{ResponseWriter: c.Response()})
	}
	cl := &call{header: c.Response().Header(), ip: clientIP(c.Request(), s.opts.TrustedProxies), traceID: trace.ID(ctx)}
	if cl.traceID == "" {
		cl.traceID = strings.ReplaceAll(id.New().String(), "-", "")
	}
	cl.header.Set("X-Trace-Id", cl.traceID)
	s.secure(c)
	ctx = context.WithValue(ctx, callKey{}, cl)
	s.continueWith(c, cl, log.With(ctx, slog.String("trace_id", cl.traceID)))
	return cl
}

func (s *Server) continueWith(c *echo.Context, cl *call, ctx context.Context) {
	cl.request = c.Request().WithContext(ctx)
	c.SetRequest(cl.request)
}

// secure sets what every answer carries; a handler that serves pages replaces the policy by a fuller one.
func (s *Server) secure(c *echo.Context) {
	h := c.Response().Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	if c.Request().TLS != nil {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// panicked is the cause of a fault that was a panic.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

func recovered(next echo.HandlerFunc, c *echo.Context) (err error) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if e, ok := v.(error); ok && errors.Is(e, http.ErrAbortHandler) {
			panic(v)
		}
		err = fault.ErrInternal.Wrap(&panicked{value: v, stack: debug.Stack()})
	}()
	return next(c)
}

// enter is the way into one route: bounds of the body, guard, handler.
func (s *Server) enter(rt *route) echo.HandlerFunc {
	return func(c *echo.Context) error {
		ctx := c.Request().Context()
		cl := callOf(ctx)
		cl.route = rt
		s.continueWith(c, cl, log.With(ctx, slog.String("module", rt.Owner)))
		b, release := s.bound(c, rt)
		defer func() {
			cl.read = b.count > 0
			release()
		}()
		if err := s.guard(c, cl, rt); err != nil {
			return err
		}
		cl.inside = true
		if err := b.admit(); err != nil {
			return err
		}
		return rt.handler.serve(c, rt)
	}
}

func (s *Server) guard(c *echo.Context, cl *call, rt *route) error {
	if rt.permission.Name == actor.Public.Name {
		return nil
	}
	a, err := s.identify(c.Request())
	if err != nil {
		return err
	}
	s.continueWith(c, cl, actor.With(c.Request().Context(), a))
	if !a.Can(rt.permission) {
		if s.forbidden != nil {
			s.forbidden(c.Request().Context(), a)
		}
		return errForbidden
	}
	return nil
}

func (s *Server) identify(r *http.Request) (actor.Actor, error) {
	for _, authenticate := range *s.authenticators.Load() {
		if a, ok, err := authenticate(r.Context(), r); ok || err != nil {
			return a, err
		}
	}
	return actor.Actor{}, errUnauthenticated
}

// Recheck finds out again on whose behalf ctx's request comes, for what goes on for long after it was let in. It returns
// the fault if that would not be let in now, or as somebody else. What counts requests counts one more.
func Recheck(ctx context.Context) error {
	_, err := Again(ctx)
	return err
}

// Again is Recheck that also returns whose request it is now: the same actor's, perhaps with other rights.
func Again(ctx context.Context) (actor.Actor, error) {
	cl := callOf(ctx)
	was, known := actor.From(ctx)
	if cl == nil || cl.route == nil || !known {
		return was, nil
	}
	a, err := cl.route.server.identify(cl.request)
	switch {
	case err != nil:
		return a, err
	case a.ID != was.ID || a.OrganizationID != was.OrganizationID:
		return a, errUnauthenticated
	case !a.Can(cl.route.permission):
		return a, errForbidden
	}
	return a, nil
}

func (s *Server) finish(c *echo.Context, cl *call, began time.Time) {
	took := s.clock().Sub(began)
	status, size := 0, int64(0)
	if res, err := echo.UnwrapResponse(c.Response()); err == nil {
		status, size = res.Status, res.Size
	}
	if cl.status != 0 {
		status = cl.status
	}
	pattern := "unmatched"
	if cl.route != nil {
		pattern = cl.route.Path
	}
	s.seconds.WithLabelValues(pattern, knownMethod(c.Request().Method), strconv.Itoa(status)).Observe(took.Seconds())
	s.opts.Log.LogAttrs(c.Request().Context(), slog.LevelDebug, "request",
		slog.String("method", c.Request().Method), slog.String("route", pattern), slog.Int("status", status),
		slog.Int64("bytes", size), slog.Duration("took", took))
}

// knownMethod keeps a client from making up values of the metric's label.
func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead, http.MethodOptions:
		return m
	}
	return "other"
}

// requestSeconds registers the histogram, or takes the one that is there: roles in one process may share a registry.
func requestSeconds(r prometheus.Registerer) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "staff_http_request_seconds",
		Help:    "Time from a request's headers to the end of its answer.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
	}, []string{"route", "method", "status"})
	err := r.Register(h)
	var there prometheus.AlreadyRegisteredError
	if errors.As(err, &there) {
		return there.ExistingCollector.(*prometheus.HistogramVec)
	}
	if err != nil {
		panic(fmt.Sprintf("httpx: register metric: %v", err))
	}
	return h
}

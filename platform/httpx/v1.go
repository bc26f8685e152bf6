package httpx

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/log"
)

// Envelope is how v1 answered: its two applications differed.
type Envelope int

const (
	// RAW is v1's dashboard: success is the bare value, requests are strict.
	RAW Envelope = iota + 1
	// API is v1's agent-api: success is {success, data, message, timestamp}, requests may have unknown fields.
	API
)

// Enveloped gives one route of v1 the other form of success.
func Enveloped(e Envelope) Option { return func(r *route) { r.success = e } }

// Said is an answer with a message beside its data. Outside envelope API the message is lost.
type Said[T any] struct {
	Data    T
	Message string
}

func (s *Said[T]) said() (any, string) { return s.Data, s.Message }

type success struct {
	Success   bool   `json:"success"`
	Data      any    `json:"data"`
	Message   string `json:"message,omitempty"`
	Timestamp string `json:"timestamp"`
}

type failureV1 struct {
	Success   bool    `json:"success"`
	Error     faultV1 `json:"error"`
	Timestamp string  `json:"timestamp"`
}

type faultV1 struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// RouterV1 returns a router for v1's clients: paths, envelopes and codes are theirs.
func (s *Server) RouterV1(owner string, prefixes []string, e Envelope) Router {
	return router{server: s, owner: owner, prefixes: prefixes, client: e}
}

// clientOf tells v1's clients from others, for a path that no route matched by the route that is nearest: a route above
// it is nearer than one beside it.
func (s *Server) clientOf(r *http.Request, cl *call) Envelope {
	if cl.route != nil {
		return cl.route.client
	}
	path := strings.Split(r.URL.Path, "/")
	nearest, client := 2, Envelope(0) // every path shares the empty segment before the first slash
	for _, rt := range s.routes {
		segments := strings.Split(rt.Path, "/")
		n := 2 * common(path, segments)
		if n == 2*len(segments) {
			n++
		}
		if n > nearest || n == nearest && rt.client == 0 {
			nearest, client = n, rt.client
		}
	}
	return client
}

func common(a, b []string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// successV1 puts a handler's result into the route's form of success.
func (r *route) successV1(out any) any {
	message := ""
	if s, ok := out.(interface{ said() (any, string) }); ok {
		out, message = s.said()
	}
	if r.success == RAW {
		return out
	}
	return success{Success: true, Data: out, Message: message, Timestamp: r.server.timestamp()}
}

func (s *Server) writeV1(c *echo.Context, cl *call, f *fault.Error, m meaning, client Envelope) {
	if m.status == http.StatusMethodNotAllowed {
		m = meanings[fault.NotFound] // v1 told no one that a path exists
	}
	r := s.translateV1(c.Request(), cl, f, m)
	e := faultV1{Code: codeV1(f, m), Message: r.message}
	if cl.route == nil {
		e.Message = "Cannot " + c.Request().Method + " " + log.ScrubText(c.Request().URL.Path)
	}
	if len(r.details) > 0 {
		e.Message = joinDetails(r.details)
	}
	if client == RAW {
		e.asDashboard(f, cl, len(r.details) > 0)
	} else {
		e.asAgentAPI(c.Request().Context(), f, cl)
	}
	if code, ok := f.Params["v1"].(string); ok {
		e.Code = code
	}
	_ = writeJSON(c.Response(), m.status, "application/json", failureV1{Error: e, Timestamp: r.at})
}

// asDashboard gives what v1's filter made of its guards and of its validation, whose status it did not name.
func (e *faultV1) asDashboard(f *fault.Error, cl *call, validation bool) {
	switch {
	case validation:
		e.Code = "HTTP_EXCEPTION"
	case f.Kind == fault.Unauthenticated && !cl.inside:
		e.Code, e.Message = "HTTP_EXCEPTION", "Unauthorized"
	case f.Is(errForbidden) && !cl.inside:
		e.Message = "Forbidden resource"
	}
}

// asAgentAPI gives the words of v1's guard of keys.
func (e *faultV1) asAgentAPI(ctx context.Context, f *fault.Error, cl *call) {
	switch {
	case cl.inside:
	case f.Is(errUnauthenticated):
		e.Message = "API key is required"
	case f.Is(errForbidden):
		a, _ := actor.From(ctx)
		e.Message = "API key type " + a.Role.String() + " is not allowed for this endpoint"
	}
}

// translateV1 speaks English to a client that names no language, since v1 spoke nothing else.
func (s *Server) translateV1(r *http.Request, cl *call, f *fault.Error, m meaning) refusal {
	if r.Header.Get("Accept-Language") == "" {
		return s.translateTo("en", cl, f, m)
	}
	return s.translate(r, cl, f, m)
}

// codeV1 is v1's code: the status in words, or what its filter called everything else.
// A fault says another by its parameter "v1".
func codeV1(f *fault.Error, m meaning) string {
	switch {
	case f.Kind == fault.Internal, m.status == statusClientGone:
		return "APPLICATION_ERROR"
	case m.status == http.StatusRequestEntityTooLarge:
		return "Payload Too Large"
	}
	return http.StatusText(m.status)
}

func joinDetails(details []detail) string {
	var order []string
	reasons := map[string][]string{}
	for _, d := range details {
		if _, seen := reasons[d.Field]; !seen {
			order = append(order, d.Field)
		}
		reasons[d.Field] = append(reasons[d.Field], d.Message)
	}
	for i, field := range order {
		order[i] = field + ": " + strings.Join(reasons[field], ", ")
	}
	return "Validation failed: " + strings.Join(order, "; ")
}

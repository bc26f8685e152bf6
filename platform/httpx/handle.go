package httpx

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/platform/grid"
)

// Handler serves one route. Handle and Raw make one.
type Handler struct {
	serve   func(c *echo.Context, rt *route) error
	in, out reflect.Type // nil for Raw
	status  int
	query   []grid.Parameter // of a list
	files   []string         // the types of the files that it answers with
	check   func(known func(code string) bool) error
	// rpc is a procedure of gRPC, endless one whose client may go on for ever; build makes serve for the route.
	rpc, endless bool
	build        func(rt *route) func(c *echo.Context, rt *route) error
}

// Page is one page of a list. Next is the cursor of the page after it, empty on the last.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next"`
}

// complete makes the items of an empty page a list and not null.
func (p *Page[T]) complete() {
	if p.Items == nil {
		p.Items = []T{}
	}
}

// Handle makes a handler of a function that knows no HTTP. In is bound from the body (json), then the query
// (query:"name"), then the path (path:"name"): last, because a body must not choose whose row it changes.
// If *In has a method Validate() error, it is asked next. Out is answered as JSON with the given status;
// 204 answers nothing.
func Handle[In, Out any](status int, fn func(context.Context, In) (Out, error)) Handler {
	return Handler{
		in: reflect.TypeFor[In](), out: reflect.TypeFor[Out](), status: status,
		serve: func(c *echo.Context, rt *route) error {
			var in In
			if err := rt.binding.bind(c, reflect.ValueOf(&in).Elem()); err != nil {
				return err
			}
			if v, ok := any(&in).(interface{ Validate() error }); ok {
				if err := v.Validate(); err != nil {
					return err
				}
			}
			out, err := fn(c.Request().Context(), in)
			if err != nil {
				return err
			}
			return rt.answer(c, &out)
		},
	}
}

// Raw makes a handler of an echo function, for what streams. The body that it reads is decompressed and bounded
// like any other; a fault that it returns is answered like any other.
func Raw(fn func(*echo.Context) error) Handler {
	return Handler{serve: func(c *echo.Context, _ *route) error { return fn(c) }}
}

// answer writes a handler's result; out points to it.
func (r *route) answer(c *echo.Context, out any) error {
	if r.status == http.StatusNoContent {
		return c.NoContent(r.status)
	}
	if p, ok := out.(interface{ complete() }); ok {
		p.complete()
	}
	if r.V1 {
		out = r.successV1(out)
	}
	return writeJSON(c.Response(), r.status, "application/json", out)
}

// writeJSON encodes before it writes, so that a value that cannot be encoded still becomes an error answer.
func writeJSON(w http.ResponseWriter, status int, contentType string, v any) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(buf.Len()))
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	w.WriteHeader(status)
	_, err := w.Write(buf.Bytes())
	return err
}

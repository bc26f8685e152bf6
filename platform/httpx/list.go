package httpx

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/grid"
)

// List adds the two routes of a list: its pages, and at path/export all of its rows as a file.
func List[Item any](r Router, path string, p actor.Permission, l grid.List[Item], opts ...Option) {
	r.GET(path, p, rowsOf(l), opts...)
	r.GET(path+"/export", p, exportOf(l), slices.Concat(opts, []Option{Doc("The same as a file, all rows of it.")})...)
}

func rowsOf[Item any](l grid.List[Item]) Handler {
	return Handler{
		in: reflect.TypeFor[struct{}](), out: reflect.TypeFor[grid.Page[Item]](), status: http.StatusOK,
		check: l.Check, query: l.Parameters(true),
		serve: func(c *echo.Context, rt *route) error {
			query, err := url.ParseQuery(c.Request().URL.RawQuery)
			if err != nil {
				return errMalformed.Wrap(err)
			}
			page, err := l.Ask(c.Request().Context(), query)
			if err != nil {
				return err
			}
			return rt.answer(c, &page)
		},
	}
}

// contentTypes are those of exports.
var contentTypes = map[string]string{
	grid.CSV:  "text/csv; charset=utf-8",
	grid.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

func exportOf[Item any](l grid.List[Item]) Handler {
	format := grid.Parameter{Name: "format", Kind: grid.Enum, Doc: "csv if not given, or xlsx"}
	return Handler{
		status: http.StatusOK, query: append([]grid.Parameter{format}, l.Parameters(false)...),
		files: []string{"text/csv", contentTypes[grid.XLSX]},
		serve: func(c *echo.Context, rt *route) error {
			query, err := url.ParseQuery(c.Request().URL.RawQuery)
			if err != nil {
				return errMalformed.Wrap(err)
			}
			ctx := c.Request().Context()
			reader, err := rt.server.reader(c.Request())
			if err != nil {
				return err
			}
			e, err := l.Export(ctx, query, reader)
			if err != nil {
				return err
			}
			leave, err := rt.server.exports.enter(ctx)
			if err != nil {
				return err
			}
			defer leave()
			return e.Write(&attachment{c: c, export: e})
		},
	}
}

// maxExports bounds the exports that run at once: each holds a few pages of rows, for as long as its client reads.
const maxExports = 4

// exports are those that run, by the id of their actor. Each actor has one at a time, so that nobody takes all places.
type exports struct {
	mu      sync.Mutex
	running map[string]bool
}

func (e *exports) enter(ctx context.Context) (leave func(), err error) {
	a, _ := actor.From(ctx)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.running[a.ID] || len(e.running) >= maxExports {
		return nil, errExports
	}
	e.running[a.ID] = true
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.running, a.ID)
	}, nil
}

// attachment sets the headers of a file with its first byte: until then a fault is answered as one.
type attachment struct {
	c      *echo.Context
	export *grid.Export
	begun  bool
}

func (a *attachment) Write(b []byte) (int, error) {
	if !a.begun {
		a.begun = true
		h := a.c.Response().Header()
		h.Set("Content-Type", contentTypes[a.export.Format])
		h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", a.export.File))
		h.Set("Cache-Control", "no-store")
		a.c.Response().WriteHeader(http.StatusOK)
	}
	return a.c.Response().Write(b)
}

// Zones tells in which zone somebody reads times.
type Zones func(ctx context.Context) (*time.Location, error)

// SetZones says in which zones exports are written; UTC if nobody does.
func (s *Server) SetZones(z Zones) { s.zones = z }

func (s *Server) reader(r *http.Request) (grid.Reader, error) {
	reader := grid.Reader{Text: s.texts(r.Context(), r.Header), Zone: time.UTC, Now: s.opts.Now()}
	if s.zones == nil {
		return reader, nil
	}
	zone, err := s.zones(r.Context())
	reader.Zone = zone
	return reader, err
}

// texts gives texts in the language of who asks.
func (s *Server) texts(ctx context.Context, asked http.Header) func(code string, p fault.Params) string {
	a, _ := actor.From(ctx)
	lang := s.opts.Catalog.Match(a.Language, asked.Get("Accept-Language"))
	return func(code string, p fault.Params) string { return s.opts.Catalog.Text(lang, code, p) }
}

// ofParameter is the schema of a list's parameter.
func ofParameter(p grid.Parameter) object {
	schema := object{"type": "string"}
	switch p.Kind {
	case grid.Bool:
		schema["type"] = "boolean"
	case grid.Number:
		schema["type"] = "integer"
	case grid.ID:
		schema["type"] = []string{"integer", "string"}
	case grid.Time:
		schema["format"] = "date-time"
	case grid.Date:
		schema["format"] = "date"
	}
	if p.Doc != "" {
		schema["description"] = p.Doc
	}
	return schema
}

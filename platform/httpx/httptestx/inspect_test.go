package httptestx

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/httpx"
)

// sheet says of itself other than it is.
type sheet struct {
	ID    int64   `json:"id"`
	Size  string  `json:"size" enum:"A4,A5"`
	Lines []int64 `json:"lines"`
}

// Each answer that its document does not allow fails the test, and no other does.
func TestAnswersAreHeldAgainstTheDocument(t *testing.T) {
	t.Parallel()
	type pages map[string]any
	fine := pages{"id": 1, "size": "A4", "lines": []int{1}}
	with := func(name string, value any) pages {
		p := pages{"id": 1, "size": "A4", "lines": []int{1}, name: value}
		return p
	}
	without := with("lines", nil)
	delete(without, "lines")
	for name, c := range map[string]struct {
		answer func(*echo.Context) error
		query  string
		body   string
		want   string
	}{
		"as it says":         {answer: func(c *echo.Context) error { return c.JSON(200, fine) }, query: "?wait=1"},
		"the other status":   {answer: func(c *echo.Context) error { return c.NoContent(304) }},
		"a fault":            {answer: func(*echo.Context) error { return http.ErrNoCookie }},
		"its picture":        {answer: func(c *echo.Context) error { return c.Blob(200, "image/webp", []byte{1}) }},
		"one more field":     {answer: func(c *echo.Context) error { return c.JSON(200, with("more", 1)) }, want: "'more' not allowed"},
		"one less":           {answer: func(c *echo.Context) error { return c.JSON(200, without) }, want: "missing property 'lines'"},
		"no list":            {answer: func(c *echo.Context) error { return c.JSON(200, with("lines", nil)) }, want: "got null, want array"},
		"another value":      {answer: func(c *echo.Context) error { return c.JSON(200, with("size", "A0")) }, want: "must be one of"},
		"another status":     {answer: func(c *echo.Context) error { return c.JSON(201, fine) }, want: "no such status"},
		"a fault of its own": {answer: func(c *echo.Context) error { return c.JSON(404, fine) }, want: "missing properties"},
		"another type":       {answer: func(c *echo.Context) error { return c.String(200, "fine") }, want: "text/plain"},
		"no type":            {answer: func(c *echo.Context) error { return c.NoContent(200) }, want: "no media type"},
		"another parameter":  {answer: func(c *echo.Context) error { return c.JSON(200, fine) }, query: "?weight=1", want: "parameter weight"},
		"a body that it read": {answer: func(c *echo.Context) error {
			_, err := httpx.ReadBody(c.Request().Context())
			return errors.Join(err, c.JSON(200, fine))
		}, body: "x", want: "body of the request"},
	} {
		f := &failed{TB: t}
		s := New(f, httpx.Options{})
		s.Router("x", []string{"/x"}).POST("/x/:id", actor.Public, httpx.Raw(c.answer), httpx.Gives[sheet](200), httpx.GivesFile("image/*"),
			httpx.Or[struct{}](304), httpx.Asks(grid.Parameter{Name: "wait"}))
		s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/x/1"+c.query, strings.NewReader(c.body)))
		if said := strings.Join(f.said, "\n"); (c.want == "") != (said == "") || !strings.Contains(said, c.want) {
			t.Errorf("%s: said %q, want %q", name, said, c.want)
		}
	}
}

// What no route matches is a fault in an envelope, too.
func TestAnswersWithoutARouteAreHeldAgainstTheEnvelopes(t *testing.T) {
	t.Parallel()
	s := New(t, httpx.Options{})
	s.RouterV1("x", []string{"/api/v1"}, httpx.RAW).GET("/api/v1/x", actor.Public, httpx.Handle(200, func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }))
	for _, path := range []string{"/nowhere", "/api/v1/nowhere", "/api/v1/x"} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("DELETE", path, nil))
		if w.Code != 404 && w.Code != 405 {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

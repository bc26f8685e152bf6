package httpx_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx"
)

func TestRoutesAreDescribedWhereV1DescribedThem(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t)
	s.Router("test", []string{"/thing"}).GET("/thing", actor.Public,
		httpx.Handle(200, func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }), httpx.Doc("A <thing>"))
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w
	}
	page := get("/api/docs")
	if text := page.Body.String(); page.Code != 200 || !strings.HasPrefix(page.Header().Get("Content-Type"), "text/html") ||
		!strings.Contains(text, "<td>GET<td><code>/thing</code><td>public<td>A &lt;thing&gt;") {
		t.Errorf("%d %v %s", page.Code, page.Header(), text)
	}
	if a, b := get("/api/docs-json"), get("/api/openapi.json"); a.Code != http.StatusOK || a.Body.String() != b.Body.String() || a.Body.Len() < 100 {
		t.Errorf("%d %s", a.Code, a.Body)
	}
}

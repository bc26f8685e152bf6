package httpx_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
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
	if w := get("/api/docs/viewer.js"); w.Code != http.StatusNotFound || strings.Contains(page.Body.String(), "<script") {
		t.Errorf("without a viewer: %d %s", w.Code, page.Body)
	}
	if a, b := get("/api/docs-json"), get("/api/openapi.json"); a.Code != http.StatusOK || a.Body.String() != b.Body.String() || a.Body.Len() < 100 {
		t.Errorf("%d %s", a.Code, a.Body)
	}
}

// The viewer comes from the server itself, and the page needs nothing that the pages' policy refuses.
func TestTheViewerIsServed(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t, func(o *httpx.Options) {
		o.Viewer = fstest.MapFS{"viewer.js": {Data: []byte("view()")}, "viewer.css": {Data: []byte("a{}")}, "start.js": {Data: []byte("start()")}, "start.js.br": {Data: []byte("packed")}}
	})
	httptestx.Run(t, s,
		httptestx.Scenario{Name: "page", Path: "/api/docs", Status: 200, Contains: []string{`src="/api/docs/start.js"></script>` + "\n" + `<link rel="stylesheet" href="/api/docs/viewer.css">`, `src="/api/docs/viewer.js"`, "<noscript>"},
			Excludes: []string{"<style", "style=", "http://", "https://"}},
		httptestx.Scenario{Name: "script", Path: "/api/docs/viewer.js", Status: 200, Contains: []string{"view()"}},
		httptestx.Scenario{Name: "style", Path: "/api/docs/viewer.css", Status: 200, Contains: []string{"a{}"}},
		httptestx.Scenario{Name: "packed", Path: "/api/docs/start.js", Header: map[string]string{"Accept-Encoding": "br"}, Status: 200, Contains: []string{"packed"}},
	)
}

package pages

import (
	"context"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

// built is what a build leaves, in small.
var built = fstest.MapFS{
	".gitkeep":              {},
	"index.html":            {Data: []byte("<!doctype html>index")},
	"index.html.br":         {Data: []byte("index in br")},
	"index.html.gz":         {Data: []byte("index in gzip")},
	"icon.svg":              {Data: []byte("<svg/>")},
	"strange.abcdefg":       {Data: []byte("?")},
	"assets/index-1a2b.js":  {Data: []byte("script")},
	"assets/index-1a2b.css": {Data: []byte("style")},
}

// newServer serves the pages beside a route of each API.
func newServer(t testing.TB, ready bool) *httpx.Server {
	t.Helper()
	s := httptestx.New(t, httpx.Options{})
	routes(s.Router("pages", []string{"/"}), built, ready)
	hello := httpx.Handle(200, func(context.Context, struct{}) (string, error) { return "hello", nil })
	s.Router("x", []string{"/api/v2"}).GET("/api/v2/x", actor.Public, hello)
	s.RouterV1("x", []string{"/api/v1"}, httpx.RAW).GET("/api/v1/x", actor.Public, hello)
	return s
}

func get(h http.Handler, path, encodings string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.URL.Path = path // as it is: httptest would not take every path
	if encodings != "" {
		r.Header.Set("Accept-Encoding", encodings)
	}
	r.Header.Set("Accept", "text/html,*/*;q=0.8") // as browsers do
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestFilesAreServed(t *testing.T) {
	t.Parallel()
	s := newServer(t, true)
	const forever, ask, index = "public, max-age=31536000, immutable", "no-cache", "<!doctype html>index"
	for _, c := range []struct {
		path, encodings string
		body, kind      string
		caching, coding string
	}{
		{"/", "", index, "text/html", ask, ""},
		{"/index.html", "", index, "text/html", ask, ""},
		{"/people/12/2026-11-02", "", index, "text/html", ask, ""},
		{"/login", "br, gzip", "index in br", "text/html", ask, "br"},
		{"/", "gzip, deflate, BR;q=0.5", "index in br", "text/html", ask, "br"},
		{"/", "gzip", "index in gzip", "text/html", ask, "gzip"},
		{"/", "br;q=0, gzip;q=0.1", "index in gzip", "text/html", ask, "gzip"},
		{"/", "br; q=0.0, x-gzip, brotli", index, "text/html", ask, ""},
		{"/icon.svg", "br, gzip", "<svg/>", "image/svg+xml", ask, ""},
		{"/strange.abcdefg", "", "?", "application/octet-stream", ask, ""},
		{"/assets/index-1a2b.js", "br", "script", "text/javascript", forever, ""},
		{"/assets/../assets//index-1a2b.css", "", "style", "text/css", forever, ""},
		{"/apiary", "", index, "text/html", ask, ""},
		{"/%2e%2e/../../etc/passwd", "", index, "text/html", ask, ""}, // a place inside the pages, whatever it looks like
		{"/a\x00b", "", index, "text/html", ask, ""},
	} {
		w := get(s, c.path, c.encodings)
		h := w.Header()
		if w.Code != 200 || w.Body.String() != c.body || !strings.HasPrefix(h.Get("Content-Type"), c.kind) ||
			h.Get("Cache-Control") != c.caching || h.Get("Content-Encoding") != c.coding {
			t.Errorf("%q (%s): %d %q %v", c.path, c.encodings, w.Code, w.Body, h)
		}
		if h.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: varies by %q", c.path, h.Get("Vary"))
		}
		if got := h.Get("Content-Security-Policy"); got != httpx.PagePolicy {
			t.Errorf("%q: policy is %q", c.path, got)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%q: browsers may guess its type", c.path)
		}
	}
}

func TestPolicyLetsInNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	for _, never := range []string{"unsafe", "http:", "https:", "*", "blob:"} {
		if strings.Contains(httpx.PagePolicy, never) {
			t.Errorf("the policy has %s: %s", never, httpx.PagePolicy)
		}
	}
	for _, always := range []string{"default-src '", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"} {
		if !strings.Contains(httpx.PagePolicy, always) {
			t.Errorf("the policy lacks %s: %s", always, httpx.PagePolicy)
		}
	}
}

func TestWhatIsNoPageIsNotFound(t *testing.T) {
	t.Parallel()
	s := newServer(t, true)
	for _, path := range []string{"/assets", "/assets/", "/assets/index-old.js", "/nothing.png", "/.gitkeep", "/.env", "/a/.git", "/.git/config", "/../../etc/passwd.txt", "/api", "/api/", "/api/v2/unknown", "/assets/../api/x"} {
		w := get(s, path, "br")
		if w.Code != 404 || !strings.Contains(w.Body.String(), `"error":"NOT_FOUND","code":"not_found"`) {
			t.Errorf("%q: %d %s", path, w.Code, w.Body)
		}
		if caching := w.Header().Get("Cache-Control"); caching != "no-store" {
			t.Errorf("%q: may be kept: %s", path, caching)
		}
	}
	for path, want := range map[string]string{"/api/v2/x": "hello", "/api/v1/x": "hello", "/api/openapi.json": `"openapi"`} {
		if w := get(s, path, ""); w.Code != 200 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%q: %d %s", path, w.Code, w.Body)
		}
	}
	if w := get(s, "/api/v1/unknown", ""); w.Code != 404 || !strings.Contains(w.Body.String(), `"error":{"code":"Not Found","message":"Cannot GET /api/v1/unknown"}`) {
		t.Errorf("v1's clients are told %d %s", w.Code, w.Body)
	}
	httptestx.Run(t, s, httptestx.Scenario{Name: "post", Method: "POST", Path: "/", Status: 405})
}

// Browsers are shown the page of a place; a program that missed a route hears that there is none.
func TestAProgramGetsNoPage(t *testing.T) {
	t.Parallel()
	for _, built := range []bool{true, false} {
		s := newServer(t, built)
		for accept, want := range map[string]string{"": "NOT_FOUND", "*/*": "NOT_FOUND", "application/json": "NOT_FOUND", "text/html": "<!doctype html>"} {
			r := httptest.NewRequest(http.MethodGet, "/users", nil)
			r.Header.Set("Accept", accept)
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if !strings.Contains(w.Body.String(), want) {
				t.Errorf("who accepts %q: %d %s", accept, w.Code, w.Body)
			}
		}
	}
}

func TestUnbuiltPagesSayHowToBuildThem(t *testing.T) {
	t.Parallel()
	s := newServer(t, false)
	if w := get(s, "/", ""); w.Code != 404 || !strings.Contains(w.Body.String(), "make web build") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := get(s, "/api/unknown", ""); w.Code != 404 || !strings.Contains(w.Body.String(), "not_found") {
		t.Errorf("the API: %d %s", w.Code, w.Body)
	}
}

func TestBrokenBuildIsOurFault(t *testing.T) {
	t.Parallel()
	s := httptestx.New(t, httpx.Options{})
	routes(s.Router("pages", []string{"/"}), fstest.MapFS{}, true)
	if w := get(s, "/", ""); w.Code != 500 {
		t.Errorf("without an index: %d %s", w.Code, w.Body)
	}
}

func TestModuleServesThePagesOfTheBinary(t *testing.T) {
	t.Parallel()
	s := kerneltest.Build(t, kernel.Dashboard, kerneltest.Options{}, New())
	w := get(s, "/", "")
	if !strings.Contains(w.Body.String(), "Staff Control") { // built or not
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestTheManualIsServed(t *testing.T) {
	t.Parallel()
	s := kerneltest.Build(t, kernel.Dashboard, kerneltest.Options{}, New())
	for page, want := range map[string]string{
		"/docs/gateway": "<h1 id=\"installing-a-gateway\">Installing a gateway</h1>", "/docs/gateway/install": "<a href=\"network\">network</a>",
		"/docs/gateway/docker-setup": "docker run", "/docs/gateway/troubleshooting": "<title>When a gateway does not work · Staff Control</title>",
		"/docs/gateway/network": "<a href=\"/docs/gateway/network\" aria-current=\"page\">", "/docs/gateway/adapters": "hikvision", "/docs/gateway/monitoring": "<table>",
	} {
		w := get(s, page, "")
		if w.Code != 200 || !strings.Contains(w.Body.String(), want) || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
			t.Errorf("%s: %d, no %q in\n%s", page, w.Code, want, w.Body)
		}
		if w.Header().Get("Content-Security-Policy") != httpx.PagePolicy || w.Header().Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: %v", page, w.Header())
		}
		for _, link := range regexp.MustCompile(`href="([^"#:]+)"`).FindAllStringSubmatch(w.Body.String(), -1) {
			if to := path.Join("/docs/gateway", strings.TrimPrefix(link[1], "/docs/gateway/")); !strings.HasPrefix(link[1], "/docs/manual") && get(s, to, "").Code != 200 {
				t.Errorf("%s leads to %s, where nothing is", page, link[1])
			}
		}
	}
	if w := get(s, "/docs/manual.css", ""); w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/css") {
		t.Errorf("the style: %d %v", w.Code, w.Header())
	}
	for _, page := range []string{"/docs/gateway/nothing", "/docs/gateway/install.md", "/docs/gateway/../operate"} {
		if w := get(s, page, ""); w.Code != 404 {
			t.Errorf("%s: %d", page, w.Code)
		}
	}
}

func TestAManualHasWhatItsFilesHave(t *testing.T) {
	t.Parallel()
	pages, err := manual(fstest.MapFS{"m/a.md": {Data: []byte("plain <script>x</script> [b](b.md)")}, "m/b.md": {Data: []byte("# B & C")}, "m/c.txt": {}}, "m")
	if err != nil || len(pages) != 2 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	if a := string(pages["a"]); strings.Contains(a, "<script") || !strings.Contains(a, `<a href="b">b</a>`) || !strings.Contains(a, "B &amp; C</a>") || !strings.Contains(a, "<title>a ") {
		t.Errorf("the page is\n%s", a)
	}
	if _, err := manual(fstest.MapFS{"m/d.md": {Mode: fs.ModeDir}}, "m"); err == nil {
		t.Error("a directory was rendered")
	}
	if _, err := manual(fstest.MapFS{}, "["); err == nil {
		t.Error("a wrong pattern was taken")
	}
}

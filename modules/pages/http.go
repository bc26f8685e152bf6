package pages

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
)

var errNoPage = fault.New(fault.NotFound, "not_found")

// policy lets the pages run their own scripts and styles and talk to their own host, and nothing else. React and
// Mantine set styles through the CSSOM, which needs no 'unsafe-inline'.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

const unbuilt = `<!doctype html><meta charset="utf-8"><title>Staff Control</title>
<p>This binary was built without its pages. Build them with <code>make web build</code>.</p>`

func routes(r httpx.Router, files fs.FS, built bool) {
	serve := httpx.Raw(func(c *echo.Context) error { return page(c, files, built) })
	r.GET("/", actor.Public, serve, httpx.GivesFile("text/html"), httpx.OrFile(http.StatusNotFound, "text/html"), httpx.Doc("The web pages."))
	r.GET("/*", actor.Public, serve, httpx.Doc("The web pages."))
}

// manualRoutes serve the manual; where no page of it is named, the one to begin with.
func manualRoutes(r httpx.Router, pages map[string][]byte) {
	serve := httpx.Raw(func(c *echo.Context) error {
		content, known := pages[cmp.Or(c.Param("page"), "install")]
		if !known {
			return errNoPage
		}
		return give(c, "text/html; charset=utf-8", content)
	})
	r.GET("/docs/gateway", actor.Public, serve, httpx.GivesFile("text/html"), httpx.Doc("The manual of gateways."))
	r.GET("/docs/gateway/:page", actor.Public, serve, httpx.GivesFile("text/html"), httpx.Doc("A page of the manual of gateways."))
	r.GET("/docs/manual.css", actor.Public, httpx.Raw(func(c *echo.Context) error {
		return give(c, "text/css; charset=utf-8", manualStyle)
	}), httpx.GivesFile("text/css"), httpx.Doc("The style of the manual's pages."))
}

func give(c *echo.Context, kind string, content []byte) error {
	c.Response().Header().Set("Cache-Control", "no-cache")
	c.Response().Header().Set("Content-Security-Policy", policy)
	return c.Blob(http.StatusOK, kind, content)
}

// page serves a file; what is no file is a place inside the pages, which their index shows.
func page(c *echo.Context, files fs.FS, built bool) error {
	name := strings.TrimPrefix(path.Clean("/"+c.Request().URL.Path), "/")
	if name == "api" || strings.HasPrefix(name, "api/") || strings.Contains("/"+name, "/.") {
		return errNoPage
	}
	if !built {
		return c.HTML(http.StatusNotFound, unbuilt)
	}
	info, err := fs.Stat(files, name)
	switch {
	case name == "", errors.Is(err, fs.ErrNotExist) && path.Ext(name) == "":
		return send(c, files, "index.html", "no-cache")
	case err != nil, info.IsDir():
		return errNoPage
	case strings.HasPrefix(name, "assets/"): // their names hold a hash of their content
		return send(c, files, name, "public, max-age=31536000, immutable")
	}
	return send(c, files, name, "no-cache")
}

// packings are the forms in which a file may lie beside itself, the best first.
var packings = [...]struct{ coding, suffix string }{{"br", ".br"}, {"gzip", ".gz"}}

func send(c *echo.Context, files fs.FS, name, caching string) error {
	header := c.Response().Header()
	header.Set("Cache-Control", caching)
	header.Set("Content-Security-Policy", policy)
	header.Add("Vary", "Accept-Encoding")
	kind := cmp.Or(mime.TypeByExtension(path.Ext(name)), "application/octet-stream")
	for _, p := range packings {
		if !accepts(c.Request(), p.coding) {
			continue
		}
		if content, err := fs.ReadFile(files, name+p.suffix); err == nil {
			header.Set("Content-Encoding", p.coding)
			return c.Blob(http.StatusOK, kind, content)
		}
	}
	content, err := fs.ReadFile(files, name)
	if err != nil {
		return fmt.Errorf("read page %s: %w", name, err)
	}
	return c.Blob(http.StatusOK, kind, content)
}

// accepts reports whether the client names the coding and does not give it the weight zero.
func accepts(r *http.Request, coding string) bool {
	for part := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, weight, _ := strings.Cut(strings.ReplaceAll(part, " ", ""), ";q=")
		if strings.EqualFold(name, coding) {
			return strings.Trim(weight, "0.") != "" || weight == ""
		}
	}
	return false
}

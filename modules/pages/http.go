package pages

import (
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

// policy lets the pages run their own scripts and styles and talk to their own host, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

const unbuilt = `<!doctype html><meta charset="utf-8"><title>Staff Control</title>
<p>This binary was built without its pages. Build them with <code>make web build</code>.</p>`

func routes(r httpx.Router, files fs.FS, built bool) {
	serve := httpx.Raw(func(c *echo.Context) error {
		if !built {
			return c.HTML(http.StatusNotFound, unbuilt)
		}
		return page(c, files)
	})
	r.GET("/", actor.Public, serve, httpx.Doc("The web pages."))
	r.GET("/*", actor.Public, serve, httpx.Doc("The web pages."))
}

// page serves a file; what is no file is a place inside the pages, which their index shows.
func page(c *echo.Context, files fs.FS) error {
	name := strings.TrimPrefix(path.Clean("/"+c.Request().URL.Path), "/")
	if name == "api" || strings.HasPrefix(name, "api/") {
		return errNoPage
	}
	info, err := fs.Stat(files, name)
	if name == "" || errors.Is(err, fs.ErrNotExist) && path.Ext(name) == "" {
		return send(c, files, "index.html", "no-cache")
	}
	if err != nil || info.IsDir() {
		return errNoPage
	}
	if strings.HasPrefix(name, "assets/") { // their names hold a hash of their content
		return send(c, files, name, "public, max-age=31536000, immutable")
	}
	return send(c, files, name, "no-cache")
}

func send(c *echo.Context, files fs.FS, name, caching string) error {
	header := c.Response().Header()
	header.Set("Cache-Control", caching)
	header.Set("Content-Security-Policy", policy)
	header.Add("Vary", "Accept-Encoding")
	kind := mime.TypeByExtension(path.Ext(name))
	for _, packed := range []struct{ encoding, suffix string }{{"br", ".br"}, {"gzip", ".gz"}} {
		if !strings.Contains(c.Request().Header.Get("Accept-Encoding"), packed.encoding) {
			continue
		}
		if content, err := fs.ReadFile(files, name+packed.suffix); err == nil {
			header.Set("Content-Encoding", packed.encoding)
			return c.Blob(http.StatusOK, kind, content)
		}
	}
	content, err := fs.ReadFile(files, name)
	if err != nil {
		return fmt.Errorf("read page %s: %w", name, err)
	}
	return c.Blob(http.StatusOK, kind, content)
}

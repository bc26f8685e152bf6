package pages

import (
	"cmp"
	"errors"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
)

var errNoPage = fault.New(fault.NotFound, "not_found")

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
	c.Response().Header().Set("Content-Security-Policy", httpx.PagePolicy)
	return c.Blob(http.StatusOK, kind, content)
}

// page serves a file; what is no file is a place inside the pages, which their index shows to browsers. A program that
// missed a route is told so.
func page(c *echo.Context, files fs.FS, built bool) error {
	name := strings.TrimPrefix(path.Clean("/"+c.Request().URL.Path), "/")
	if name == "api" || strings.HasPrefix(name, "api/") || strings.Contains("/"+name, "/.") {
		return errNoPage
	}
	info, err := fs.Stat(files, name)
	inside := errors.Is(err, fs.ErrNotExist) && path.Ext(name) == ""
	if inside && name != "" && !strings.Contains(c.Request().Header.Get("Accept"), "text/html") {
		return errNoPage
	}
	if !built {
		return c.HTML(http.StatusNotFound, unbuilt)
	}
	switch {
	case name == "", inside:
		return httpx.SendPage(c, files, "index.html", "no-cache")
	case err != nil, info.IsDir():
		return errNoPage
	case strings.HasPrefix(name, "assets/"): // their names hold a hash of their content
		return httpx.SendPage(c, files, name, "public, max-age=31536000, immutable")
	}
	return httpx.SendPage(c, files, name, "no-cache")
}

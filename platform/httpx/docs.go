package httpx

import (
	"context"
	"encoding/json"
	"html/template"
	"io/fs"
	"net/http"
	"strings"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/platform/actor"
)

// docs shows a server's routes to people: by the viewer, and where the program was built without it or the browser runs no
// scripts, as a list.
var docs = template.Must(template.New("docs").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{{.Title}}</title>
<link rel="icon" href="data:,">
{{if .Viewer}}<script src="/api/docs/start.js"></script>
<link rel="stylesheet" href="/api/docs/viewer.css">
<div id="viewer"></div>
<script src="/api/docs/viewer.js"></script>
<noscript>
{{else}}<meta name="color-scheme" content="light dark">
{{end}}<h1>{{.Title}} {{.Version}}</h1>
<p>As OpenAPI, for tools: <a href="/api/openapi.json">/api/openapi.json</a></p>
<table>
<tr><th>Method<th>Path<th>Permission<th>What it is for
{{range .Routes}}<tr><td>{{.Method}}<td><code>{{.Path}}</code><td>{{.Permission}}<td>{{.Summary}}
{{end}}</table>
{{if .Viewer}}</noscript>
{{end}}`))

// serveDocs describes the server where v1 did: a page for people, and the same document for tools.
func (s *Server) serveDocs() {
	const page, document = "/api/docs", "/api/docs-json"
	r := s.Router("httpx", []string{page, document})
	for name, kind := range map[string]string{"viewer.js": "text/javascript", "start.js": "text/javascript", "viewer.css": "text/css"} {
		r.GET(page+"/"+name, actor.Public, Raw(s.viewerFile(name)), GivesFile(kind), Doc("Of the page of the routes"))
	}
	r.GET(page, actor.Public, Raw(s.docsPage), GivesFile("text/html"), Doc("The routes, for people"))
	r.GET(document, actor.Public,
		Handle(http.StatusOK, func(context.Context, struct{}) (json.RawMessage, error) { return s.openAPI() }),
		Doc("The document of /api/openapi.json, where v1 had it"))
}

func (s *Server) docsPage(c *echo.Context) error {
	var b strings.Builder
	info := s.info()
	err := docs.Execute(&b, map[string]any{"Title": info["title"], "Version": info["version"], "Routes": s.Routes(), "Viewer": s.hasViewer()})
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", PagePolicy)
	return c.HTML(http.StatusOK, b.String())
}

func (s *Server) hasViewer() bool {
	if s.opts.Viewer == nil {
		return false
	}
	_, err := fs.Stat(s.opts.Viewer, "viewer.js")
	return err == nil
}

func (s *Server) viewerFile(name string) func(*echo.Context) error {
	return func(c *echo.Context) error {
		if !s.hasViewer() {
			return errNotFound
		}
		return SendPage(c, s.opts.Viewer, name, "no-cache")
	}
}

package httpx

import (
	"context"
	"encoding/json"
	"html/template"
	"net/http"
	"strings"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/platform/actor"
)

// docs lists a server's routes for people. It has neither script nor style, so it needs no exception from the policy.
var docs = template.Must(template.New("docs").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{{.Title}}</title>
<h1>{{.Title}} {{.Version}}</h1>
<p>As OpenAPI, for tools: <a href="/api/openapi.json">/api/openapi.json</a></p>
<table>
<tr><th>Method<th>Path<th>Permission<th>What it is for
{{range .Routes}}<tr><td>{{.Method}}<td><code>{{.Path}}</code><td>{{.Permission}}<td>{{.Summary}}
{{end}}</table>
`))

// serveDocs describes the server where v1 did: a page for people, and the same document for tools.
func (s *Server) serveDocs() {
	const page, document = "/api/docs", "/api/docs-json"
	r := s.Router("httpx", []string{page, document})
	r.GET(page, actor.Public, Raw(s.docsPage), GivesFile("text/html"), Doc("The routes, for people"))
	r.GET(document, actor.Public,
		Handle(http.StatusOK, func(context.Context, struct{}) (json.RawMessage, error) { return s.openAPI() }),
		Doc("The document of /api/openapi.json, where v1 had it"))
}

func (s *Server) docsPage(c *echo.Context) error {
	var b strings.Builder
	info := s.info()
	err := docs.Execute(&b, map[string]any{"Title": info["title"], "Version": info["version"], "Routes": s.Routes()})
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.HTML(http.StatusOK, b.String())
}

package pages

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

//go:embed manual.css
var manualStyle []byte

var manualPage = template.Must(template.New("manual").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}} · Staff Control</title>
<link rel="stylesheet" href="/docs/manual.css">
<nav>{{range .All}}<a href="/docs/gateway/{{.Name}}"{{if eq .Name $.Name}} aria-current="page"{{end}}>{{.Title}}</a>{{end}}</nav>
<main>{{.Body}}</main>
</html>
`))

// chapter is one page of the manual.
type chapter struct {
	Name, Title string
	Body        template.HTML
	All         []chapter
}

// manual renders the Markdown files of a directory: by name without .md, the whole page.
func manual(files fs.FS, dir string) (map[string][]byte, error) {
	names, err := fs.Glob(files, dir+"/*.md")
	if err != nil {
		return nil, err
	}
	var all []chapter
	for _, name := range names {
		source, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		c, err := render(strings.TrimSuffix(path.Base(name), ".md"), source)
		if err != nil {
			return nil, fmt.Errorf("render %s: %w", name, err)
		}
		all = append(all, c)
	}
	pages := map[string][]byte{}
	for _, c := range all {
		c.All = all
		var b bytes.Buffer
		if err := manualPage.Execute(&b, c); err != nil {
			return nil, fmt.Errorf("render %s: %w", c.Name, err)
		}
		pages[c.Name] = b.Bytes()
	}
	return pages, nil
}

// render makes HTML of one file. What is HTML in it already is left out.
func render(name string, source []byte) (chapter, error) {
	md := goldmark.New(goldmark.WithExtensions(extension.Table), goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	doc := md.Parser().Parse(text.NewReader(source))
	c := chapter{Name: name, Title: name}
	if h, ok := doc.FirstChild().(*ast.Heading); ok {
		c.Title = string(h.Lines().Value(source))
	}
	err := ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if l, ok := n.(*ast.Link); ok && entering {
			l.Destination = bytes.Replace(l.Destination, []byte(".md"), nil, 1) // its neighbours are served without
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return c, err
	}
	var b bytes.Buffer
	err = md.Renderer().Render(&b, source, doc)
	c.Body = template.HTML(b.String()) // of our own files
	return c, err
}

package httpx

import (
	"cmp"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/labstack/echo/v5"
)

// PagePolicy lets pages run their own scripts and styles and talk to their own host, and nothing else. React and
// Mantine set styles through the CSSOM, which needs no 'unsafe-inline'.
const PagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// packings are the forms in which a file may lie beside itself, the best first.
var packings = [...]struct{ coding, suffix string }{{"br", ".br"}, {"gzip", ".gz"}}

// SendPage answers with a file of pages that were built, packed if the client takes that, under PagePolicy. Caching is the
// header Cache-Control.
func SendPage(c *echo.Context, files fs.FS, name, caching string) error {
	header := c.Response().Header()
	header.Set("Cache-Control", caching)
	header.Set("Content-Security-Policy", PagePolicy)
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

package storage

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strconv"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/modules/storage/file"
	"github.com/staff-control/staff-control/platform/blob"
	"github.com/staff-control/staff-control/platform/httpx"
)

// getSigned gives a file of the local store to whoever has its address. Who asked for the address is written down.
func (s *service) getSigned(c *echo.Context) error {
	ctx := c.Request().Context()
	where, err := s.signer.Path(c.QueryParam("t"))
	if err != nil {
		return errLink.Wrap(err)
	}
	body, o, err := s.blobs.Open(ctx, where)
	if errors.Is(err, blob.ErrNotFound) {
		return file.ErrUnknown.Wrap(err)
	}
	if err != nil {
		return faultOf(ctx, err)
	}
	defer body.Close()
	return stream(c, body, o.ContentType, o.Size, where)
}

// shown are the types that a browser may show. It stores any other: what somebody uploaded must not run as our page.
func shown(contentType string) bool {
	switch contentType {
	case "image/jpeg", "image/png", "image/webp":
		return true
	}
	return false
}

// disposition tells a browser to show the file, or to store it under its name.
func disposition(contentType, name string) string {
	what := "attachment"
	if shown(contentType) {
		what = "inline"
	}
	return mime.FormatMediaType(what, map[string]string{"filename": path.Base(name)})
}

func stream(c *echo.Context, body io.Reader, contentType string, size int64, name string) error {
	h := c.Response().Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.FormatInt(size, 10))
	h.Set("Content-Disposition", disposition(contentType, name))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, no-store")
	c.Response().WriteHeader(http.StatusOK)
	if n, err := httpx.Send(c, body); err != nil {
		return fmt.Errorf("send a file, %d bytes of %d: %w", n, size, err)
	}
	return nil
}

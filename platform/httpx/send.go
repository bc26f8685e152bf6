package httpx

import (
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v5"
)

// sendPatience is how long a client may take for one piece of what Send sends it, some ten kilobytes.
const sendPatience = 30 * time.Second

// Send copies body to the client of a Raw route, and gives up a client that does not read: it would hold whatever body
// holds for ever.
func Send(c *echo.Context, body io.Reader) (int64, error) {
	return send(c.Response(), body, time.Now)
}

func send(w http.ResponseWriter, body io.Reader, now func() time.Time) (int64, error) {
	return io.Copy(paced{w, http.NewResponseController(w), now}, body)
}

type paced struct {
	w       io.Writer
	control *http.ResponseController
	now     func() time.Time
}

// Write writes one piece. A request that came by no connection has no deadlines.
func (p paced) Write(piece []byte) (int, error) {
	_ = p.control.SetWriteDeadline(p.now().Add(sendPatience))
	return p.w.Write(piece)
}

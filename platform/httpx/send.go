package httpx

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/platform/fault"
)

// sendPatience is how long a client may take for one piece of what Send sends it, some ten kilobytes.
const sendPatience = 30 * time.Second

// Send copies body to the client of a Raw route, and gives up a client that does not read: it would hold whatever body
// holds for ever.
func Send(c *echo.Context, body io.Reader) (int64, error) {
	return send(c.Response(), body, time.Now)
}

// SendFile answers a Raw route with content, or with the part of it that the client asks for, and gives up a client that
// does not read. The headers Content-Type and ETag are the caller's to set. What is asked of it in vain, a part that it has
// not, is a fault.
func SendFile(c *echo.Context, modified time.Time, content io.ReadSeeker) error {
	w := c.Response()
	u := &unhurried{ResponseWriter: w, body: paced{w, http.NewResponseController(w), time.Now}}
	http.ServeContent(u, c.Request(), "", modified, content)
	switch u.refused {
	case 0:
		return nil
	case http.StatusRequestedRangeNotSatisfiable:
		return errRange
	case http.StatusPreconditionFailed:
		return errPrecondition
	}
	return fault.ErrInternal.Wrap(fmt.Errorf("send a file: %s", http.StatusText(u.refused)))
}

// unhurried is a ResponseWriter whose body is paced, and that keeps refusals for whoever words them.
type unhurried struct {
	http.ResponseWriter
	body    paced
	refused int // the status
}

func (u *unhurried) WriteHeader(status int) {
	if status >= http.StatusBadRequest {
		u.refused = status
		return
	}
	u.ResponseWriter.WriteHeader(status)
}

func (u *unhurried) Write(piece []byte) (int, error) {
	if u.refused != 0 {
		return len(piece), nil
	}
	return u.body.Write(piece)
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

package commands

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/modules/commands/command"
	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/id"
	"github.com/staff-control/staff-control/platform/ws"
)

const (
	// maxBundle bounds the diagnostics of a gateway, in bytes.
	maxBundle = 20 << 20
	// bundleTimeout is how long a gateway may take to send them.
	bundleTimeout = 10 * time.Minute
	bundleType    = "application/gzip"
)

func (m *Module) routesOfGateways(r httpx.Router) {
	r.GET("/v2/gateway/socket", gateway.Deliver, httpx.Raw(m.openSocket), httpx.Gives[struct{}](http.StatusSwitchingProtocols), httpx.Or[struct{}](http.StatusNoContent),
		httpx.Asks(grid.Parameter{Name: "probe", Doc: "if not empty, only whether a socket would be opened: 204"}), httpx.Doc("The control channel, a WebSocket: heartbeats and answers up, commands down. See the guide of the control channel."))
	r.POST("/v2/gateway/diagnostics/:id", gateway.Deliver, httpx.Raw(m.takeBundle), httpx.BodyLimit(maxBundle), httpx.BodyTimeout(bundleTimeout), httpx.TakesBytes(bundleType),
		httpx.Gives[bundleResponse](http.StatusCreated), httpx.Doc("Bring the diagnostics that a command asks for, a .tar.gz, by the command's id."))
}

func (m *Module) openSocket(c *echo.Context) error {
	ctx := c.Request().Context()
	if !ws.Asked(c.Request()) {
		return errUpgrade
	}
	by, err := m.hub.pulse.Caller(ctx)
	if err != nil {
		return err
	}
	if c.QueryParam("probe") != "" {
		return probe(c)
	}
	a, _ := actor.From(ctx)
	sock := &socket{hub: m.hub, id: id.New(), by: by, as: a, since: m.service.clock(), nextPing: m.hub.firstPing(), inbox: newInbox(), beatKey: by.Key}
	if sock.place, err = m.hub.arrive(ctx, sock.holding()); err != nil {
		return err
	}
	sock.conn, err = ws.Accept(c.Response(), c.Request(), ws.AcceptOptions{Subprotocol: command.Subprotocol, Limit: command.MaxUp})
	if err != nil {
		m.service.log.DebugContext(ctx, "no socket was made", "gateway", by.ID, "error", err)
		return nil // Accept has answered
	}
	m.hub.join(sock)
	return nil
}

// probe makes a socket for somebody who tries whether one can be had, and ends it at once.
func probe(c *echo.Context) error {
	conn, err := ws.Accept(c.Response(), c.Request(), ws.AcceptOptions{Subprotocol: command.Subprotocol})
	if err == nil {
		conn.Close(ws.Normal, "probe")
	}
	return nil // Accept has answered
}

type bundleResponse struct {
	Success bool   `json:"success"`
	Size    int64  `json:"size"`
	SHA256  string `json:"sha256"`
}

func (m *Module) takeBundle(c *echo.Context) error {
	ctx := c.Request().Context()
	commandID, err := id.Parse(c.Param("id"))
	if err != nil {
		return errUnknown.Wrap(err)
	}
	by, err := m.hub.pulse.Caller(ctx)
	if err != nil {
		return err
	}
	row, err := m.service.awaited(ctx, by.ID, commandID)
	if err != nil {
		return err
	}
	stored, err := m.service.keepBundle(ctx, row, c.Request().Body)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, bundleResponse{true, stored.Size, stored.SHA256})
}

func (m *Module) serveBundle(c *echo.Context) error {
	ctx := c.Request().Context()
	commandID, err := id.Parse(c.Param("id"))
	if err != nil {
		return errUnknown.Wrap(err)
	}
	body, f, err := m.service.bundle(ctx, commandID)
	if err != nil {
		return err
	}
	defer body.Close()
	h := c.Response().Header()
	h.Set("Content-Type", bundleType)
	h.Set("Content-Length", strconv.FormatInt(f.Size, 10))
	h.Set("Content-Disposition", `attachment; filename="diagnostics-`+commandID.String()+`.tar.gz"`)
	h.Set("Cache-Control", "no-store")
	c.Response().WriteHeader(http.StatusOK)
	_, err = httpx.Send(c, body)
	return err
}

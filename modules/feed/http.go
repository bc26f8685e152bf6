package feed

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/httpx"
)

func (m *Module) routes(r httpx.Router) {
	r.GET("/api/v2/events", actor.SignedIn, httpx.Raw(m.getEvents), httpx.Gives[eventsResponse](http.StatusOK), httpx.GivesFile("text/event-stream"),
		httpx.Asks(
			grid.Parameter{Name: "kinds", Doc: "of pass, alert and gateway, with commas; all that the caller may see if empty"},
			grid.Parameter{Name: "after", Kind: grid.Number, Doc: "the last id that the caller knows, where it sends no Last-Event-ID"},
		),
		httpx.Doc("What has happened since an id. With Accept: text/event-stream also what goes on to happen: server-sent events named by their kind; ready says that nothing was missed, reset that something was, end why the stream ends."))
}

type eventResponse struct {
	ID   string          `json:"id"`
	Kind string          `json:"kind" enum:"pass,alert,gateway"`
	At   time.Time       `json:"at" doc:"when it was known here"`
	Data json.RawMessage `json:"data"`
}

type eventsResponse struct {
	Items    []eventResponse `json:"items"`
	Next     string          `json:"next" doc:"the id to ask after the next time"`
	Complete bool            `json:"complete" doc:"false if more has happened than is told of: read the lists again"`
}

// wish is what a request asks for.
type wish struct {
	view
	from int64 // 0: from now on
}

func wishOf(c *echo.Context) (w wish, err error) {
	var f fault.Fields
	w.who, _ = actor.From(c.Request().Context())
	for _, kind := range strings.FieldsFunc(c.QueryParam("kinds"), func(r rune) bool { return r == ',' }) {
		if readers(kind).Name == "" {
			f.Add("kinds", "not_one_of", fault.Params{"Values": "pass, alert, gateway"})
			break
		}
		w.kinds = append(w.kinds, kind)
	}
	if text := cmp.Or(c.Request().Header.Get("Last-Event-ID"), c.QueryParam("after")); text != "" {
		if w.from, err = strconv.ParseInt(text, 10, 64); err != nil || w.from < 0 {
			f.Add("after", "not_a_number", nil)
		}
	}
	return w, f.Err()
}

func (m *Module) getEvents(c *echo.Context) error {
	w, err := wishOf(c)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	if c.Request().Method == http.MethodGet && strings.Contains(c.Request().Header.Get("Accept"), streamType) {
		return m.stream(c, w)
	}
	ctx := c.Request().Context()
	_, last, err := m.service.edges(ctx)
	if err != nil {
		return err
	}
	answer := eventsResponse{Items: []eventResponse{}, Next: strconv.FormatInt(last, 10), Complete: true}
	if w.from == 0 {
		return c.JSON(http.StatusOK, answer)
	}
	rows, complete, err := m.service.missed(ctx, w.view, w.from, last)
	if err != nil {
		return err
	}
	answer.Complete = complete
	for _, r := range rows {
		answer.Items = append(answer.Items, eventResponse{strconv.FormatInt(r.ID, 10), r.Kind, r.At.UTC(), r.Data})
	}
	return c.JSON(http.StatusOK, answer)
}

const streamType = "text/event-stream"

// The reasons for which a stream ends. All but the first and the last are told to the listener, who may come again.
const (
	endLeft     = "left"
	endSlow     = "slow"
	endSession  = "session"
	endStopping = "stopping"
	endStuck    = "stuck"
)

// stream tells the caller what happens until one of them has enough.
func (m *Module) stream(c *echo.Context, w wish) error {
	ctx := c.Request().Context()
	l, err := m.hub.join(w.view, w.from)
	if err != nil {
		return err
	}
	why := endLeft
	defer func() { m.hub.leave(l, why) }()
	first, err := m.beginning(ctx, l, w)
	if err != nil {
		return err
	}
	o := newOutput(c, time.Now)
	if why = endStuck; !o.write(first) {
		return nil
	}
	if why = m.attend(ctx, l, o); why != endLeft && why != endStuck {
		o.write([]byte("event: end\ndata: {\"reason\":\"" + why + "\"}\n\n"))
	}
	return nil
}

// beginning is the text with which a stream begins: what the listener has missed, and up to where it knows all.
func (m *Module) beginning(ctx context.Context, l *listener, w wish) ([]byte, error) {
	name, text, id := "ready", []byte("retry: 2000\n\n"), l.after
	if w.from > 0 {
		rows, complete, err := m.service.missed(ctx, w.view, w.from, l.after)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			text = append(text, newFrame(r).text...)
		}
		if !complete {
			name, id = "reset", m.hub.restart(l)
		}
	}
	return slices.Concat(text, []byte("id: "+strconv.FormatInt(id, 10)+"\nevent: "+name+"\ndata: {}\n\n")), nil
}

// attend tells a listener what happens until something ends that, and returns what.
func (m *Module) attend(ctx context.Context, l *listener, o *output) string {
	beat, check := time.NewTicker(m.cfg.Heartbeat), time.NewTicker(m.cfg.CheckInterval)
	defer beat.Stop()
	defer check.Stop()
	stopping := httpx.Stopping(ctx)
	for {
		select {
		case <-ctx.Done():
			return endLeft
		case <-stopping:
			return endStopping
		case <-l.gone:
			return endSlow
		case f := <-l.queue:
			if !o.write(l.more(f.text)) {
				return endStuck
			}
		case <-beat.C:
			if !o.write(m.beat(l)) {
				return endStuck
			}
		case <-check.C:
			if now, err := httpx.Again(ctx); err != nil || !same(l.who, now) {
				return endSession
			}
		}
	}
}

// maxPiece bounds what is written at once, in bytes.
const maxPiece = 32 << 10

// more adds to a text what waits behind it.
func (l *listener) more(text []byte) []byte {
	text = slices.Clip(text) // it is everybody's
	for len(text) < maxPiece {
		select {
		case f := <-l.queue:
			text = append(text, f.text...)
		default:
			return text
		}
	}
	return text
}

// beat is a sign of life: a comment, and how far the listener knows all.
func (m *Module) beat(l *listener) []byte {
	if id, all := m.hub.position(l); all {
		return []byte(":\nid: " + strconv.FormatInt(id, 10) + "\n\n")
	}
	return []byte(":\n\n")
}

// output is the way to a listener.
type output struct {
	w       http.ResponseWriter
	control *http.ResponseController
	now     func() time.Time
}

// writeTime is how long a listener may take for one piece. Its queue fills meanwhile.
const writeTime = 10 * time.Second

func newOutput(c *echo.Context, now func() time.Time) *output {
	h := c.Response().Header()
	h.Set("Content-Type", streamType)
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
	c.Response().WriteHeader(http.StatusOK)
	return &output{c.Response(), http.NewResponseController(c.Response()), now}
}

// write reports whether the listener took the text. A request that came by no connection has no deadlines.
func (o *output) write(text []byte) bool {
	_ = o.control.SetWriteDeadline(o.now().Add(writeTime))
	if _, err := o.w.Write(text); err != nil {
		return false
	}
	return o.control.Flush() == nil
}

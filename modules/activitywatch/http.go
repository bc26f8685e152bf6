package activitywatch

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/modules/buffer/bucket"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/grid"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/id"
)

// paths is where ActivityWatch's protocol lives; its clients cannot be told another place.
const paths = "/api/0"

// The largest bodies that are read. Larger ones are dropped and counted, not refused: see the routes' limit.
const (
	maxHeartbeat = 1 << 20
	maxImport    = 8 << 20
	unbounded    = 1 << 40
)

// maxName bounds a bucket's name.
const maxName = 255

func (m *Module) routes(r httpx.Router) {
	// A watcher loses whatever is answered with an error, so its reports are bounded where they are read.
	open := httpx.BodyLimit(unbounded)
	r.GET(paths+"/info", actor.Public, httpx.Handle(http.StatusOK, m.info), httpx.Lenient(), httpx.Doc("ActivityWatch: who answers here."))
	for _, path := range []string{paths + "/buckets", paths + "/buckets/"} {
		r.GET(path, activity.Report, httpx.Handle(http.StatusOK, m.listBuckets), httpx.Lenient(), httpx.Doc("ActivityWatch: one's own buckets."))
	}
	r.GET(paths+"/buckets/:id", activity.Report, httpx.Handle(http.StatusOK, m.getBucket), httpx.Lenient(), httpx.Doc("ActivityWatch: a bucket of one's own."))
	r.POST(paths+"/buckets/:id", activity.Report, httpx.Raw(m.createBucket), httpx.Takes[bucketRequest](), httpx.Gives[struct{}](http.StatusOK), httpx.Or[struct{}](http.StatusNotModified),
		httpx.Doc("ActivityWatch: make a bucket; 304 if it is there."))
	r.POST(paths+"/buckets/:id/heartbeat", activity.Report, httpx.Raw(m.heartbeat), open, httpx.Takes[eventJSON](), httpx.Gives[beatResponse](http.StatusOK),
		httpx.Asks(grid.Parameter{Name: "pulsetime", Doc: "seconds between two heartbeats that are one event"}),
		httpx.Doc("ActivityWatch: what is so now. Answered 200 even if it cannot be kept."))
	r.POST(paths+"/buckets/:id/events", activity.Report, httpx.Raw(m.addEvents), open, httpx.Takes[[]eventJSON](), httpx.Gives[*struct{}](http.StatusOK),
		httpx.Doc("ActivityWatch: add whole events, a list or one."))
	r.GET(paths+"/buckets/:id/events", activity.Report, httpx.Handle(http.StatusOK, m.getEvents), httpx.Lenient(),
		httpx.Doc("ActivityWatch: the events of the last day in a bucket of one's own."))
	r.GET(paths+"/buckets/:id/events/count", activity.Report, httpx.Handle(http.StatusOK, m.countEvents), httpx.Lenient(), httpx.Doc("ActivityWatch: how many these are."))
}

type infoResponse struct {
	Hostname string `json:"hostname"`
	Version  string `json:"version"`
	Testing  bool   `json:"testing"`
	DeviceID string `json:"device_id"`
}

// info says whose computer this is to the watchers that name their bucket by it: the one that asks. A page of somebody
// else's, which can ask as this computer, is not told.
func (m *Module) info(ctx context.Context, _ struct{}) (infoResponse, error) {
	r := httpx.Request(ctx)
	host, _, _ := r.BasicAuth()
	switch {
	case isLocal(r) && !m.welcome(r):
		return infoResponse{}, errForeign
	case host != "":
	case isLocal(r):
		host = m.hostname
	default:
		host = httpx.ClientIP(ctx)
	}
	return infoResponse{Hostname: host, Version: m.version, DeviceID: id.Derive(0, source, host).String()}, nil
}

type bucketRequest struct {
	Client   string `json:"client"`
	Type     string `json:"type"`
	Hostname string `json:"hostname"`
}

// createBucket may fail: then watchers keep what they have, and try again.
func (m *Module) createBucket(c *echo.Context) error {
	ctx := c.Request().Context()
	body, err := httpx.ReadBody(ctx)
	if err != nil {
		return err
	}
	var in bucketRequest
	if err := json.Unmarshal(body, &in); err != nil || in.Type == "" || !named(c.Param("id")) {
		return errMalformed.Wrap(err)
	}
	made, err := m.service.open(ctx, m.senderOf(ctx), bucket.Bucket{
		Name: c.Param("id"), Type: shorten(in.Type, maxName), Client: shorten(in.Client, maxName), Hostname: shorten(in.Hostname, maxName),
	})
	if err != nil {
		return err
	}
	if !made {
		return c.NoContent(http.StatusNotModified)
	}
	return c.JSON(http.StatusOK, struct{}{})
}

func named(bucketName string) bool { return bucketName != "" && len(bucketName) <= maxName }

// eventJSON is an event as ActivityWatch writes it.
type eventJSON struct {
	ID        int64           `json:"id"`
	Timestamp string          `json:"timestamp"`
	Duration  float64         `json:"duration"`
	Data      json.RawMessage `json:"data"`
}

// beatResponse is the event that a heartbeat became part of, or nothing.
type beatResponse struct{ *eventJSON }

func toJSON(e bucket.Event) eventJSON {
	return eventJSON{e.ID, timestamp(e.At), e.Duration.Seconds(), json.RawMessage(e.Data)}
}

func (m *Module) heartbeat(c *echo.Context) error {
	ctx := c.Request().Context()
	body, ok := m.read(c, maxHeartbeat)
	if !ok {
		return c.JSON(http.StatusOK, beatResponse{})
	}
	e, err := decodeEvent(body)
	switch {
	case errors.Is(err, errTooLong):
		m.service.refuse(ctx, tooLarge, 1, err)
	case err != nil || !named(c.Param("id")):
		m.service.refuse(ctx, malformed, 1, err)
	default:
		merged := toJSON(m.service.beat(ctx, m.senderOf(ctx), c.Param("id"), e, pulseOf(c.QueryParam("pulsetime"))))
		return c.JSON(http.StatusOK, beatResponse{&merged})
	}
	return c.JSON(http.StatusOK, beatResponse{})
}

func (m *Module) addEvents(c *echo.Context) error {
	ctx := c.Request().Context()
	if body, ok := m.read(c, maxImport); ok && named(c.Param("id")) {
		events, faults, large := decodeEvents(body)
		if len(faults) > 0 {
			m.service.refuse(ctx, malformed, len(faults), faults[0])
		}
		if large > 0 {
			m.service.refuse(ctx, tooLarge, large, nil)
		}
		m.service.add(ctx, m.senderOf(ctx), c.Param("id"), events)
	}
	return c.JSON(http.StatusOK, nil)
}

// read reads the body. What is too large, or ends before its end, is counted.
func (m *Module) read(c *echo.Context, limit int64) ([]byte, bool) {
	body, err := io.ReadAll(io.LimitReader(c.Request().Body, limit+1))
	switch {
	case err != nil:
		m.service.refuse(c.Request().Context(), malformed, 1, err)
	case int64(len(body)) > limit:
		m.service.refuse(c.Request().Context(), tooLarge, 1, nil)
	default:
		return body, true
	}
	return nil, false
}

// maxPulse bounds what a watcher may ask for.
const maxPulse = 24 * time.Hour

// pulseOf reads a pulsetime in seconds. None, or one that cannot be, merges only what meets.
func pulseOf(text string) time.Duration {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f > 0) {
		return 0
	}
	return time.Duration(min(f, maxPulse.Seconds())*1e6) * time.Microsecond
}

type bucketResponse struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Type        string   `json:"type"`
	Client      string   `json:"client"`
	Hostname    string   `json:"hostname"`
	Created     string   `json:"created"`
	Data        struct{} `json:"data"`
	LastUpdated string   `json:"last_updated,omitempty"`
}

func responseOf(b bucket.Stored) bucketResponse {
	r := bucketResponse{
		ID: b.Name, Name: b.Name, Type: b.Type, Client: b.Client, Hostname: b.Hostname, Created: timestamp(b.CreatedAt),
	}
	if b.Draft != nil {
		r.LastUpdated = timestamp(b.Draft.End())
	}
	return r
}

func (m *Module) listBuckets(ctx context.Context, _ struct{}) (map[string]bucketResponse, error) {
	found := map[string]bucketResponse{}
	for _, b := range m.service.list(m.senderOf(ctx)) {
		found[b.Name] = responseOf(b)
	}
	return found, nil
}

type bucketPath struct {
	ID string `path:"id"`
}

func (m *Module) getBucket(ctx context.Context, in bucketPath) (bucketResponse, error) {
	b, err := m.service.one(m.senderOf(ctx), in.ID)
	return responseOf(b), err
}

type eventsQuery struct {
	ID    string `path:"id"`
	Start string `query:"start"`
	End   string `query:"end"`
	Limit string `query:"limit" doc:"none or -1: all"`
}

// rangeOf reads the query; instants as precise as events are.
func (q eventsQuery) rangeOf() (r bucket.Range, err error) {
	r.Limit = -1
	var f fault.Fields
	for _, bound := range []struct {
		field, text string
		to          *time.Time
	}{{"start", q.Start, &r.From}, {"end", q.End, &r.To}} {
		if bound.text == "" {
			continue
		}
		t, ok := parseTime(bound.text)
		if !ok {
			f.Add(bound.field, "not_a_time", nil)
		}
		*bound.to = t.Truncate(time.Millisecond)
	}
	if !r.To.IsZero() {
		r.To = r.To.Add(time.Millisecond)
	}
	if q.Limit != "" {
		if r.Limit, err = strconv.Atoi(q.Limit); err != nil {
			f.Add("limit", "not_a_number", nil)
		}
	}
	return r, f.Err()
}

func (m *Module) getEvents(ctx context.Context, in eventsQuery) ([]eventJSON, error) {
	r, err := in.rangeOf()
	if err != nil {
		return nil, err
	}
	events, err := m.service.events(ctx, m.senderOf(ctx), in.ID, r)
	found := make([]eventJSON, len(events))
	for i, e := range events {
		found[i] = toJSON(e)
	}
	return found, err
}

func (m *Module) countEvents(ctx context.Context, in eventsQuery) (int, error) {
	in.Limit = ""
	events, err := m.getEvents(ctx, in)
	return len(events), err
}

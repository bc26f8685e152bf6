package ingest

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/httpx"
)

const prefix = "/v2/ingest"

func (s *service) routes(r httpx.Router) {
	s.routesScreenshots(r)
	limit := httpx.BodyLimit(int64(s.cfg.MaxBody))
	logs := way{"logs", func(body string) (document, error) { return decode(body, s.cfg.MaxEvents) }}
	r.POST(prefix+"/logs", gateway.Deliver, httpx.Raw(s.take(logs)), limit,
		httpx.Takes[batchRequest](), httpx.Gives[answer](http.StatusOK),
		httpx.Doc("A batch of one gateway, stored whole or not at all, and once, however often it is sent."))
	series := way{"timeseries", func(body string) (document, error) { return decodeSeries(body, min(maxSeries, s.cfg.MaxEvents)) }}
	r.POST(prefix+"/timeseries", gateway.Deliver, httpx.Raw(s.take(series)), limit,
		httpx.Takes[batchRequest](), httpx.Gives[answer](http.StatusOK),
		httpx.Doc("At most a thousand events, as a batch, or as a list by itself or under the name records. Stored whole or not at all, and "+
			"once, however often it is sent: as its X-Idempotency-Token says, or as the keys or contents of its events do."))
}

// maxSeries is how many records the design document sends at a time.
const maxSeries = 1000

// batchRequest describes the body to readers of the API; decode reads it.
type batchRequest struct {
	GatewayID        string             `json:"gatewayId,omitempty"`
	IdempotencyToken string             `json:"idempotencyToken,omitempty"`
	Epoch            string             `json:"epoch,omitempty"`
	Stream           string             `json:"stream,omitempty"`
	SentAt           string             `json:"sentAt,omitempty"`
	Until            string             `json:"until,omitempty"`
	Dropped          []gateway.Dropped  `json:"dropped,omitempty"`
	Data             []batchRequestItem `json:"data"`
}

// batchRequestItem is an event with its delivery position. Items with payload and timestamp, as the design document
// has them, are taken too.
type batchRequestItem struct {
	Seq int64 `json:"seq,omitempty"`
	activity.Event
}

// way is one of the routes by which batches come.
type way struct {
	name   string // in the metrics
	decode func(body string) (document, error)
}

// take reads the body itself: the general way checks each body once more than a thousand events can bear.
func (s *service) take(w way) func(*echo.Context) error {
	return func(c *echo.Context) error {
		a, err := s.receive(c.Request().Context(), w)
		s.metrics.request(w.name, err)
		if err != nil {
			return err
		}
		return c.JSON(http.StatusOK, a)
	}
}

func (s *service) receive(ctx context.Context, w way) (answer, error) {
	room := reservation{flight: &s.flight}
	defer room.resize(0)
	doc, err := s.read(ctx, w, &room)
	if err != nil {
		return answer{}, err
	}
	return s.deliver(ctx, doc, headerToken(httpx.Request(ctx)))
}

// read makes a document of the body, and asks for room before each step that takes more.
func (s *service) read(ctx context.Context, w way, room *reservation) (document, error) {
	if err := s.reserve(ctx, room, s.expected(httpx.Request(ctx))); err != nil {
		return document{}, err
	}
	text, err := s.text(ctx, room)
	if err != nil {
		return document{}, err
	}
	if err := s.reserve(ctx, room, s.heldBy(int64(len(text)))); err != nil {
		return document{}, err
	}
	doc, err := w.decode(text)
	if err != nil {
		return document{}, err
	}
	return doc, s.reserve(ctx, room, held(int64(len(text)), len(doc.events)+len(doc.dropped)))
}

// headerToken is the batch's token; the standard's younger name for the header is taken too.
func headerToken(r *http.Request) string {
	if t := r.Header.Get("X-Idempotency-Token"); t != "" {
		return t
	}
	return r.Header.Get("Idempotency-Key")
}

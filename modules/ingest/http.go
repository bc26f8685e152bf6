package ingest

import (
	"context"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/platform/httpx"
)

const prefix = "/v2/ingest"

func (s *service) routes(r httpx.Router) {
	r.POST(prefix+"/logs", gateway.Deliver, httpx.Raw(s.logs), httpx.BodyLimit(int64(s.cfg.MaxBody)),
		httpx.Takes[batchRequest](), httpx.Gives[answer](http.StatusOK),
		httpx.Doc("A batch of one gateway, stored whole or not at all, and once, however often it is sent."))
}

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

// logs reads the body itself: the general way checks each body once more than a thousand events can bear.
func (s *service) logs(c *echo.Context) error {
	ctx := c.Request().Context()
	a, err := s.receive(ctx, c.Request())
	s.metrics.request(err)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, a)
}

func (s *service) receive(ctx context.Context, r *http.Request) (answer, error) {
	room := reservation{flight: &s.flight}
	defer room.resize(0)
	fits := room.resize(s.expected(r))
	s.tellUsage(ctx)
	if !fits {
		return answer{}, errBusy
	}
	body, err := httpx.ReadBody(ctx)
	if err != nil {
		return answer{}, err
	}
	fits = room.resize(int64(len(body)))
	s.tellUsage(ctx)
	if !fits {
		return answer{}, errBusy
	}
	doc, err := decode(string(body), s.cfg.MaxEvents)
	if err != nil {
		return answer{}, err
	}
	return s.deliver(ctx, doc, headerToken(r))
}

// What a body is taken to be before it is read.
const (
	inflation = 8       // times its compressed length
	unknown   = 256_000 // where no length is declared
)

func (s *service) expected(r *http.Request) int64 {
	n := r.ContentLength
	switch {
	case n < 0:
		n = unknown
	case r.Header.Get("Content-Encoding") != "":
		n *= inflation
	}
	return min(n, int64(s.cfg.MaxBody))
}

// headerToken is the batch's token; the standard's younger name for the header is taken too.
func headerToken(r *http.Request) string {
	if t := r.Header.Get("X-Idempotency-Token"); t != "" {
		return t
	}
	return r.Header.Get("Idempotency-Key")
}

// tellUsage lets a gateway slow down before it is told to.
func (s *service) tellUsage(ctx context.Context) {
	usage := s.flight.usage()
	s.metrics.usage.Set(usage)
	httpx.SetHeader(ctx, "X-Buffer-Usage", strconv.FormatFloat(usage, 'f', 3, 64))
}

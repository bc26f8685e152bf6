package ingest

import (
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"time"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/monitoring/activity"
	"github.com/staff-control/staff-control/modules/screenshots/shot"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
)

const (
	// maxMetadata bounds what is said of a picture, in bytes.
	maxMetadata = 64 << 10
	// pictureTimeout is for gateways on slow lines.
	pictureTimeout = 6 * time.Minute
	// pictureStep is by how much the bytes that are in flight grow while a picture comes in.
	pictureStep = 64 << 10
)

func (s *service) routesScreenshots(r httpx.Router) {
	r.POST(prefix+"/screenshots", gateway.Deliver, httpx.Raw(s.takeScreenshot), httpx.BodyLimit(int64(s.cfg.InFlight)),
		httpx.BodyTimeout(pictureTimeout), httpx.TakesFile[batchRequest](), httpx.Gives[pictureAnswer](http.StatusOK),
		httpx.Doc("One screenshot, as multipart/form-data: first the part metadata, an event as JSON with its position, then the part file, "+
			"the picture as JPEG, PNG or WebP. Stored once, however often it is sent."))
}

// pictureAnswer is what a gateway reads of a picture.
type pictureAnswer struct {
	Success           bool      `json:"success"`
	DuplicateDetected bool      `json:"duplicateDetected"`
	TimescaleStatus   string    `json:"timescaleStatus"`
	Quarantined       bool      `json:"quarantined" doc:"the event cannot have happened; its picture is not kept"`
	FilePath          string    `json:"filePath,omitempty"`
	SHA256            string    `json:"sha256,omitempty"`
	Size              int64     `json:"size,omitempty"`
	ServerTime        time.Time `json:"serverTime"`
}

func (s *service) takeScreenshot(c *echo.Context) error {
	a, err := s.receivePicture(c.Request().Context())
	s.metrics.request("screenshots", err)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, a)
}

// receivePicture stores a picture and then moves the gateway's position, as deliver does for a batch.
func (s *service) receivePicture(ctx context.Context) (pictureAnswer, error) {
	room := reservation{flight: &s.flight}
	defer room.resize(0)
	if err := s.reserve(ctx, &room, maxMetadata); err != nil {
		return pictureAnswer{}, err
	}
	caller, err := callingGateway(ctx)
	if err != nil {
		return pictureAnswer{}, err
	}
	r := httpx.Request(ctx)
	doc, file, err := readPicture(r)
	if err != nil {
		return pictureAnswer{}, err
	}
	token, err := s.check(doc, caller, headerToken(r))
	if err != nil {
		return pictureAnswer{}, err
	}
	if token != "" {
		httpx.SetHeader(ctx, "X-Idempotency-Token", token)
	}
	body := &arriving{Reader: file, room: func(n int64) error { return s.reserve(ctx, &room, maxMetadata+n) }}
	receipt, err := s.pictures.Take(ctx, shot.Shot{Event: doc.events[0], ContentType: file.Header.Get("Content-Type"), Body: body})
	if err != nil {
		return pictureAnswer{}, err
	}
	if err := s.advance(ctx, caller, doc); err != nil {
		return pictureAnswer{}, err
	}
	return s.answerPicture(ctx, receipt), nil
}

func (s *service) answerPicture(ctx context.Context, r shot.Receipt) pictureAnswer {
	a := pictureAnswer{
		Success: true, DuplicateDetected: r.Known, Quarantined: r.Quarantined, TimescaleStatus: "success", ServerTime: s.now().UTC(),
	}
	if r.Fallback {
		a.TimescaleStatus = "fallback"
		httpx.SetHeader(ctx, "X-Fallback-Mode", "true")
	}
	counted := activity.Receipt{Duplicate: r.Known}
	if !r.Quarantined {
		a.FilePath, a.SHA256, a.Size = r.Event.FilePath, r.Event.SHA256, r.Event.FileSize
	}
	s.metrics.count([]activity.Event{{Kind: activity.Screenshot}}, counted)
	return a
}

// readPicture reads what is said of the picture, and leaves its bytes to be read.
func readPicture(r *http.Request) (doc document, file *multipart.Part, err error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return doc, nil, errMalformed.Wrap(err)
	}
	told := false
	var faults fault.Fields
	for {
		part, err := parts.NextRawPart()
		switch {
		case errors.Is(err, io.EOF):
			faults.Add("file", "required", nil)
			return doc, nil, faults.Err()
		case err != nil:
			return doc, nil, asFault(err)
		case part.FormName() == "metadata":
			text, err := io.ReadAll(io.LimitReader(part, maxMetadata+1))
			if err != nil {
				return doc, nil, asFault(err)
			}
			if doc, err = decodePicture(string(text)); err != nil {
				return doc, nil, err
			}
			told = true
		case part.FormName() == "file" && told:
			return doc, part, nil
		case part.FormName() == "file": // nobody keeps it until the rest has come
			faults.Add("metadata", "required", nil)
			return doc, nil, faults.Err()
		}
	}
}

// decodePicture reads an event as the items of a batch are, with what a batch says of itself beside it.
func decodePicture(text string) (document, error) {
	if len(text) > maxMetadata {
		return document{}, errMalformed
	}
	d := newDecoder(text, 1)
	d.doc.hasData = true
	e := activity.Event{Kind: activity.Screenshot}
	if !d.Open('{') {
		return document{}, errMalformed
	}
	for first := true; d.More(first, '}'); first = false {
		switch name := d.Name(); name {
		case "gatewayId", "idempotencyToken", "epoch", "stream", "sentAt", "until":
			d.member(name)
		default:
			d.field(&e, name)
		}
	}
	if !d.Bad() {
		d.completePicture(&e)
	}
	d.doc.events = []activity.Event{e}
	if d.seq > 0 {
		d.doc.seqs = []int64{d.seq}
	}
	return d.done()
}

// completePicture notes what the event lacks. What its sender calls the file is not asked for: it gets a name here.
func (d *decoder) completePicture(e *activity.Event) {
	if e.Kind != activity.Screenshot {
		d.Wrong("type", codeUnknownType, nil)
	}
	if e.Key == "" && e.SHA256 == "" { // two screens at one time are two pictures
		d.Wrong("key", "required", nil)
	}
	if e.FilePath == "" {
		e.FilePath = "-"
	}
	d.complete(e)
	if e.Key == "" {
		e.Key = d.key(e)
	}
	e.FilePath, e.FileSize, e.Width, e.Height = "", 0, 0, 0
}

// arriving is a picture that comes in, whose bytes count as in flight as they come.
type arriving struct {
	io.Reader
	room     func(n int64) error
	n, asked int64
}

func (a *arriving) Read(p []byte) (int, error) {
	if a.n+int64(len(p)) > a.asked {
		p = p[:min(len(p), pictureStep)]
		asked := max(a.asked+pictureStep, a.n+int64(len(p)))
		if err := a.room(asked); err != nil {
			return 0, err
		}
		a.asked = asked
	}
	n, err := a.Reader.Read(p)
	a.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		err = asFault(err)
	}
	return n, err
}

// Skip implements shot.Skipper: what nobody keeps takes no room.
func (a *arriving) Skip(most int64) error {
	_, err := io.Copy(io.Discard, io.LimitReader(a.Reader, most))
	if err != nil {
		return asFault(err)
	}
	return nil
}

// asFault makes a fault of an error of the form's reader, if it is not one that came through it.
func asFault(err error) error {
	if fault.Of(err).Kind == fault.Internal {
		return errMalformed.Wrap(err)
	}
	return err
}

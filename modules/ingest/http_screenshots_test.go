package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/staff-control/staff-control/modules/gateways/gateway"
	"github.com/staff-control/staff-control/modules/screenshots/shot"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
)

// album is a shot.Taker that remembers pictures, and fails when told.
type album struct {
	taken   []shot.Shot
	bodies  []string
	receipt shot.Receipt
	err     error
	reading func(n int)
	known   bool // so that the body is skipped
}

func (a *album) Take(_ context.Context, s shot.Shot) (shot.Receipt, error) {
	if a.err != nil {
		return shot.Receipt{}, a.err
	}
	if a.known {
		return shot.Receipt{Known: true}, s.Body.(shot.Skipper).Skip(400_000)
	}
	var all []byte
	buf := make([]byte, 10_000)
	for {
		n, err := s.Body.Read(buf)
		all = append(all, buf[:n]...)
		if a.reading != nil {
			a.reading(len(all))
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return shot.Receipt{}, err
		}
	}
	a.taken, a.bodies = append(a.taken, s), append(a.bodies, string(all))
	r := a.receipt
	r.Event = s.Event
	r.Event.FilePath, r.Event.SHA256, r.Event.FileSize = "screenshots/x.png", "ab", int64(len(all))
	return r, nil
}

func newAlbum(t testing.TB, cfg Config, a *album, p *positions) (*httpx.Server, *service) {
	t.Helper()
	server, s := newServer(t, cfg, &sink{}, p)
	s.pictures = a
	return server, s
}

// part is one of a form: a name and what it has.
type part struct{ name, content string }

func form(parts ...part) (body *bytes.Buffer, contentType string) {
	body = &bytes.Buffer{}
	w := multipart.NewWriter(body)
	for _, p := range parts {
		h := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + p.name + `"; filename="x.png"`}, "Content-Type": {"image/png"}}
		one, _ := w.CreatePart(h)
		_, _ = io.WriteString(one, p.content)
	}
	_ = w.Close()
	return body, w.FormDataContentType()
}

func postForm(h http.Handler, body io.Reader, contentType string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/v2/ingest/screenshots", body)
	r.Header.Set("Authorization", "Bearer mine")
	r.Header.Set("Content-Type", contentType)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func postPicture(h http.Handler, metadata, picture string, header ...string) *httptest.ResponseRecorder {
	body, contentType := form(part{"metadata", metadata}, part{"file", picture})
	return postForm(h, body, contentType, header...)
}

const told = `{"gatewayId":"` + me + `","idempotencyToken":"t1","epoch":"e","stream":"picture","seq":12,"until":"2026-11-02T11:00:00Z","key":"k","computerUid":"PC","userSid":"S",
	"at":"2026-11-02T10:00:00Z","title":"T","processName":"p","filePath":"spool:1","fileSize":7,"width":5,"sha256":"00","source":"api","later":{"x":[1]}}`

func TestPictureIsTakenThenThePositionMoves(t *testing.T) {
	t.Parallel()
	a, moved := &album{}, &positions{}
	server, s := newAlbum(t, defaults(), a, moved)
	w := postPicture(server, told, "pixels", "X-Idempotency-Token", "t1")
	var got pictureAnswer
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK {
		t.Fatalf("status %d, %v: %s", w.Code, err, w.Body)
	}
	if want := (pictureAnswer{Success: true, TimescaleStatus: "success", FilePath: "screenshots/x.png", SHA256: "ab", Size: 6, ServerTime: noon}); got != want {
		t.Errorf("answer %+v, want %+v", got, want)
	}
	if w.Header().Get("X-Idempotency-Token") != "t1" || w.Header().Get("X-Buffer-Usage") == "" {
		t.Errorf("headers %v", w.Header())
	}
	in := a.taken[0]
	if e := in.Event; a.bodies[0] != "pixels" || in.ContentType != "image/png" || e.Key != "k" || e.Title != "T" || e.SHA256 != "00" || e.FilePath != "" || e.FileSize != 0 || e.Width != 0 || string(e.Kind) != "screenshot" {
		t.Errorf("taken %+v with %q", in, a.bodies[0])
	}
	d := moved.deliveries[0]
	if moved.gateways[0].String() != me || d.Epoch != "e" || d.Stream != "picture" || !slices.Equal(d.Stored, []gateway.Range{{First: 12, Last: 12}}) || !slices.Equal(d.Agents, []string{"PC"}) || d.Until.IsZero() {
		t.Errorf("delivery %+v", d)
	}
	if used := s.flight.bytes.Load(); used != 0 {
		t.Errorf("%d bytes are still in flight", used)
	}
	if n := testutil.ToFloat64(s.metrics.requests.WithLabelValues("screenshots", "ok")); n != 1 {
		t.Errorf("%v requests counted", n)
	}
}

func TestWhatBecameOfAPictureIsSaid(t *testing.T) {
	t.Parallel()
	a, moved := &album{receipt: shot.Receipt{Known: true, Fallback: true}}, &positions{}
	server, _ := newAlbum(t, defaults(), a, moved)
	w := postPicture(server, told, "pixels")
	if !strings.Contains(w.Body.String(), `"duplicateDetected":true`) || !strings.Contains(w.Body.String(), `"timescaleStatus":"fallback"`) || w.Header().Get("X-Fallback-Mode") != "true" {
		t.Errorf("known, in fallback: %v %s", w.Header(), w.Body)
	}
	a.receipt = shot.Receipt{Quarantined: true}
	if w := postPicture(server, told, "pixels"); !strings.Contains(w.Body.String(), `"quarantined":true`) || strings.Contains(w.Body.String(), "filePath") {
		t.Errorf("set aside: %s", w.Body)
	}
	if len(moved.deliveries) != 2 {
		t.Errorf("moved %d times", len(moved.deliveries))
	}
}

// The design document's dialect, and an event without a position.
func TestPicturesOfTheOtherDialect(t *testing.T) {
	t.Parallel()
	a, moved := &album{}, &positions{}
	server, _ := newAlbum(t, defaults(), a, moved)
	w := postPicture(server, `{"type":"screenshot","computerUid":"PC","userSid":"S","timestamp":"2026-11-02T10:00:00Z","payload":{"windowTitle":"T","processName":"p","sha256":"00"}}`, "pixels")
	if w.Code != 200 || len(moved.deliveries) != 0 {
		t.Fatalf("%d %s, %+v", w.Code, w.Body, moved.deliveries)
	}
	if e := a.taken[0].Event; e.Title != "T" || e.Key == "" || e.At.IsZero() {
		t.Errorf("event %+v", e)
	}
	postPicture(server, `{"computerUid":"PC","userSid":"S","timestamp":"2026-11-02T10:00:00Z","payload":{"windowTitle":"T","processName":"p","sha256":"00"}}`, "pixels")
	postPicture(server, `{"computerUid":"PC","userSid":"S","timestamp":"2026-11-02T10:00:00Z","payload":{"windowTitle":"T","processName":"p","sha256":"01"}}`, "pixels")
	if first, again, another := a.taken[0].Event.Key, a.taken[1].Event.Key, a.taken[2].Event.Key; first != again || first == another {
		t.Errorf("keys %s, %s and %s", first, again, another)
	}
}

func TestRefusalsOfPictures(t *testing.T) {
	t.Parallel()
	a, moved := &album{}, &positions{}
	server, s := newAlbum(t, defaults(), a, moved)
	refused := func(name string, status int, contains string, parts ...part) {
		t.Helper()
		body, contentType := form(parts...)
		if w := postForm(server, body, contentType); w.Code != status || !strings.Contains(w.Body.String(), contains) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	file := part{"file", "pixels"}
	refused("nothing", 400, `"field":"file"`)
	refused("no picture", 400, `"field":"file"`, part{"metadata", told})
	refused("the picture first", 400, `"field":"metadata"`, file, part{"metadata", told})
	refused("metadata that is cut off", 400, "malformed", part{"metadata", told[:100]}, file)
	refused("metadata that is a list", 400, "malformed", part{"metadata", "[]"}, file)
	refused("endless metadata", 400, "malformed", part{"metadata", `{"x":"` + strings.Repeat("x", maxMetadata) + `"}`}, file)
	refused("two documents", 400, "malformed", part{"metadata", told + "{}"}, file)
	refused("nothing said", 400, `"field":"computerUid"`, part{"metadata", "{}"}, file)
	refused("neither key nor hash", 400, `"field":"key"`, part{"metadata", `{"computerUid":"PC","at":"2026-11-02T10:00:00Z"}`}, file)
	refused("a window", 400, "ingest.unknown_type", part{"metadata", strings.Replace(told, `"key"`, `"type":"active_window","key"`, 1)}, file)
	refused("no position", 400, `"field":"seq"`, part{"metadata", strings.Replace(told, `"seq":12`, `"seq":0`, 1)}, file)
	refused("another gateway", 403, "ingest.other_gateway", part{"metadata", strings.Replace(told, me, other, 1)}, file)
	if w := postPicture(server, told, "pixels", "X-Idempotency-Token", "t2"); w.Code != 400 || !strings.Contains(w.Body.String(), "ingest.token_mismatch") {
		t.Errorf("two tokens: %d %s", w.Code, w.Body)
	}
	if w := postForm(server, strings.NewReader(told), "application/json"); w.Code != 400 || !strings.Contains(w.Body.String(), "malformed") {
		t.Errorf("no form: %d %s", w.Code, w.Body)
	}
	body, contentType := form(part{"metadata", told}, file)
	if w := postForm(server, bytes.NewReader(body.Bytes()[:body.Len()-20]), contentType); w.Code != 400 || !strings.Contains(w.Body.String(), "malformed") {
		t.Errorf("a form that is cut off: %d %s", w.Code, w.Body)
	}
	if len(a.taken)+len(moved.deliveries) != 0 || s.flight.bytes.Load() != 0 {
		t.Errorf("taken %d, moved %d, %d bytes in flight", len(a.taken), len(moved.deliveries), s.flight.bytes.Load())
	}
}

// What the taker says reaches the gateway as it is, and the position stays.
func TestPicturesThatAreNotTaken(t *testing.T) {
	t.Parallel()
	moved := &positions{}
	a := &album{}
	server, _ := newAlbum(t, defaults(), a, moved)
	for status, err := range map[int]error{
		422: fault.New(fault.Unprocessable, "malformed"), 413: fault.New(fault.TooLarge, "too_large"), 503: fault.New(fault.Unavailable, "database"), 429: errBusy,
	} {
		a.err = err
		w := postPicture(server, told, "pixels")
		if later := w.Header().Get("Retry-After") != ""; w.Code != status || later != (status == 503 || status == 429) {
			t.Errorf("%v: %d %v", err, w.Code, w.Header())
		}
	}
	a.err = nil
	moved.err = fault.New(fault.Unavailable, "database")
	if w := postPicture(server, told, "pixels"); w.Code != 503 {
		t.Errorf("a position that cannot move: %d", w.Code)
	}
	if len(moved.deliveries) != 0 {
		t.Error("the position moved")
	}
}

// The bytes of a picture count as they come, so a slow line takes no room that it does not fill.
func TestBytesOfPicturesCountAsTheyCome(t *testing.T) {
	t.Parallel()
	a, moved := &album{}, &positions{}
	server, s := newAlbum(t, defaults(), a, moved)
	var at []string
	a.reading = func(n int) {
		used := s.flight.bytes.Load()
		if int64(n) > used || used > int64(n)+maxMetadata+2*pictureStep {
			at = append(at, fmt.Sprintf("%d of %d", used, n))
		}
	}
	if w := postPicture(server, told, strings.Repeat("x", 500_000)); w.Code != 200 || len(at) > 0 || len(a.bodies[0]) != 500_000 {
		t.Errorf("%d %s; in flight were %v", w.Code, w.Body, at)
	}
	s.flight.bytes.Add(s.flight.limit - maxMetadata - pictureStep)
	if w := postPicture(server, told, "small"); w.Code != 200 {
		t.Errorf("a small one: %d %s", w.Code, w.Body)
	}
	if w := postPicture(server, told, strings.Repeat("x", 200_000)); w.Code != 429 || w.Header().Get("Retry-After") == "" {
		t.Errorf("a large one: %d %s", w.Code, w.Body)
	}
	a.known = true
	if w := postPicture(server, told, strings.Repeat("x", 200_000)); w.Code != 200 {
		t.Errorf("a large one that is known: %d %s", w.Code, w.Body)
	}
	a.known = false
	s.flight.bytes.Add(pictureStep)
	if w := postPicture(server, told, "small"); w.Code != 429 {
		t.Errorf("without any room: %d", w.Code)
	}
	if left := s.flight.bytes.Load(); left != s.flight.limit-maxMetadata {
		t.Errorf("%d bytes are left in flight", left)
	}
}

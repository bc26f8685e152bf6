package httpx_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v5"
	"go.uber.org/goleak"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is far longer than anything here takes; a test that reaches it has failed.
const patience = 20 * time.Second

type served struct {
	addr string
	stop context.CancelFunc
	done chan error
}

// serve runs s on a free port until the test ends.
func serve(t *testing.T, s *httpx.Server) served {
	t.Helper()
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	r := served{addr: ln.Addr().String(), stop: stop, done: make(chan error, 1)}
	go func() { r.done <- s.Serve(ctx, ln); close(r.done) }()
	t.Cleanup(func() { stop(); <-r.done })
	return r
}

func (r served) dial(t *testing.T) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn, bufio.NewReader(conn)
}

// say sends text and returns the answer's status and body.
func say(t *testing.T, conn net.Conn, in *bufio.Reader, text string) (int, string) {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func post(path string, length int, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", path, length, body)
}

func TestHalfABodyThenSilenceEndsInTimeout(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t, func(o *httpx.Options) { o.BodyTimeout = 30 * time.Millisecond })
	r := serve(t, s)
	conn, in := r.dial(t)
	status, body := say(t, conn, in, post("/api/v2/things/raw", 100, "half"))
	if status != http.StatusRequestTimeout || !strings.Contains(body, `"REQUEST_TIMEOUT"`) {
		t.Errorf("answer is %d %s", status, body)
	}
	if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("the connection stays open: %v", err)
	}
	conn, in = r.dial(t)
	if status, _ := say(t, conn, in, post("/api/v2/things/7", 100, "half")); status != http.StatusUnauthorized {
		t.Errorf("a body that nobody reads: status is %d, want 401", status)
	}
}

func TestConnectionOutlivesTheBodysDeadline(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t, func(o *httpx.Options) { o.BodyTimeout = 30 * time.Millisecond })
	slow := make(chan struct{})
	s.Router("x", []string{"/x"}).POST("/x", actor.Public, httpx.Raw(func(c *echo.Context) error {
		if _, err := httpx.ReadBody(c.Request().Context()); err != nil {
			return err
		}
		select {
		case <-slow: // well after the deadline of the body
			return c.NoContent(204)
		case <-c.Request().Context().Done():
			return c.Request().Context().Err()
		}
	}), httpx.TakesBytes("*/*"), httpx.Gives[struct{}](204))
	time.AfterFunc(100*time.Millisecond, func() { close(slow) })
	conn, in := serve(t, s).dial(t)
	for range 2 {
		if status, body := say(t, conn, in, post("/x", 4, "body")); status != 204 {
			t.Fatalf("answer is %d %s", status, body)
		}
	}
}

func TestPanicLeavesTheConnection(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t)
	conn, in := serve(t, s).dial(t)
	for range 2 {
		if status, _ := say(t, conn, in, "GET /api/v2/things/fail/panic HTTP/1.1\r\nHost: x\r\n\r\n"); status != 500 {
			t.Errorf("status is %d, want 500", status)
		}
	}
}

func TestLargeBodyIsRefusedBeforeItIsRead(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t)
	r := serve(t, s)
	conn, in := r.dial(t)
	status, body := say(t, conn, in, post("/api/v2/things/raw", 10<<20, "{"))
	if status != 413 || !strings.Contains(body, `"PAYLOAD_TOO_LARGE"`) {
		t.Errorf("declared: answer is %d %s", status, body)
	}
	conn, in = r.dial(t)
	chunked := "POST /api/v2/things/raw HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
		"800\r\n" + strings.Repeat("x", 0x800) + "\r\n"
	if status, _ := say(t, conn, in, chunked); status != 413 {
		t.Errorf("chunked: status is %d, want 413", status)
	}
}

func TestHalfAnAnswerIsCut(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t)
	s.Router("x", []string{"/x"}).GET("/x", actor.Public, httpx.Raw(func(c *echo.Context) error {
		if err := c.String(200, strings.Repeat("x", 10000)); err != nil {
			return err
		}
		return errors.New("the rest is lost")
	}))
	conn, in := serve(t, s).dial(t)
	if _, err := io.WriteString(conn, "GET /x HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if _, err := io.ReadAll(res.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("reading ends with %v, want an unexpected end", err)
	}
}

// blockingServer has a route that says when it runs and ends when it is told to, or when its request does.
func blockingServer(t *testing.T, o func(*httpx.Options)) (s *httpx.Server, log *bytes.Buffer, running, release chan struct{}) {
	t.Helper()
	running, release = make(chan struct{}), make(chan struct{})
	s, log = newServer(t, o)
	s.Router("x", []string{"/x"}).GET("/x", actor.Public, httpx.Handle(204, func(ctx context.Context, _ struct{}) (struct{}, error) {
		close(running)
		select {
		case <-release:
			return struct{}{}, nil
		case <-ctx.Done():
			return struct{}{}, ctx.Err()
		}
	}))
	return s, log, running, release
}

func TestStopLetsRunningRequestsFinish(t *testing.T) {
	t.Parallel()
	s, _, running, release := blockingServer(t, func(*httpx.Options) {})
	r := serve(t, s)
	conn, in := r.dial(t)
	go func() {
		<-running
		r.stop()
		for { // until the listener is closed, so that the drain has begun
			c, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", r.addr)
			if err != nil {
				break
			}
			_ = c.Close()
		}
		close(release)
	}()
	if status, _ := say(t, conn, in, "GET /x HTTP/1.1\r\nHost: x\r\n\r\n"); status != 204 {
		t.Errorf("status is %d, want 204", status)
	}
	if err := <-r.done; err != nil {
		t.Errorf("drain ends with %v", err)
	}
}

func TestStopDoesNotWaitForever(t *testing.T) {
	t.Parallel()
	s, _, running, _ := blockingServer(t, func(o *httpx.Options) { o.DrainTimeout = 10 * time.Millisecond })
	r := serve(t, s)
	conn, _ := r.dial(t)
	if _, err := io.WriteString(conn, "GET /x HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-running
	r.stop()
	if err := <-r.done; err == nil || !strings.Contains(err.Error(), "requests still run") {
		t.Errorf("drain ends with %v", err)
	}
}

func TestServeReturnsWhatBreaksTheListener(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t)
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(t.Context(), ln); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve ends with %v", err)
	}
}

func TestClientThatLeftIsNoError(t *testing.T) {
	t.Parallel()
	s, log, running, _ := blockingServer(t, func(*httpx.Options) {})
	ctx, leave := context.WithCancel(t.Context())
	w := httptest.NewRecorder()
	go func() { <-running; leave() }()
	s.ServeHTTP(w, httptest.NewRequest("GET", "/x", nil).WithContext(ctx))
	if w.Code != 499 {
		t.Errorf("status is %d, want 499", w.Code)
	}
	if strings.Contains(log.String(), `"ERROR"`) || strings.Contains(log.String(), `"WARN"`) {
		t.Errorf("it is logged aloud: %s", log)
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	stranger := httptest.NewUnstartedServer(nil) // lends its certificate
	stranger.StartTLS()
	defer stranger.Close()
	s, _ := newServer(t, func(o *httpx.Options) {
		o.TLS = &tls.Config{Certificates: stranger.TLS.Certificates, MinVersion: tls.VersionTLS12}
	})
	r := serve(t, s)
	client := stranger.Client()
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+r.addr+"/api/v2/things/raw", strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if body, err := io.ReadAll(res.Body); err != nil || string(body) != "hello" {
		t.Errorf("body is %q, %v", body, err)
	}
	if res.Header.Get("Strict-Transport-Security") == "" {
		t.Error("no Strict-Transport-Security")
	}
}

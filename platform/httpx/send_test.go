package httpx

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/platform/actor"
)

// endless gives as much as anybody takes.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// A client that asks and then does not read is given up.
func TestSendGivesUpWhoDoesNotRead(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	early := func() time.Time { return time.Now().Add(100*time.Millisecond - sendPatience) }
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, err := send(w, endless{}, early)
		ended <- err
	}))
	defer s.Close()
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
}

func TestSendSendsAll(t *testing.T) {
	t.Parallel()
	w, want := httptest.NewRecorder(), strings.Repeat("content", 20_000)
	if n, err := send(w, strings.NewReader(want), time.Now); err != nil || n != int64(len(want)) || w.Body.String() != want {
		t.Errorf("%d bytes of %d, %v", n, len(want), err)
	}
}

// What a client asks of a file in vain is refused in words, like anything else.
func TestAFileRefusesInAnEnvelope(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	s.Router("x", []string{"/x"}).GET("/x", actor.Public, Raw(func(c *echo.Context) error {
		c.Response().Header().Set("ETag", `"a"`)
		c.Response().Header().Set("Content-Type", "application/gzip")
		return SendFile(c, time.Time{}, strings.NewReader("content"))
	}), GivesRanges("application/gzip"))
	for _, c := range []struct {
		name, value string
		status      int
		body        string
	}{
		{"Range", "bytes=0-2", 206, "con"},
		{"Range", "bytes=100-", 416, "RANGE_NOT_SATISFIABLE"},
		{"If-Match", `"b"`, 412, "PRECONDITION_FAILED"},
		{"If-None-Match", `"a"`, 304, ""},
		{"Accept", "*/*", 200, "content"},
	} {
		r, w := httptest.NewRequest("GET", "/x", nil), httptest.NewRecorder()
		r.Header.Set(c.name, c.value)
		s.ServeHTTP(w, r)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.body) || c.status >= 400 && w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s %s: %d %v %s", c.name, c.value, w.Code, w.Header(), w.Body)
		}
	}
}

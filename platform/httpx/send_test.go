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

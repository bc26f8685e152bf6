package ws

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// serve runs handle for each connection and returns the address.
func serve(t *testing.T, o AcceptOptions, handle func(ctx context.Context, c *Conn)) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !Asked(r) {
			http.Error(w, "no socket here", http.StatusTeapot)
			return
		}
		c, err := Accept(w, r, o)
		if err != nil {
			t.Errorf("accept: %v", err)
			return
		}
		go handle(context.WithoutCancel(r.Context()), c)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func dial(t *testing.T, url string, o DialOptions) *Conn {
	t.Helper()
	c, err := Dial(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseNow)
	return c
}

// echo says again what it hears.
func echo(ctx context.Context, c *Conn) {
	for {
		m, err := c.Read(ctx)
		if err != nil || c.Write(ctx, m) != nil {
			return
		}
	}
}

func TestMessagesGoBothWays(t *testing.T) {
	t.Parallel()
	c := dial(t, serve(t, AcceptOptions{Subprotocol: "p.v2"}, echo), DialOptions{Subprotocol: "p.v2"})
	if c.Subprotocol() != "p.v2" {
		t.Errorf("they speak %q", c.Subprotocol())
	}
	for _, want := range []string{"", "{}", strings.Repeat("ў", 100_000)} {
		if err := c.Write(t.Context(), []byte(want)); err != nil {
			t.Fatal(err)
		}
		got, err := c.Read(t.Context())
		if err != nil || string(got) != want {
			t.Fatalf("%d bytes came back as %d, %v", len(want), len(got), err)
		}
	}
	go c.Read(t.Context()) // somebody has to read for the answer to be seen
	if err := c.Ping(t.Context()); err != nil {
		t.Errorf("ping: %v", err)
	}
}

func TestTheOtherSideLearnsWhy(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		handle func(ctx context.Context, c *Conn)
		send   func(ctx context.Context, c *Conn) error
		code   Code
		reason string
	}{
		"said":    {handle: func(_ context.Context, c *Conn) { c.Close(4001, "replaced") }, code: 4001, reason: "replaced"},
		"long":    {handle: func(_ context.Context, c *Conn) { c.Close(Policy, strings.Repeat("ў", 100)) }, code: Policy, reason: strings.Repeat("ў", 61)},
		"too big": {handle: echo, send: func(ctx context.Context, c *Conn) error { return c.Write(ctx, make([]byte, 200)) }, code: TooBig, reason: "read limited at 101 bytes"},
		"binary": {handle: echo, send: func(ctx context.Context, c *Conn) error {
			return c.conn.Write(ctx, websocket.MessageBinary, []byte("x"))
		}, code: Unsupported, reason: "binary messages are not understood"},
		"cut off":  {handle: func(_ context.Context, c *Conn) { c.CloseNow() }},
		"goodbye":  {handle: func(_ context.Context, c *Conn) { c.Close(Normal, "") }, code: Normal},
		"leaving":  {handle: func(_ context.Context, c *Conn) { c.Close(GoingAway, "the server stops") }, code: GoingAway, reason: "the server stops"},
		"try late": {handle: func(_ context.Context, c *Conn) { c.Close(TryAgain, "") }, code: TryAgain},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := dial(t, serve(t, AcceptOptions{Limit: 100}, test.handle), DialOptions{})
			if test.send != nil {
				if err := test.send(t.Context(), c); err != nil {
					t.Fatal(err)
				}
			}
			_, err := c.Read(t.Context())
			if code, reason := Closed(err); err == nil || code != test.code || reason != test.reason {
				t.Errorf("closed with %d %q (%v), want %d %q", code, reason, err, test.code, test.reason)
			}
		})
	}
}

func TestTheReaderLearnsWhatWasWrong(t *testing.T) {
	t.Parallel()
	for want, kind := range map[error]websocket.MessageType{ErrTooBig: websocket.MessageText, ErrNotText: websocket.MessageBinary} {
		failed := make(chan error, 1)
		c := dial(t, serve(t, AcceptOptions{Limit: 5}, func(ctx context.Context, c *Conn) {
			_, err := c.Read(ctx)
			failed <- err
		}), DialOptions{})
		if err := c.conn.Write(t.Context(), kind, []byte("abcdefg")[:7-2*int(kind-1)]); err != nil {
			t.Fatal(err)
		}
		go c.Read(t.Context()) // and says goodbye
		if err := <-failed; !errors.Is(err, want) {
			t.Errorf("the reader learns %v, want %v", err, want)
		}
	}
}

func TestRefusedClientsLearnWhatWasSaid(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusUnauthorized)
		io.WriteString(w, `{"code":"no"}`)
	}))
	t.Cleanup(s.Close)
	_, err := Dial(t.Context(), s.URL, DialOptions{Header: http.Header{"X-A": {"b"}}})
	var refused *RefusedError
	if !errors.As(err, &refused) || refused.Status != 401 || string(refused.Body) != `{"code":"no"}` || refused.Header.Get("Retry-After") != "7" {
		t.Fatalf("refused with %+v", err)
	}
	if got := err.Error(); got != "ws: refused with 401 Unauthorized" {
		t.Errorf("it says %q", got)
	}
	s.Close()
	if _, err := Dial(t.Context(), s.URL, DialOptions{}); err == nil || errors.As(err, new(*RefusedError)) {
		t.Errorf("a server that is away: %v", err)
	}
}

func TestOnlyRequestsForSocketsAreAccepted(t *testing.T) {
	t.Parallel()
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
	if Asked(r) {
		t.Error("a plain request asks for a socket")
	}
	r.Header.Set("Upgrade", "WebSocket")
	if !Asked(r) {
		t.Error("an upgrade does not")
	}
	if c, err := Accept(w, r, AcceptOptions{}); err == nil || c != nil || w.Code != http.StatusUpgradeRequired {
		t.Errorf("half a handshake: %d %v", w.Code, err)
	}
}

func TestAPingThatIsNotAnsweredLeavesTheConnection(t *testing.T) {
	t.Parallel()
	read := make(chan struct{})
	c := dial(t, serve(t, AcceptOptions{}, func(ctx context.Context, c *Conn) {
		<-read
		echo(ctx, c)
	}), DialOptions{})
	heard := make(chan string)
	go func() {
		m, _ := c.Read(t.Context())
		heard <- string(m)
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := c.Ping(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("nobody reads, and the ping says %v", err)
	}
	close(read)
	if err := c.Write(t.Context(), []byte("still here")); err != nil {
		t.Fatal(err)
	}
	if got := <-heard; got != "still here" {
		t.Errorf("heard %q", got)
	}
}

// Whatever comes is a sign of life: also a long message that is on its way still.
func TestSignsOfLifeAreHeard(t *testing.T) {
	t.Parallel()
	there := make(chan *Conn, 1)
	here := dial(t, serve(t, AcceptOptions{}, func(ctx context.Context, c *Conn) {
		there <- c
		c.Read(ctx) // the long message
		c.Read(ctx)
	}), DialOptions{})
	c := <-there
	go here.Read(t.Context())
	grows := func(of *Conn, with string, do func() error) {
		t.Helper()
		before := of.Heard()
		if err := do(); err != nil {
			t.Fatalf("%s: %v", with, err)
		}
		for late := time.After(10 * time.Second); of.Heard() == before; runtime.Gosched() {
			select {
			case <-late:
				t.Fatalf("%s is no sign of life", with)
			default:
			}
		}
	}
	long, err := here.conn.Writer(t.Context(), websocket.MessageText)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"first", "second"} {
		grows(c, "the "+part+" part", func() error { _, err := io.WriteString(long, strings.Repeat(part, 10_000)); return err })
	}
	if err := long.Close(); err != nil {
		t.Fatal(err)
	}
	grows(c, "a ping", func() error { return here.Ping(t.Context()) })
	grows(here, "the answer to a ping", func() error { return here.Ping(t.Context()) })
}

func TestLimit(t *testing.T) {
	t.Parallel()
	at := time.Unix(0, 0)
	l := Limit{PerSecond: 10, Over: 3 * time.Second}
	allowed := func(n int) (yes int) {
		for range n {
			if l.Allow(at) {
				yes++
			}
		}
		return yes
	}
	if got := allowed(40); got != 30 {
		t.Errorf("%d of 40 at once, want 30", got)
	}
	at = at.Add(2 * time.Second)
	l.left = 0
	if got := allowed(40); got != 20 {
		t.Errorf("%d of 40 after two seconds, want 20", got)
	}
	l.left = 0
	for range 1000 { // as fast as is allowed, for ever
		at = at.Add(100 * time.Millisecond)
		if !l.Allow(at) {
			t.Fatal("a client that keeps to the rate is stopped")
		}
	}
	if (&Limit{}).Allow(at) {
		t.Error("nothing is allowed and something goes through")
	}
}

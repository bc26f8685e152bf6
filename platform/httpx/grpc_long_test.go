package httpx_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/rpctest"
)

// Each message of a stream is let in like a request: a credential that ends, ends the stream.
func TestAStreamIsLetInMessageByMessage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		later  actor.Actor
		err    error
		code   codes.Code
		reason string
	}{
		"revoked":       {actor.Actor{}, fault.New(fault.Unauthenticated, "unauthenticated"), codes.Unauthenticated, "unauthenticated"},
		"somebody else": {actor.Actor{Role: actor.Admin, ID: "key:2"}, nil, codes.Unauthenticated, "unauthenticated"},
		"another role":  {actor.Actor{Role: actor.Guard, ID: "key:1"}, nil, codes.PermissionDenied, "forbidden"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := newServer(t)
			var asked atomic.Int64
			s.Authenticate(func(context.Context, *http.Request) (actor.Actor, bool, error) {
				if asked.Add(1) <= 2 {
					return actor.Actor{Role: actor.Admin, ID: "key:1"}, true, nil
				}
				return c.later, c.err == nil, c.err
			})
			s.Router("t", []string{"/t.v1.T"}).POST("/t.v1.T/Echoes", read, httpx.BidiStream(func(_ context.Context, receive func() (*text, error), send func(*text) error) error {
				return httpx.Each(receive, send)
			}))
			stream, err := rpctest.Open[text](inTime(t), rpctest.Dial(t, serve(t, s).addr, nil), "/t.v1.T/Echoes")
			if err != nil {
				t.Fatal(err)
			}
			for i := range 3 {
				if err := stream.SendMsg(wrapperspb.String("x")); err != nil {
					t.Fatal(err)
				}
				_, err := stream.Receive()
				if i < 2 {
					if err != nil {
						t.Fatalf("message %d: %v", i, err)
					}
					continue
				}
				if code, reason, _ := rpctest.Refusal(err); code != c.code || reason != c.reason {
					t.Errorf("the third ends with %v", err)
				}
			}
		})
	}
	if err := httpx.Recheck(t.Context()); err != nil {
		t.Errorf("outside of a request: %v", err)
	}
}

// Who does not read what it asked for is given up.
func TestAStreamThatIsNotReadEnds(t *testing.T) {
	t.Parallel()
	s := newProcedures(t, func(o *httpx.Options) { o.BodyTimeout = 60 * time.Millisecond })
	ended := make(chan error, 1)
	s.Router("f", []string{"/f.v1.F"}).POST("/f.v1.F/Flood", read, httpx.ServerStream(func(_ context.Context, _ *text, send func(*text) error) error {
		much := wrapperspb.String(strings.Repeat("x", 1<<16))
		for {
			if err := send(much); err != nil {
				ended <- err
				return err
			}
		}
	}))
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	client := &http.Client{Transport: &http.Transport{Protocols: protocols}}
	defer client.CloseIdleConnections()
	r, err := http.NewRequestWithContext(inTime(t), http.MethodPost, "http://"+serve(t, s).addr+"/f.v1.F/Flood", strings.NewReader("\x00\x00\x00\x00\x00"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/grpc")
	r.Header.Set("X-API-Key", "agent")
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	select {
	case <-ended:
	case <-time.After(patience):
		t.Error("the stream goes on for ever")
	}
	if _, err := io.Copy(io.Discard, res.Body); err == nil {
		t.Error("the client reads a whole answer")
	}
}

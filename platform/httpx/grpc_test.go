package httpx_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/rpctest"
)

type text = wrapperspb.StringValue

// newProcedures is a server with a procedure of each kind, whose agent shows the key "agent" and whose guard "guard".
func newProcedures(t *testing.T, change ...func(*httpx.Options)) *httpx.Server {
	t.Helper()
	s, _ := newServer(t, change...)
	s.Authenticate(func(_ context.Context, r *http.Request) (actor.Actor, bool, error) {
		switch r.Header.Get("X-API-Key") {
		case "agent":
			return actor.Actor{Role: actor.Admin, ID: "key:1", Language: "en"}, true, nil
		case "guard":
			return *guard, true, nil
		}
		return actor.Actor{}, false, nil
	})
	r, limit := s.Router("t", []string{"/t.v1.T"}), httpx.BodyLimit(1000)
	r.POST("/t.v1.T/Echo", read, httpx.Unary(echoText), limit)
	r.POST("/t.v1.T/Join", read, httpx.ClientStream(joinTexts), limit)
	r.POST("/t.v1.T/Echoes", read, httpx.BidiStream(func(ctx context.Context, receive func() (*text, error), send func(*text) error) error {
		return httpx.Each(receive, func(in *text) error {
			out, err := echoText(ctx, in)
			if err != nil {
				return err
			}
			return send(out)
		})
	}), limit)
	r.POST("/t.v1.T/Watch", read, httpx.ServerStream(func(ctx context.Context, in *text, send func(*text) error) error {
		if err := send(in); err != nil {
			return err
		}
		select {
		case <-httpx.Stopping(ctx):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}), limit)
	return s
}

// echoText refuses in the way that the text asks for.
func echoText(ctx context.Context, in *text) (*text, error) {
	var f fault.Fields
	switch in.GetValue() {
	case "fields":
		f.Add("name", "required", nil)
		return nil, f.Err()
	case "panic":
		panic("oops")
	case "later":
		return nil, fault.New(fault.TooMany, "too_many").After(7 * time.Second)
	case "wait":
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if kind, is := strings.CutPrefix(in.GetValue(), "kind "); is {
		return nil, fault.New(fault.Kind(kind), "taken")
	}
	a, _ := actor.From(ctx)
	return wrapperspb.String(a.ID + " " + in.GetValue()), nil
}

func joinTexts(_ context.Context, receive func() (*text, error)) (*text, error) {
	var all strings.Builder
	err := httpx.Each(receive, func(in *text) error {
		all.WriteString(in.GetValue())
		return nil
	})
	return wrapperspb.String(all.String()), err
}

func echoCall(ctx context.Context, conn *grpc.ClientConn, value string, opts ...grpc.CallOption) (string, error) {
	out, err := rpctest.Call[text](ctx, conn, "/t.v1.T/Echo", wrapperspb.String(value), opts...)
	return out.GetValue(), err
}

func inTime(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func TestAProcedureAnswersOverH2CAndTLS(t *testing.T) {
	t.Parallel()
	own := httptest.NewUnstartedServer(nil)
	own.StartTLS()
	defer own.Close()
	roots := x509.NewCertPool()
	roots.AddCert(own.Certificate())
	overTLS := newProcedures(t, func(o *httpx.Options) {
		o.TLS = &tls.Config{Certificates: own.TLS.Certificates, MinVersion: tls.VersionTLS12}
	})
	for name, conn := range map[string]*grpc.ClientConn{
		"h2c": rpctest.Dial(t, serve(t, newProcedures(t)).addr, nil),
		"tls": rpctest.Dial(t, serve(t, overTLS).addr, &tls.Config{RootCAs: roots, ServerName: "example.com", MinVersion: tls.VersionTLS12}),
	} {
		ctx := rpctest.With(inTime(t), "agent")
		for _, opts := range [][]grpc.CallOption{nil, {grpc.UseCompressor(gzip.Name)}} {
			if got, err := echoCall(ctx, conn, strings.Repeat("a", 990), opts...); err != nil || got != "key:1 "+strings.Repeat("a", 990) {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		}
		join, err := rpctest.Open[text](ctx, conn, "/t.v1.T/Join")
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{"a", "b"} {
			if err := join.SendMsg(wrapperspb.String(part)); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := join.Ask(wrapperspb.String("c")); err != nil || got.GetValue() != "abc" {
			t.Errorf("%s: joined %q, %v", name, got, err)
		}
		echoes, err := rpctest.Open[text](ctx, conn, "/t.v1.T/Echoes")
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{"1", "", "3"} {
			if err := echoes.SendMsg(wrapperspb.String(part)); err != nil {
				t.Fatal(err)
			}
			if got, err := echoes.Receive(); err != nil || got.GetValue() != "key:1 "+part {
				t.Errorf("%s: echo %q, %v", name, got, err)
			}
		}
		_ = echoes.CloseSend()
		if _, err := echoes.Receive(); !errors.Is(err, io.EOF) {
			t.Errorf("%s: the stream ends with %v", name, err)
		}
	}
}

func TestFaultsOfProcedures(t *testing.T) {
	t.Parallel()
	conn := rpctest.Dial(t, serve(t, newProcedures(t)).addr, nil)
	agent, plain := rpctest.With(inTime(t), "agent"), inTime(t)
	short, cancel := context.WithTimeout(agent, 50*time.Millisecond)
	defer cancel()
	for _, c := range []struct {
		name   string
		ctx    context.Context
		value  string
		code   codes.Code
		reason string
		fields []string
	}{
		{"nobody", plain, "x", codes.Unauthenticated, "unauthenticated", nil},
		{"another role", rpctest.With(plain, "guard"), "x", codes.PermissionDenied, "forbidden", nil},
		{"fields", agent, "fields", codes.InvalidArgument, "invalid", []string{"name: required"}},
		{"too large", agent, strings.Repeat("x", 1001), codes.ResourceExhausted, "too_large", nil},
		{"far too large", agent, strings.Repeat("x", 1<<20), codes.ResourceExhausted, "too_large", nil},
		{"panic", agent, "panic", codes.Internal, "internal", nil},
		{"kind", agent, "kind " + string(fault.Malformed), codes.InvalidArgument, "taken", nil},
		{"kind", agent, "kind " + string(fault.Unprocessable), codes.InvalidArgument, "taken", nil},
		{"kind", agent, "kind " + string(fault.NotFound), codes.NotFound, "taken", nil},
		{"kind", agent, "kind " + string(fault.Conflict), codes.FailedPrecondition, "taken", nil},
		{"kind", agent, "kind " + string(fault.Unavailable), codes.Unavailable, "taken", nil},
		{"kind", agent, "kind of its own", codes.Internal, "taken", nil},
		{"deadline", short, "wait", codes.DeadlineExceeded, "", nil}, // the client may see it first
		{"later", agent, "later", codes.ResourceExhausted, "too_many", nil},
	} {
		_, err := echoCall(c.ctx, conn, c.value)
		code, reason, fields := rpctest.Refusal(err)
		if code != c.code || c.reason != "" && reason != c.reason || !slices.Equal(fields, c.fields) {
			t.Errorf("%s %.30q: %v %q %v: %v", c.name, c.value, code, reason, fields, err)
		}
	}
	_, err := echoCall(agent, conn, "later")
	if details := status.Convert(err).Details(); len(details) != 2 || !strings.Contains(details[1].(interface{ String() string }).String(), "seconds:7") {
		t.Errorf("when to come back: %v", details)
	}
}

func TestCallsThatAreNoneAreRefused(t *testing.T) {
	t.Parallel()
	conn := rpctest.Dial(t, serve(t, newProcedures(t)).addr, nil)
	ctx := rpctest.With(inTime(t), "agent")
	for name, send := range map[string][]string{"none": {}, "two": {"a", "b"}} {
		s, err := rpctest.Open[text](ctx, conn, "/t.v1.T/Echo")
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range send {
			if err := s.SendMsg(wrapperspb.String(v)); err != nil {
				t.Fatal(err)
			}
		}
		_ = s.CloseSend()
		_, err = s.Receive()
		if code, reason, _ := rpctest.Refusal(err); code != codes.InvalidArgument || reason != "malformed" {
			t.Errorf("%s message: %v", name, err)
		}
	}
	_, err := rpctest.Call[text](ctx, conn, "/t.v1.T/None", wrapperspb.String("x"))
	if status.Code(err) != codes.Unimplemented {
		t.Errorf("a procedure that is not there: %v", err)
	}
}

// Messages that nobody's library would send, through the way that one would.
func TestBrokenMessagesAreTheClientsFault(t *testing.T) {
	t.Parallel()
	address := "http://" + serve(t, newProcedures(t)).addr
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	client := &http.Client{Transport: &http.Transport{Protocols: protocols}}
	defer client.CloseIdleConnections()
	for _, c := range []struct{ name, procedure, body, status, header string }{
		{"not protobuf", "Echo", "\x00\x00\x00\x00\x02\xff\xff", "3", ""},
		{"broken UTF-8", "Echo", "\x00\x00\x00\x00\x03\x0a\x01\xff", "3", ""},
		{"half a head", "Echo", "\x00\x00", "3", ""},
		{"half a message", "Echo", "\x00\x00\x00\x00\x09\x0a", "3", ""},
		{"half a message of a stream", "Echoes", "\x00\x00\x00\x00\x09\x0a", "3", ""},
		{"longer than it may be", "Echo", "\x00\xff\xff\xff\xff\x0a", "8", ""},
		{"longer than it may be, in a stream", "Echoes", "\x00\xff\xff\xff\xff\x0a", "8", ""},
		{"no gzip", "Echo", "\x01\x00\x00\x00\x01\x0a", "3", "gzip"},
		{"a bomb", "Echo", string(frame(1, gzipped(t, bytes.Repeat([]byte{0}, 1<<20)))), "8", "gzip"},
		{"an encoding that nobody knows", "Echo", "\x01\x00\x00\x00\x01\x0a", "12", "secret"},
	} {
		r, err := http.NewRequestWithContext(inTime(t), http.MethodPost, address+"/t.v1.T/"+c.procedure, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range map[string]string{"Content-Type": "application/grpc", "X-API-Key": "agent", "Grpc-Encoding": c.header} {
			if v != "" {
				r.Header.Set(k, v)
			}
		}
		res, err := client.Do(r)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if got := res.Trailer.Get("Grpc-Status") + res.Header.Get("Grpc-Status"); got != c.status {
			t.Errorf("%s: status %s, want %s: %v %v", c.name, got, c.status, res.Trailer, res.Header)
		}
	}
}

func frame(flags byte, message []byte) []byte {
	n := len(message)
	return append([]byte{flags, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, message...)
}

func TestOthersThanGRPCAreToldSo(t *testing.T) {
	t.Parallel()
	s := newProcedures(t)
	ask := func(contentType, key string) int {
		r := httptest.NewRequest(http.MethodPost, "/t.v1.T/Echo", strings.NewReader("{}"))
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("X-API-Key", key)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Code
	}
	if got := ask("application/json", ""); got != http.StatusUnauthorized {
		t.Errorf("nobody gets %d", got)
	}
	for _, kind := range []string{"application/json", "application/connect+proto", "application/proto", "application/grpc-web+proto"} {
		if got := ask(kind, "agent"); got != http.StatusUnsupportedMediaType {
			t.Errorf("%s gets %d", kind, got)
		}
	}
	if got := ask("application/grpc", "agent"); got != http.StatusHTTPVersionNotSupported {
		t.Errorf("HTTP/1.1 gets %d", got)
	}
	document, err := s.OpenAPI()
	if err != nil || bytes.Contains(document, []byte("t.v1.T")) {
		t.Errorf("OpenAPI describes procedures: %v", err)
	}
}

// A message that has begun must end in time, in every kind of call; between two a stream may be quiet.
func TestSlowMessagesAreCut(t *testing.T) {
	t.Parallel()
	address := "http://" + serve(t, newProcedures(t, func(o *httpx.Options) { o.BodyTimeout = 60 * time.Millisecond })).addr
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	client := &http.Client{Transport: &http.Transport{Protocols: protocols}}
	defer client.CloseIdleConnections()
	for _, procedure := range []string{"Echo", "Join", "Echoes"} {
		body, w := io.Pipe()
		defer w.Close()
		r, err := http.NewRequestWithContext(inTime(t), http.MethodPost, address+"/t.v1.T/"+procedure, body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/grpc")
		r.Header.Set("X-API-Key", "agent")
		go func() { _, _ = io.WriteString(w, "\x00\x00\x00\x00\x09half") }()
		res, err := client.Do(r)
		if err != nil {
			t.Fatalf("%s: %v", procedure, err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if got := res.Trailer.Get("Grpc-Status"); got != "4" {
			t.Errorf("%s: status %q", procedure, got)
		}
	}
}

func TestAQuietStreamGoesOn(t *testing.T) {
	t.Parallel()
	const each = 60 * time.Millisecond
	conn := rpctest.Dial(t, serve(t, newProcedures(t, func(o *httpx.Options) { o.BodyTimeout, o.WriteTimeout = each, each })).addr, nil)
	ctx := rpctest.With(inTime(t), "agent")
	s, err := rpctest.Open[text](ctx, conn, "/t.v1.T/Echoes")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := s.SendMsg(wrapperspb.String("x")); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Receive(); err != nil {
			t.Fatal(err)
		}
		quiet := time.NewTimer(2 * each)
		<-quiet.C
	}
}

// Streams end when the server stops: at once, and with an answer that tells them from a broken connection.
func TestStreamsEndWhenTheServerStops(t *testing.T) {
	t.Parallel()
	r := serve(t, newProcedures(t))
	conn := rpctest.Dial(t, r.addr, nil)
	ctx := rpctest.With(inTime(t), "agent")
	watch, err := rpctest.Open[text](ctx, conn, "/t.v1.T/Watch")
	if err == nil {
		_, err = watch.Ask(wrapperspb.String("x"))
	}
	if err != nil {
		t.Fatal(err)
	}
	idle, err := rpctest.Open[text](ctx, conn, "/t.v1.T/Echoes")
	if err != nil {
		t.Fatal(err)
	}
	if err := idle.SendMsg(wrapperspb.String("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := idle.Receive(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	r.stop()
	if _, err := watch.Receive(); !errors.Is(err, io.EOF) {
		t.Errorf("the watch ends with %v", err)
	}
	_, err = idle.Receive()
	if code, reason, _ := rpctest.Refusal(err); code != codes.Unavailable || reason != "unavailable" {
		t.Errorf("the stream ends with %v", err)
	}
	if err := <-r.done; err != nil || time.Since(began) > 5*time.Second {
		t.Errorf("stopped after %s: %v", time.Since(began), err)
	}
}

package httpx_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
)

func gzipped(t testing.TB, plain []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstded(t testing.TB, plain []byte, opts ...zstd.EOption) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil, append(opts, zstd.WithEncoderConcurrency(1))...)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(plain, nil)
}

// emptyFrames is zstd that decodes to nothing, n bytes of it.
func emptyFrames(n int) []byte {
	frame := make([]byte, 8+n)
	binary.LittleEndian.PutUint32(frame, 0x184D2A50)
	binary.LittleEndian.PutUint32(frame[4:], uint32(n))
	return frame
}

func TestCompressedBodiesAreReadAndBounded(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t)
	const raw, typed = "/api/v2/things/raw", "/api/v2/things/7"
	thing := []byte(`{"name":"pen"}`)
	gz, zs := map[string]string{"Content-Encoding": "gzip"}, map[string]string{"Content-Encoding": "ZSTD"}
	bomb := bytes.Repeat([]byte{0}, 50<<20)
	httptestx.Run(t, s,
		httptestx.Scenario{Name: "gzip", Path: raw, Header: gz, Body: gzipped(t, []byte("hello")), Status: 200, Contains: []string{"hello"}},
		httptestx.Scenario{Name: "gzip again", Path: raw, Header: gz, Body: gzipped(t, []byte("again")), Status: 200, Contains: []string{"again"}},
		httptestx.Scenario{Name: "zstd", Path: raw, Header: zs, Body: zstded(t, []byte("hello")), Status: 200, Contains: []string{"hello"}},
		httptestx.Scenario{Name: "zstd again", Path: raw, Header: zs, Body: zstded(t, []byte("again")), Status: 200, Contains: []string{"again"}},
		httptestx.Scenario{Name: "typed gzip", As: admin, Path: typed, Header: gz, Body: gzipped(t, thing), Status: 201},
		httptestx.Scenario{Name: "typed zstd", As: admin, Path: typed, Header: zs, Body: zstded(t, thing), Status: 201},
		httptestx.Scenario{Name: "exactly the limit", Path: raw, Body: strings.Repeat("x", 1000), Status: 200},
		httptestx.Scenario{Name: "one more", Path: raw, Body: strings.Repeat("x", 1001), Status: 413},
		httptestx.Scenario{Name: "gzip bomb", Path: raw, Header: gz, Body: gzipped(t, bomb), Status: 413},
		httptestx.Scenario{Name: "gzip bomb of small size", Path: raw, Header: gz, Body: gzipped(t, bomb[:5000]), Status: 413},
		httptestx.Scenario{Name: "zstd bomb", Path: raw, Header: zs, Body: zstded(t, bomb[:9000]), Status: 413},
		httptestx.Scenario{Name: "frames of nothing", As: admin, Path: raw, Header: zs, Status: 413,
			Body: unsized{bytes.NewReader(bytes.Repeat(emptyFrames(1000), 200))}},
		httptestx.Scenario{Name: "large window", Path: raw, Header: zs, Status: 400, Contains: []string{"malformed"},
			Body: []byte{0x28, 0xB5, 0x2F, 0xFD, 0x00, 0xA8, 0x01, 0x00, 0x00}},
		httptestx.Scenario{Name: "no gzip", Path: raw, Header: gz, Body: "hello", Status: 400, Contains: []string{"malformed"}},
		httptestx.Scenario{Name: "no gzip, pooled", Path: raw, Header: gz, Body: "hello", Status: 400},
		httptestx.Scenario{Name: "cut gzip", Path: raw, Header: gz, Body: gzipped(t, thing)[:20], Status: 400, Contains: []string{"malformed"}},
		httptestx.Scenario{Name: "no zstd", Path: raw, Header: zs, Body: "hello", Status: 400},
		httptestx.Scenario{Name: "unknown", Path: raw, Header: map[string]string{"Content-Encoding": "br"}, Body: "x", Status: 400,
			Contains: []string{"encoding_unknown"}},
	)
}

func TestABodyIsTheSameWhenItWasReceivedFirst(t *testing.T) {
	t.Parallel()
	s := httptestx.New(t, httpx.Options{BodyLimit: 1000})
	s.Router("x", []string{"/x"}).POST("/x", actor.Public, httpx.Raw(func(c *echo.Context) error {
		if err := httpx.Receive(c.Request().Context()); err != nil {
			return err
		}
		text, err := httpx.ReadBody(c.Request().Context())
		if err != nil {
			return err
		}
		return c.String(200, string(text))
	}), httpx.TakesBytes("*/*"), httpx.GivesFile("text/plain"))
	gz, zs := map[string]string{"Content-Encoding": "gzip"}, map[string]string{"Content-Encoding": "zstd"}
	bomb := bytes.Repeat([]byte{0}, 50<<20)
	httptestx.Run(t, s,
		httptestx.Scenario{Name: "plain", Path: "/x", Body: strings.Repeat("x", 1000), Status: 200, Contains: []string{"xxx"}},
		httptestx.Scenario{Name: "plain of no length", Path: "/x", Body: unsized{bytes.NewReader([]byte("hello"))}, Status: 200, Contains: []string{"hello"}},
		httptestx.Scenario{Name: "one more", Path: "/x", Body: unsized{bytes.NewReader(make([]byte, 1001))}, Status: 413},
		httptestx.Scenario{Name: "gzip", Path: "/x", Header: gz, Body: gzipped(t, []byte("hello")), Status: 200, Contains: []string{"hello"}},
		httptestx.Scenario{Name: "zstd", Path: "/x", Header: zs, Body: zstded(t, []byte("hello")), Status: 200, Contains: []string{"hello"}},
		httptestx.Scenario{Name: "zstd bomb", Path: "/x", Header: zs, Body: zstded(t, bomb), Status: 413},
		httptestx.Scenario{Name: "cut gzip", Path: "/x", Header: gz, Body: gzipped(t, []byte("hello"))[:20], Status: 400, Contains: []string{"malformed"}},
		httptestx.Scenario{Name: "frames of nothing", Path: "/x", Header: zs, Status: 413, Body: unsized{bytes.NewReader(bytes.Repeat(emptyFrames(1000), 200))}},
		httptestx.Scenario{Name: "unknown", Path: "/x", Header: map[string]string{"Content-Encoding": "br"}, Body: "x", Status: 400, Contains: []string{"encoding_unknown"}},
		httptestx.Scenario{Name: "nothing", Path: "/x", Method: "POST", Status: 200},
	)
}

// unsized hides a reader's length, so that the request has none.
type unsized struct{ *bytes.Reader }

func FuzzBodies(f *testing.F) {
	f.Add([]byte(`{"name":"a","size":1,"at":"2026-01-01T00:00:00Z","tags":["x"],"place":{"city":"T"}}`), "", "dryRun=true")
	f.Add(gzipped(f, []byte(`{"name":"a"}`)), "gzip", "")
	f.Add(zstded(f, []byte(`{"name":"a"}`)), "zstd", "x=%zz")
	f.Add(emptyFrames(100), "zstd", "dryRun")
	f.Add([]byte(`[[[[{"\u0000":"\ud800"}]]]]`), "identity", "dryRun=%ff")
	s := httpx.New(httpx.Options{BodyLimit: 1 << 16})
	s.Router("x", []string{"/x"}).POST("/x/:id", actor.Public, httpx.Handle(200, makeThing))
	f.Fuzz(func(t *testing.T, body []byte, coding, query string) {
		r := httptest.NewRequest("POST", "/x/7", bytes.NewReader(body))
		r.URL.RawQuery = query
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Content-Encoding", coding)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("status is %d: %s", w.Code, w.Body)
		}
		if w.Code == 200 && !strings.Contains(w.Body.String(), `"id":7`) {
			t.Errorf("the path's id is not in %s", w.Body)
		}
	})
}

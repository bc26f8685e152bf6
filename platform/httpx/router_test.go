package httpx_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
)

func nothing(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }

func takes[In any]() httpx.Handler {
	return httpx.Handle(200, func(context.Context, In) (struct{}, error) { return struct{}{}, nil })
}

func TestRoutesThatAreBugsPanic(t *testing.T) {
	t.Parallel()
	free := httpx.Handle(200, nothing)
	for name, tt := range map[string]struct {
		path string
		p    actor.Permission
		h    httpx.Handler
		want string
	}{
		"outside":           {"/api/v2/things2", actor.Public, free, "is outside the paths of its owner, /api/v2/things"},
		"above":             {"/api/v2", actor.Public, free, "is outside"},
		"no permission":     {"/api/v2/things/a", actor.Permission{}, free, "names no permission"},
		"no handler":        {"/api/v2/things/a", actor.Public, httpx.Handler{}, "has no handler"},
		"twice":             {"/api/v2/things", actor.Public, free, "is a route of things already"},
		"twice, other name": {"/api/v2/things/fail/:why", actor.Public, free, "is a route of things already"},
		"body of a GET":     {"/api/v2/things/a", actor.Public, takes[struct{ Name string }](), "neither query nor path tag"},
		"no such parameter": {"/api/v2/things/a", actor.Public, takes[idRequest](), "has no path parameter id"},
		"no text": {"/api/v2/things/a", actor.Public, takes[struct {
			F *func() `query:"f"`
		}](), "cannot fill the field F"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := newServer(t)
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, tt.want) || !strings.Contains(got, "GET "+tt.path) {
					t.Errorf("panic says %q, want %q", got, tt.want)
				}
			}()
			s.Router("things", []string{"/api/v2/things"}).GET(tt.path, tt.p, tt.h)
		})
	}
}

func TestTableOfRoutes(t *testing.T) {
	t.Parallel()
	s := oldServer(t)
	r := s.Router("root", []string{"/"})
	r.PUT("/b", read, httpx.Handle(200, nothing))
	r.PATCH("/b", read, httpx.Handle(200, nothing))
	var lines []string
	for _, rt := range s.Routes() {
		lines = append(lines, fmt.Sprintf("%-6s %-28s %-10s %-6s v1=%t %s", rt.Method, rt.Path, rt.Permission, rt.Owner, rt.V1, rt.Summary))
	}
	httptestx.Golden(t, "routes", []byte(strings.Join(lines, "\n")+"\n"))
}

func TestFirstAuthenticatorThatKnowsDecides(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t)
	expired := fault.New(fault.Unauthenticated, "unauthenticated")
	s.Authenticate(func(_ context.Context, r *http.Request) (actor.Actor, bool, error) {
		switch r.Header.Get("Authorization") {
		case "Bearer good":
			return *admin, true, nil
		case "Bearer old":
			return actor.Actor{}, false, expired
		case "Bearer broken":
			return actor.Actor{}, false, errors.New("no database")
		}
		return actor.Actor{}, false, nil
	})
	s.Authenticate(func(_ context.Context, r *http.Request) (actor.Actor, bool, error) {
		return *guard, r.Header.Get("Authorization") != "", nil
	})
	for token, want := range map[string]int{"Bearer good": 200, "Bearer old": 401, "Bearer broken": 500, "Bearer other": 403, "": 401} {
		r := httptest.NewRequest("GET", "/api/v2/things", nil)
		if token != "" {
			r.Header.Set("Authorization", token)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%q: status is %d, want %d", token, w.Code, want)
		}
		if (w.Header().Get("WWW-Authenticate") != "") != (want == 401) {
			t.Errorf("%q: WWW-Authenticate is %q", token, w.Header().Get("WWW-Authenticate"))
		}
	}
}

func TestHeadersOfAnswers(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t)
	s.Router("x", []string{"/x"}).GET("/x", actor.Public, httpx.Handle(200, func(ctx context.Context, _ struct{}) (string, error) {
		httpx.SetHeader(ctx, "Cache-Control", "max-age=60")
		return httpx.Request(ctx).Header.Get("X-Idempotency-Token"), nil
	}))
	for _, tt := range []struct{ path, header, want string }{
		{"/x", "X-Content-Type-Options", "nosniff"},
		{"/x", "X-Frame-Options", "DENY"},
		{"/x", "Referrer-Policy", "no-referrer"},
		{"/x", "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
		{"/x", "Cache-Control", "max-age=60"},
		{"/nowhere", "X-Content-Type-Options", "nosniff"},
		{"/nowhere", "Cache-Control", "no-store"},
		{"/nowhere", "Content-Language", "uz"},
		{"/api/v2/things/fail/busy", "Retry-After", "2"},
		{"/api/v2/things/fail/database", "Retry-After", "5"},
		{"/api/v2/things/fail/gone", "Retry-After", ""},
	} {
		r := httptest.NewRequest("GET", tt.path, nil)
		r.Header.Set("X-Idempotency-Token", "t")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if got := w.Header().Get(tt.header); got != tt.want {
			t.Errorf("%s: %s is %q, want %q", tt.path, tt.header, got, tt.want)
		}
		if id := w.Header().Get("X-Trace-Id"); len(id) != 32 {
			t.Errorf("%s: X-Trace-Id is %q", tt.path, id)
		}
		if tt.path == "/x" && strings.TrimSpace(w.Body.String()) != `"t"` {
			t.Errorf("the request's header is %s", w.Body)
		}
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("PURGE", "/api/v2/things", nil))
	if allow := w.Header().Get("Allow"); !strings.Contains(allow, "GET") || w.Code != 405 {
		t.Errorf("Allow is %q, status %d", allow, w.Code)
	}
}

func TestTraceOfTheCallerIsContinued(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t)
	const id = "0af7651916cd43dd8448eb211c80319c"
	r := httptest.NewRequest("GET", "/api/v2/things/fail/gone", nil)
	r.Header.Set("traceparent", "00-"+id+"-b7ad6b7169203331-01")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if got := w.Header().Get("X-Trace-Id"); got != id || !strings.Contains(w.Body.String(), `"traceId":"`+id+`"`) {
		t.Errorf("X-Trace-Id is %s, answer %s", got, w.Body)
	}
}

func TestClientIPBelievesOnlyTrustedProxies(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t, func(o *httpx.Options) { o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	s.Router("x", []string{"/x"}).GET("/x", actor.Public, httpx.Handle(200, func(ctx context.Context, _ struct{}) (string, error) {
		return httpx.ClientIP(ctx), nil
	}))
	for _, tt := range []struct {
		peer      string
		forwarded []string
		want      string
	}{
		{"192.0.2.1:5", nil, "192.0.2.1"},
		{"192.0.2.1:5", []string{"198.51.100.7"}, "192.0.2.1"},
		{"10.1.1.1:5", []string{"198.51.100.7"}, "198.51.100.7"},
		{"10.1.1.1:5", []string{"6.6.6.6, 198.51.100.7", "10.2.2.2"}, "198.51.100.7"},
		{"10.1.1.1:5", []string{"6.6.6.6, nonsense"}, "10.1.1.1"},
		{"[::ffff:10.1.1.1]:5", []string{"2001:db8::1"}, "2001:db8::1"},
		{"@", nil, "@"},
	} {
		r := httptest.NewRequest("GET", "/x", nil)
		r.RemoteAddr = tt.peer
		for _, f := range tt.forwarded {
			r.Header.Add("X-Forwarded-For", f)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if got := strings.TrimSpace(w.Body.String()); got != fmt.Sprintf("%q", tt.want) {
			t.Errorf("%s by %v is %s, want %s", tt.peer, tt.forwarded, got, tt.want)
		}
	}
}

func TestHelpersOutsideARequest(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	httpx.SetHeader(ctx, "X", "1")
	if httpx.ClientIP(ctx) != "" || httpx.Request(ctx).Header.Get("X") != "" {
		t.Error("there is a request where there is none")
	}
	if raw, err := httpx.ReadBody(ctx); len(raw) != 0 || err != nil {
		t.Errorf("body is %q, %v", raw, err)
	}
}

func TestRequestsAreMeasuredWithBoundedLabels(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	shared := func(o *httpx.Options) { o.Metrics = registry }
	s, _ := newServer(t, shared)
	newServer(t, shared) // a second role in the process
	for _, line := range []string{"GET /api/v2/things/fail/gone", "GET /a", "GET /b", "BREW /a", "DELETE /api/v2/things/8"} {
		method, path, _ := strings.Cut(line, " ")
		s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, path, nil))
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range families[0].GetMetric() {
		var labels []string
		for _, l := range m.GetLabel() {
			labels = append(labels, l.GetValue())
		}
		got = append(got, fmt.Sprintf("%s %d", strings.Join(labels, " "), m.GetHistogram().GetSampleCount()))
	}
	want := []string{
		"DELETE /api/v2/things/:id 401 1", "GET /api/v2/things/fail/:how 410 1", "GET unmatched 404 2", "other unmatched 404 1",
	}
	slices.Sort(got)
	if families[0].GetName() != "staff_http_request_seconds" || !slices.Equal(got, want) {
		t.Errorf("%s is %q, want %q", families[0].GetName(), got, want)
	}
}

func TestSecretsAreScrubbedFromFaults(t *testing.T) {
	t.Parallel()
	s, logged := newServer(t)
	const email = "dilnoza@example.uz"
	long := strings.Repeat("я", 300)
	httptestx.Run(t, s,
		httptestx.Scenario{Name: "body", As: admin, Path: "/api/v2/things/7", Body: `{"` + email + `":1}`, Status: 400,
			Excludes: []string{email}, Contains: []string{"unknown_field"}},
		httptestx.Scenario{Name: "query", As: admin, Path: "/api/v2/things?" + email + "=1", Status: 400, Excludes: []string{email}},
		httptestx.Scenario{Name: "problem", Path: "/nowhere/" + email, Header: map[string]string{"Accept": "application/problem+json"},
			Status: 404, Excludes: []string{email}},
		httptestx.Scenario{Name: "cause", Path: "/api/v2/things/fail/internal", Status: 500, Excludes: []string{email}},
		httptestx.Scenario{Name: "length", As: admin, Path: "/api/v2/things/7", Body: `{"` + long + `":1}`, Status: 400, Excludes: []string{long}},
	)
	if !strings.Contains(logged.String(), "sda1") || strings.Contains(logged.String(), email) {
		t.Errorf("the log has the address or lacks the cause: %s", logged)
	}
}

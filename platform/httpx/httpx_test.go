package httpx_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v5"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/id"
)

var (
	read  = actor.Permission{Name: "thing.read", Roles: actor.Admin | actor.HR}
	admin = &actor.Actor{Role: actor.Admin, ID: "user:1", UserID: 1}
	guard = &actor.Actor{Role: actor.Guard, ID: "user:2", UserID: 2, OrganizationID: 1, Language: "en"}
)

func noon() time.Time { return time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC) }

type paging struct {
	After string `query:"after"`
	Limit int    `query:"limit"`
}

type thingRequest struct {
	ID      int64      `path:"id"`
	Name    string     `json:"name"`
	Size    int        `json:"size"`
	At      *time.Time `json:"at,omitempty"`
	Tags    []string   `json:"tags,omitempty"`
	Place   place      `json:"place,omitzero"`
	DryRun  bool       `query:"dryRun"`
	Unnamed string     `json:"-"`
}

type place struct {
	City string `json:"city"`
}

func (r *thingRequest) Validate() error {
	var f fault.Fields
	if r.Name == "" {
		f.Add("name", "required", nil)
	}
	if len(r.Name) > 5 {
		f.Add("name", "too_long", fault.Params{"Max": 5})
	}
	return f.Err()
}

type thing struct {
	ID    int64      `json:"id"`
	Name  string     `json:"name"`
	Until *time.Time `json:"until"`
}

type listRequest struct {
	paging
	From  time.Time  `query:"from"`
	To    *time.Time `query:"to"`
	Kind  []string   `query:"kind"`
	Exact bool       `query:"exact"`
	UID   id.UUID    `query:"uid"`
	Count *uint8     `query:"count"`
}

// newServer returns a server with one route of each kind, and what it logged.
func newServer(t *testing.T, change ...func(*httpx.Options)) (*httpx.Server, *bytes.Buffer) {
	t.Helper()
	var logged bytes.Buffer
	o := httpx.Options{Now: noon, Log: slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	for _, c := range change {
		c(&o)
	}
	s := httptestx.New(t, o)
	r := s.Router("things", []string{"/api/v2/things"})
	r.POST("/api/v2/things/:id", read, httpx.Handle(201, makeThing), httpx.Doc("Make a thing"))
	r.GET("/api/v2/things", read, httpx.Handle(200, list), httpx.Doc("List the things"))
	r.DELETE("/api/v2/things/:id", read, httpx.Handle(204, remove))
	r.GET("/api/v2/things/fail/:how", actor.Public, httpx.Handle(200, fail))
	r.POST("/api/v2/things/raw", actor.Public, httpx.Raw(echoBody), httpx.TakesBytes("*/*"), httpx.GivesFile("application/octet-stream"), httpx.BodyLimit(1000))
	return s, &logged
}

func makeThing(_ context.Context, in thingRequest) (thing, error) {
	return thing{ID: in.ID, Name: in.Name}, nil
}

type idRequest struct {
	ID int64 `path:"id"`
}

func remove(context.Context, idRequest) (struct{}, error) { return struct{}{}, nil }

// listed is a listRequest as it is answered.
type listed struct {
	After string
	Limit int
	From  time.Time
	To    *time.Time
	Kind  []string
	Exact bool
	UID   id.UUID
	Count *uint8
}

func list(_ context.Context, in listRequest) (httpx.Page[listed], error) {
	if in.Limit == 0 {
		return httpx.Page[listed]{}, nil
	}
	return httpx.Page[listed]{Items: []listed{{in.After, in.Limit, in.From, in.To, in.Kind, in.Exact, in.UID, in.Count}}, Next: in.After}, nil
}

func echoBody(c *echo.Context) error {
	raw, err := httpx.ReadBody(c.Request().Context())
	if err != nil {
		return err
	}
	return c.Blob(200, "application/octet-stream", raw)
}

type failRequest struct {
	How string `path:"how"`
}

func fail(_ context.Context, in failRequest) (thing, error) {
	switch in.How {
	case "panic":
		panic("everything is wrong")
	case "internal":
		return thing{}, errors.New("disk sda1 of dilnoza@example.uz is on fire")
	case "deadline":
		return thing{}, context.DeadlineExceeded
	case "database":
		return thing{}, fmt.Errorf("read: %w", db.ErrUnavailable)
	case "busy":
		return thing{}, fault.New(fault.TooMany, "too_many").After(1500 * time.Millisecond)
	}
	return thing{}, fault.New(fault.Kind(in.How), in.How)
}

func TestBodyQueryAndPathAreBound(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t)
	httptestx.Run(t, s,
		httptestx.Scenario{Name: "made", As: admin, Path: "/api/v2/things/7?dryRun=true",
			Body: `{"name":"pen","size":2,"at":"2026-03-04T12:00:00Z","tags":["a"]}`, Status: 201, Golden: "made"},
		httptestx.Scenario{Name: "empty page is a list", As: admin, Path: "/api/v2/things", Status: 200,
			Contains: []string{`{"items":[],"next":""}`}},
		httptestx.Scenario{Name: "every type of query", As: admin, Status: 200, Golden: "query",
			Path: "/api/v2/things?limit=5&after=x&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00%2B05:00&kind=a&kind=b&exact=true&uid=0192d3b4-0000-7000-8000-000000000001&count=255"},
		httptestx.Scenario{Name: "nothing to say", As: admin, Method: "DELETE", Path: "/api/v2/things/7", Status: 204},
	)
}

func TestBodyCannotChooseWhoseRowItChanges(t *testing.T) {
	t.Parallel()
	type both struct {
		ID   int64  `json:"id" path:"id"`
		Name string `json:"name"`
	}
	s, _ := newServer(t)
	s.Router("x", []string{"/x"}).POST("/x/:id", actor.Public, httpx.Handle(200, func(_ context.Context, in both) (both, error) {
		return in, nil
	}))
	httptestx.Run(t, s,
		httptestx.Scenario{Name: "path wins", Path: "/x/7", Body: `{"id":666,"name":"a"}`, Status: 200, Contains: []string{`"id":7`}},
		httptestx.Scenario{Name: "a path field has no name in the body", As: admin, Path: "/api/v2/things/7",
			Body: `{"ID":666,"name":"pen"}`, Status: 400, Contains: []string{"unknown_field", `"field":"ID"`}},
		httptestx.Scenario{Name: "nor has a query field", As: admin, Path: "/api/v2/things/7",
			Body: `{"dryrun":true,"name":"pen"}`, Status: 400, Contains: []string{"unknown_field"}},
	)
}

func TestWrongRequestsNameEveryField(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t)
	deep := `{"name":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + "}"
	httptestx.Run(t, s,
		httptestx.Scenario{Name: "types", As: admin, Path: "/api/v2/things/7", Status: 400, Golden: "wrong_types",
			Body: `{"name":1,"size":"x","at":"yesterday","tags":"a","place":{"town":"T"},"colour":"red"}`},
		httptestx.Scenario{Name: "rules", As: admin, Path: "/api/v2/things/7", Status: 400, Golden: "wrong_rules", Body: `{"name":"pencils"}`},
		httptestx.Scenario{Name: "no body", As: admin, Method: "POST", Path: "/api/v2/things/7", Status: 400, Contains: []string{`"required"`}},
		httptestx.Scenario{Name: "queries", As: admin, Status: 400, Golden: "wrong_queries",
			Path: "/api/v2/things?limit=many&limit=2&from=now&exact=yes&uid=7&count=256&after=%00&colour=red"},
		httptestx.Scenario{Name: "a number", As: admin, Path: "/api/v2/things?limit=many", Status: 400, Contains: []string{"not_a_number"}},
		httptestx.Scenario{Name: "path", As: admin, Method: "DELETE", Path: "/api/v2/things/x", Status: 400, Contains: []string{`"field":"id"`}},
		httptestx.Scenario{Name: "syntax", As: admin, Path: "/api/v2/things/7", Body: `{"name":`, Status: 400, Golden: "malformed"},
		httptestx.Scenario{Name: "two values", As: admin, Path: "/api/v2/things/7", Body: `{"name":"a"}{}`, Status: 400, Contains: []string{"malformed"}},
		httptestx.Scenario{Name: "a list", As: admin, Path: "/api/v2/things/7", Body: `[]`, Status: 400, Contains: []string{"malformed"}},
		httptestx.Scenario{Name: "too deep", As: admin, Path: "/api/v2/things/7", Body: deep, Status: 400, Contains: []string{"malformed"}},
		httptestx.Scenario{Name: "form", As: admin, Path: "/api/v2/things/7", Body: `name=pen`, Status: 400,
			Header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, Contains: []string{"malformed"}},
		httptestx.Scenario{Name: "charset", As: admin, Path: "/api/v2/things/7", Body: `{"name":"a"}`, Status: 400,
			Header: map[string]string{"Content-Type": "application/json; charset=utf-16"}},
		httptestx.Scenario{Name: "json of a kind", As: admin, Path: "/api/v2/things/7", Body: `{"name":"a"}`, Status: 201,
			Header: map[string]string{"Content-Type": "application/merge-patch+json; charset=UTF-8"}},
	)
}

func TestFaultsAreAnsweredInTheEnvelope(t *testing.T) {
	t.Parallel()
	s, logged := newServer(t)
	problem := map[string]string{"Accept": "application/problem+json", "Accept-Language": "ru"}
	httptestx.Run(t, s,
		httptestx.Scenario{Name: "forbidden", As: guard, Path: "/api/v2/things", Status: 403, Contains: []string{`"ACCESS_DENIED"`, "You have no right"}},
		httptestx.Scenario{Name: "forbidden uz", Path: "/api/v2/things/fail/forbidden", Status: 403, Golden: "forbidden"},
		httptestx.Scenario{Name: "invalid", Path: "/api/v2/things/fail/invalid", Status: 400, Golden: "invalid"},
		httptestx.Scenario{Name: "database", Path: "/api/v2/things/fail/database", Status: 503, Golden: "database"},
		httptestx.Scenario{Name: "problem", Path: "/api/v2/things/fail/conflict", Header: problem, Status: 409, Golden: "problem"},
		httptestx.Scenario{Name: "nobody", Path: "/api/v2/things", Status: 401, Contains: []string{`"UNAUTHENTICATED"`}},
		httptestx.Scenario{Name: "gone", Path: "/api/v2/things/fail/gone", Status: 410, Contains: []string{`"GONE"`}},
		httptestx.Scenario{Name: "internal", Path: "/api/v2/things/fail/internal", Status: 500, Contains: []string{`"INTERNAL_ERROR"`}, Excludes: []string{"sda1"}},
		httptestx.Scenario{Name: "deadline", Path: "/api/v2/things/fail/deadline", Status: 503, Contains: []string{`"cancelled"`}},
		httptestx.Scenario{Name: "unknown kind", Path: "/api/v2/things/fail/odd", Status: 500},
		httptestx.Scenario{Name: "panic", Path: "/api/v2/things/fail/panic", Status: 500, Excludes: []string{"everything"}},
		httptestx.Scenario{Name: "no such route", Path: "/nowhere", Status: 404, Contains: []string{`"NOT_FOUND"`}},
		httptestx.Scenario{Name: "no such method", Method: "PATCH", Path: "/api/v2/things", Status: 405, Contains: []string{`"METHOD_NOT_ALLOWED"`}},
	)
	if n := strings.Count(logged.String(), "sda1"); n != 1 {
		t.Errorf("the internal cause is logged %d times, want once", n)
	}
	if !strings.Contains(logged.String(), "httpx_test.fail") {
		t.Error("the panic's stack is not logged")
	}
}

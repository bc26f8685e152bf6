package httpx_test

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/labstack/echo/v5"
	"github.com/swaggest/openapi-go/openapi31"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/id"
)

type tree struct {
	ID       id.UUID           `json:"id"`
	Kind     string            `json:"kind" enum:"branch,leaf"`
	Parent   *tree             `json:"parent"`
	Children []tree            `json:"children,omitempty"`
	Labels   map[string]string `json:"labels,omitzero"`
	Blob     []byte            `json:"blob"`
	Weight   *float64          `json:"weight,omitempty" doc:"in grams"`
	Any      any               `json:"any,omitempty"`
	Big      int64             `json:"big,string"`
	Secret   string            `json:"-"`
	Role     actor.Role        `json:"role"`
	Inline   struct {
		X uint16 `json:"x"`
	} `json:"inline"`
	place
}

func describedServer(t *testing.T) *httpx.Server {
	t.Helper()
	s, _ := newServer(t, func(o *httpx.Options) { o.Role, o.Version = "dashboard", "2.0.0" })
	r := s.Router("trees", []string{"/api/v2/trees"})
	r.PUT("/api/v2/trees/:id", actor.Permission{Name: "tree.write", Roles: actor.Agent}, httpx.Raw(func(*echo.Context) error { return nil }),
		httpx.Takes[tree](), httpx.Gives[httpx.Page[tree]](202), httpx.Doc("Plant a tree"))
	r.POST("/api/v2/trees/photos", actor.Public, httpx.Raw(func(*echo.Context) error { return nil }), httpx.TakesFile[tree](), httpx.Doc("Show a tree"))
	r.GET("/api/v2/trees/files/*", actor.Public, httpx.Raw(func(*echo.Context) error { return nil }))
	httpx.List(s.Router("kept", []string{"/api/v2/kept"}), "/api/v2/kept", read, keptList(), httpx.Doc("What is kept"))
	said := func(context.Context, idRequest) (httpx.Said[*tree], error) { return httpx.Said[*tree]{}, nil }
	s.RouterV1("trees", []string{"/api/agent"}, httpx.API).POST("/api/agent/trees/:id", actor.Public, httpx.Handle(200, said))
	s.RouterV1("trees", []string{"/api/v1"}, httpx.RAW).DELETE("/api/v1/trees/:id", actor.Public, httpx.Handle(200, said))
	return s
}

func TestOpenAPIDescribesEveryRoute(t *testing.T) {
	t.Parallel()
	raw, err := describedServer(t).OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	httptestx.Golden(t, "openapi", raw)
	var spec openapi31.Spec
	if err := spec.UnmarshalJSON(raw); err != nil {
		t.Fatalf("not OpenAPI 3.1: %v", err)
	}
	var document map[string]any
	if err := json.Unmarshal(raw, &document); err != nil {
		t.Fatal(err)
	}
	for _, ref := range regexp.MustCompile(`"#/([^"]+)"`).FindAllStringSubmatch(string(raw), -1) {
		if !resolves(document, strings.Split(ref[1], "/")) {
			t.Errorf("reference %s leads nowhere", ref[1])
		}
	}
	if n := len(spec.Paths.MapOfPathItemValues); n != 16 {
		t.Errorf("%d paths are described, want 16", n)
	}
}

func resolves(node any, path []string) bool {
	for _, name := range path {
		m, ok := node.(map[string]any)
		if !ok {
			return false
		}
		node = m[name]
	}
	return node != nil
}

func TestOpenAPIIsServedToEverybody(t *testing.T) {
	t.Parallel()
	httptestx.Run(t, describedServer(t), httptestx.Scenario{Name: "document", Path: "/api/openapi.json", Status: 200,
		Contains: []string{`"openapi":"3.1.0"`, `"x-permission":"thing.read"`}})
}

func TestOpenAPIRefusesTwoTypesOfOneName(t *testing.T) {
	t.Parallel()
	s := httptestx.New(t, httpx.Options{})
	r := s.Router("x", []string{"/x"})
	type thing struct{ Other int }
	r.GET("/x/local", actor.Public, httpx.Handle(200, func(context.Context, struct{}) (thing, error) { return thing{}, nil }))
	r.GET("/x/package", actor.Public, httpx.Handle(200, fail2))
	if _, err := s.OpenAPI(); err == nil || !strings.Contains(err.Error(), "both called") {
		t.Errorf("error is %v", err)
	}
}

func fail2(context.Context, struct{}) (thing, error) { return thing{}, nil }

func TestAPathWithAndOneWithoutThePrefixAreTwoOperations(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t)
	r := s.Router("twins", []string{"/twin", "/api/twin"})
	for _, path := range []string{"/twin", "/api/twin"} {
		r.GET(path, actor.Public, httpx.Handle(200, func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }))
	}
	document, err := s.OpenAPI()
	if err != nil || !strings.Contains(string(document), `"getTwin"`) || !strings.Contains(string(document), `"getApiTwin"`) {
		t.Errorf("%v %s", err, document)
	}
}

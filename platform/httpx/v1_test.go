package httpx_test

import (
	"context"
	"testing"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/fault"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
)

type nameRequest struct {
	Name string `json:"name"`
	Page int    `query:"page"`
}

func (r nameRequest) Validate() error {
	var f fault.Fields
	if r.Name == "" {
		f.Add("name", "required", nil)
		f.Add("name", "too_short", fault.Params{"Min": 1})
	}
	return f.Err()
}

func oldServer(t *testing.T) *httpx.Server {
	t.Helper()
	s, _ := newServer(t)
	old := s.RouterV1("old", []string{"/api/v1/old"}, httpx.RAW)
	old.POST("/api/v1/old", read, httpx.Handle(200, greet))
	old.GET("/api/v1/old/wrapped", actor.Public, httpx.Handle(200, func(context.Context, struct{}) (string, error) { return "x", nil }),
		httpx.Enveloped(httpx.API))
	old.GET("/api/v1/old/said", actor.Public, httpx.Handle(200, func(context.Context, struct{}) (httpx.Said[int], error) {
		return httpx.Said[int]{Data: 5, Message: "lost"}, nil
	}))
	old.GET("/api/v1/old/fail/:how", actor.Public, httpx.Handle(200, failOld))
	agent := s.RouterV1("old", []string{"/api/agent"}, httpx.API)
	agent.POST("/api/agent/old", actor.Permission{Name: "old.send", Roles: actor.Agent}, httpx.Handle(200, receive))
	return s
}

func greet(_ context.Context, in nameRequest) (map[string]string, error) {
	return map[string]string{"hello": in.Name}, nil
}

func receive(_ context.Context, in nameRequest) (httpx.Said[any], error) {
	return httpx.Said[any]{Message: in.Name + " received"}, nil
}

func failOld(_ context.Context, in failRequest) (struct{}, error) {
	switch in.How {
	case "login":
		return struct{}{}, fault.New(fault.Unauthenticated, "unauthenticated")
	case "named":
		return struct{}{}, fault.New(fault.Conflict, "conflict").With("v1", "APPLICATION_ERROR")
	}
	return struct{}{}, fault.New(fault.Kind(in.How), in.How)
}

func TestDashboardsOldClientsGetTheirEnvelopes(t *testing.T) {
	t.Parallel()
	ru := map[string]string{"Accept-Language": "ru"}
	httptestx.Run(t, oldServer(t),
		httptestx.Scenario{Name: "raw", As: admin, Path: "/api/v1/old", Body: `{"name":"A"}`, Status: 200, Contains: []string{`{"hello":"A"}`}},
		httptestx.Scenario{Name: "wrapped", Path: "/api/v1/old/wrapped", Status: 200, Golden: "v1_wrapped"},
		httptestx.Scenario{Name: "message is lost", Path: "/api/v1/old/said", Status: 200, Contains: []string{"5"}, Excludes: []string{"lost"}},
		httptestx.Scenario{Name: "no token", Path: "/api/v1/old", Body: `{}`, Status: 401, Golden: "v1_unauthorized"},
		httptestx.Scenario{Name: "login refused", Path: "/api/v1/old/fail/login", Status: 401,
			Contains: []string{`"code":"Unauthorized"`, "Please sign in"}},
		httptestx.Scenario{Name: "role", As: guard, Path: "/api/v1/old", Body: `{}`, Status: 403,
			Contains: []string{`"code":"Forbidden"`, "Forbidden resource"}},
		httptestx.Scenario{Name: "validation", As: admin, Path: "/api/v1/old", Body: `{}`, Status: 400, Golden: "v1_validation"},
		httptestx.Scenario{Name: "unknown field", As: admin, Path: "/api/v1/old?x=1", Body: `{"name":"A"}`, Status: 400,
			Contains: []string{`"HTTP_EXCEPTION"`, "Validation failed: x: "}},
		httptestx.Scenario{Name: "syntax", As: admin, Path: "/api/v1/old", Body: `{`, Status: 400, Contains: []string{`"Bad Request"`}},
		httptestx.Scenario{Name: "not found", Path: "/api/v1/old/fail/not_found", Header: ru, Status: 404,
			Contains: []string{`"Not Found"`, "Не найдено"}},
		httptestx.Scenario{Name: "override", Path: "/api/v1/old/fail/named", Status: 409, Contains: []string{`"APPLICATION_ERROR"`}},
		httptestx.Scenario{Name: "internal", Path: "/api/v1/old/fail/internal", Status: 500, Contains: []string{`"APPLICATION_ERROR"`}},
		httptestx.Scenario{Name: "too large", Path: "/api/v1/old/fail/too_large", Status: 413, Contains: []string{`"Payload Too Large"`}},
		httptestx.Scenario{Name: "no route", Path: "/api/v1/nowhere", Status: 404, Contains: []string{"Cannot GET /api/v1/nowhere"}},
		httptestx.Scenario{Name: "no method", Method: "PATCH", Path: "/api/v1/old", Status: 404, Contains: []string{"Cannot PATCH /api/v1/old"}},
		httptestx.Scenario{Name: "a new path stays new", Path: "/api/v2/nowhere", Status: 404, Contains: []string{`"NOT_FOUND"`}},
	)
}

func TestAgentsOldClientsGetTheirEnvelopes(t *testing.T) {
	t.Parallel()
	agent := &actor.Actor{Role: actor.Agent, ID: "key:1", OrganizationID: 1}
	httptestx.Run(t, oldServer(t),
		httptestx.Scenario{Name: "unknown fields are accepted", As: agent, Path: "/api/agent/old?apiKey=1",
			Body: `{"name":"A","page":3,"more":true}`, Status: 200, Golden: "v1_agent"},
		httptestx.Scenario{Name: "any type of content", As: agent, Path: "/api/agent/old", Body: `{"name":"A"}`,
			Header: map[string]string{"Content-Type": "text/plain"}, Status: 200},
		httptestx.Scenario{Name: "no key", Path: "/api/agent/old", Body: `{}`, Status: 401,
			Contains: []string{`"Unauthorized"`, "API key is required"}},
		httptestx.Scenario{Name: "other key", As: &actor.Actor{Role: actor.Hikvision}, Path: "/api/agent/old", Body: `{}`, Status: 403,
			Contains: []string{"API key type HIKVISION is not allowed for this endpoint"}},
		httptestx.Scenario{Name: "wrong type", As: agent, Path: "/api/agent/old", Body: `{"name":7}`, Status: 400, Contains: []string{`"Bad Request"`}},
	)
}

// What no route matched is answered in the words of the client whose routes are around it.
func TestAPathThatIsNotThereSpeaksAsItsNeighbours(t *testing.T) {
	t.Parallel()
	s, _ := newServer(t)
	answer := httpx.Handle(200, func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil })
	s.RouterV1("old", []string{"/api"}, httpx.API).GET("/api", actor.Public, answer)
	s.Router("new", []string{"/api/v2"}).GET("/api/v2/new", actor.Public, answer)
	httptestx.Run(t, s,
		httptestx.Scenario{Name: "below v1's", Path: "/api/nope", Status: 404, Contains: []string{`"error":{"code":"Not Found","message":"Cannot GET /api/nope"}`}},
		httptestx.Scenario{Name: "beside v2's", Path: "/api/v2/nope", Status: 404, Contains: []string{`"error":"NOT_FOUND"`}},
		httptestx.Scenario{Name: "far from all", Path: "/nope", Status: 404, Contains: []string{`"error":"NOT_FOUND"`}},
	)
}

package modules_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/platform/actor"
)

// A list in an answer is a list, also when there is nothing in it: no page has to look for null. Every route that
// reads is asked, of an organization that has nothing and of one that has something.
func TestNoListInAnAnswerIsNull(t *testing.T) {
	t.Parallel()
	var api apiDocument
	text, err := os.ReadFile("testdata/openapi_dashboard.json.golden")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &api); err != nil {
		t.Fatal(err)
	}
	s := newSite(t)
	s.serve(t, "role=agent-api,dashboard")
	ready(t, s.agentAPI, s.dashboard)
	s.signIn(t)
	headers := map[string]map[string]string{"of nothing": {"Authorization": "Bearer " + s.token}}
	asked := api.listsAreThere(t, s, headers, nil)
	n := newTenant(t, s, "ALPHA")
	headers = map[string]map[string]string{}
	for _, role := range []actor.Role{actor.HR, actor.DepartmentLead, actor.Guard} {
		headers["as "+role.String()] = map[string]string{"Authorization": "Bearer " + n.tokens[role]}
	}
	if asked += api.listsAreThere(t, s, headers, n.ids); asked < 80 {
		t.Errorf("only %d answers were read", asked)
	}
}

// apiDocument is of an OpenAPI document what tells of answers.
type apiDocument struct {
	Paths map[string]map[string]struct {
		Responses map[string]struct {
			Content map[string]struct{ Schema apiSchema }
		}
	}
	Components struct{ Schemas map[string]apiSchema }
}

type apiSchema struct {
	Ref        string `json:"$ref"`
	Type       any
	Items      *apiSchema
	Properties map[string]apiSchema
}

// listsAreThere asks each route of v2 that reads JSON, and returns how many answered.
func (d apiDocument) listsAreThere(t *testing.T, s *site, headers map[string]map[string]string, ids map[string]string) (answered int) {
	t.Helper()
	for path, methods := range d.Paths {
		schema, reads := methods["get"].Responses["200"].Content["application/json"]
		prefix, rest, has := strings.Cut(path, "/{id}")
		if has && ids[prefix] != "" {
			path = prefix + "/" + ids[prefix] + rest
		} else if has {
			continue
		}
		if !reads || !strings.HasPrefix(path, "/api/v2/") {
			continue
		}
		switch path {
		case "/api/v2/monitoring/day":
			path += "?computer=PC-ALPHA&date=2026-11-23"
		case "/api/v2/monitoring/week":
			path += "?computer=PC-ALPHA&from=2026-11-23"
		case "/api/v2/activity/comparison":
			path += "?of=employees&from=2026-11-01&to=2026-11-30"
		case "/api/v2/activity/top-applications", "/api/v2/activity/top-sites", "/api/v2/activity/timeline", "/api/v2/activity/heatmap":
			path += "?from=2026-11-01&to=2026-11-30"
		}
		for who, header := range headers {
			status, answer := call(t, http.MethodGet, s.dashboard+path, header, nil)
			var v any
			if status != http.StatusOK {
				continue
			}
			if err := json.Unmarshal(answer, &v); err != nil {
				t.Fatalf("GET %s: %v", path, err)
			}
			answered++
			for _, at := range d.nullLists(schema.Schema, v, "") {
				t.Errorf("GET %s %s: %s is null: %.300s", path, who, at, answer)
			}
		}
	}
	return answered
}

// nullLists are where lists of the schema are null in the value.
func (d apiDocument) nullLists(schema apiSchema, v any, at string) (found []string) {
	if name, ok := strings.CutPrefix(schema.Ref, "#/components/schemas/"); ok {
		schema = d.Components.Schemas[name]
	}
	switch v := v.(type) {
	case nil:
		if schema.Type == "array" {
			return []string{at}
		}
	case []any:
		for i, one := range v {
			if schema.Items != nil {
				found = append(found, d.nullLists(*schema.Items, one, fmt.Sprint(at, "/", i))...)
			}
		}
	case map[string]any:
		for name, one := range v {
			if of, known := schema.Properties[name]; known {
				found = append(found, d.nullLists(of, one, at+"/"+name)...)
			}
		}
	}
	return found
}

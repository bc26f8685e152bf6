package modules_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/modules"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/kernel"
)

// openAPI is of a document what these tests look at.
type openAPI struct {
	Paths      map[string]map[string]operation
	Components struct{ Schemas map[string]any }
}

type operation struct {
	OperationID string
	Permission  string `json:"x-permission"`
	Summary     string
	Parameters  []parameter
	RequestBody *struct {
		Content map[string]struct{ Schema map[string]any }
	}
	Responses map[string]struct {
		Ref     string `json:"$ref"`
		Content map[string]struct{ Schema map[string]any }
	}
}

func (o operation) takesJSON() bool {
	if o.RequestBody == nil {
		return false
	}
	_, json := o.RequestBody.Content["application/json"]
	return json
}

type parameter struct {
	Name, In string
	Schema   map[string]any
}

func documentOf(t testing.TB, s *httpx.Server) (d openAPI) {
	t.Helper()
	raw, err := s.OpenAPI()
	if err == nil {
		dec := json.NewDecoder(bytes.NewReader(raw))
		err = dec.Decode(&d)
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var nameInPath = regexp.MustCompile(`\{([^}]+)\}`)

// Each role's document has every route that is served, gRPC's and the pages' files left out, with all that OpenAPI asks for;
// and what it has is served.
func TestTheDocumentIsWhatIsServed(t *testing.T) {
	t.Parallel()
	for _, role := range kernel.Roles {
		err := modules.Scratch(context.Background(), role, func(s *httpx.Server) error {
			document := documentOf(t, s)
			served := map[string]httpx.Route{}
			for _, r := range s.Routes() {
				path := regexp.MustCompile(`:([^/]+)`).ReplaceAllString(r.Path, "{$1}")
				served[r.Method+" "+path] = r
				if document.Paths[path][strings.ToLower(r.Method)].OperationID == "" && path != "/*" && !strings.HasPrefix(path, "/staffcontrol.") {
					t.Errorf("%s: %s %s is served and not in the document", role, r.Method, path)
				}
			}
			for path, operations := range document.Paths {
				for method, op := range operations {
					method = strings.ToUpper(method)
					if r := served[method+" "+path]; r.Permission != op.Permission || r.Permission == "" {
						t.Errorf("%s: %s %s is in the document, and asks for %q; served: %+v", role, method, path, op.Permission, r)
					}
					for _, fault := range flaws(method, path, op) {
						t.Errorf("%s: %s %s %s", role, method, path, fault)
					}
					answers(t, s, method, path)
				}
			}
			return nil
		})
		if err != nil {
			t.Errorf("role %s: %v", role, err)
		}
	}
}

// flaws says what of an operation is not described.
func flaws(method, path string, op operation) (all []string) {
	if op.Summary == "" {
		all = append(all, "does not say what it is for")
	}
	var names []string
	for _, p := range op.Parameters {
		if p.In == "path" {
			names = append(names, p.Name)
		}
		if p.Schema["type"] == nil && p.Schema["$ref"] == nil {
			all = append(all, "has a parameter of no type, "+p.Name)
		}
	}
	for _, m := range nameInPath.FindAllStringSubmatch(path, -1) {
		if !slices.Contains(names, m[1]) {
			all = append(all, "does not describe "+m[0])
		}
	}
	if op.RequestBody != nil && (method == http.MethodGet || len(op.RequestBody.Content) == 0) {
		all = append(all, "has a body of nothing")
	}
	good, bad := false, false
	for status, r := range op.Responses {
		good = good || status < "4"
		bad = bad || status == "default" && r.Ref != ""
	}
	if !good || !bad {
		all = append(all, "does not say how it answers, well and badly")
	}
	return all
}

// answers asks a route, as nobody: whatever it says, it is neither that there is no such path nor no such method.
func answers(t *testing.T, s *httpx.Server, method, path string) {
	t.Helper()
	w := httptest.NewRecorder()
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // nothing is to wait for anything
	s.ServeHTTP(w, httptest.NewRequestWithContext(ctx, method, nameInPath.ReplaceAllString(path, "1"), strings.NewReader("{}")))
	if w.Code == http.StatusMethodNotAllowed || strings.Contains(w.Body.String(), "Cannot "+method) {
		t.Errorf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
}

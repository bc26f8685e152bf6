package httptestx

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/staff-control/staff-control/platform/httpx"
)

// New returns a server all of whose answers are held against its OpenAPI document.
func New(t testing.TB, o httpx.Options) *httpx.Server {
	o.Inspect = Inspect(t)
	return httpx.New(o)
}

// Inspect returns what fails the test for each answer that is not as the server's OpenAPI document says: another status or
// type, a field that is missing, more, or of another kind.
func Inspect(t testing.TB) func(httpx.Answer) {
	fail := t.Errorf
	if _, fuzzing := t.(*testing.F); fuzzing { // which must not fail while its function runs
		fail = func(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
	}
	var mu sync.Mutex
	over := false
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		over = true
	})
	contracts := map[*httpx.Server]*contract{}
	return func(a httpx.Answer) {
		mu.Lock()
		defer mu.Unlock()
		if over {
			return
		}
		if contracts[a.Server] == nil {
			c, err := contractOf(a.Server)
			if err != nil {
				fail("the OpenAPI document: %v", err)
				return
			}
			contracts[a.Server] = c
		}
		if err := contracts[a.Server].check(a); err != nil {
			fail("%s %s answered %d, and not as its OpenAPI document says: %v\n%.1000q", a.Method, cmp.Or(a.Path, "(no route)"), a.Status, err, a.Body)
		}
	}
}

// contract is a document whose schemas are compiled when they are first needed.
type contract struct {
	mu       sync.Mutex
	document map[string]any
	compiler *jsonschema.Compiler
	schemas  map[string]*jsonschema.Schema
}

// contracts are kept by their documents, since many servers of one test binary have the same.
var contracts sync.Map

const documentURL = "https://staff-control.test/openapi.json"

func contractOf(s *httpx.Server) (*contract, error) {
	raw, err := s.OpenAPI()
	if err != nil {
		return nil, err
	}
	key := sha256.Sum256(raw)
	if c, known := contracts.Load(key); known {
		return c.(*contract), nil
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	exact(document)
	c := &contract{document: document.(map[string]any), compiler: jsonschema.NewCompiler(), schemas: map[string]*jsonschema.Schema{}}
	c.compiler.DefaultDraft(jsonschema.Draft2020)
	c.compiler.AssertFormat()
	if err := c.compiler.AddResource(documentURL, document); err != nil {
		return nil, err
	}
	contracts.Store(key, c)
	return c, nil
}

// exact lets objects have the properties that are named, and no others. The document itself leaves room for more, since
// clients have to bear what a later version adds.
func exact(node any) {
	switch node := node.(type) {
	case []any:
		for _, inner := range node {
			exact(inner)
		}
	case map[string]any:
		for _, inner := range node {
			exact(inner)
		}
		_, named := node["properties"].(map[string]any)
		if _, said := node["additionalProperties"]; named && !said && isObject(node["type"]) {
			node["additionalProperties"] = false
		}
	}
}

func isObject(kind any) bool {
	kinds, several := kind.([]any)
	return kind == "object" || several && slices.Contains(kinds, any("object"))
}

func (c *contract) check(a httpx.Answer) error {
	if a.Path == "" || !a.Described {
		return c.checkFault(a)
	}
	if a.Method == http.MethodHead {
		return nil // net/http leaves out what GET would have answered
	}
	path := "/paths/" + escape(braces(a.Path)) + "/" + strings.ToLower(a.Method)
	operation, _ := c.at(path).(map[string]any)
	if operation == nil {
		return fmt.Errorf("it has no such operation")
	}
	if a.Status < http.StatusBadRequest {
		if err := checkRequest(a, operation); err != nil {
			return err
		}
	}
	responses := operation["responses"].(map[string]any)
	status := strconv.Itoa(a.Status)
	if responses[status] == nil && a.Status >= http.StatusBadRequest {
		status = "default"
	}
	place := path + "/responses/" + status
	response, _ := responses[status].(map[string]any)
	if ref, is := response["$ref"].(string); is {
		place = strings.TrimPrefix(ref, "#")
		response, _ = c.at(place).(map[string]any)
	}
	if response == nil {
		return fmt.Errorf("it has no such status")
	}
	content, _ := response["content"].(map[string]any)
	return c.checkBody(a, place+"/content/", content)
}

// checkRequest holds what a request that was granted has asked for against what the operation says that it takes. Parameters
// whose names begin with no-such- are asked for to see that nobody reads them.
func checkRequest(a httpx.Answer, operation map[string]any) error {
	if a.Read && operation["requestBody"] == nil {
		return fmt.Errorf("it says nothing of the body of the request")
	}
	parameters, _ := operation["parameters"].([]any)
	for name := range a.Query {
		known := slices.ContainsFunc(parameters, func(p any) bool {
			is := p.(map[string]any)
			return is["in"] == "query" && is["name"] == name
		})
		if !known && !a.Lenient && !strings.HasPrefix(name, "no-such-") {
			return fmt.Errorf("it says nothing of the parameter %s of the request", name)
		}
	}
	return nil
}

// checkFault holds what came by no route, or by one that is not described, against the forms of faults.
func (c *contract) checkFault(a httpx.Answer) error {
	if a.Status < http.StatusBadRequest || !strings.Contains(a.Header.Get("Content-Type"), "json") || a.Described {
		return nil
	}
	var failed error
	for _, name := range []string{"Error", "ErrorV1"} {
		place := "/components/responses/" + name
		content := c.at(place).(map[string]any)["content"].(map[string]any)
		if failed = c.checkBody(a, place+"/content/", content); failed == nil {
			return nil
		}
	}
	return failed
}

func (c *contract) checkBody(a httpx.Answer, place string, content map[string]any) error {
	if len(content) == 0 {
		if len(a.Body) > 0 {
			return fmt.Errorf("it says nothing of a body")
		}
		return nil
	}
	kind, _, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if err != nil {
		return fmt.Errorf("content type %q: %w", a.Header.Get("Content-Type"), err)
	}
	family, _, _ := strings.Cut(kind, "/")
	if content[kind] == nil {
		if content[family+"/*"] == nil && content["*/*"] == nil {
			return fmt.Errorf("it says nothing of the type %s", kind)
		}
		return nil
	}
	if !strings.HasSuffix(kind, "json") || a.Cut {
		return nil
	}
	schema, err := c.schema(place + escape(kind) + "/schema")
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(a.Body))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

func (c *contract) schema(pointer string) (*jsonschema.Schema, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.schemas[pointer]; s != nil {
		return s, nil
	}
	s, err := c.compiler.Compile(documentURL + "#" + strings.ReplaceAll(strings.ReplaceAll(pointer, "{", "%7B"), "}", "%7D"))
	if err == nil {
		c.schemas[pointer] = s
	}
	return s, err
}

// at is the document's node at a JSON pointer; nil where there is none.
func (c *contract) at(pointer string) any {
	var node any = c.document
	for _, name := range strings.Split(pointer, "/")[1:] {
		inside, _ := node.(map[string]any)
		node = inside[strings.NewReplacer("~1", "/", "~0", "~").Replace(name)]
	}
	return node
}

func escape(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }

// braces writes the parameters of a pattern as OpenAPI does.
func braces(pattern string) string {
	segments := strings.Split(pattern, "/")
	for i, s := range segments {
		if name, is := strings.CutPrefix(s, ":"); is {
			segments[i] = "{" + name + "}"
		}
	}
	return strings.Join(segments, "/")
}

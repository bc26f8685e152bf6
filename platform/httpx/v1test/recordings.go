// Package v1test reads what the running v1 answered, for tests that compare.
package v1test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Recording is a request that was sent to v1, with v1's answer.
type Recording struct {
	Seq                           int
	App, Name, Role, Method, Path string
	Headers                       map[string]string
	Body                          json.RawMessage
	Status                        int
	Response                      json.RawMessage
}

// Read returns the recordings that keep wants, in their order, or skips the test where the fixtures are not.
func Read(t testing.TB, keep func(Recording) bool) (all []Recording) {
	t.Helper()
	f := fixture(t, "recordings.jsonl")
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var r Recording
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if keep(r) {
			all = append(all, r)
		}
	}
	if err := lines.Err(); err != nil || len(all) == 0 {
		t.Fatalf("%d recordings: %v", len(all), err)
	}
	return all
}

// fixture opens one of v1's files, or skips the test where they are not.
func fixture(t testing.TB, name string) *os.File {
	t.Helper()
	f, err := os.Open(filepath.Join(root(t), "..", "shared", "fixtures", "v1", name))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip(name + " of v1 is not here (../shared/fixtures)")
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Route is a route that v1 had, or was to have.
type Route struct {
	App, Method, Path string
	// Public says that v1 asked for no token and no key there.
	Public bool
	// Mounted is false for code that v1 never mounted, and for what its specification alone names.
	Mounted bool
}

// Routes returns all routes of v1, or skips the test where the list is not.
func Routes(t testing.TB) (all []Route) {
	t.Helper()
	list, err := os.ReadFile(filepath.Join(root(t), "..", "shared", "reference", "v1-routes.tsv"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the list of v1's routes is not here (../shared/reference)")
	}
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimSpace(string(list)), "\n") {
		columns := strings.Split(line, "\t")
		if len(columns) != 6 {
			t.Fatalf("line %d has %d columns", i+1, len(columns))
		}
		if i > 0 {
			all = append(all, Route{columns[0], columns[1], columns[2], columns[3] == "public", columns[5] == "yes"})
		}
	}
	return all
}

// root is the directory of go.mod.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = up
	}
}

// Sent is the body as it was sent: one that was no JSON was recorded as a text. It is nil where there was none.
func (r Recording) Sent() []byte {
	if _, sent := r.Headers["content-length"]; !sent {
		return nil
	}
	var text string
	if json.Unmarshal(r.Body, &text) == nil {
		return []byte(text)
	}
	return r.Body
}

// Request is the request that was sent, for a server in process.
func (r Recording) Request() *http.Request {
	q := httptest.NewRequest(r.Method, r.Path, bytes.NewReader(r.Sent()))
	for name, value := range r.Headers {
		if name != "content-length" {
			q.Header.Set(name, value)
		}
	}
	return q
}

// Differences compares the names and types of two answers and returns where they differ: ours against v1's. Of lists the
// first elements are compared, if both have some.
func Differences(ours, theirs any) []string { return differences("", ours, theirs) }

func differences(at string, ours, theirs any) (found []string) {
	switch theirs := theirs.(type) {
	case map[string]any:
		ours, is := ours.(map[string]any)
		if !is {
			break
		}
		names := map[string]bool{}
		for name := range ours {
			names[name] = true
		}
		for name := range theirs {
			names[name] = true
		}
		for _, name := range slices.Sorted(maps.Keys(names)) {
			a, inOurs := ours[name]
			b, inTheirs := theirs[name]
			switch {
			case !inOurs:
				found = append(found, at+"."+name+" is missing")
			case !inTheirs:
				found = append(found, at+"."+name+" is more")
			default:
				found = append(found, differences(at+"."+name, a, b)...)
			}
		}
		return found
	case []any:
		ours, is := ours.([]any)
		if !is {
			break
		}
		if len(ours) > 0 && len(theirs) > 0 {
			return differences(at+"[0]", ours[0], theirs[0])
		}
		return nil
	}
	if a, b := kind(ours), kind(theirs); a != b {
		return []string{fmt.Sprintf("%s is %s, v1's %s", at, a, b)}
	}
	return nil
}

// timeV1 is how v1 wrote a time.
var timeV1 = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)

// kind is a value's type as JSON names it; texts that are times of v1's form are apart.
func kind(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case float64:
		return "number"
	case string:
		if timeV1.MatchString(v) {
			return "time"
		}
		return "string"
	case []any:
		return "array"
	}
	return "object"
}

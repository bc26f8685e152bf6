package modules_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx"
	"github.com/staff-control/staff-control/platform/httpx/v1test"
	"github.com/staff-control/staff-control/platform/kernel"
)

// neverServed are routes that v1's specification named and v1 had by other paths, which its clients use.
var neverServed = []string{
	"POST /api/agent/hikvision/actions", "POST /api/agent/hikvision/events", "POST /api/agent/hikvision/device-status", // are /api/hikvision/...
}

// Every route that v1 had is served, under v1's last prefix and the one before, and so is what it had and never mounted and
// what its specification promised; what was open and is not any more, and what comes later, is named here.
func TestEveryRouteOfV1IsServed(t *testing.T) {
	t.Parallel()
	served := map[string][]httpx.Route{
		"dashboard-api": routesOf(t, kernel.Dashboard), "agent-api": routesOf(t, kernel.AgentAPI),
	}
	mounted, missing := 0, []string{}
	for _, r := range v1test.Routes(t) {
		name := r.Method + " " + r.Path
		if slices.Contains(neverServed, name) {
			continue
		}
		if isLater(r.Path) {
			if find(served[r.App], r.Method, r.Path) != nil && !r.Mounted {
				t.Errorf("%s is served, and is said to come later", name)
			}
			continue
		}
		if r.Mounted {
			mounted++
		}
		for _, path := range underBoth(r.App, r.Path) {
			ours := find(served[r.App], r.Method, path)
			if ours == nil {
				missing = append(missing, r.Method+" "+path)
			} else if open := ours.Permission == actor.Public.Name; open != r.Public && !keyed.MatchString(path) {
				t.Errorf("%s is open: %v, in v1 %v", name, open, r.Public)
			}
		}
	}
	if len(missing) > 0 {
		t.Errorf("not served: %v", missing)
	}
	if mounted < 100 {
		t.Errorf("%d routes were mounted in v1: the list is cut", mounted)
	}
}

// keyed are v1's routes of jobs, which were open to anybody and want a key.
var keyed = regexp.MustCompile(`^/api/data-processing/`)

// isLater reports whether a route comes with attendance and reports.
func isLater(path string) bool {
	return later.MatchString(placeholder.ReplaceAllString(unversioned.ReplaceAllString(path, "/api/v1/"), "1"))
}

var (
	placeholder = regexp.MustCompile(`:[^/]+`)
	unversioned = regexp.MustCompile(`^/api/(v1/)?`)
)

// underBoth is a path of the dashboard under both of v1's prefixes. Its root and its documentation had one.
func underBoth(app, path string) []string {
	if app != "dashboard-api" || path == "/api/v1" || path == "/api/docs" || path == "/api/docs-json" {
		return []string{path}
	}
	rest := unversioned.ReplaceAllString(path, "")
	return []string{"/api/v1/" + rest, "/api/" + rest}
}

// find returns the route with this path, whatever its parameters are called.
func find(routes []httpx.Route, method, path string) *httpx.Route {
	path = placeholder.ReplaceAllString(path, ":")
	for i, r := range routes {
		if r.Method == method && placeholder.ReplaceAllString(r.Path, ":") == path {
			return &routes[i]
		}
	}
	return nil
}

package modules_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/httpx/httptestx"
	"github.com/staff-control/staff-control/platform/kernel"
)

// Dashboards and alert rules are written against these names: the diff of the golden files is its review. The roles
// are asked once each has done all that it counts, since a metric with labels shows with its first count.
func TestMetricsAreNamedAsTheyAreKnown(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.spawnRoles(t)
	arrives(t, s)
	n := newTenant(t, s, "ALPHA")
	hr := map[string]string{"Authorization": "Bearer " + n.tokens[actor.HR]}
	if status, _ := call(t, http.MethodGet, s.dashboard+"/api/v2/organizations/1", hr, nil); status != http.StatusNotFound {
		t.Errorf("another organization: %d", status)
	}
	for role, address := range map[kernel.Role]string{kernel.Gateway: s.gateway, kernel.AgentAPI: s.agentAPI, kernel.Dashboard: s.dashboard} {
		status, text := call(t, http.MethodGet, address+"/metrics", nil, nil)
		if status != http.StatusOK {
			t.Fatalf("%s: %d %s", role, status, text)
		}
		problems, err := promlint.New(bytes.NewReader(text)).Lint()
		if err != nil {
			t.Fatalf("%s: %v", role, err)
		}
		for _, p := range problems {
			t.Errorf("%s: %s: %s", role, p.Metric, p.Text)
		}
		httptestx.Golden(t, "metrics_"+string(role), metricNames(string(text)))
	}
}

// metricNames are the names and kinds of the product's own metrics. Go's and the operating system's are as they are
// there, and runs of jobs begin with the next minute.
func metricNames(text string) []byte {
	var b bytes.Buffer
	for line := range strings.Lines(text) {
		var name, kind string
		if n, _ := fmt.Sscanf(line, "# TYPE %s %s", &name, &kind); n != 2 {
			continue
		}
		if strings.HasPrefix(name, "go_") || strings.HasPrefix(name, "process_") || name == "staff_jobs_runs_total" {
			continue
		}
		fmt.Fprintf(&b, "%s %s\n", name, kind)
	}
	return b.Bytes()
}

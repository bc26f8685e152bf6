package agents

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/kernel"
	"github.com/staff-control/staff-control/platform/kernel/kerneltest"
)

// FuzzRoutes asks each route anything: nothing is our fault, and what waits ends with its client.
func FuzzRoutes(f *testing.F) {
	w := &world{keyring: newKeyring(), sink: &sink{}, ruleset: newRuleset(f)}
	w.set(f, version(f, "1"))
	server := kerneltest.Build(f, kernel.Gateway, kerneltest.Options{}, w.parts()...)
	routes := []string{
		"POST /v2/agent/enroll", "GET /v2/agent/policy", "POST /v2/agent/policy/ack", "GET /v2/agent/commands", "POST /v2/agent/commands/x/ack",
	}
	f.Add(uint8(0), "", `{"computerUid":"PC-1"}`, "")
	f.Add(uint8(1), "computerUid=PC-1&userSid=S&wait=60", "", `"5.1.x"`)
	f.Add(uint8(2), "", `{"computerUid":"PC-1","policyId":5,"version":"1","checksum":"x"}`, "")
	f.Add(uint8(3), "computerUid=PC-1&wait=1e9", "", "")
	f.Add(uint8(4), "", `{"status":"done","error":"\u0000"}`, "")
	f.Fuzz(func(t *testing.T, route uint8, query, body, tag string) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		defer cancel()
		method, path, _ := strings.Cut(routes[int(route)%len(routes)], " ")
		r := httptest.NewRequestWithContext(ctx, method, path, strings.NewReader(body))
		r.URL.RawQuery = query
		r.Header.Set("X-API-Key", "agent")
		r.Header.Set("If-None-Match", tag)
		answer := httptest.NewRecorder()
		server.ServeHTTP(answer, r)
		if answer.Code >= 500 && ctx.Err() == nil {
			t.Fatalf("%s %s?%s %q: %d %s", method, path, query, body, answer.Code, answer.Body)
		}
	})
}

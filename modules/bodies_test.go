package modules_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/db/dbtest"
)

// No body of a gateway is the server's fault: a gateway sends again what was answered with 5xx, for ever.
func TestNoBodyOfAGatewayBreaksTheServer(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		tryBodies(t, newSite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		tryBodies(t, newSite(t, "DATABASE_URL="+dbtest.PostgresURL(t, "staff_app"), "STAFF_AUTH__TOKEN_KEY="+strings.Repeat("k", 40)))
	})
}

func tryBodies(t *testing.T, s *site) {
	const token = "spt_a-token-of-the-operator-1"
	s.serve(t, "role=agent-api", "gateways.bootstrap_token="+token)
	ready(t, s.agentAPI)
	status, answer := call(t, http.MethodPost, s.agentAPI+"/v2/gateway/enroll", nil, map[string]string{"token": token, "serial": "B-1"})
	var self struct{ APIKey string }
	if err := json.Unmarshal(answer, &self); err != nil || status != http.StatusCreated {
		t.Fatalf("enrol: %d %s", status, answer)
	}
	text, err := os.ReadFile("ingest/testdata/bodies.txt")
	if err != nil {
		t.Fatal(err)
	}
	bodies := strings.Split(strings.TrimSpace(strings.ReplaceAll(string(text), "NOW", time.Now().UTC().Format(time.RFC3339))), "\n")
	plain := bodies[0]
	for _, old := range []string{`"plain"`, `"PC"`, `"t"`} { // broken UTF-8, in a key and in what is cleaned
		status := "200 "
		if old == `"plain"` {
			status = "400 "
		}
		bodies = append(bodies, status+strings.Replace(plain[len(status):], old, "\"a\xff\"", 1))
	}
	for _, body := range bodies {
		status, answer := call(t, http.MethodPost, s.agentAPI+"/v2/ingest/logs", map[string]string{"Authorization": "Bearer " + self.APIKey}, body[len("200 "):])
		if strconv.Itoa(status) != body[:3] {
			t.Errorf("status %d, want %s: %s", status, body, answer)
		}
	}
}

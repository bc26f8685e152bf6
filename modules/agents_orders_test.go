package modules_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"
)

// What is decided in the dashboard reaches an agent that waits at its gateway: a policy, and the order to restart. What
// the agent says to it is known in the dashboard.
func TestAnAgentHearsWhatIsDecided(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.serve(t)
	ready(t, s.agentAPI, s.dashboard, s.gateway)
	s.signIn(t)
	key := s.command(t, "apikey", "create", "--type", "AGENT", "--organization", "1")
	var enrolled struct{ Token string }
	until(t, "the gateway knows the key", func() bool {
		status, answer := call(t, http.MethodPost, s.gateway+"/v2/agent/enroll", agent(key), map[string]string{"computerUid": "PC-17"})
		return status == http.StatusCreated && json.Unmarshal(answer, &enrolled) == nil
	})
	var gateways struct{ Items []struct{ ID string } }
	until(t, "the dashboard knows the gateway", func() bool {
		s.get(t, "/api/v2/gateways", &gateways)
		return len(gateways.Items) == 1
	})
	if status, answer := call(t, http.MethodGet, s.gateway+"/v2/agent/commands?computerUid=PC-17", agent(enrolled.Token), nil); status != http.StatusOK {
		t.Fatalf("the agent asks: %d %s", status, answer) // from now on it is there
	}
	outcomes := make(chan string, 1)
	go func() { outcomes <- restartsOnce(s, enrolled.Token) }()
	status, answer := call(t, http.MethodPost, s.dashboard+"/api/v2/commands", map[string]string{"Authorization": "Bearer " + s.token}, map[string]any{
		"gatewayId": gateways.Items[0].ID, "type": "restart_agent", "payload": map[string]any{"computerUids": []string{"PC-17"}, "reason": "a test"},
	})
	var order struct{ ID string }
	if err := json.Unmarshal(answer, &order); err != nil || status != http.StatusCreated {
		t.Fatalf("order: %d %s", status, answer)
	}
	var c struct {
		Status string
		Result map[string]any
	}
	until(t, "the command is completed", func() bool {
		s.get(t, "/api/v2/commands/"+order.ID, &c)
		return c.Status == "completed"
	})
	if c.Result["PC-17"] != "done" {
		t.Errorf("the result is %v", c.Result)
	}
	if got := <-outcomes; got != "restart: a test" {
		t.Errorf("the agent was told %q", got)
	}
	policyReaches(t, s, enrolled.Token)
}

// policyReaches has an agent wait for its policy while somebody decides one.
func policyReaches(t *testing.T, s *site, token string) {
	t.Helper()
	const path = "/v2/agent/policy?computerUid=PC-17"
	res, err := http.DefaultClient.Do(request(t, s.gateway+path, token, ""))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	before := res.Header.Get("ETag")
	got := make(chan *http.Response, 1)
	go func() {
		res, err := http.DefaultClient.Do(request(t, s.gateway+path+"&wait=60", token, before))
		if err != nil {
			t.Error(err)
		}
		got <- res
	}()
	policy := s.post(t, "/api/v2/policies", map[string]any{
		"title": "Few", "organizationId": 1, "activeWindows": true, "visitedSites": false, "screenshots": true, "screenshotSeconds": 300,
	})
	decided := time.Now()
	s.post(t, fmt.Sprintf("/api/v2/policies/%d/default", policy), nil)
	res = <-got
	if res == nil {
		return
	}
	defer res.Body.Close()
	var p struct {
		PolicyID          int64
		Version, Checksum string
		Content           struct{ ScreenshotSeconds int }
	}
	if err := json.NewDecoder(res.Body).Decode(&p); err != nil || res.StatusCode != http.StatusOK || p.PolicyID != policy || p.Content.ScreenshotSeconds != 300 {
		t.Fatalf("the agent gets %d %+v: %v", res.StatusCode, p, err)
	}
	t.Logf("the agent knows after %s", time.Since(decided))
	status, answer := call(t, http.MethodPost, s.gateway+"/v2/agent/policy/ack", agent(token), map[string]any{
		"computerUid": "PC-17", "policyId": p.PolicyID, "version": p.Version, "checksum": p.Checksum,
	})
	if status != http.StatusOK {
		t.Errorf("ack: %d %s", status, answer)
	}
}

func request(t *testing.T, url, token, tag string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-API-Key", token)
	r.Header.Set("If-None-Match", tag)
	return r
}

// restartsOnce is an agent that waits for its orders and does the first.
func restartsOnce(s *site, token string) string {
	for began := time.Now(); time.Since(began) < time.Minute; {
		status, answer, err := send(http.MethodGet, s.gateway+"/v2/agent/commands?computerUid=PC-17&wait=30", agent(token), nil)
		var orders struct {
			Items []struct{ ID, Type, Reason string }
		}
		if err != nil || status != http.StatusOK || json.Unmarshal(answer, &orders) != nil {
			return fmt.Sprint(status, string(answer), err)
		}
		for _, o := range orders.Items {
			status, answer, err := send(http.MethodPost, s.gateway+"/v2/agent/commands/"+o.ID+"/ack", agent(token), map[string]string{"status": "done"})
			if err != nil || status != http.StatusOK {
				return fmt.Sprint(status, string(answer), err)
			}
			return o.Type + ": " + o.Reason
		}
	}
	return "nothing"
}

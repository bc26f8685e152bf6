package modules_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// A code that the dashboard gives lets in by a door that reports to agent-api: once, and the desk sees who is inside.
func TestACodeOfTheDeskOpensADoorOnce(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T) *site{"sqlite": func(t *testing.T) *site { return newSite(t) }, "postgres": func(t *testing.T) *site { return onPostgres(t) }} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			s.serve(t, "role=agent-api,dashboard")
			ready(t, s.agentAPI, s.dashboard)
			s.signIn(t)
			key := s.command(t, "apikey", "create", "--type", "HIKVISION", "--organization", "1")
			s.post(t, "/api/v2/devices", map[string]any{"organizationId": 1, "name": "Gate", "ipAddress": "10.0.0.9", "entryType": "ENTER"})
			guest := s.post(t, "/api/v2/visitors", map[string]any{"organizationId": 1, "firstName": "Anvar", "lastName": "Mehmonov"})
			now := time.Now().UTC().Truncate(time.Second)
			codeID := s.post(t, fmt.Sprintf("/api/v2/visitors/%d/codes", guest), map[string]any{"codeType": "ONETIME", "startDate": now.Add(-time.Hour), "endDate": now.Add(time.Hour)})
			var code struct {
				Code string
				Uses int
			}
			s.get(t, fmt.Sprintf("/api/v2/visitors/codes/%d", codeID), &code)
			show := func(ago time.Duration) string {
				status, answer := call(t, http.MethodPost, s.agentAPI+"/api/hikvision/actions", agent(key), map[string]any{
					"deviceIp": "10.0.0.9", "deviceSerial": "SN", "actionType": "QR_CODE", "timestamp": now.Add(-ago), "accessGranted": true,
					"personInfo": map[string]any{"cardNumber": code.Code},
				})
				if status != http.StatusOK {
					t.Fatalf("%d %s", status, answer)
				}
				return string(answer)
			}
			if answer := show(2 * time.Minute); !strings.Contains(answer, `"personMatched":true`) {
				t.Errorf("the first time: %s", answer)
			}
			if answer := show(time.Minute); !strings.Contains(answer, `"personMatched":false`) {
				t.Errorf("the second time: %s", answer)
			}
			var passes struct {
				Items []struct{ VisitorName, Problem string }
			}
			s.get(t, "/api/v2/passes", &passes)
			if got := fmt.Sprint(passes.Items); got != "[{ code_used} {Mehmonov Anvar }]" {
				t.Errorf("passes %s", got)
			}
			var today struct{ Inside, Expected int }
			s.get(t, "/api/v2/visitors/today", &today)
			s.get(t, fmt.Sprintf("/api/v2/visitors/codes/%d", codeID), &code)
			if today.Inside != 1 || code.Uses != 1 {
				t.Errorf("%d inside, %d uses", today.Inside, code.Uses)
			}
		})
	}
}

package modules_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// secure has the tenant's administrator list and block an address, and tell of an event.
func (n tenant) secure(t *testing.T, s *site) {
	t.Helper()
	n.ids["/api/security/api-keys"] = "key_" + n.ids["/api/v2/api-keys"]
	n.ids["/api/security/ip-whitelist"], n.ids["/api/security/ip-blocked"] = fmt.Sprintf("10.8.%d.1", n.organization), fmt.Sprintf("10.8.%d.2", n.organization)
	for path, body := range map[string]string{
		"ip-whitelist": `{"ipAddress":"` + n.ids["/api/security/ip-whitelist"] + `"}`, "ip-blocked/" + n.ids["/api/security/ip-blocked"]: `{"reason":"` + n.mark + `"}`,
		"events": `{"eventType":"SUSPICIOUS_ACTIVITY","ipAddress":"10.8.0.1","userAgent":"` + n.mark + `"}`,
	} {
		if status, answer := call(t, http.MethodPost, s.agentAPI+"/api/security/"+path, agent(n.adminKey), body); status != http.StatusCreated {
			t.Fatalf("%s: %d %s", path, status, answer)
		}
	}
}

// seesItsSecurity has the tenant's administrator look at what secure made: nobody has taken it away.
func (n tenant) seesItsSecurity(t *testing.T, s *site) {
	t.Helper()
	for path, has := range map[string]string{
		"ip-whitelist": n.ids["/api/security/ip-whitelist"], "ip-blocked": n.ids["/api/security/ip-blocked"],
		"events": n.mark, "api-keys": n.mark, "stats": "SUSPICIOUS_ACTIVITY",
	} {
		status, answer := call(t, http.MethodGet, s.agentAPI+"/api/security/"+path, agent(n.adminKey), nil)
		if status != http.StatusOK || !strings.Contains(string(answer), has) {
			t.Errorf("its own administrator asks %s: %d %.200s", path, status, answer)
		}
	}
}

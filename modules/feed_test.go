package modules_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/staff-control/staff-control/platform/actor"
)

// What comes to agent-api is told of by the dashboard: to whom it concerns.
func TestTheFeedTellsOfWhatHappens(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(*testing.T) *site{"sqlite": func(t *testing.T) *site { return newSite(t) }, "postgres": func(t *testing.T) *site { return onPostgres(t) }} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := make(t)
			s.serve(t, "role=agent-api,dashboard")
			ready(t, s.agentAPI, s.dashboard)
			s.signIn(t)
			beta := newTenant(t, s, "BETA") // with the first event of all, after which both ask
			alpha := newTenant(t, s, "ALPHA")
			told := func(who tenant, role actor.Role) string {
				status, answer := call(t, http.MethodGet, s.dashboard+"/api/v2/events?after=1", map[string]string{"Authorization": "Bearer " + who.tokens[role]}, nil)
				var page struct {
					Items []struct {
						Kind string
						Data json.RawMessage
					}
				}
				if err := json.Unmarshal(answer, &page); err != nil || status != http.StatusOK {
					t.Fatalf("%d %s", status, answer)
				}
				var text strings.Builder
				for _, e := range page.Items {
					text.WriteString(e.Kind + " " + string(e.Data) + "\n")
				}
				return text.String()
			}
			until(t, "the tenant is told of all kinds", func() bool {
				all := told(alpha, actor.HR)
				return strings.Contains(all, "pass {") && strings.Contains(all, "alert {") && strings.Contains(all, "gateway {") && strings.Contains(all, `"status":"online"`)
			})
			if all := told(alpha, actor.Guard); !strings.Contains(all, "pass {") || strings.Contains(all, "alert {") || strings.Contains(all, "gateway {") {
				t.Errorf("a guard is told\n%s", all)
			}
			until(t, "the other is told too", func() bool { return told(beta, actor.HR) != "" })
			if all := told(beta, actor.HR); strings.Contains(all, alpha.mark) {
				t.Errorf("the other tenant is told\n%s", all)
			}
		})
	}
}

package modules_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// ask sends a body to the dashboard and reads its JSON answer into out.
func (s *site) ask(t testing.TB, method, path string, body, out any) {
	t.Helper()
	status, answer := call(t, method, s.dashboard+path, map[string]string{"Authorization": "Bearer " + s.token}, body)
	if status/100 != 2 {
		t.Fatalf("%s %s: %d %s", method, path, status, answer)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(answer, out); err != nil {
		t.Fatalf("%s %s: %v in %s", method, path, err, answer)
	}
}

// outpost is one of many gateways of a site.
type outpost struct {
	*site
	own  []string
	stop func()
}

// outposts enrols so many gateways beside the site's own processes and runs them here.
func (s *site) outposts(t testing.TB, n int) []*outpost {
	t.Helper()
	var token struct{ Token string }
	s.ask(t, http.MethodPost, "/api/v2/gateways/tokens", map[string]any{"organizationId": 1, "expiresInHours": 1, "maxUses": n}, &token)
	all := make([]*outpost, n)
	for i, address := range freeAddresses(t, n) {
		g := *s
		g.gateway = "http://" + address
		all[i] = &outpost{site: &g, own: []string{"role=gateway", "data=" + filepath.Join(s.data, fmt.Sprint("gateway-", i)), "gateway.listen=" + address}}
		all[i].start(t, token.Token)
	}
	return all
}

func (o *outpost) start(t testing.TB, token string) {
	t.Helper()
	o.stop = o.serve(t, append(slices.Clone(o.own), "uplink.url="+o.agentAPI, "uplink.token="+token)...)
}

// order is a command as the dashboard lists it.
type order struct {
	ID, GatewayID, Type, Status, Code string
	PolicyVersion                     string
	CreatedAt                         time.Time
	SentAt, AckAt                     *time.Time
}

// orders are the newest commands of a type, each gateway's last one.
func (s *site) orders(t testing.TB, kind string) map[string]order {
	t.Helper()
	last := map[string]order{}
	after := ""
	for {
		var page struct {
			Items []order
			Next  string
		}
		s.get(t, "/api/v2/commands?limit=200&sort=-createdAt&after="+after, &page)
		for _, o := range page.Items {
			if _, known := last[o.GatewayID]; !known && o.Type == kind {
				last[o.GatewayID] = o
			}
		}
		if after = page.Next; after == "" {
			return last
		}
	}
}

// having counts the gateways that have the version in force, as they have answered.
func having(orders map[string]order, version string) (n int) {
	for _, o := range orders {
		if o.Status == "completed" && o.PolicyVersion == version {
			n++
		}
	}
	return n
}

type policy struct {
	ID       int64
	Version  int64
	Revision int64
}

// policyOf is a policy that keeps nothing with the word in a title.
func policyOf(word string) map[string]any {
	return map[string]any{
		"organizationId": 1, "title": "Ofis", "activeWindows": true, "visitedSites": true, "screenshots": true, "screenshotSeconds": 0,
		"exclude": map[string]any{"titles": []string{word}, "sites": []string{}, "applications": []string{}, "privateWindows": true}, "groups": []any{},
	}
}

// makeDefault makes a policy and has everybody under it.
func (s *site) makeDefault(t testing.TB, word string) (p policy) {
	t.Helper()
	s.ask(t, http.MethodPost, "/api/v2/policies", policyOf(word), &p)
	s.ask(t, http.MethodPost, fmt.Sprintf("/api/v2/policies/%d/default", p.ID), map[string]any{}, nil)
	return p
}

// change makes a new version.
func (s *site) change(t testing.TB, p policy, word string) policy {
	t.Helper()
	body := policyOf(word)
	delete(body, "organizationId")
	body["revision"] = p.Revision
	s.get(t, fmt.Sprintf("/api/v2/policies/%d", p.ID), &p)
	body["revision"] = p.Revision
	s.ask(t, http.MethodPut, fmt.Sprintf("/api/v2/policies/%d", p.ID), body, &p)
	return p
}

func (p policy) inForce() string { return fmt.Sprintf("%d.%d", p.ID, p.Version) }

// A change on the dashboard is what every gateway works by a moment later; one that was away has it when it is back.
func TestAPolicyReachesEveryGateway(t *testing.T) {
	t.Parallel()
	s := newSite(t, "STAFF_RULES__INTERVAL=24h") // so that only the order can bring it
	s.serve(t, "role=agent-api")
	s.serve(t, "role=dashboard")
	ready(t, s.agentAPI, s.dashboard)
	s.signIn(t)
	key := s.command(t, "apikey", "create", "--type", "AGENT", "--organization", "1")
	gateways := s.outposts(t, 3)
	until(t, "all are enrolled", func() bool { return s.count(t, "/api/v2/gateways?status=online") == 3 })
	p := s.makeDefault(t, "bank")
	until(t, "all have the first version", func() bool { return having(s.orders(t, "policy_update"), p.inForce()) == 3 })
	away := gateways[2]
	away.stop()
	p = s.change(t, p, "shifoxona")
	until(t, "those that are there have the second", func() bool { return having(s.orders(t, "policy_update"), p.inForce()) == 2 })
	away.start(t, "")
	until(t, "so has the one that was away", func() bool { return having(s.orders(t, "policy_update"), p.inForce()) == 3 })
	at := time.Now().UTC().Add(-time.Minute).Truncate(time.Second)
	for i, g := range gateways {
		uid := fmt.Sprint("PC-", i)
		until(t, "the gateway takes the key", func() bool {
			status, _ := call(t, http.MethodPost, g.gateway+"/v2/agent/events", agent(key), report(uid, "S-1", window(at, "Shifoxona: navbat"), window(at.Add(10*time.Second), "hisobot")))
			return status == http.StatusOK
		})
		until(t, "what may be kept has come", func() bool { return len(s.rows(t, "active-windows", "computer="+uid)) > 0 })
		if rows := s.rows(t, "active-windows", "computer="+uid); len(rows) != 1 || rows[0].Title != "hisobot" {
			t.Errorf("of gateway %d came %+v", i, rows)
		}
	}
}

package modules_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"
)

// Two gateways of one organization and one of another deliver to one server, and do not meet but where they should.
func TestGatewaysOfTwoOrganizations(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		gatewaysDeliver(t, newSite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		gatewaysDeliver(t, onPostgres(t))
	})
}

func gatewaysDeliver(t *testing.T, s *site) {
	s.serve(t, "role=agent-api,dashboard")
	ready(t, s.agentAPI, s.dashboard)
	s.signIn(t)
	const ours = 1 // the organization that is there from the start
	theirs := s.addOrganization(t, "Theirs")
	ourKey := s.command(t, "apikey", "create", "--type", "AGENT", "--organization", fmt.Sprint(ours))
	theirKey := s.command(t, "apikey", "create", "--type", "AGENT", "--organization", fmt.Sprint(theirs))
	first, second, foreign := s.addGateway(t, ours, "GW-A"), s.addGateway(t, ours, "GW-B"), s.addGateway(t, theirs, "GW-C")
	ready(t, first, second, foreign)

	// The other organization's key is refused where it does not belong, and good where it does.
	at := time.Now().UTC().Truncate(time.Second).Add(-time.Minute)
	until(t, "the foreign key is refused", func() bool {
		status, body := put(t, first, theirKey, window(at, "trespass"))
		if status != http.StatusUnauthorized && status != http.StatusServiceUnavailable {
			t.Fatalf("another organization's key: %d %s", status, body)
		}
		return status == http.StatusUnauthorized
	})
	shared := window(at, "shared")
	shared["id"] = "0192f3a1-7c00-7000-8000-000000000001"
	// The first batch of each gateway has the same positions. If they were one batch to the server, "own" of the
	// second would be lost.
	deliver := func(address, key string, events ...map[string]any) {
		t.Helper()
		until(t, "the gateway takes the events", func() bool {
			status, body := put(t, address, key, events...)
			if status != http.StatusOK && status != http.StatusServiceUnavailable && status != http.StatusUnauthorized {
				t.Fatalf("%d %s", status, body)
			}
			return status == http.StatusOK
		})
	}
	deliver(first, ourKey, shared, window(at.Add(time.Second), "own A"))
	deliver(second, ourKey, shared, window(at.Add(2*time.Second), "own B"))
	deliver(second, ourKey, window(at.Add(3*time.Second), "more B"))
	deliver(foreign, theirKey, shared)
	// Of each gateway, the events and that there is an agent.
	until(t, "all is delivered", func() bool { return fmt.Sprint(s.watermarks(t)) == "map[GW-A:3 GW-B:4 GW-C:2]" })
	var page struct {
		Items []struct {
			OrganizationID int64
			Title          string
		}
	}
	s.get(t, "/api/v2/monitoring/active-windows?limit=100&computer=PC-TWICE", &page)
	var rows []string
	for _, r := range page.Items {
		rows = append(rows, fmt.Sprint(r.OrganizationID, " ", r.Title))
	}
	slices.Sort(rows)
	if want := []string{"1 more B", "1 own A", "1 own B", "1 shared", fmt.Sprint(theirs, " shared")}; !slices.Equal(rows, want) {
		t.Errorf("the rows are %q, want %q", rows, want)
	}
}

func put(t *testing.T, address, key string, events ...map[string]any) (int, []byte) {
	t.Helper()
	return call(t, http.MethodPost, address+"/v2/agent/events", agent(key), report("PC-TWICE", "S-1", events...))
}

// make has the dashboard make something, and reads its answer into out.
func (s *site) make(t *testing.T, path string, body map[string]any, out any) {
	t.Helper()
	status, answer := call(t, http.MethodPost, s.dashboard+path, map[string]string{"Authorization": "Bearer " + s.token}, body)
	if err := json.Unmarshal(answer, out); err != nil || status != http.StatusCreated {
		t.Fatalf("POST %s: %d %s", path, status, answer)
	}
}

func (s *site) addOrganization(t *testing.T, name string) int64 {
	t.Helper()
	var made struct{ ID int64 }
	s.make(t, "/api/v2/organizations", map[string]any{"fullName": name, "shortName": name}, &made)
	return made.ID
}

// addGateway runs one more gateway, of an organization, and returns its address.
func (s *site) addGateway(t *testing.T, organization int64, serial string) string {
	t.Helper()
	var made struct{ Token string }
	s.make(t, "/api/v2/gateways/tokens", map[string]any{"organizationId": organization, "expiresInHours": 1, "maxUses": 1}, &made)
	address := freeAddresses(t, 1)[0]
	s.serve(t, "role=gateway", "data="+t.TempDir(), "gateway.listen="+address, "uplink.url="+s.agentAPI, "uplink.token="+made.Token, "uplink.serial="+serial)
	return "http://" + address
}

// watermarks are those of the streams "agent" that carried something, by the gateway's serial.
func (s *site) watermarks(t *testing.T) map[string]int64 {
	t.Helper()
	var page struct {
		Items []struct {
			Serial  string
			Streams []struct {
				Stream    string
				Watermark int64
			}
		}
	}
	s.get(t, "/api/v2/gateways?limit=100", &page)
	found := map[string]int64{}
	for _, g := range page.Items {
		for _, w := range g.Streams {
			if w.Stream == "agent" && w.Watermark > 0 {
				found[g.Serial] = w.Watermark
			}
		}
	}
	return found
}

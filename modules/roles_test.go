package modules_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/actor"
	"github.com/staff-control/staff-control/platform/db"
)

// An agent reports to the gateway; its events are on the dashboard once, and the gateway's data is known to be complete.
func TestAnEventArrivesOnThePage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.serve(t)
	ready(t, s.agentAPI, s.dashboard, s.gateway)
	arrives(t, s)
}

// Three processes, one for each role, on PostgreSQL as the app's own role, do the same.
func TestThreeRolesOnPostgreSQLDoTheSame(t *testing.T) {
	t.Parallel()
	s := onPostgres(t)
	s.spawnRoles(t)
	arrives(t, s)
}

func arrives(t *testing.T, s *site) {
	t.Helper()
	s.signIn(t)
	key := s.command(t, "apikey", "create", "--type", "AGENT", "--organization", "1")
	now := time.Now().UTC().Truncate(time.Second)
	titles := []string{"O‘zbekiston — hisobot", "Кириллица", "plain"}
	var events []map[string]any
	for i, title := range titles {
		events = append(events, window(now.Add(-time.Duration(i+1)*time.Minute), title))
	}
	until(t, "the gateway takes the key", func() bool {
		status, body := call(t, http.MethodPost, s.gateway+"/v2/agent/events", agent(key), report("PC-1", "S-1-5-21-1", events[0]))
		if status != http.StatusOK && status != http.StatusServiceUnavailable && status != http.StatusUnauthorized {
			t.Fatalf("%d %s", status, body)
		}
		return status == http.StatusOK
	})
	if status, body := call(t, http.MethodPost, s.gateway+"/v2/agent/events", agent(key), report("PC-1", "S-1-5-21-1", events[1:]...)); status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	var got []item
	until(t, "the rows are there", func() bool {
		got = s.rows(t, "active-windows", "computer=PC-1")
		return len(got) >= len(titles)
	})
	for i, title := range titles {
		if got[i].Title != title || got[i].UserSID != "S-1-5-21-1" {
			t.Errorf("row %d is %+v, want %q", i, got[i], title)
		}
	}
	var gateways struct {
		Items []struct {
			Status        string
			CompleteUntil *time.Time
			Streams       []struct {
				Watermark int64
				Gaps      []any
			}
		}
	}
	// Beside the events, it has delivered that there is an agent.
	until(t, "the gateway is complete until now", func() bool {
		s.get(t, "/api/v2/gateways", &gateways)
		return len(gateways.Items) == 1 && gateways.Items[0].Status == "online" && gateways.Items[0].CompleteUntil != nil &&
			gateways.Items[0].CompleteUntil.After(now) && len(gateways.Items[0].Streams) > 0 && gateways.Items[0].Streams[0].Watermark == 4
	})
	var users struct {
		Items []struct {
			SID       string
			Computers []struct{ Name string }
		}
	}
	s.get(t, "/api/v2/computers/users?linked=false", &users)
	if len(users.Items) != 1 || users.Items[0].SID != "S-1-5-21-1" || fmt.Sprint(users.Items[0].Computers) != "[{PC-1}]" {
		t.Errorf("unlinked users: %+v", users.Items)
	}
}

// What an agent tells of its computer and its users goes the same way as events.
func TestAComputerIsIntroducedThroughTheGateway(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.serve(t)
	ready(t, s.agentAPI, s.dashboard, s.gateway)
	s.signIn(t)
	key := s.command(t, "apikey", "create", "--type", "AGENT", "--organization", "1")
	until(t, "the gateway takes it", func() bool {
		status, _ := call(t, http.MethodPost, s.gateway+"/v2/agent/register", agent(key), map[string]any{
			"computer": map[string]any{"computerUid": "PC-9", "name": "Qabulxona", "os": "Windows 11 Pro"},
			"users":    []any{map[string]any{"sid": "S-9", "username": "d.karimova", "name": "Dilnoza Karimova"}},
		})
		return status == http.StatusOK
	})
	var computers struct{ Items []struct{ Name, OS string } }
	var users struct {
		Items []struct {
			Username  string
			Computers []struct{ Name string }
		}
	}
	until(t, "both are known", func() bool {
		s.get(t, "/api/v2/computers?search=PC-9", &computers)
		s.get(t, "/api/v2/computers/users?search=S-9", &users)
		return len(computers.Items) == 1 && len(users.Items) == 1 && len(users.Items[0].Computers) > 0 // which are a step of their own
	})
	if computers.Items[0].Name != "Qabulxona" || computers.Items[0].OS != "Windows 11 Pro" {
		t.Errorf("the computer is %+v", computers.Items[0])
	}
	if users.Items[0].Username != "d.karimova" || fmt.Sprint(users.Items[0].Computers) != "[{Qabulxona}]" {
		t.Errorf("the user is %+v", users.Items[0])
	}
}

// A gateway whose server is away for a day keeps everything, says so, and delivers all of it afterwards, once.
func TestAServerThatIsAwayLosesNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token := "spt_a-token-of-the-operator-2"
	stop := s.serve(t, "role=agent-api", "gateways.bootstrap_token="+token)
	s.serve(t, "role=dashboard")
	s.serve(t, "role=gateway", "uplink.url="+s.agentAPI, "uplink.token="+token)
	ready(t, s.agentAPI, s.dashboard, s.gateway)
	s.signIn(t)
	key := s.command(t, "apikey", "create", "--type", "AGENT", "--organization", "1")
	begin := time.Now().UTC().Truncate(time.Second).Add(-25 * time.Hour)
	put := func(n int) bool {
		status, _ := call(t, http.MethodPost, s.gateway+"/v2/agent/events", agent(key), report("PC-2", "S-2", window(begin.Add(time.Duration(n)*time.Minute), fmt.Sprint(n))))
		return status == http.StatusOK
	}
	until(t, "the gateway knows the key", func() bool { return put(0) })
	stop()
	const minutes = 24 * 60
	for n := 1; n < minutes; n++ {
		if !put(n) {
			t.Fatalf("event %d was refused while the server was away", n)
		}
	}
	s.serve(t, "role=agent-api")
	seen := map[string]int{}
	until(t, "all rows are there", func() bool { return len(s.rows(t, "active-windows", "computer=PC-2")) >= minutes })
	for _, r := range s.rows(t, "active-windows", "computer=PC-2") {
		seen[r.Title]++
	}
	for n := range minutes {
		if seen[fmt.Sprint(n)] != 1 {
			t.Errorf("event %d is there %d times", n, seen[fmt.Sprint(n)])
		}
	}
}

// Passwords cost these tests next to nothing; those of the program that is shipped cost what they must.
func TestTheProgramsPasswordsAreDear(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.spawn(t, "--role=dashboard")
	ready(t, s.dashboard)
	s.signIn(t)
	s.asAdmin(t, "/api/v2/users", map[string]any{"name": "Second", "username": "second", "password": adminPassword, "role": "ADMIN"})
	var hashes []string
	err := s.database(t).Read(actor.With(t.Context(), actor.System("test")), func(ctx context.Context, tx db.Tx) error {
		return tx.Raw("SELECT password FROM users").Scan(ctx, &hashes)
	})
	if err != nil || len(hashes) != 2 {
		t.Fatalf("%d hashes: %v", len(hashes), err)
	}
	for _, h := range hashes {
		if !strings.HasPrefix(h, "$2a$12$") {
			t.Errorf("a hash begins %.7s", h)
		}
	}
}

func TestTheFirstPasswordIsMadeAndSaidOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for i, e := range s.env {
		if strings.HasPrefix(e, "STAFF_AUTH__ADMIN_PASSWORD=") {
			s.env[i] = "STAFF_LOG__LEVEL=debug"
		}
	}
	stop := s.serve(t)
	ready(t, s.dashboard)
	stop()
	said := strings.Count(s.log.String(), "password")
	if said == 0 {
		t.Error("no password was announced")
	}
	s.serve(t)
	ready(t, s.dashboard)
	if again := strings.Count(s.log.String(), "password"); again != said {
		t.Errorf("the second start said more of passwords: %d, then %d", said, again)
	}
	if info, err := os.Stat(s.data + "/staff-control.db"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the database's file: %v %v", info, err)
	}
}

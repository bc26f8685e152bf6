package modules_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/staff-control/staff-control/platform/id"
)

// binary is the program as it is shipped, built once for the tests that kill it.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "staff-control-test")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "staff-control")
	out, err := exec.Command("go", "build", "-o", path, "..").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

// process is a role that runs on its own and can be killed.
type process struct {
	site *site
	args []string
	cmd  *exec.Cmd
}

func (s *site) spawn(t testing.TB, args ...string) *process {
	t.Helper()
	p := &process{site: s, args: args}
	p.start(t)
	t.Cleanup(func() { p.kill(t) })
	return p
}

// spawnRoles runs a process for each role and waits until all are ready.
func (s *site) spawnRoles(t testing.TB) (server, gateway *process) {
	t.Helper()
	const token = "spt_a-token-of-the-operator"
	server = s.spawn(t, "--role=agent-api", "--set", "gateways.bootstrap_token="+token)
	ready(t, s.agentAPI)
	s.spawn(t, "--role=dashboard")
	gateway = s.spawn(t, "--role=gateway", "--set", "uplink.url="+s.agentAPI, "--set", "uplink.token="+token)
	ready(t, s.dashboard, s.gateway)
	return server, gateway
}

func (p *process) start(t testing.TB) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd = exec.Command(path, p.args...)
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, p.site.env...) // not the settings of whoever runs the tests
	p.cmd.Stdout, p.cmd.Stderr = p.site.log, p.site.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
}

// kill ends the process as a power cut does: it gets no chance to finish anything.
func (p *process) kill(t testing.TB) {
	t.Helper()
	if p.cmd.ProcessState != nil {
		return
	}
	if err := p.cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	p.cmd.Wait() // it says "killed", which we know
}

// Gateway and agent-api are killed at random points while agents send. At the end every event that an agent got a
// yes for is in the database, exactly once.
func TestWhatWasAcknowledgedSurvivesKills(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		surviveKills(t, newSite(t), 5)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		surviveKills(t, onPostgres(t), 3)
	})
}

func surviveKills(t *testing.T, s *site, kills int) {
	t.Helper()
	server, gateway := s.spawnRoles(t)
	s.signIn(t)
	key := s.command(t, "apikey", "create", "--type", "AGENT", "--organization", "1")
	until(t, "the gateway takes the key", func() bool {
		status, _, err := send(http.MethodPost, s.gateway+"/v2/agent/events", agent(key), report("PC-0", "S-0", window(time.Now(), "first")))
		return err == nil && status == http.StatusOK
	})

	ctx, stop := context.WithCancel(context.Background())
	said := make(chan []string)
	const agents = 4
	for n := range agents {
		go func() { said <- chatter(ctx, s, key, n) }()
	}
	rng := rand.New(rand.NewPCG(uint64(kills), uint64(time.Now().UnixNano())))
	for range kills {
		pause(t, time.Duration(rng.IntN(400))*time.Millisecond)
		victim := []*process{gateway, server}[rng.IntN(2)]
		victim.kill(t)
		victim.start(t)
	}
	pause(t, 300*time.Millisecond)
	stop()
	acknowledged := map[string]bool{}
	for range agents {
		for _, title := range <-said {
			acknowledged[title] = true
		}
	}
	if len(acknowledged) < kills {
		t.Fatalf("only %d events were acknowledged: nothing was tried", len(acknowledged))
	}
	ready(t, s.gateway, s.agentAPI)
	stored := map[string]int{}
	until(t, "everything acknowledged is stored", func() bool {
		clear(stored)
		for _, r := range s.rows(t, "active-windows", "") {
			stored[r.Title]++
		}
		for title := range acknowledged {
			if stored[title] == 0 {
				return false
			}
		}
		return true
	})
	for title, n := range stored {
		if n != 1 {
			t.Errorf("event %s is stored %d times", title, n)
		}
	}
	t.Logf("%d kills, %d events acknowledged, %d stored", kills, len(acknowledged), len(stored))
}

// chatter sends batches as an agent does, each until it is acknowledged, and returns the events that were.
func chatter(ctx context.Context, s *site, key string, n int) (acknowledged []string) {
	begin := time.Now().UTC().Add(-time.Hour)
	for batch := 0; ctx.Err() == nil; batch++ {
		var titles []string
		var events []map[string]any
		for i := range 10 {
			title := fmt.Sprintf("%d-%d-%d", n, batch, i)
			e := window(begin.Add(time.Duration(batch)*time.Millisecond), title)
			e["id"] = id.New().String()
			titles, events = append(titles, title), append(events, e)
		}
		for ctx.Err() == nil {
			status, _, err := send(http.MethodPost, s.gateway+"/v2/agent/events", agent(key), report(fmt.Sprintf("PC-%d", n), "S-1", events...))
			if err == nil && status == http.StatusOK {
				acknowledged = append(acknowledged, titles...)
				break
			}
		}
	}
	return acknowledged
}

// pause lets time pass between faults; the moments are part of what is tested.
func pause(t testing.TB, d time.Duration) {
	t.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
}
